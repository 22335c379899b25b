"""Snapshots: the whole state of a simulation as one file, kept under a name (D-2)."""

from kibo_simulator.snapshots.shelf import (
    ShelfError,
    Snapshot,
    SnapshotExistsError,
    SnapshotMissingError,
    SnapshotShelf,
)

__all__ = ["ShelfError", "Snapshot", "SnapshotExistsError", "SnapshotMissingError", "SnapshotShelf"]
