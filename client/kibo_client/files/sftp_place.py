"""An SFTP server as the place to upload to; needs the extra `sftp` (asyncssh)."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from kibo_client.errors import InventoryFileError
from kibo_client.files.places import TIMEOUT_S, Place, size_of


class SftpPlace:
    """A folder of an SFTP server, by one connection."""

    def __init__(self, name: str, connection: Any, client: Any, folder: str) -> None:
        self.name = name
        self._connection = connection
        self._client = client
        self._folder = folder.rstrip("/") or "/"

    def _path(self, name: str) -> str:
        return f"{self._folder.rstrip('/')}/{name}"

    async def put(self, source: Path, name: str) -> int:
        """Upload under a name that nobody waits for, then rename."""
        growing = self._path(f"{name}.part")
        try:
            await self._client.put(str(source), growing)
            size = (await self._client.stat(growing)).size
            if size != size_of(source):
                raise InventoryFileError(self.name, 0, f"{name} arrived with {size} bytes; it is left as {name}.part")
            await self._client.rename(growing, self._path(name))
        except (OSError, _sftp_error()) as error:
            raise _failure(self.name, f"{name} cannot be uploaded", error) from error
        return int(size)

    async def touch(self, name: str) -> None:
        """Create an empty file."""
        try:
            async with self._client.open(self._path(name), "wb"):
                pass
        except (OSError, _sftp_error()) as error:
            raise _failure(self.name, f"{name} cannot be created", error) from error

    async def exists(self, name: str) -> bool:
        """Whether a file of this name lies there."""
        try:
            return bool(await self._client.exists(self._path(name)))
        except (OSError, _sftp_error()) as error:
            raise _failure(self.name, "cannot be looked at", error) from error

    async def close(self) -> None:
        """Close the connection."""
        self._client.exit()
        self._connection.close()
        with suppress(OSError):
            await self._connection.wait_closed()


def _sftp_error() -> type[Exception]:
    import asyncssh  # noqa: PLC0415 - an extra, slow to import

    error: type[Exception] = asyncssh.Error
    return error


def _failure(name: str, what: str, error: Exception) -> InventoryFileError:
    reason = " ".join(str(getattr(error, "reason", "") or error).split())[:200] or type(error).__name__
    return InventoryFileError(name, 0, f"{what}: {reason}")


async def open_sftp(
    name: str,
    *,
    host: str,
    port: int,
    user: str | None,
    password: str | None,
    folder: str,
    known_hosts: Path | None,
    any_host_key: bool,
) -> Place:
    """Connect to an SFTP server; its key must be known, unless any will do.

    Raises:
        InventoryFileError: The extra is missing, or the server cannot be reached, is not known or lets nobody in.
    """
    try:
        import asyncssh  # noqa: PLC0415 - an extra, slow to import
    except ImportError as error:
        raise InventoryFileError(name, 0, "needs the extra sftp: pip install 'kibo-simulator[sftp]'") from error
    options: dict[str, Any] = {"connect_timeout": TIMEOUT_S, "login_timeout": TIMEOUT_S}
    if any_host_key:
        options["known_hosts"] = None
    elif known_hosts is not None:
        options["known_hosts"] = str(known_hosts)
    if password is not None:
        options["password"] = password
    if user is not None:
        options["username"] = user
    try:
        connection = await asyncssh.connect(host, port, **options)
        try:
            client = await connection.start_sftp_client()
        except BaseException:
            connection.close()
            raise
    except (OSError, asyncssh.Error) as error:
        raise _failure(name, "cannot be connected to", error) from error
    return SftpPlace(name, connection, client, folder)
