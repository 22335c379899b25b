"""Decides which requests of a rate pool are admitted, and how long the others must wait (RL-1 to RL-10).

Laws of this file
1. A decision is a function of the pool's state and the instant; nothing here reads a clock.
2. State per pool is a handful of integers, whatever the traffic: the minute's count, four quarter-hour counts, and
   the restriction in force.
3. Waits are whole seconds out of `LADDER`, never anything else.

A pool counts admissions per UTC minute and per UTC quarter of an hour. It admits while the minute holds fewer than
RPM and the four newest quarters together fewer than RPH. The first refusal begins a restriction: a span of time in
which every request is refused, long enough for both counts to have room when it ends.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from kibo_simulator.timestamps import MINUTE, QUARTER_HOUR, SECOND

LADDER = (60, 900, 1800, 2700, 3600)
"""Every value that Retry-After may take, in seconds (Kibo's bulk deletion guide)."""

Buckets = tuple[int, int, int, int]
Scope = Literal["tenant", "environment"]
Extension = Literal["escalate", "restart", "off"]


class LimitsError(ValueError):
    """A limits document that cannot be meant; ``path`` is the JSON path of the fault."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


class PoolLimit(Struct, frozen=True, forbid_unknown_fields=True):
    """The limits of one route glob: requests per minute and per hour, each absent when unlimited (RL-2)."""

    route: str
    rpm: int | None = None
    rph: int | None = None


GUIDE_POOLS = (
    PoolLimit("/api/commerce/inventory/*", rpm=50, rph=200),
    # The guides give no numbers for these two; the general ones that Kibo's pages name for a sandbox are taken.
    PoolLimit("/api/commerce/catalog/*", rpm=500, rph=10_000),
    PoolLimit("/api/platform/*", rpm=500, rph=10_000),
)


class LimitsDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """The limits document of the contract: file, configuration and control plane share these keys."""

    pools: tuple[PoolLimit, ...] = GUIDE_POOLS
    scope: Scope = "tenant"
    count_rejected: bool = False
    extension: Extension = "escalate"
    violation_threshold: int = 5
    throttle_body: Literal["empty", "json"] = "empty"

    def validate_own(self) -> "LimitsDocument":
        """The same for the limits of one tenant alone.

        Raises:
            LimitsError: as `validate`, or a scope beyond the tenant.
        """
        if self.scope != "tenant":
            raise LimitsError("$.scope", "a tenant's own limits are for it alone; tenant is accepted")
        return self.validate()

    def validate(self) -> "LimitsDocument":
        """Return the document itself when every value makes sense.

        Raises:
            LimitsError: a negative limit, an empty or repeated route, or a star that is not at the end.
        """
        seen: set[str] = set()
        for index, pool in enumerate(self.pools):
            path = f"$.pools[{index}]"
            if not pool.route.startswith("/") or "*" in pool.route.removesuffix("*"):
                raise LimitsError(f"{path}.route", "a route starts with / and may end with *")
            if pool.route in seen:
                raise LimitsError(f"{path}.route", f"{pool.route} is named twice")
            seen.add(pool.route)
            for name, value in (("rpm", pool.rpm), ("rph", pool.rph)):
                if value is not None and value < 0:
                    raise LimitsError(f"{path}.{name}", f"a limit is 0 or more, not {value}")
        if self.violation_threshold < 0:
            raise LimitsError("$.violation_threshold", "must be 0 or more")
        return self


UNLIMITED = LimitsDocument(pools=())


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """What the Dev Center would show of a pool at one instant; ``buckets`` are quarters of an hour, newest first."""

    pool: str
    rpm: int | None
    rph: int | None
    minute_used: int
    hour_used: int
    buckets: Buckets
    state: Literal["OK", "Throttled"]
    restricted_until: int | None


class PoolState(Struct, array_like=True):
    """The integers a pool consists of, in a form that can be stored and restored."""

    minute: int = 0
    minute_used: int = 0
    quarter: int = 0
    buckets: Buckets = (0, 0, 0, 0)
    restricted_until: int = 0
    retry_after: int = 0
    rejections: int = 0


def next_rung(seconds: int) -> int:
    """The value of `LADDER` above ``seconds``; the last one stays (RL-10)."""
    return next((value for value in LADDER if value > seconds), LADDER[-1])


def covering_rung(duration: int) -> int:
    """The smallest value of `LADDER` that is not shorter than ``duration`` microseconds (RL-9)."""
    return next((value for value in LADDER if value * SECOND >= duration), LADDER[-1])


def _shifted(buckets: Buckets, quarters: int) -> Buckets:
    """The window after ``quarters`` boundaries: empty quarters in front, the oldest fall out (RL-4)."""
    newest, second, third, _ = buckets
    match quarters:
        case 1:
            return (0, newest, second, third)
        case 2:
            return (0, 0, newest, second)
        case 3:
            return (0, 0, 0, newest)
        case _:
            return (0, 0, 0, 0)


class Pool:
    """The counts and the restriction of one rate pool.

    `admit` answers 0 for an admitted request and otherwise the Retry-After in seconds. Instants must not decrease.
    """

    __slots__ = ("_document", "_state", "limit", "name")

    def __init__(self, name: str, limit: PoolLimit, document: LimitsDocument, state: PoolState | None = None) -> None:
        self.name = name
        self.limit = limit
        self._document = document
        self._state = state or PoolState()

    def __repr__(self) -> str:
        state = self._state
        return f"<Pool {self.name} minute {state.minute_used}, buckets {list(state.buckets)}>"

    @property
    def document(self) -> LimitsDocument:
        """The limits that the pool belongs to."""
        return self._document

    @property
    def state(self) -> PoolState:
        """The pool's integers, to be stored; do not change them."""
        return self._state

    @property
    def just_restricted(self) -> bool:
        """Whether the last refusal began a restriction or extended it."""
        return bool(self._state.restricted_until) and not self._state.rejections

    def admit(self, now: int) -> int:
        """Count a request at ``now`` and return 0, or refuse it and return the seconds to wait (RL-5 to RL-10)."""
        state = self._roll(now)
        if now < state.restricted_until:
            return self._reject_restricted(now)
        rpm, rph = self.limit.rpm, self.limit.rph
        if (rpm is None or state.minute_used < rpm) and (rph is None or sum(state.buckets) < rph):
            self._count()
            return 0
        if self._document.count_rejected:
            self._count()
        wait = self._needed()
        state.retry_after = wait
        state.restricted_until = now + wait * SECOND
        state.rejections = 0
        return wait

    def status(self, now: int) -> PoolStatus:
        """The pool as the Dev Center shows it at ``now``."""
        state = self._roll(now)
        restricted = now < state.restricted_until
        return PoolStatus(
            pool=self.name,
            rpm=self.limit.rpm,
            rph=self.limit.rph,
            minute_used=state.minute_used,
            hour_used=sum(state.buckets),
            buckets=state.buckets,
            state="Throttled" if restricted else "OK",
            restricted_until=state.restricted_until if restricted else None,
        )

    def _roll(self, now: int) -> PoolState:
        """Let counts of past minutes and quarters fall away (RL-3, RL-4)."""
        state = self._state
        minute = now // MINUTE
        if minute != state.minute:
            state.minute = minute
            state.minute_used = 0
            quarter = now // QUARTER_HOUR
            passed = quarter - state.quarter
            if passed:
                state.quarter = quarter
                state.buckets = _shifted(state.buckets, passed)
        return state

    def _count(self) -> None:
        state = self._state
        state.minute_used += 1
        newest, second, third, oldest = state.buckets
        state.buckets = (newest + 1, second, third, oldest)

    def _needed(self) -> int:
        """Seconds after which both counts have room, out of `LADDER`; 0 when they have it now (RL-7)."""
        rpm, rph = self.limit.rpm, self.limit.rph
        state = self._state
        wait = 60 if rpm is not None and state.minute_used >= rpm else 0
        if rph is not None and sum(state.buckets) >= rph:
            # After k boundaries the k oldest of the four quarters have left the window.
            quarters = next((k for k in (1, 2, 3, 4) if sum(state.buckets[: 4 - k]) < rph), 4)
            wait = max(wait, 900 * quarters)
        return wait

    def _reject_restricted(self, now: int) -> int:
        state = self._state
        document = self._document
        if document.count_rejected:
            self._count()
        state.rejections += 1
        if document.extension != "off" and state.rejections > document.violation_threshold:
            if document.extension == "escalate":
                state.retry_after = next_rung(state.retry_after)
            if document.count_rejected:
                state.retry_after = max(state.retry_after, self._needed())
            state.restricted_until = now + state.retry_after * SECOND
            state.rejections = 0
            return state.retry_after
        wait = covering_rung(state.restricted_until - now)
        # Counted rejections may fill the window beyond the restriction's end; the header must still suffice (RL-13).
        return max(wait, self._needed()) if document.count_rejected else wait


# Strange paths are as many as strangers like; only the first ones are remembered.
_MOST_PATHS = 1_000


class _Book:
    """One limits document as it is looked things up in."""

    __slots__ = ("_limits", "_routes", "document")

    def __init__(self, document: LimitsDocument) -> None:
        self.document = document
        # The longest route wins, so that a special pool can be cut out of a general one.
        self._routes = sorted(
            ((pool.route.removesuffix("*"), pool.route.endswith("*"), pool) for pool in document.pools),
            key=lambda row: (-len(row[0]), row[1]),
        )
        self._limits: dict[tuple[str, ...], PoolLimit | None] = {}

    def limit_of(self, paths: tuple[str, ...]) -> PoolLimit | None:
        """The limit that covers a request, by any of the paths it is known by."""
        try:
            return self._limits[paths]
        except KeyError:
            limit = self._find(paths)
            if len(self._limits) < _MOST_PATHS:
                self._limits[paths] = limit
            return limit

    def _find(self, paths: tuple[str, ...]) -> PoolLimit | None:
        for stem, is_prefix, limit in self._routes:
            if any(path == stem or (is_prefix and path.startswith(stem)) for path in paths):
                return limit
        return None


class RateLimiter:
    """All pools of an environment: finds the pool of a request and asks it (RL-1).

    Args:
        document: the limits of everybody who has none of their own.
        own: the limits of single tenants; their pools are theirs alone, whatever the scope of the others.
    """

    __slots__ = ("_own", "_pools", "_shared")

    def __init__(self, document: LimitsDocument, own: Mapping[int, LimitsDocument] | None = None) -> None:
        self._shared = _Book(document)
        self._own = {tenant: _Book(theirs) for tenant, theirs in (own or {}).items()}
        self._pools: dict[tuple[int | None, str], Pool] = {}

    def __repr__(self) -> str:
        return f"<RateLimiter {len(self.document.pools)} routes, {len(self._pools)} pools in use>"

    @property
    def document(self) -> LimitsDocument:
        """The limits of everybody who has none of their own."""
        return self._shared.document

    @property
    def own(self) -> dict[int, LimitsDocument]:
        """The limits of tenants that have their own."""
        return {tenant: book.document for tenant, book in self._own.items()}

    def document_for(self, tenant: int) -> LimitsDocument:
        """The limits that a tenant is under."""
        return self._own.get(tenant, self._shared).document

    def set_own(self, tenant: int, document: LimitsDocument | None) -> None:
        """Give a tenant limits of its own, or none any more; its pools start afresh."""
        if document is None:
            self._own.pop(tenant, None)
        else:
            self._own[tenant] = _Book(document)
        self._pools = {key: pool for key, pool in self._pools.items() if key[0] != tenant}

    def pool_for(self, tenant: int, *paths: str) -> Pool | None:
        """The pool of a request, or None when no limit covers it.

        ``paths`` are all the paths by which the same operation is known: whichever a route names, they share its pool.
        """
        book = self._own.get(tenant) if self._own else None
        alone = book is not None or self._shared.document.scope == "tenant"
        book = book or self._shared
        limit = book.limit_of(paths)
        if limit is None:
            return None
        owner = tenant if alone else None
        key = (owner, limit.route)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = self._make(owner, limit, book.document, None)
        return pool

    def statuses(self, now: int, tenant: int | None = None) -> list[PoolStatus]:
        """Every pool that has seen a request, and for ``tenant`` also those that have not; by owner and route."""
        if tenant is not None:
            for limit in self.document_for(tenant).pools:
                self.pool_for(tenant, limit.route.removesuffix("*"))
        # Not in the order of first use: that is forgotten by whoever goes on from a data file or a snapshot.
        ordered = sorted(self._pools.items(), key=lambda entry: (entry[0][0] or 0, entry[0][1]))
        return [pool.status(now) for _, pool in ordered]

    def states(self) -> Iterator[tuple[int | None, str, PoolState]]:
        """Owner, route and integers of every pool in use, to be stored."""
        for (owner, route), pool in self._pools.items():
            yield owner, route, pool.state

    def restore(self, owner: int | None, route: str, state: PoolState) -> None:
        """Put a stored pool back; one whose route is no longer limited is left out."""
        document = self.document if owner is None else self.document_for(owner)
        for limit in document.pools:
            if limit.route == route:
                self._pools[owner, route] = self._make(owner, limit, document, state)

    @staticmethod
    def _make(owner: int | None, limit: PoolLimit, document: LimitsDocument, state: PoolState | None) -> Pool:
        return Pool(f"{'environment' if owner is None else owner} {limit.route}", limit, document, state)
