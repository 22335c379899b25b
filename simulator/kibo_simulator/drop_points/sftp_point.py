"""An SFTP server somewhere as drop point (extra ``sftp``); its methods block and are called by the courier."""

import asyncio
import posixpath
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from kibo_simulator.drop_points.point import DropPointError
from kibo_simulator.files.file_log import DropEntry

_MOST_ENTRIES: Final = 100_000
_MOST_COPIES: Final = 1_000
_T = TypeVar("_T")

ANY_HOST: Final = "any"
"""In place of a file of known hosts: every server is trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpPoint:
    """One account at one server; each call is a connection of its own.

    Attributes:
        host: its name or address.
        port: where it listens.
        user: who logs in.
        password: with what; never shown.
        known_hosts: a file of known hosts, the user's own when empty, or `ANY_HOST`.
        timeout_s: after how long the server counts as unreachable.
        largest_bytes: what is too large to be fetched.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    known_hosts: str = ""
    timeout_s: float = 30.0
    largest_bytes: int = 2 << 30

    @property
    def name(self) -> str:
        """The server, without credentials."""
        return f"sftp://{self.host}:{self.port}"

    def listing(self, folder: str) -> list[DropEntry]:
        """The plain files of a folder by name."""

        async def read(client: Any) -> list[DropEntry]:
            if not await client.isdir(folder):
                return []
            entries = await client.readdir(folder)
            return sorted(
                DropEntry(entry.filename, entry.attrs.size or 0, (entry.attrs.mtime or 0) * 1_000_000)
                for entry in entries[:_MOST_ENTRIES]
                if entry.filename[0] != "." and entry.filename.isprintable() and entry.attrs.type == _regular()
            )

        return self._session(read)

    def fetch(self, folder: str, name: str, into: Path) -> Path:
        """A copy of the file."""
        path = into / "fetched"

        async def get(client: Any) -> Path:
            remote = posixpath.join(folder, _plain(name))
            if ((await client.stat(remote)).size or 0) > self.largest_bytes:
                raise DropPointError(self.name, f"{name[:100]} is larger than {self.largest_bytes:,} bytes")
            await client.get(remote, str(path))
            return path

        return self._session(get)

    def deliver(self, folder: str, name: str, source: Path | None) -> str:
        """Put a file there under a free name; it has that name when it is whole."""

        async def put(client: Any) -> str:
            await client.makedirs(folder, exist_ok=True)
            free = await self._free(client, folder, _plain(name))
            path = posixpath.join(folder, free)
            if source is None:
                async with client.open(path, "wb"):
                    pass
            else:
                await client.put(str(source), f"{path}.part")
                await client.rename(f"{path}.part", path)
            return free

        return self._session(put)

    def archive(self, folder: str, names: Sequence[str], archive: str) -> None:
        """Move files to another folder, under a free name."""

        async def move(client: Any) -> None:
            await client.makedirs(archive, exist_ok=True)
            for name in names:
                source = posixpath.join(folder, _plain(name))
                if await client.exists(source):
                    await client.rename(source, posixpath.join(archive, await self._free(client, archive, name)))

        self._session(move)

    def delete(self, folder: str, names: Sequence[str]) -> None:
        """Delete files; those that are gone are no matter."""

        async def remove(client: Any) -> None:
            import asyncssh  # noqa: PLC0415  # an extra, slow to import

            for name in names:
                with suppress(asyncssh.SFTPNoSuchFile):
                    await client.remove(posixpath.join(folder, _plain(name)))

        self._session(remove)

    def free_bytes(self) -> int | None:
        """Servers rarely say."""
        return None

    async def _free(self, client: Any, folder: str, name: str) -> str:
        for number in range(_MOST_COPIES):
            free = f"{number}-{name}" if number else name
            if not await client.exists(posixpath.join(folder, free)):
                return free
        raise DropPointError(self.name, f"has no free name left for {name[:100]!r} in {folder[:100]}")

    def _session(self, act: Callable[[Any], Awaitable[_T]]) -> _T:
        return asyncio.run(self._connected(act))

    async def _connected(self, act: Callable[[Any], Awaitable[_T]]) -> _T:
        try:
            import asyncssh  # noqa: PLC0415  # an extra, slow to import
        except ImportError:
            raise DropPointError(self.name, "needs the extra sftp: pip install 'kibo-simulator[sftp]'") from None
        options: dict[str, Any] = {
            "username": self.user,
            "password": self.password,
            "client_keys": None,
            "connect_timeout": self.timeout_s,
            "login_timeout": self.timeout_s,
        }
        if self.known_hosts:
            options["known_hosts"] = None if self.known_hosts == ANY_HOST else self.known_hosts
        try:
            async with (
                asyncssh.connect(self.host, self.port, **options) as connection,
                connection.start_sftp_client() as client,
            ):
                return await act(client)
        except (OSError, ValueError, asyncssh.Error) as error:
            reason = getattr(error, "reason", "") or str(error) or type(error).__name__
            raise DropPointError(self.name, " ".join(reason.split())[:200]) from error


def _regular() -> int:
    import asyncssh  # noqa: PLC0415  # an extra, slow to import

    return int(asyncssh.FILEXFER_TYPE_REGULAR)


def _plain(name: str) -> str:
    """A name as a name: what a server lists must not lead elsewhere."""
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise DropPointError(name[:100], "is not a file name")
    return name
