"""What clients did, request by request: bounded, complete up to its bounds, and free of secrets.

An entry is written before its answer leaves, so that looking afterwards is never early.
"""

from kibo_simulator.journal.entry import Details, JournalEntry
from kibo_simulator.journal.ring import Journal, line

__all__ = ["Details", "Journal", "JournalEntry", "line"]
