"""A real SFTP server over the drop folder, so that any sftp program can drop and collect files (extra ``sftp``).

It shows nothing but the folder, follows no symbolic link and makes none, runs no commands and forwards nothing. What is
written is noted at the simulated instant at which it happens, before and after due looks have been taken (T-3, FI-1).
"""

import asyncio
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncssh

from kibo_simulator.drop_points.point import SftpServerError
from kibo_simulator.files.file_log import DropEntry

_MOST_CONNECTIONS: Final = 64
LOGIN_SECONDS: Final = 30.0
_WRITING: Final = asyncssh.FXF_WRITE | asyncssh.FXF_APPEND


@dataclass(frozen=True, slots=True, kw_only=True)
class SftpContext:
    """What the server needs of the simulator.

    Attributes:
        root: the folder that is served.
        wrote: told of every write, by folder.
        admits: whether a user name and password let somebody in.
        catch_up: brings the simulation up to now, and returns the instant.
        largest_bytes: what a file may hold at most.
    """

    root: Path
    wrote: Callable[[str, DropEntry], None]
    admits: Callable[[str, str], bool]
    catch_up: Callable[[], Awaitable[int]]
    largest_bytes: int


class _Door(asyncssh.SSHServer):
    """Lets in by password only."""

    def __init__(self, context: SftpContext, open_now: set[object]) -> None:
        self._context = context
        self._open_now = open_now
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        if len(self._open_now) >= _MOST_CONNECTIONS:
            conn.abort()
            return
        self._connection = conn
        self._open_now.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_now.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._context.admits(username, password)


class _Files(asyncssh.SFTPServer):
    """The drop folder as a session sees it."""

    def __init__(self, context: SftpContext, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(chan, chroot=os.fsencode(context.root))
        self._context = context
        self._writing: dict[int, Path] = {}

    def map_path(self, path: bytes) -> bytes:
        """The local path, which never leads over a symbolic link."""
        local = Path(os.fsdecode(super().map_path(path)))
        root = self._context.root
        for part in (local, *local.parents):
            if part == root:
                break
            if part.is_symlink():
                raise asyncssh.SFTPNoSuchFile("there is no such file")
        return os.fsencode(local)

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """Open a file; one that is written to is noted."""
        if not pflags & _WRITING:
            return super().open(path, pflags, attrs)
        await self._context.catch_up()
        # Nobody but its owner decides how files of the drop point may be used on this machine.
        file = super().open(path, pflags, asyncssh.SFTPAttrs())
        local = self._writing[id(file)] = Path(os.fsdecode(self.map_path(path)))
        self._note(local)
        return file

    def write(self, file_obj: object, offset: int, data: bytes) -> int | Awaitable[int]:
        """Write a piece, within bounds."""
        if offset + len(data) > self._context.largest_bytes:
            raise asyncssh.SFTPFailure(f"a file holds at most {self._context.largest_bytes:,} bytes")
        return super().write(file_obj, offset, data)

    async def close(self, file_obj: object) -> None:
        """Close a file; one that was written to is complete now."""
        local = self._writing.pop(id(file_obj), None)
        super().close(file_obj)
        if local is not None:
            await self._context.catch_up()
            self._note(local)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """Accepted and left alone, but for the size: times and modes of the drop point are its own."""
        if attrs.size is not None and attrs.size <= self._context.largest_bytes:
            super().fsetstat(file_obj, asyncssh.SFTPAttrs(size=attrs.size))

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs, **_: object) -> None:
        """Likewise."""
        if attrs.size is not None and attrs.size <= self._context.largest_bytes:
            super().setstat(path, asyncssh.SFTPAttrs(size=attrs.size))

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Likewise."""
        self.setstat(path, attrs)

    async def rename(self, oldpath: bytes, newpath: bytes, flags: int = 0) -> None:
        """Rename; whoever uploads under another name finishes so."""
        await self._context.catch_up()
        super().rename(oldpath, newpath)
        self._note(Path(os.fsdecode(self.map_path(newpath))))

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Likewise, over a file that is there."""
        await self._context.catch_up()
        super().posix_rename(oldpath, newpath)
        self._note(Path(os.fsdecode(self.map_path(newpath))))

    async def remove(self, path: bytes) -> None:
        """Remove a file."""
        await self._context.catch_up()
        super().remove(path)

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """Refused."""
        raise asyncssh.SFTPPermissionDenied("there are no links at a drop point")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        """Refused."""
        raise asyncssh.SFTPPermissionDenied("there are no links at a drop point")

    def _note(self, path: Path) -> None:
        try:
            status = path.lstat()
        except OSError:
            return
        if stat.S_ISREG(status.st_mode) and str(path).isprintable():
            folder = path.parent.relative_to(self._context.root).as_posix()
            entry = DropEntry(path.name, status.st_size, status.st_mtime_ns // 1000)
            self._context.wrote(folder, entry)


def host_key(file: Path | None) -> asyncssh.SSHKey:
    """The key of the server, kept in a file for the next run or made for this one.

    Raises:
        SftpServerError: the file is not a key, or cannot be written.
    """
    try:
        if file is not None and file.exists():
            return asyncssh.read_private_key(file)
        key = asyncssh.generate_private_key("ssh-ed25519")
        if file is not None:
            file.touch(mode=0o600)
            key.write_private_key(file)
    except (OSError, asyncssh.KeyImportError) as error:
        raise SftpServerError(f"the host key {file} cannot be used: {error}") from error
    return key


@asynccontextmanager
async def sftp_server(
    context: SftpContext, *, host: str, port: int, key: asyncssh.SSHKey, login_s: float = LOGIN_SECONDS
) -> AsyncIterator[int]:
    """Serve the folder; gives the port. Logging in may take so many seconds on the loop's clock.

    Raises:
        SftpServerError: the address is taken or not ours.
    """
    open_now: set[object] = set()
    try:
        server = await asyncssh.listen(
            host,
            port,
            server_factory=lambda: _Door(context, open_now),
            server_host_keys=[key],
            sftp_factory=lambda chan: _Files(context, chan),
            allow_scp=False,
            allow_pty=False,
            agent_forwarding=False,
            x11_forwarding=False,
            login_timeout=login_s,
        )
    except OSError as error:
        raise SftpServerError(f"--sftp-port {port}: {error.strerror or error}") from error
    try:
        yield server.get_port()
    finally:
        server.close()
        for connection in list(open_now):
            assert isinstance(connection, asyncssh.SSHServerConnection)
            connection.abort()
        await server.wait_closed()
        # What was aborted is taken off the loop at its next turn.
        await asyncio.sleep(0)
