"""What may be sent when: one ledger for everything that spends a pool's quota (RL-2 to RL-8, C13, C16).

Theory. Each request is remembered by the moments (our clock) between which the server saw it: from sending to
the answer. With the clock offset as an interval, a request is charged to the latest window it may have fallen
into, and the next one is held back until it surely falls into a later one: the recursion of `optimum`, with
certainty in place of exact times. So a client alone in its pool, told the true limits, is never refused.
Its own answer often says more than the interval: what is stamped D was seen before D + 1 s on the server's clock,
and as windows begin on whole seconds, that names the window.

Laws of this file:
1. One gate holds back everything after a 429, until the whole Retry-After has passed since the answer (TH-1,
   TH-2, TH-3).
2. Whatever may have been counted is charged; only what surely was counted teaches (unknown and wrong limits).
3. Entries lie in the order in which they ended; only one request is under way at a time.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from dataclasses import dataclass

from kibo_client.clock_offset import DRIFT_PARTS_PER_MILLION, ClockOffset
from kibo_client.learning import Limit, Refusal
from kibo_client.optimum import QUARTERS_IN_WINDOW, earliest_times, start_of_next
from kibo_client.units import MINUTE, QUARTER, SECOND

DEFAULT_GUARD = SECOND // 2
# What a 429 without a readable Retry-After costs: the least value the API documents (TH-4).
LEAST_RETRY_AFTER_S = 60
# No documented wait is longer than an hour; a longer one is obeyed up to a day, past that it is not a wait
# but nonsense.
MOST_RETRY_AFTER_S = 86_400
MOST_ENTRIES = 200_000
# The request that tests a limit leaves within this time before the limit would end by itself.
TEST_WINDOW = 3 * SECOND


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
    seen_before: int | None = None
    """By the server's clock: its answer's stamp plus a second. None without a stamp that can be trusted."""


def parse_retry_after(header: str | None) -> int | None:
    """Read a Retry-After of whole seconds; None where it is missing, malformed or absurd."""
    if header is None or not header.strip().isascii() or not header.strip().isdecimal():
        return None
    value = int(header.strip()[:12])
    return value if 0 < value <= MOST_RETRY_AFTER_S else None


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
        self._minute = Limit("minute", MINUTE, 1, requests_per_minute)
        self._hour = Limit("hour", QUARTER, QUARTERS_IN_WINDOW, requests_per_hour)
        self._guard = guard
        self._entries: list[_Entry] = []
        self._open_since: int | None = None
        self._open_seen_before: int | None = None
        # Stamps up to here were contradicted by a later one: they prove nothing any more.
        self._stamps_trusted_after = 0
        self._gate = Slot(0, "")
        self._tested: Limit | None = None
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
        """Take a response's Date header (microseconds since the epoch) as evidence of the server's clock.

        Of the request under way it also proves the window, so it is to be told before the end of that request is.
        """
        observed = ClockOffset.from_date(sent_at=sent_at, received_at=received_at, date=date)
        if self._offset is not None and self._offset.contradicted_by(observed):
            self._stamps_trusted_after = received_at
        elif sent_at == self._open_since:
            self._open_seen_before = date + SECOND
        self._offset = observed if self._offset is None else self._offset.narrowed(observed)
        for limit in (self._minute, self._hour):
            limit.read_again(self._offset)

    def earliest(self, now: int) -> Slot:
        """The earliest moment, not before now, at which the next request surely fits."""
        slot = Slot(now, "")
        if self._gate.at > slot.at:
            slot = self._gate
        # What is held back by one limit alone may put that one to the test.
        test: Slot | None = None
        for limit in (self._minute, self._hour):
            if limit.value is not None and len(self._entries) >= limit.value:
                free_at = self._free_at(self._entries[-limit.value], limit)
                if free_at > slot.at:
                    test = self._test(limit, now, not_before=slot.at)
                    slot = Slot(free_at, f"the {limit.name}'s {limit.value} requests are spent")
                elif test is not None and free_at > test.at:
                    test = None
        return test or slot

    def _test(self, limit: Limit, now: int, *, not_before: int) -> Slot | None:
        """When to see whether a limit learnt long ago still stands: just before it ends, when least is lost."""
        if self._offset is None or limit.value is None or not self._may_test(limit, now):
            return None
        edge = self._edge(self._entries[-limit.value], limit, self._offset)
        last = edge - self._offset.at(now).high - self._guard - SECOND
        at = max(not_before, last - TEST_WINDOW)
        if at > last:
            return None
        return Slot(at, f"one request to see whether the {limit.name}'s limit still is {limit.value}")

    def _may_test(self, limit: Limit, now: int) -> bool:
        """Whether one request more would prove anything: the server must have counted whatever fills the limit."""
        count = limit.value
        if count is None or len(self._entries) < count or not limit.is_stale(now):
            return False
        return all(entry.counted for entry in self._entries[-count:])

    def forecast(self, now: int, *, submissions: int, spacing: int, others: int = 0) -> int | None:
        """The earliest moment at which so many more requests can have been sent; None while a limit is unknown.

        Args:
            now: The present.
            submissions: Requests that have to be spaced.
            spacing: The least time between two of them.
            others: Requests besides, sent before them.
        """
        per_minute, per_hour = self._minute.value, self._hour.value
        if per_minute is None or per_hour is None or self._offset is None:
            return None
        if not submissions + others:
            return now
        shift = (self._offset.low + self._offset.high) // 2
        history = [entry.ended_at + shift for entry in self._entries[-max(per_minute, per_hour) :]]
        times = earliest_times(
            [*[0] * others, *[spacing] * submissions],
            released_at=max(now, self._gate.at) + shift,
            requests_per_minute=per_minute,
            requests_per_hour=per_hour,
            history=history,
        )
        return times[-1] - shift

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
        self._tested = self._limit_tested(now)

    def _limit_tested(self, now: int) -> Limit | None:
        """The limit that a request at this moment would overdraw on purpose."""
        for limit in (self._hour, self._minute):
            if self._may_test(limit, now) and self._free_at(self._entries[-(limit.value or 0)], limit) > now:
                return limit
        return None

    def answered(self, now: int, *, counted: bool) -> None:
        """The request under way has ended, by an answer or without one.

        Args:
            now: When it ended.
            counted: Whether the server surely admitted it (any answer but 401 and 429).
        """
        self._close(now, counted=counted)
        if self._tested is not None:
            self._tested.tested(now, admitted=counted or None)

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
        if self._tested is not None:
            # It was to be expected, and says nothing new.
            self._tested.tested(now, admitted=False)
            return
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
        seen_before, self._open_seen_before = self._open_seen_before, None
        # Law 3 holds even if our own clock was set back meanwhile.
        ended_at = max(now, self._entries[-1].ended_at) if self._entries else now
        self._entries.append(_Entry(ended_at, sent_at, counted, seen_before))
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

    def _free_at(self, entry: _Entry, limit: Limit) -> int:
        """When the window after the last one that may hold a request has surely begun."""
        if self._offset is None:
            return entry.ended_at + limit.size * limit.windows + self._guard
        edge = self._edge(entry, limit, self._offset)
        free_at = edge - self._offset.low + self._guard
        # The interval is wider by the time we get there.
        return edge - self._offset.at(max(free_at, self._offset.observed_at)).low + self._guard

    def _edge(self, entry: _Entry, limit: Limit, offset: ClockOffset) -> int:
        """When, by the server's clock, the last window ends that may hold a request."""
        latest = entry.ended_at + offset.at(entry.ended_at).high + self._guard
        if entry.seen_before is not None and entry.ended_at > self._stamps_trusted_after:
            latest = min(latest, entry.seen_before - 1)
        return start_of_next(latest, limit.size, limit.windows)

    def _held(self, now: int, limit: Limit, most: int) -> int:
        newest = self._entries[-most:]
        # What was seen later is free later: the first that is still held divides the list. (One without a stamp may
        # seem held for longer than its neighbours; only estimates of room are read off this count.)
        return len(newest) - bisect_right(newest, now, key=lambda entry: self._free_at(entry, limit))

    def _learn(self, limit: Limit, sent_at: int, now: int, *, newest_windows: int) -> None:
        strange = limit.refused(self._refusal(limit, sent_at, now), self._offset)
        if limit.windows > 1:
            # A minute's refusal is over with the minute; an hour's has to be planned around.
            self._add_ghosts(limit, now, strange, age=newest_windows - 1)

    def _refusal(self, limit: Limit, sent_at: int, now: int) -> Refusal:
        oldest = now - limit.size * (limit.windows + 1)
        counted = [entry for entry in self._entries if entry.counted and entry.sent_at >= oldest]
        return Refusal(
            tuple(entry.sent_at for entry in counted),
            tuple(entry.ended_at for entry in counted),
            sent_at,
            now,
        )

    def _add_ghosts(self, limit: Limit, now: int, count: int, *, age: int) -> None:
        """Charge what somebody else must have spent, into the bucket that the refusal points to."""
        moment = now
        if age:
            shift = 0 if self._offset is None else (self._offset.low + self._offset.high) // 2
            moment = start_of_next(now + shift, limit.size, -age) + limit.size // 2 - shift
        for _ in range(min(max(count, 0), MOST_ENTRIES)):
            insort(self._entries, _Entry(moment, moment, counted=False))
