"""The folder in which a run's simulator picks files up, as a place that the project's own client uploads to (C25).

A look at a folder tells what was written first by the times that the folder keeps. In virtual time those of the machine
mean nothing: there the folder gets the run's clock for its own.
"""

import os
from collections.abc import Callable
from pathlib import Path

from kibo_client.files.places import Folder


class DropFolder:
    """A folder with a clock.

    Args:
        path: The folder; it is made when it is not there.
        now: Its clock, microseconds since the epoch; the machine's file system has its own when absent.
    """

    def __init__(self, path: Path, now: Callable[[], int] | None = None) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.name = str(path)
        self._folder = Folder(path)
        self._now = now

    def __repr__(self) -> str:
        return f"<DropFolder {self.path}>"

    async def put(self, source: Path, name: str) -> int:
        """Put a file there in one step, and return its size."""
        size = await self._folder.put(source, name)
        self.stamp(name)
        return size

    async def touch(self, name: str) -> None:
        """Put an empty file there."""
        await self._folder.touch(name)
        self.stamp(name)

    async def exists(self, name: str) -> bool:
        """Whether a file of this name lies there."""
        return await self._folder.exists(name)

    async def close(self) -> None:
        """Let go of it."""

    def count(self) -> int:
        """Return how many files have been put there, those counted that the simulator has moved to its archive."""
        return sum(len(names) for _, _, names in os.walk(self.path.parent))

    def write(self, name: str, content: bytes) -> None:
        """Write a file where it lies, as programs do that know no better."""
        (self.path / name).write_bytes(content)
        self.stamp(name)

    def stamp(self, name: str) -> None:
        """Let a file that was just written have the time of the folder's clock."""
        if self._now is not None:
            os.utime(self.path / name, ns=(self._now() * 1000,) * 2)
