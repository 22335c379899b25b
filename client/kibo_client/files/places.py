"""Where files are uploaded to: a folder, an SFTP server, or a bucket; data becomes visible whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from kibo_client.errors import InventoryFileError

PASSWORD_VARIABLE = "KIBO_SFTP_PASSWORD"  # noqa: S105  # the name of a variable, not a password
TIMEOUT_S = 30.0


class Place(Protocol):
    """Somewhere that files can be put."""

    name: str

    async def put(self, source: Path, name: str) -> int:
        """Put a file there under its final name, in one step for whoever looks; returns its size there."""

    async def touch(self, name: str) -> None:
        """Put an empty file there."""

    async def exists(self, name: str) -> bool:
        """Whether a file of this name lies there."""

    async def close(self) -> None:
        """Let go of the place."""


def size_of(path: Path) -> int:
    """The size of a file here, in bytes."""
    return path.stat().st_size


class Folder:
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._folder = folder

    async def put(self, source: Path, name: str) -> int:
        """Copy under a hidden name, then rename."""
        growing = self._folder / f".{name}.part"
        try:
            shutil.copyfile(source, growing)
            growing.replace(self._folder / name)
            return (self._folder / name).stat().st_size
        except OSError as error:
            raise InventoryFileError(self.name, 0, f"{name} cannot be put there: {error.strerror or error}") from error

    async def touch(self, name: str) -> None:
        """Create an empty file."""
        try:
            (self._folder / name).write_bytes(b"")
        except OSError as error:
            raise InventoryFileError(self.name, 0, f"{name} cannot be put there: {error.strerror or error}") from error

    async def exists(self, name: str) -> bool:
        """Whether a file of this name lies there."""
        return (self._folder / name).exists()

    async def close(self) -> None:
        """Nothing to let go of."""


def _folder(folder: Path) -> Folder:
    if not folder.is_dir():
        raise InventoryFileError(folder, 0, "is not a folder; sftp://, s3:// and gs:// are accepted as well")
    return Folder(folder)


async def open_place(
    url: str, *, known_hosts: Path | None = None, any_host_key: bool = False, endpoint: str | None = None
) -> Place:
    """Open a folder, `sftp://user@host:port/path`, `s3://bucket/prefix` or `gs://bucket/prefix`.

    Passwords come from the environment (KIBO_SFTP_PASSWORD) or an agent, never from the URL; buckets take the usual
    credentials of their clouds from the environment.

    Raises:
        InventoryFileError: The place is no such thing, cannot be reached or lets nobody in.
    """
    scheme = urlsplit(url).scheme.lower() if "://" in url else ""
    if not scheme:
        return _folder(Path(url))
    parts = urlsplit(url)
    shown = f"{scheme}://{parts.hostname or ''}{parts.path}"
    if parts.password is not None:
        raise InventoryFileError(shown, 0, f"has a password in it; give it as {PASSWORD_VARIABLE}")
    if scheme == "sftp":
        from kibo_client.files.sftp_place import open_sftp  # noqa: PLC0415 - an extra, slow to import

        return await open_sftp(
            shown,
            host=parts.hostname or "",
            port=parts.port or 22,
            user=unquote(parts.username) if parts.username else None,
            password=os.environ.get(PASSWORD_VARIABLE),
            folder=unquote(parts.path) or ".",
            known_hosts=known_hosts,
            any_host_key=any_host_key,
        )
    if scheme in {"s3", "gs"}:
        from kibo_client.files.bucket_place import open_bucket  # noqa: PLC0415 - an extra, slow to import

        return open_bucket(shown, scheme=scheme, bucket=parts.hostname or "", prefix=parts.path, endpoint=endpoint)
    raise InventoryFileError(shown, 0, f"{scheme}:// is not accepted; a folder, sftp://, s3:// or gs:// is")
