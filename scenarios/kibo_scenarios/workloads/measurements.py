"""Counts what comes of a load scenario as it happens, by client and operation, and hands samples to thresholds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

from kibo_scenarios.evidence import JobFact, JournalEntry
from kibo_scenarios.moments import SECOND
from kibo_scenarios.thresholds import Samples
from kibo_scenarios.thresholds.expression import Selector
from kibo_scenarios.workloads.settled import Settled

#: The operations that the narrower latencies speak of.
OPERATIONS_OF: Final[Mapping[str, frozenset[str]]] = {
    "lookup_latency": frozenset({"queryInventory", "getInventory", "aggregateInventory"}),
    "adjust_latency": frozenset({"adjust", "syncAdjust", "smartAdjust"}),
    "order_latency": frozenset({"allocate", "deallocate", "fulfill"}),
}
_TOO_MANY: Final = 429
_FAILED: Final = 500
_REFUSED: Final = 400
_OPEN: Final = frozenset({"authenticate", "refreshTicket"})
#: Stands for whoever sent what the server could not tell whose it was, such as a request with an expired token.
UNKNOWN: Final = "unknown"
#: What can be said of such requests; they have no wishes, jobs or manners.
KNOWN_OF_UNKNOWN: Final = frozenset(
    {"requests", "http_429_rate", "http_5xx_rate", "error_rate", "restrictions", "throttled_time"}
)

_Number = TypeVar("_Number", int, float)

Key = tuple[str, str]
"""Client and operation."""


@dataclass(slots=True)
class Cell:
    """What is known of one client's requests of one operation; latencies in seconds.

    ``settled_at`` has the moment of each latency; ``first`` when something was seen for the first time, by the name of
    its count (microseconds since the epoch).
    """

    requests: int = 0
    throttled: int = 0
    failed: int = 0
    refused: int = 0
    lost: int = 0
    given_up: int = 0
    latencies: list[float] = field(default_factory=list)
    settled_at: list[int] = field(default_factory=list)
    restrictions: int = 0
    throttled_s: float = 0.0
    first: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, at: int) -> None:
        """Add one to a count."""
        setattr(self, name, getattr(self, name) + 1)
        self.first.setdefault(name, at)


class JobTimes(msgspec.Struct, frozen=True, gc=False):
    """A job: whose request made it, how it stands, how many seconds it took, when it ended (None until then)."""

    key: Key
    status: str
    wait_s: float | None
    ended_at: int | None


class Measurements:
    """The counts of a run, fed in order of time."""

    def __init__(self) -> None:
        self.cells: dict[Key, Cell] = {}
        self.jobs: dict[int, JobTimes] = {}
        self.makespans: dict[str, float] = {}
        self.optima: dict[str, float] = {}
        self.rules_broken: dict[str, int] = {}
        self.minutes: dict[int, list[int]] = {}
        self._restricted_until: dict[str, int] = {}
        self._made: dict[int, Key] = {}

    def __repr__(self) -> str:
        return f"<Measurements of {sum(cell.requests for cell in self.cells.values())} requests>"

    def saw(self, entry: JournalEntry) -> None:
        """Count a request that the server saw; those for tokens are not counted."""
        if entry.operation in _OPEN:
            return
        key = (entry.client or UNKNOWN, entry.operation or "")
        cell = self._cell(key)
        cell.requests += 1
        if entry.status >= _REFUSED:
            kind = "throttled" if entry.status == _TOO_MANY else "failed" if entry.status >= _FAILED else "refused"
            cell.count(kind, entry.started_at)
        if entry.response_lost:
            cell.count("lost", entry.started_at)
        minute = self.minutes.setdefault(entry.started_at // (60 * SECOND), [0, 0])
        minute[0] += 1
        minute[1] += entry.status == _TOO_MANY
        if entry.status == _TOO_MANY and entry.pool and entry.retry_after_s:
            self._restricted(cell, entry.pool, entry.started_at, entry.retry_after_s * SECOND)
        for job in entry.job_ids:
            self._made.setdefault(job, key)

    def settled(self, settled: Settled) -> None:
        """Count a wish that is done with."""
        cell = self._cell((settled.client, settled.operation))
        if settled.given_up:
            cell.count("given_up", settled.at)
        else:
            cell.settled_at.append(settled.at)
            cell.latencies.append((settled.at - settled.wished) / SECOND)

    def knows_jobs(self, jobs: Mapping[int, JobFact], added: Mapping[int, int]) -> None:
        """Take over how the jobs stand; ``added`` is when each was enqueued."""
        for number, fact in jobs.items():
            key = self._made.get(number)
            if key is not None:
                wait = None if fact.finished_at is None else (fact.finished_at - added[number]) / SECOND
                self.jobs[number] = JobTimes(key, fact.status, wait, fact.finished_at)

    def meant(self, selector: Selector) -> tuple[list[Cell], list[JobTimes]]:
        """Return the counts and the jobs that a threshold speaks of."""
        return (
            [cell for key, cell in self.cells.items() if _meant(selector, key)],
            [job for job in self.jobs.values() if _meant(selector, job.key)],
        )

    def samples(self, selector: Selector) -> Samples:
        """Return what a threshold wants to look at."""
        cells, jobs = self.meant(selector)
        requests = sum(cell.requests for cell in cells)
        client = selector.labels.get("client")
        match selector.metric.name:
            case "requests":
                return Samples(hits=requests)
            case "http_429_rate":
                return Samples(hits=sum(cell.throttled for cell in cells), total=requests)
            case "http_5xx_rate":
                return Samples(hits=sum(cell.failed for cell in cells), total=requests)
            case "error_rate":
                return Samples(hits=sum(cell.refused + cell.lost for cell in cells), total=requests)
            case "given_up":
                return Samples(hits=sum(cell.given_up for cell in cells))
            case "restrictions":
                return Samples(hits=sum(cell.restrictions for cell in cells))
            case "throttled_time":
                return Samples(values=[sum(cell.throttled_s for cell in cells)])
            case "jobs_done":
                return Samples(hits=sum(job.status == "SUCCESS" for job in jobs))
            case "jobs_failed":
                return Samples(hits=sum(job.status == "FAILED" for job in jobs))
            case "jobs_unfinished":
                return Samples(hits=sum(job.wait_s is None for job in jobs))
            case "job_wait":
                return Samples(values=[job.wait_s for job in jobs if job.wait_s is not None])
            case "makespan":
                return Samples(values=list(_of(self.makespans, client)))
            case "rules_broken":
                return Samples(hits=sum(_of(self.rules_broken, client)))
            case _:
                return Samples(values=[latency for cell in cells for latency in cell.latencies])

    def optimum(self, selector: Selector) -> float | None:
        """Return the least possible makespan in seconds, where it is known."""
        known = list(_of(self.optima, selector.labels.get("client")))
        return max(known) if known else None

    def _cell(self, key: Key) -> Cell:
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = Cell()
        return cell

    def _restricted(self, cell: Cell, pool: str, at: int, wait: int) -> None:
        """Note a restriction, or that one lasts longer than was known."""
        before = self._restricted_until.get(pool, 0)
        until = max(before, at + wait)
        cell.restrictions += at >= before
        cell.throttled_s += (until - max(before, at)) / SECOND
        self._restricted_until[pool] = until


def _of(by_client: Mapping[str, _Number], client: str | None) -> Iterable[_Number]:
    return by_client.values() if client is None else [by_client[client]] if client in by_client else []


def _meant(selector: Selector, key: Key) -> bool:
    client, operation = key
    narrow = OPERATIONS_OF.get(selector.metric.name)
    return (
        selector.labels.get("client", client) == client
        and selector.labels.get("operation", operation) == operation
        and (narrow is None or operation in narrow)
    )
