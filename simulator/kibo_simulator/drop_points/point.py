"""What a drop point can do, whatever it is made of."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from kibo_simulator.files.file_log import DropEntry


class DropPointError(Exception):
    """A drop point that cannot be reached or refuses; says which and why, and holds no credentials."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


class SftpServerError(Exception):
    """An SFTP server that cannot be started; says why."""


class DropPoint(Protocol):
    """Folders with files in them. Names are plain file names; paths are relative to the drop point.

    Every method may raise `DropPointError`. Methods of remote ones block, and are called off the event loop.
    """

    @property
    def name(self) -> str:
        """What the drop point is called, without any credentials."""

    def listing(self, folder: str) -> list[DropEntry]:
        """The plain files of a folder by name; none when there is no such folder."""

    def fetch(self, folder: str, name: str, into: Path) -> Path:
        """A local path of the file's content: a copy in ``into``, or the file itself where it is local."""

    def deliver(self, folder: str, name: str, source: Path | None) -> str:
        """Put a file there, whole or not at all; None for an empty one. Returns the name it has there."""

    def archive(self, folder: str, names: Sequence[str], archive: str) -> None:
        """Move files to another folder, under a free name."""

    def delete(self, folder: str, names: Sequence[str]) -> None:
        """Delete files; those that are gone are no matter."""

    def free_bytes(self) -> int | None:
        """How much room is left, None where nobody can tell."""
