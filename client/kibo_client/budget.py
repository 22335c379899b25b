"""What may be sent when: one ledger for everything that spends a pool's quota (RL-2 to RL-8, C13, C16).

Theory. Each request is remembered by the moments (our clock) between which the server saw it: from sending to
the answer. With the clock offset as an interval, a request is charged to the latest window it may have fallen
into, and the next one is held back until it surely falls into a later one: the recursion of `optimum`, with
certainty in place of exact times. So a client alone in its pool, told the true limits, is never refused.

Laws of this file:
1. One gate holds back everything after a 429, until the whole Retry-After has passed since the answer (TH-1,
   TH-2, TH-3).
2. Whatever may have been counted is charged; only what surely was counted teaches (unknown limits).
3. Entries lie in the order in which they ended; only one request is under way at a time.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass

from kibo_client.clock_offset import DRIFT_PARTS_PER_MILLION, ClockOffset
from kibo_client.learning import Refusal
from kibo_client.optimum import QUARTERS_IN_WINDOW, start_of_next
from kibo_client.units import MINUTE, QUARTER, SECOND

DEFAULT_GUARD = SECOND // 2
# What a 429 without a readable Retry-After costs: the least value the API documents (TH-4).
LEAST_RETRY_AFTER_S = 60
# No documented wait is longer than an hour; a longer one is obeyed up to a day, past that it is not a wait
# but nonsense.
MOST_RETRY_AFTER_S = 86_400
MOST_ENTRIES = 200_000
# Whoever gets at least a tenth of what was told is thought to have it alone.
FAIR_SHARE = 10
LEAST_FAIR = 4


@dataclass(frozen=True, slots=True)
class Slot:
    """When the next request may be sent, and what holds it back until then (an empty reason: nothing)."""

    at: int
    why: str


@dataclass(frozen=True, slots=True, order=True)
class _Entry:
    ended_at: int
    sent_at: int
    counted: bool
    """Whether the server surely counted it: admitted, whatever the status."""


@dataclass(slots=True)
class _Limit:
    """One level of the quota: so many requests in the newest `windows` windows of `size`."""

    name: str
    size: int
    windows: int
    value: int | None
    surprises: int = 0
    evidence: Refusal | None = None
    """The refusal that taught the value, kept while a better known clock may read more out of it."""


def parse_retry_after(header: str | None) -> int | None:
    """Read a Retry-After of whole seconds; None where it is missing, malformed or absurd."""
    if header is None or not header.strip().isascii() or not header.strip().isdecimal():
        return None
    value = int(header.strip()[:12])
    return value if 0 < value <= MOST_RETRY_AFTER_S else None


def _given_way(limit: _Limit, surely: int) -> int:
    """What is left of a limit after a refusal that it does not explain: it was told wrong, or is shared.

    After a fair share of what was told, what was counted is taken as the limit itself. Less than that may be a
    passing visitor's doing at first; after that, give way by half a time.
    """
    assert limit.value is not None, "an unknown limit is learnt, not surprised"
    if surely >= max(LEAST_FAIR, limit.value // FAIR_SHARE):
        return min(limit.value, surely)
    if limit.surprises > 1 and surely:
        return max(1, min(limit.value, max(surely, limit.value // 2)))
    return limit.value


class Budget:
    """The ledger of one pool, and the planner over it.

    Args:
        requests_per_minute: RPM, at least 1; None where it is not known and has to be learnt.
        requests_per_hour: RPH, likewise.
        guard: Safety on each side of a window's edge, in microseconds.

    Raises:
        ValueError: A limit is below 1.
    """

    def __init__(
        self, *, requests_per_minute: int | None, requests_per_hour: int | None, guard: int = DEFAULT_GUARD
    ) -> None:
        for limit in (requests_per_minute, requests_per_hour):
            if limit is not None and limit < 1:
                raise ValueError(f"a limit must be at least 1, not {limit}")
        self._minute = _Limit("minute", MINUTE, 1, requests_per_minute)
        self._hour = _Limit("hour", QUARTER, QUARTERS_IN_WINDOW, requests_per_hour)
        self._guard = guard
        self._entries: list[_Entry] = []
        self._open_since: int | None = None
        self._gate = Slot(0, "")
        self._offset: ClockOffset | None = None

    def __repr__(self) -> str:
        return (
            f"<Budget {self._minute.value or 'unknown'}/min {self._hour.value or 'unknown'}/h, "
            f"{len(self._entries)} remembered>"
        )

    @property
    def requests_per_minute(self) -> int | None:
        """The limit per minute as known or learnt by now."""
        return self._minute.value

    @property
    def requests_per_hour(self) -> int | None:
        """The limit per hour as known or learnt by now."""
        return self._hour.value

    @property
    def offset(self) -> ClockOffset | None:
        """What is known of the server's clock."""
        return self._offset

    def observe_date(self, *, sent_at: int, received_at: int, date: int) -> None:
        """Take a response's Date header (microseconds since the epoch) as evidence of the server's clock."""
        observed = ClockOffset.from_date(sent_at=sent_at, received_at=received_at, date=date)
        self._offset = observed if self._offset is None else self._offset.narrowed(observed)
        self._read_evidence_again()

    def earliest(self, now: int) -> Slot:
        """The earliest moment, not before now, at which the next request surely fits."""
        slot = Slot(now, "")
        if self._gate.at > slot.at:
            slot = self._gate
        for limit in (self._minute, self._hour):
            if limit.value is not None and len(self._entries) >= limit.value:
                free_at = self._free_at(self._entries[-limit.value].ended_at, limit)
                if free_at > slot.at:
                    slot = Slot(free_at, f"the {limit.name}'s {limit.value} requests are spent")
        return slot

    def hour_room(self, now: int) -> int | None:
        """How many more requests fit before the hour's limit holds them back; None while it is unknown."""
        limit = self._hour.value
        return None if limit is None else max(0, limit - self._held(now, self._hour, limit))

    def minute_room(self, now: int) -> int | None:
        """How many more requests fit into this minute; None while the limit is unknown."""
        limit = self._minute.value
        return None if limit is None else max(0, limit - self._held(now, self._minute, limit))

    def sent(self, now: int) -> None:
        """A request leaves: from here it counts, whatever becomes of it."""
        assert self._open_since is None, "one request at a time"
        self._open_since = now

    def answered(self, now: int, *, counted: bool) -> None:
        """The request under way has ended, by an answer or without one.

        Args:
            now: When it ended.
            counted: Whether the server surely admitted it (any answer but 401 and 429).
        """
        self._close(now, counted=counted)

    def throttled(self, now: int, retry_after_s: int | None) -> None:
        """The request under way was refused with 429: close the gate and learn what the refusal says.

        Args:
            now: When the answer arrived.
            retry_after_s: The header in seconds; None where it was missing or malformed.
        """
        sent_at = self._close(now, counted=False)
        wait_s = retry_after_s if retry_after_s is not None else LEAST_RETRY_AFTER_S
        wait = wait_s * SECOND
        # Two clocks may drift apart during a long wait; never early by the server's.
        until = now + wait + wait * DRIFT_PARTS_PER_MILLION // 1_000_000
        if until > self._gate.at:
            said = f"Retry-After {wait_s} s" if retry_after_s is not None else "429 without a usable Retry-After"
            self._gate = Slot(until, said)
        if retry_after_s is None:
            # It does not say which limit was broken, so it teaches nothing.
            return
        if retry_after_s <= LEAST_RETRY_AFTER_S:
            self._learn(self._minute, sent_at, now, newest_windows=1)
        else:
            # 900 k: the buckets that still count after k steps are below the limit, with one bucket more they are not.
            steps = min(QUARTERS_IN_WINDOW, max(1, -(-wait // QUARTER)))
            self._learn(self._hour, sent_at, now, newest_windows=QUARTERS_IN_WINDOW + 1 - steps)

    def _close(self, now: int, *, counted: bool) -> int:
        assert self._open_since is not None, "an answer needs a request"
        sent_at, self._open_since = self._open_since, None
        # Law 3 holds even if our own clock was set back meanwhile.
        ended_at = max(now, self._entries[-1].ended_at) if self._entries else now
        self._entries.append(_Entry(ended_at, sent_at, counted))
        self._forget(ended_at)
        return sent_at

    def _forget(self, now: int) -> None:
        known = [limit.value for limit in (self._minute, self._hour) if limit.value is not None]
        keep = max(known) if len(known) == 2 else MOST_ENTRIES
        if len(self._entries) > 2 * keep + 64:
            del self._entries[: len(self._entries) - keep]
        elif len(self._entries) % 1024 == 0:
            oldest = now - (QUARTERS_IN_WINDOW + 1) * QUARTER
            kept = next((i for i, entry in enumerate(self._entries) if entry.ended_at >= oldest), 0)
            del self._entries[:kept]

    def _free_at(self, ended_at: int, limit: _Limit) -> int:
        """When the window after the last one that may hold a request, ended at this moment, has surely begun."""
        if self._offset is None:
            return ended_at + limit.size * limit.windows + self._guard
        latest = ended_at + self._offset.at(ended_at).high + self._guard
        edge = start_of_next(latest, limit.size, limit.windows)
        free_at = edge - self._offset.low + self._guard
        # The interval is wider by the time we get there.
        return edge - self._offset.at(max(free_at, self._offset.observed_at)).low + self._guard

    def _held(self, now: int, limit: _Limit, most: int) -> int:
        newest = self._entries[-most:]
        # Entries lie in order, and what ended later is free later: the first that is still held divides the list.
        return len(newest) - bisect_right(newest, now, key=lambda entry: self._free_at(entry.ended_at, limit))

    def _learn(self, limit: _Limit, sent_at: int, now: int, *, newest_windows: int) -> None:
        refusal = self._refusal(limit, sent_at, now)
        surely, at_most = self._surely_counted(limit, refusal)
        if limit.value is None:
            # A refusal before anything was counted is somebody else's doing and teaches no number.
            if surely:
                limit.value = surely
                limit.evidence = refusal if surely < at_most else None
            return
        limit.surprises += 1
        limit.value = _given_way(limit, surely)
        limit.evidence = refusal if limit.value == surely < at_most else None
        if limit.windows > 1:
            # A minute's refusal is over with the minute; an hour's has to be planned around.
            self._add_ghosts(limit, now, limit.value - surely, age=newest_windows - 1)

    def _read_evidence_again(self) -> None:
        for limit in (self._minute, self._hour):
            if limit.evidence is not None and limit.value is not None:
                surely, at_most = self._surely_counted(limit, limit.evidence)
                limit.value = max(limit.value, surely)
                if surely == at_most:
                    limit.evidence = None

    def _refusal(self, limit: _Limit, sent_at: int, now: int) -> Refusal:
        oldest = now - limit.size * (limit.windows + 1)
        counted = [entry for entry in self._entries if entry.counted and entry.sent_at >= oldest]
        return Refusal(
            tuple(entry.sent_at for entry in counted),
            tuple(entry.ended_at for entry in counted),
            sent_at,
            now,
        )

    def _surely_counted(self, limit: _Limit, refusal: Refusal) -> tuple[int, int]:
        if self._offset is None:
            # Any phase is possible: half of what one window's length saw is as much as can be relied on.
            span = limit.size * limit.windows
            recent = sum(start > refusal.ended_at - span for start in refusal.starts)
            return (recent + 1) // 2, recent
        offset = self._offset.at(refusal.ended_at)
        return refusal.surely_counted(offset, size=limit.size, windows=limit.windows)

    def _add_ghosts(self, limit: _Limit, now: int, count: int, *, age: int) -> None:
        """Charge what somebody else must have spent, into the bucket that the refusal points to."""
        moment = now
        if age:
            shift = 0 if self._offset is None else (self._offset.low + self._offset.high) // 2
            moment = start_of_next(now + shift, limit.size, -age) + limit.size // 2 - shift
        for _ in range(min(max(count, 0), MOST_ENTRIES)):
            insort(self._entries, _Entry(moment, moment, counted=False))
