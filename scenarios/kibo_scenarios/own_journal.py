"""The journal of a simulator in the same process, read as it lies there.

A day has a hundred thousand requests, which need not be written out as JSON only to be read again.
"""

from collections.abc import Iterator, Sequence

import msgspec

from kibo_scenarios.evidence import NO_SUMMARY, JournalEntry, Summary, whole_seconds
from kibo_simulator.journal import Journal, line
from kibo_simulator.journal import JournalEntry as Noted


class OwnJournal:
    """What a journal has held since this was made, as evidence and as lines.

    The lines are those of the control plane, one JSON object each, and are written only when somebody wants them.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._noted: list[Noted] = []

    def __repr__(self) -> str:
        return f"<OwnJournal of {len(self)} requests>"

    def __len__(self) -> int:
        return len(self._noted)

    def __iter__(self) -> Iterator[bytes]:
        return map(line, self._noted)

    def news(self) -> Sequence[JournalEntry]:
        """Take over what has been noted since the last time, and return it in order of the server's numbers."""
        noted = self._journal.held(self._noted[-1].seq if self._noted else 0)
        self._noted += noted
        return [_evidence(each) for each in noted]


def _evidence(noted: Noted) -> JournalEntry:
    summary = noted.whole_summary
    return JournalEntry(
        seq=noted.seq,
        started_at=noted.at,
        finished_at=max(noted.at, noted.finished_at),
        status=noted.status,
        method=noted.method,
        path=noted.path,
        query=noted.query,
        tenant="" if noted.tenant is None else str(noted.tenant),
        client=noted.client or "",
        operation=noted.operation,
        pool=noted.pool,
        request_hash=noted.request_hash,
        summary=msgspec.convert(summary, Summary) if summary else NO_SUMMARY,
        retry_after_s=whole_seconds(noted.retry_after),
        job_ids=noted.job_ids,
        fault=noted.fault,
        response_lost=noted.response_lost,
    )
