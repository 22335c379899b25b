"""Decides which job of a tenant runs next, and how long it takes (J-4 to J-6).

Laws of this file
1. The queue is first in, first out among locations that are free; one location never has two jobs at work.
2. With one worker that is the plain order of enqueueing.
3. How long a job takes is a function of the seed, its number and its records: nothing is drawn from shared state.
"""

from collections import deque
from hashlib import blake2b
from heapq import heappop, heappush
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kibo_simulator.timestamps import SECOND

JobStatus = Literal["PENDING", "WORKING", "SUCCESS", "FAILED"]
TERMINAL: frozenset[str] = frozenset({"SUCCESS", "FAILED"})
JobType = Literal["REFRESH", "ADJUST", "DELETE", "ALLOCATE", "DEALLOCATE", "FULFILL", ""]
"""What a job does; Kibo has no name for redistribution, purges and exports."""

JOB_TYPES = (
    "REFRESH",
    "ADJUST",
    "RELEASE_SHIPMENTS",
    "CREATE_PICK_WAVE",
    "CLOSE_PICK_WAVE",
    "PUT_AWAY_FILE",
    "SHORT_PICK_ERROR",
    "BIN_AUDIT_START",
    "BIN_AUDIT_COMPLETION",
    "CREATE_BIN_AUDIT",
    "RELEASE_PENDING_ITEMS",
    "ALLOCATE",
    "DEALLOCATE",
    "FULFILL",
    "DELETE",
)
"""Every type a job can have, as Kibo's published inventory specification lists them."""


class JobSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How jobs are worked (J-5, J-6, J-9); times in seconds.

    ``timed`` jobs take ``base_s + per_record_s * records``, varied by up to ``jitter`` of that. For tests,
    ``immediate`` jobs are done when they are enqueued and ``after_polls`` jobs when they were asked for that often.
    """

    mode: Literal["timed", "immediate", "after_polls"] = "timed"
    workers: Annotated[int, Meta(ge=1, le=10_000)] = 1
    base_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.5
    per_record_s: Annotated[float, Meta(ge=0, le=3_600)] = 0.001
    jitter: Annotated[float, Meta(ge=0, lt=1)] = 0.1
    after_polls: Annotated[int, Meta(ge=1, le=1_000_000)] = 2
    enqueue_unit_s: Annotated[float, Meta(ge=0, le=3_600)] = 0.00006
    enqueue_timeout_s: Annotated[float, Meta(gt=0, le=86_400)] = 10.0

    def __post_init__(self) -> None:
        """Refuse what could never be worked; messages begin with the field, so that files can tell its place."""
        for name, smallest in (("workers", 1), ("base_s", 0), ("per_record_s", 0), ("after_polls", 1)):
            if getattr(self, name) < smallest:
                raise ValueError(f"{name}: must be {smallest} or more")
        if not 0 <= self.jitter < 1:
            raise ValueError("jitter: must be 0 or more and less than 1")
        if self.enqueue_unit_s < 0:
            raise ValueError("enqueue_unit_s: must be 0 or more")
        if self.enqueue_timeout_s <= 0:
            raise ValueError("enqueue_timeout_s: must be more than 0")


def duration(settings: JobSettings, seed: int, job_id: int, records: int) -> int:
    """Microseconds that a job takes: ``base + per_record * records`` with seeded jitter (J-6); at least one."""
    plain = settings.base_s + settings.per_record_s * records
    digest = blake2b(f"{seed}:{job_id}".encode(), digest_size=8).digest()
    spread = int.from_bytes(digest, "big") / (1 << 63) - 1.0
    return max(1, round(plain * (1 + settings.jitter * spread) * SECOND))


def enqueue_cost(settings: JobSettings, items: int, locations: int) -> float:
    """Seconds of synchronous work that enqueueing costs: ``items * locations`` units (J-9)."""
    return items * locations * settings.enqueue_unit_s


class JobQueue:
    """The unfinished jobs of one tenant: who waits at which location, and who is at work."""

    __slots__ = ("_busy", "_heads", "_waiting", "workers")

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._waiting: dict[int, deque[int]] = {}
        self._heads: list[tuple[int, int]] = []
        self._busy: dict[int, int] = {}

    def __repr__(self) -> str:
        return f"<JobQueue {len(self._busy)} at work, {sum(map(len, self._waiting.values()))} waiting>"

    def enqueue(self, job_id: int, location_id: int) -> None:
        """Put a job at the end of its location's line (J-5)."""
        line = self._waiting.setdefault(location_id, deque())
        line.append(job_id)
        if len(line) == 1 and location_id not in self._busy:
            heappush(self._heads, (job_id, location_id))

    def start_next(self) -> int | None:
        """Take the oldest job whose location is free, if a worker is (J-5); it is then at work."""
        if len(self._busy) >= self.workers or not self._heads:
            return None
        job_id, location_id = heappop(self._heads)
        line = self._waiting[location_id]
        line.popleft()
        self._busy[location_id] = job_id
        return job_id

    def resume(self, job_id: int, location_id: int) -> None:
        """Note a job that was at work when the simulator stopped."""
        self._busy[location_id] = job_id

    def finish(self, location_id: int) -> None:
        """The job at work at this location is done: the location is free again."""
        del self._busy[location_id]
        line = self._waiting.get(location_id)
        if line:
            heappush(self._heads, (line[0], location_id))
        elif line is not None:
            del self._waiting[location_id]

    def take_through(self, job_id: int, location_id: int) -> list[int]:
        """Take a waiting job and all before it at its location out of the line, in order (J-6, ``after_polls``)."""
        line = self._waiting.get(location_id)
        if not line or job_id not in line:
            return []
        taken: list[int] = []
        while not taken or taken[-1] != job_id:
            taken.append(line.popleft())
        self._heads = sorted(entry for entry in self._heads if entry[1] != location_id)
        if line:
            heappush(self._heads, (line[0], location_id))
        else:
            del self._waiting[location_id]
        return taken

    @property
    def waiting(self) -> int:
        """How many jobs have not begun."""
        return sum(map(len, self._waiting.values()))
