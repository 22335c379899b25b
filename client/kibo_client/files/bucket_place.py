"""An S3 or Google Cloud Storage bucket as the place to upload to; needs the extra `buckets` (obstore)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kibo_client.errors import InventoryFileError
from kibo_client.files.places import Place, size_of


class BucketPlace:
    """A prefix of a bucket; an object appears when it is complete."""

    def __init__(self, name: str, store: Any, prefix: str) -> None:
        self.name = name
        self._store = store
        self._prefix = prefix.strip("/")

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    async def put(self, source: Path, name: str) -> int:
        """Upload the object and ask for its size."""
        import obstore  # noqa: PLC0415 - an extra, slow to import

        try:
            await obstore.put_async(self._store, self._key(name), source)
            size = int((await obstore.head_async(self._store, self._key(name)))["size"])
        except Exception as error:  # its own errors have one base only since a later version
            raise _failure(self.name, f"{name} cannot be uploaded", error) from error
        if size != size_of(source):
            raise InventoryFileError(self.name, 0, f"{name} arrived with {size} bytes")
        return size

    async def touch(self, name: str) -> None:
        """Create an empty object."""
        import obstore  # noqa: PLC0415

        try:
            await obstore.put_async(self._store, self._key(name), b"")
        except Exception as error:
            raise _failure(self.name, f"{name} cannot be created", error) from error

    async def exists(self, name: str) -> bool:
        """Whether an object of this name lies there."""
        import obstore  # noqa: PLC0415

        try:
            await obstore.head_async(self._store, self._key(name))
        except FileNotFoundError:
            return False
        except Exception as error:
            raise _failure(self.name, "cannot be looked at", error) from error
        return True

    async def close(self) -> None:
        """Nothing to let go of."""


def _failure(name: str, what: str, error: Exception) -> InventoryFileError:
    reason = " ".join(str(error).split())[:200] or type(error).__name__
    return InventoryFileError(name, 0, f"{what}: {reason}")


def open_bucket(name: str, *, scheme: str, bucket: str, prefix: str, endpoint: str | None) -> Place:
    """A bucket by the credentials of the environment.

    Raises:
        InventoryFileError: The extra is missing, or the bucket cannot be meant.
    """
    try:
        from obstore.store import GCSStore, S3Store  # noqa: PLC0415 - an extra, slow to import
    except ImportError as error:
        raise InventoryFileError(name, 0, "needs the extra buckets: pip install 'kibo-simulator[buckets]'") from error
    try:
        store: Any
        if scheme == "gs":
            store = GCSStore(bucket)
        elif endpoint is None:
            store = S3Store(bucket)
        else:
            store = S3Store(bucket, endpoint=endpoint, client_options={"allow_http": endpoint.startswith("http://")})
    except Exception as error:
        raise _failure(name, "cannot be opened", error) from error
    return BucketPlace(name, store, prefix)
