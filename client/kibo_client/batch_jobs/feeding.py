"""One feeding of a batch job as a state machine: every item is added once, whatever becomes of answers (C28, RT-5).

Laws of the whole:
1. State changes only in `record`; `next_step` merely reads it. So replaying the events restores the state.
2. One request is under way at a time.
3. A request whose outcome is unknown is neither repeated nor forgotten before the job's items have been counted: as
   many as before, and it is sent again; more by just its items, and it has arrived; anything else, and somebody else
   feeds the same job, so that the feeding stops.
4. Every item ends as added, or as left out with the reason; where nobody knows, it is left out and says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from kibo_client.batch_jobs.items import FeedItem, FeedRequest, bulk_request
from kibo_client.errors import UnexpectedEventError

# What a request may be refused with because of what is in it.
STATUSES_ABOUT_CONTENT = frozenset({400, 413, 422})
# After so many lost answers in a row nothing gets through.
MOST_LOST_IN_A_ROW = 8


class Began(msgspec.Struct, frozen=True, tag="began"):
    """The job was looked at: so many items were in it before."""

    items: int


class Sending(msgspec.Struct, frozen=True, tag="sending"):
    """The first of the requests that are left is about to leave."""


class Added(msgspec.Struct, frozen=True, tag="added"):
    """It was answered: its items wait in the job."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It was refused."""

    status: int
    said: str


class Lost(msgspec.Struct, frozen=True, tag="lost"):
    """Nobody knows what became of it."""

    said: str


class Counted(msgspec.Struct, frozen=True, tag="counted"):
    """So many items are in the job now."""

    items: int


FeedEvent = Began | Sending | Added | Refused | Lost | Counted


@dataclass(frozen=True, slots=True)
class Look:
    """Count the items in the job."""


@dataclass(frozen=True, slots=True)
class Add:
    """Send a request."""

    request: FeedRequest


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing is left to do."""


Step = Look | Add | Finished


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item that was not added, and why."""

    item: FeedItem
    reason: str


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What came of a feeding.

    Attributes:
        items: How many there were.
        added: How many wait in the job now because of it.
        left_out: Those that were not added.
        requests: Catalog calls that were sent.
        stopped: Why it ended before its time; None if it did not.
    """

    items: int
    added: int
    left_out: tuple[LeftOut, ...]
    requests: int
    stopped: str | None

    @property
    def ok(self) -> bool:
        """Whether every item was added."""
        return self.stopped is None and not self.left_out


class Feeding:
    """The state of one feeding.

    Args:
        items: The feed.
        requests: The calls that add it.
    """

    def __init__(self, items: Sequence[FeedItem], requests: Iterable[FeedRequest]) -> None:
        self._items = items
        self._left = deque(requests)
        self._before: int | None = None
        self._under_way = False
        self._unknown = False
        self._lost_in_a_row = 0
        self._said = ""
        self._doubtful: tuple[int, ...] = ()
        self._refused: dict[int, str] = {}
        self._sent = 0
        self.added = 0
        self.stopped: str | None = None

    def __repr__(self) -> str:
        return f"<Feeding {self.added} of {len(self._items)} added, {len(self._left)} requests left>"

    @property
    def began(self) -> bool:
        """Whether the job was looked at before anything was sent."""
        return self._before is not None

    @property
    def lost_in_a_row(self) -> int:
        """How many answers in a row were lost: what the wait before the next look grows with (RT-2)."""
        return self._lost_in_a_row

    @property
    def under_way(self) -> bool:
        """Whether a request was sent whose outcome is not recorded."""
        return self._under_way

    def next_step(self) -> Step:
        """What to do now."""
        assert not self._under_way, "the request under way has to be answered first"
        if self.stopped is not None:
            return Finished()
        if self._before is None or self._unknown:
            return Look()
        return Add(self._left[0]) if self._left else Finished()

    def record(self, event: FeedEvent) -> None:
        """Take note of something that happened.

        Raises:
            UnexpectedEventError: It cannot have happened in this state.
        """
        match event:
            case Began() if self._before is None:
                self._before = event.items
            case Sending() if self._left and not self._under_way and not self._unknown:
                self._under_way = True
                self._sent += 1
            case Added() if self._under_way:
                self._under_way = False
                self._arrived()
            case Refused() if self._under_way:
                self._under_way = False
                self._refuse(event)
            case Lost() if self._under_way:
                self._under_way = False
                self._unknown = True
                self._lost_in_a_row += 1
                self._said = event.said
            case Counted() if self._unknown:
                self._reconcile(event.items)
            case _:
                raise UnexpectedEventError(f"{event!r} was recorded, but nothing asked for it")

    def report(self) -> FeedReport:
        """The account of the feeding as it stands."""
        left_out = [LeftOut(self._items[index], said) for index, said in sorted(self._refused.items())]
        if self.stopped is not None:
            for index in (index for request in self._left for index in request.items):
                known = "nobody knows whether it was added" if index in self._doubtful else "not added"
                left_out.append(LeftOut(self._items[index], f"{known}: {self.stopped}"))
        return FeedReport(len(self._items), self.added, tuple(left_out), self._sent, self.stopped)

    def _arrived(self) -> None:
        self._lost_in_a_row = 0
        self.added += len(self._left.popleft().items)

    def _refuse(self, event: Refused) -> None:
        self._lost_in_a_row = 0
        request = self._left[0]
        if event.status not in STATUSES_ABOUT_CONTENT:
            self.stopped = event.said
            return
        self._left.popleft()
        middle = len(request.items) // 2
        if middle:
            halves = (request.items[:middle], request.items[middle:])
            self._left.extendleft(bulk_request(self._items, half) for half in reversed(halves))
        else:
            self._refused[request.items[0]] = event.said

    def _reconcile(self, found: int) -> None:
        assert self._before is not None, "nothing is sent before the job was looked at"
        self._unknown = False
        more = found - self._before - self.added
        if more == len(self._left[0].items):
            self._arrived()
        elif more:
            self._doubtful = self._left[0].items
            self.stopped = f"the job has {found:,} items where {self._before + self.added:,} were added: who else adds?"
        elif self._lost_in_a_row >= MOST_LOST_IN_A_ROW:
            # Only now: before the count, what was lost last might have arrived.
            self.stopped = f"{self._lost_in_a_row} requests in a row were not answered: {self._said}"
