"""What a simulation is at one moment beyond its tables: its clock, its counters and its settings (D-2).

Whoever has the tables and the moment can go on as if nothing had happened in between.
"""

import sqlite3
from typing import Final

import msgspec
from msgspec import Struct

from kibo_simulator.clock import ClockMode
from kibo_simulator.settings import Settings
from kibo_simulator.store.images import ImageError
from kibo_simulator.version import __version__

MOMENT_VERSION: Final = 2
"""Of snapshots: 1 had no seal (`kibo_simulator.snapshots.seal`)."""

_KEY: Final = "moment"


class Moment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The clock and its instant in microseconds since the epoch, how many ids of each kind were given, the settings.

    ``openings`` and the counts make correlation ids and tokens go on in the same row; ``journal`` is the number of the
    newest journal entry.
    """

    version: int = MOMENT_VERSION
    program: str = __version__
    at: int
    mode: ClockMode
    speed: float
    openings: int
    correlations: int
    tokens: int
    journal: int
    settings: Settings


def write_moment(image: sqlite3.Connection, moment: Moment) -> None:
    """Put the moment into an image of the tables."""
    image.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_KEY, msgspec.json.encode(moment).decode()))


def read_moment(image: sqlite3.Connection) -> Moment:
    """The moment of an image.

    Raises:
        ImageError: there is none, or none that this version understands.
    """
    try:
        row = image.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    except sqlite3.Error as error:
        raise ImageError(f"is not a snapshot: {error}") from error
    if row is None:
        raise ImageError("is a data file, not a snapshot; start from it with --data")
    try:
        moment = msgspec.json.decode(str(row[0]), type=Moment)
    except msgspec.MsgspecError as error:
        raise ImageError(f"was made by another version of this program: {error}") from error
    if not 1 <= moment.version <= MOMENT_VERSION:
        raise ImageError(f"has format version {moment.version}; this program reads 1 to {MOMENT_VERSION}")
    return moment


def drop_moment(connection: sqlite3.Connection) -> None:
    """Forget the moment: a database that is worked on is past it."""
    connection.execute("DELETE FROM meta WHERE key = ?", (_KEY,))
