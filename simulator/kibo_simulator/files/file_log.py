"""What became of every file at the drop points: bounded, complete up to its bound, and evidence for FI-1 and FI-2.

Instants are simulated microseconds since the epoch. A look sees a file only when it comes by; a server that takes files
in sees every write. What was written first is told by the server where there is one, else by the times that the drop
point itself keeps for its files, which have a clock of their own and are only compared with each other.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from kibo_simulator.files.import_names import is_under_way

FileEventKind = Literal[
    "appeared", "changed", "taken", "skipped", "refused", "imported", "archived", "deleted", "exported", "warned"
]


class DropEntry(Struct, frozen=True, order=True):
    """A file as a listing shows it: its name, its size in bytes, and when its drop point says it was last written."""

    name: str
    size: int
    written: int = 0


class FileEvent(Struct, frozen=True, kw_only=True):
    """One thing that happened to a file, or that should be known of a drop point."""

    seq: int
    at: int
    tenant: int
    folder: str
    name: str
    what: FileEventKind
    size: int | None = None
    message: str = ""


class DroppedFile(Struct, kw_only=True):
    """One file at a drop point, from its appearance on.

    Attributes:
        folder: where it lay, as the configuration calls it.
        name: its name.
        size: its size in bytes when last seen.
        appeared_at: when it was first seen.
        complete_at: when its size was last seen to change.
        written: when it was last written, by the drop point's own clock.
        exact: whether a server saw every write, so that appeared_at and complete_at are exact.
        taken_at: when it was picked up, None if it was not.
        outcome: what came of it.
    """

    folder: str
    name: str
    size: int
    appeared_at: int
    complete_at: int
    written: int
    exact: bool = False
    taken_at: int | None = None
    outcome: str = ""


class FileLog:
    """The newest events and files, bounded in number."""

    __slots__ = ("_events", "_files", "_most", "_sequence", "dropped")

    def __init__(self, most: int) -> None:
        self._most = most
        self._events: deque[FileEvent] = deque()
        self._files: dict[tuple[str, str], DroppedFile] = {}
        self._sequence = 0
        self.dropped = 0
        """How many events are gone because there was no room."""

    def __repr__(self) -> str:
        return f"<FileLog {len(self._events)} events, {len(self._files)} files>"

    def note(
        self,
        at: int,
        what: FileEventKind,
        *,
        folder: str,
        name: str,
        tenant: int = 0,
        size: int | None = None,
        message: str = "",
    ) -> None:
        """Write an event down; what became of a file is kept with the file as well."""
        folder = folder.strip("/")
        self._sequence += 1
        self._events.append(
            FileEvent(
                seq=self._sequence,
                at=at,
                tenant=tenant,
                folder=folder,
                name=name,
                what=what,
                size=size,
                message=message,
            )
        )
        if len(self._events) > self._most:
            self._events.popleft()
            self.dropped += 1
        file = self._files.get((folder, name))
        if file is not None and what in {"taken", "imported", "refused", "skipped", "archived", "deleted"}:
            file.taken_at = at if what == "taken" else file.taken_at
            file.outcome = message or what if what in {"refused", "skipped"} else what

    def settle(self, folder: str, name: str, outcome: str) -> None:
        """Keep what came of a file that goes with another: no event of its own."""
        file = self._files.get((folder.strip("/"), name))
        if file is not None:
            file.outcome = outcome

    def seen(self, at: int, folder: str, entries: Sequence[DropEntry]) -> None:
        """Note what a look at a folder found."""
        for entry in entries:
            self._seen(at, folder.strip("/"), entry, exact=False)

    def wrote(self, at: int, folder: str, entry: DropEntry) -> None:
        """Note a write that a server carried out."""
        self._seen(at, folder.strip("/"), entry, exact=True)

    def _seen(self, at: int, folder: str, entry: DropEntry, *, exact: bool) -> None:
        if is_under_way(entry.name):
            return
        file = self._files.get((folder, entry.name))
        if file is None or (file.taken_at is not None and file.written != entry.written):
            self._files.pop((folder, entry.name), None)
            self._files[folder, entry.name] = DroppedFile(
                folder=folder, name=entry.name, size=entry.size, appeared_at=at, complete_at=at, written=entry.written,
                exact=exact,
            )  # fmt: skip
            while len(self._files) > self._most:
                del self._files[next(iter(self._files))]
            self.note(at, "appeared", folder=folder, name=entry.name, size=entry.size)
        elif (file.size, file.written) != (entry.size, entry.written) and not (file.exact and not exact):
            file.size, file.written, file.complete_at = entry.size, entry.written, at
            file.exact = file.exact or exact
            if not exact:
                self.note(at, "changed", folder=folder, name=entry.name, size=entry.size)

    def file(self, folder: str, name: str) -> DroppedFile | None:
        """What is known of one file."""
        return self._files.get((folder.strip("/"), name))

    def files(self) -> list[DroppedFile]:
        """All files, in order of their appearance."""
        return list(self._files.values())

    def since(self, seq: int = 0) -> Iterator[FileEvent]:
        """The events with a number above ``seq``, oldest first."""
        return (event for event in self._events if event.seq > seq)
