"""Collects what came of a run on one worker and hands it over in batches, exactly and within bounds.

Every request and every wish is sent on its own instead of Locust's histograms, which round: percentiles over all
workers are then those of all samples, and the counts can be held against the server's own. A record is some forty
bytes; a batch is sent when it is full or a second old, so neither memory nor messages grow with the run.
"""

from typing import Final

from kibo_scenarios.locust_users.messages import Batch, Exchange, Outcome

MOST_RECORDS: Final = 1_000


class Outbox:
    """The records of one worker that are not yet sent."""

    def __init__(self, run: int) -> None:
        self._run = run
        self._exchanges: list[Exchange] = []
        self._outcomes: list[Outcome] = []
        self.batches = 0

    def __repr__(self) -> str:
        return f"<Outbox of {len(self._exchanges) + len(self._outcomes)} records, {self.batches} batches sent>"

    @property
    def full(self) -> bool:
        """Whether a batch should go before more is put in."""
        return len(self._exchanges) + len(self._outcomes) >= MOST_RECORDS

    def put(self, record: Exchange | Outcome) -> None:
        """Keep a record until the next batch."""
        if isinstance(record, Exchange):
            self._exchanges.append(record)
        else:
            self._outcomes.append(record)

    def batch(self) -> Batch | None:
        """Return what there is as a batch that is to be sent now; None when there is nothing."""
        if not (self._exchanges or self._outcomes):
            return None
        batch = Batch(self._run, self.batches, self._exchanges, self._outcomes)
        self.batches += 1
        self._exchanges, self._outcomes = [], []
        return batch
