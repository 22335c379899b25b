"""Snapshots: the whole state of a simulation as one file, kept under a name (D-2)."""

from kibo_simulator.snapshots.seal import opened_snapshot
from kibo_simulator.snapshots.shelf import (
    NoSnapshotError,
    ShelfError,
    Snapshot,
    SnapshotExistsError,
    SnapshotMissingError,
    SnapshotShelf,
)

__all__ = [
    "NoSnapshotError",
    "ShelfError",
    "Snapshot",
    "SnapshotExistsError",
    "SnapshotMissingError",
    "SnapshotShelf",
    "opened_snapshot",
]
