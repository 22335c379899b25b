"""An S3 or Google Cloud Storage bucket as drop point (extra ``buckets``); its methods block, for the courier to call.

The first part of a folder is the bucket. Credentials come from the environment, as for any program of these clouds.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from kibo_simulator.drop_points.point import DropPointError
from kibo_simulator.files.file_log import DropEntry

_MOST_ENTRIES: Final = 100_000
_MOST_COPIES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPoint:
    """The buckets of one cloud.

    Attributes:
        cloud: whose.
        region: of S3.
        endpoint: an S3-compatible service in place of Amazon's.
        timeout_s: after how long a request is given up.
        largest_bytes: what is too large to be fetched.
    """

    cloud: Literal["s3", "gcs"]
    region: str = ""
    endpoint: str | None = None
    timeout_s: float = 30.0
    largest_bytes: int = 2 << 30

    @property
    def name(self) -> str:
        """The cloud."""
        return self.endpoint or self.cloud

    def listing(self, folder: str) -> list[DropEntry]:
        """The objects right below a prefix, by name."""
        store, prefix = self._store(folder)
        with self._saying(folder):
            import obstore  # noqa: PLC0415  # an extra

            found = obstore.list_with_delimiter(store, prefix=prefix or None)
            return sorted(
                DropEntry(_last(one["path"]), one["size"], int(one["last_modified"].timestamp() * 1_000_000))
                for one in found["objects"][:_MOST_ENTRIES]
                if _last(one["path"])[:1] not in {"", "."} and one["path"].isprintable()
            )

    def fetch(self, folder: str, name: str, into: Path) -> Path:
        """A copy of the object."""
        store, prefix = self._store(folder)
        path = into / "fetched"
        with self._saying(folder):
            import obstore  # noqa: PLC0415

            found = obstore.get(store, _key(prefix, name))
            if found.meta["size"] > self.largest_bytes:
                raise DropPointError(folder[:100], f"{name[:100]} is larger than {self.largest_bytes:,} bytes")
            with path.open("wb") as file:
                for piece in found.stream():
                    file.write(piece)
        return path

    def deliver(self, folder: str, name: str, source: Path | None) -> str:
        """Put an object there under a free name; it appears when it is whole."""
        store, prefix = self._store(folder)
        with self._saying(folder):
            import obstore  # noqa: PLC0415

            free = self._free(store, prefix, name)
            obstore.put(store, _key(prefix, free), b"" if source is None else source)
        return free

    def archive(self, folder: str, names: Sequence[str], archive: str) -> None:
        """Move objects to another prefix, which may be in another bucket."""
        store, prefix = self._store(folder)
        target, there = self._store(archive)
        with self._saying(archive):
            import obstore  # noqa: PLC0415

            same = folder.strip("/").partition("/")[0] == archive.strip("/").partition("/")[0]
            for name in names:
                source = _key(prefix, name)
                try:
                    obstore.head(store, source)
                except FileNotFoundError:
                    continue
                free = self._free(target, there, name)
                if same:
                    obstore.copy(store, source, _key(there, free))
                else:
                    with tempfile.TemporaryDirectory(prefix="kibo-archive-") as between:
                        obstore.put(target, _key(there, free), self.fetch(folder, name, Path(between)))
                obstore.delete(store, source)

    def delete(self, folder: str, names: Sequence[str]) -> None:
        """Delete objects; those that are gone are no matter."""
        store, prefix = self._store(folder)
        with self._saying(folder):
            import obstore  # noqa: PLC0415

            obstore.delete(store, [_key(prefix, name) for name in names])

    def free_bytes(self) -> int | None:
        """A bucket is never full."""
        return None

    def _free(self, store: Any, prefix: str, name: str) -> str:
        import obstore  # noqa: PLC0415

        for number in range(_MOST_COPIES):
            free = f"{number}-{name}" if number else name
            try:
                obstore.head(store, _key(prefix, free))
            except FileNotFoundError:
                return free
        raise DropPointError(prefix[:100], f"has no free name left for {name[:100]!r}")

    def _store(self, folder: str) -> tuple[Any, str]:
        bucket, _, prefix = folder.strip("/").partition("/")
        try:
            from obstore.store import GCSStore, S3Store  # noqa: PLC0415  # an extra
        except ImportError:
            raise DropPointError(self.name, "needs the extra buckets: pip install 'kibo-simulator[buckets]'") from None
        told: Any = {"timeout": f"{self.timeout_s:g}s", "connect_timeout": f"{self.timeout_s:g}s"}
        retrying: Any = {"max_retries": 2}
        with self._saying(folder):
            if self.cloud == "gcs":
                return GCSStore(bucket, client_options=told, retry_config=retrying), prefix.strip("/")
            more: dict[str, Any] = {"region": self.region or "us-east-1"}
            if self.endpoint is not None:
                more["endpoint"] = self.endpoint
                told["allow_http"] = self.endpoint.startswith("http://")
            return S3Store(bucket, client_options=told, retry_config=retrying, **more), prefix.strip("/")

    def _saying(self, folder: str) -> "_Saying":
        return _Saying(f"{self.cloud}://{folder.strip('/')[:100]}")


class _Saying:
    """Turns whatever the library raises into one line without credentials."""

    __slots__ = ("_place",)

    def __init__(self, place: str) -> None:
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, DropPointError) or not isinstance(error, Exception):
            return
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DropPointError(self._place, reason) from error


def _key(prefix: str, name: str) -> str:
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        raise DropPointError(name[:100], "is not a file name")
    return f"{prefix}/{name}" if prefix else name


def _last(path: str) -> str:
    return path.rpartition("/")[2]
