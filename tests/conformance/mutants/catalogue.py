"""Every mutant of the simulator, with the properties that must kill it."""

from typing import Final

from tests.conformance.mutants.mutant import Mutant, edited, repeated

LEDGER: Final = "ledger"
SUFFICIENT: Final = "sufficient"
MINIMAL: Final = "minimal"
EXACT: Final = "exact"
APART: Final = "apart"
TO_THE_MICROSECOND: Final = "to the microsecond"
QUEUE: Final = "queue"
PATTERNS: Final = "patterns"
WORLD: Final = "world"

MUTANTS = (
    Mutant(
        "the minute begins a second early",
        "RL-3",
        (LEDGER, EXACT),
        edited("rate_limits:Pool._roll", "minute = now // MINUTE", "minute = (now + SECOND) // MINUTE"),
    ),
    Mutant(
        "the minute begins a microsecond late",
        "RL-3",
        (LEDGER,),
        edited("rate_limits:Pool._roll", "minute = now // MINUTE", "minute = (now - 1) // MINUTE"),
    ),
    Mutant(
        "one more than the minute allows",
        "RL-5",
        (LEDGER, EXACT),
        edited("rate_limits:Pool.admit", "state.minute_used < rpm", "state.minute_used <= rpm"),
    ),
    Mutant(
        "floor for ceil: the largest value not above what is left",
        "RL-9",
        (LEDGER, SUFFICIENT),
        edited(
            "rate_limits:covering_rung",
            "next((value for value in LADDER if value * SECOND >= duration), LADDER[-1])",
            "max((value for value in LADDER if value * SECOND <= duration), default=LADDER[0])",
        ),
    ),
    Mutant(
        "the first denier instead of the larger wait",
        "RL-7",
        (LEDGER, SUFFICIENT),
        edited("rate_limits:Pool._needed", "max(wait, 900 * quarters)", "wait or 900 * quarters"),
    ),
    Mutant(
        "always the whole hour",
        "RL-7",
        (LEDGER, MINIMAL),
        edited("rate_limits:Pool._needed", "900 * quarters", "3600"),
    ),
    Mutant(
        "a bucket leaks: the oldest quarter is forgotten at every boundary",
        "RL-4",
        (LEDGER,),
        edited("rate_limits:_shifted", "return (0, newest, second, third)", "return (0, newest, second, 0)"),
    ),
    Mutant(
        "a bucket sticks: the newest quarter outlives an hour of silence",
        "RL-4",
        (LEDGER,),
        edited("rate_limits:_shifted", "return (0, 0, 0, 0)", "return (0, 0, 0, newest)"),
    ),
    Mutant(
        "a restriction ends a second early",
        "RL-8",
        (LEDGER, TO_THE_MICROSECOND),
        edited(
            "rate_limits:Pool.admit",
            "state.restricted_until = now + wait * SECOND",
            "state.restricted_until = now + (wait - 1) * SECOND",
        ),
    ),
    Mutant(
        "a restriction ends a microsecond early",
        "RL-8",
        (LEDGER, TO_THE_MICROSECOND),
        edited("rate_limits:Pool.admit", "now < state.restricted_until", "now + 1 < state.restricted_until"),
    ),
    Mutant(
        "a restriction still holds at its end",
        "RL-8",
        (LEDGER, SUFFICIENT, TO_THE_MICROSECOND),
        edited("rate_limits:Pool.admit", "now < state.restricted_until", "now <= state.restricted_until"),
    ),
    Mutant(
        "one rejection less is tolerated",
        "RL-10",
        (LEDGER,),
        edited(
            "rate_limits:Pool._reject_restricted",
            "state.rejections > document.violation_threshold",
            "state.rejections >= document.violation_threshold",
        ),
    ),
    Mutant(
        "rejections count although they should not",
        "RL-6",
        (LEDGER,),
        edited("rate_limits:Pool.admit", "if self._document.count_rejected:", "if True:"),
    ),
    Mutant(
        "all tenants share one pool",
        "RL-1",
        (APART, WORLD),
        edited(
            "rate_limits:RateLimiter.pool_for",
            "owner = tenant if alone else None",
            "owner = None",
        ),
    ),
    Mutant("a job runs twice", "J-6", (WORLD,), repeated("job_runner:JobRunner._apply")),
    Mutant(
        "a dry run deletes",
        "J-3",
        (WORLD,),
        edited("web.deletion_routes:_perform", "not dry_run and scope.affected", "scope.affected"),
    ),
    Mutant(
        "two jobs at work at one location",
        "J-5",
        (QUEUE, WORLD),
        edited("jobs:JobQueue.enqueue", "len(line) == 1 and location_id not in self._busy", "len(line) == 1"),
    ),
    Mutant(
        "one worker too many",
        "J-5",
        (QUEUE,),
        edited("jobs:JobQueue.start_next", "len(self._busy) >= self.workers", "len(self._busy) > self.workers"),
    ),
    Mutant(
        "enqueueing never takes too long",
        "J-9",
        (WORLD,),
        edited("web.deletion_routes:_enqueue", "if cost > settings.enqueue_timeout_s", "if False"),
    ),
    Mutant(
        "a refresh adds",
        "I-2",
        (WORLD,),
        edited("stock.quantities:refreshed", "on_hand=quantity", "on_hand=before.on_hand + quantity"),
    ),
    Mutant(
        "a pattern is anchored at its beginning",
        "I-6",
        (PATTERNS,),
        edited("stock.identifiers:to_re2", 'return "".join(out)', 'return "^" + "".join(out)'),
    ),
    Mutant(
        "a token opens at the instant of its expiry",
        "A-1",
        (WORLD,),
        edited("tenants:Access.check", "grant.expires_at <= now", "grant.expires_at < now"),
    ),
    Mutant(
        "a tenant sees the jobs of another",
        "D-3",
        (WORLD,),
        edited("store.jobs:JobStore.get", "WHERE id = ? AND tenant_id = ?", "WHERE id = ? AND ? > 0"),
    ),
)
