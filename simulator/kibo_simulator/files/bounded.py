"""Bytes that come out of a package, up to a bound, whatever the package's directory claims."""

import io
from typing import IO


class BoundedBytes(io.RawIOBase):
    """Hands bytes on until there are more of them than allowed.

    Args:
        stream: Where they come from.
        most: How many there may be.
        refusal: The error to be raised if there are more.
    """

    def __init__(self, stream: IO[bytes], most: int, refusal: Exception) -> None:
        super().__init__()
        self._stream = stream
        self._left = most
        self._refusal = refusal

    def readable(self) -> bool:
        """Bytes are read from it."""
        return True

    def readinto(self, buffer: object) -> int:
        """Read a piece, and keep count."""
        view = memoryview(buffer)  # type: ignore[arg-type]  # io hands over a writable buffer
        chunk = self._stream.read(len(view))
        self._left -= len(chunk)
        if self._left < 0:
            raise self._refusal
        view[: len(chunk)] = chunk
        return len(chunk)
