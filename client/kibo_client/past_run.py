"""A run as its journal tells it: the state is a fold over the events, so that nothing else is needed (C8)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kibo_client.audit import AuditRow
from kibo_client.budget import Budget
from kibo_client.bulk import BulkDelete
from kibo_client.errors import JournalError, UnexpectedEventError
from kibo_client.events import Done
from kibo_client.lines import Line
from kibo_client.report import BulkDeleteReport
from kibo_client.run_journal import Header, read_items, read_journal
from kibo_client.targets import Target
from kibo_client.update import BulkUpdate
from kibo_client.update_report import UpdateReport


@dataclass(frozen=True, slots=True)
class PastRun:
    """Where a run stands: `where` in words, `ended` whether nothing is left to do."""

    report: BulkDeleteReport | UpdateReport
    audit: Iterable[AuditRow]
    ended: bool
    where: str
    tenant: int
    api_host: str


def past_run(journal: Path) -> PastRun:
    """Read a run off its journal.

    Raises:
        JournalError: The journal or its records cannot be read.
    """
    header, events = read_journal(journal)
    machine = _machine(journal, header)
    try:
        for event in events:
            machine.record(event)
    except UnexpectedEventError as error:
        raise JournalError(journal, 0, f"is damaged: {error}") from error
    ended = machine.under_way is None and isinstance(machine.next_action(events[-1].at if events else 0), Done)
    where = "has ended" if ended else f"has not ended; kibo-client resume {journal} goes on with it"
    return PastRun(machine.report(), machine.audit(), ended, where, header.tenant, header.api_host)


def _machine(journal: Path, header: Header) -> BulkDelete | BulkUpdate:
    budget = Budget(requests_per_minute=None, requests_per_hour=None)
    if header.update is not None:
        return BulkUpdate(read_items(journal, Line), header.update, budget)
    if header.deletion is None:
        raise JournalError(journal, 1, "does not say what kind of run it is of")
    return BulkDelete(read_items(journal, Target), header.deletion, budget)
