"""Deliberate mistakes in the simulator: each must be noticed, or the examination proves nothing."""

import contextlib
from collections.abc import Callable, Iterator
from sqlite3 import Connection
from typing import Any

from kibo_simulator.job_runner import JobRunner
from kibo_simulator.rate_limits import PoolState, RateLimiter
from kibo_simulator.simulator import Simulator
from kibo_simulator.store.database import Database
from kibo_simulator.tenants import Access


def halves() -> None:
    """No transactions: a kill leaves half of a request behind."""

    @contextlib.contextmanager
    def transaction(self: Database) -> Iterator[Connection]:
        yield self.connection

    Database.transaction = transaction  # type: ignore[method-assign]


def late() -> None:
    """Answers before the commit: a kill takes back what was acknowledged."""
    done = 0

    @contextlib.contextmanager
    def transaction(self: Database) -> Iterator[Connection]:
        nonlocal done
        if not self.connection.in_transaction:
            self.connection.execute("BEGIN")
        yield self.connection
        done += 1
        if done % 40 == 0:
            self.connection.execute("COMMIT")

    Database.transaction = transaction  # type: ignore[method-assign]


def sleepers() -> None:
    """Unfinished jobs are forgotten over a restart."""
    JobRunner.reload = lambda self, now: None  # type: ignore[method-assign]


def amnesty() -> None:
    """Restrictions are forgotten over a restart, counts are not."""
    restore = RateLimiter.restore

    def forgiving(self: RateLimiter, owner: int | None, route: str, state: PoolState) -> None:
        state.restricted_until = 0
        restore(self, owner, route, state)

    RateLimiter.restore = forgiving  # type: ignore[method-assign]


def uncounted() -> None:
    """Counts are forgotten over a restart."""
    RateLimiter.restore = lambda self, owner, route, state: None  # type: ignore[method-assign]


def strangers() -> None:
    """Tokens live in memory: after a restart nobody is known."""
    opened = Access.__init__

    def forgetful(self: Access, database: Database, **options: Any) -> None:
        database.connection.execute("DELETE FROM tokens")
        opened(self, database, **options)

    Access.__init__ = forgetful  # type: ignore[method-assign]


def recycled() -> None:
    """Jobs that have ended are forgotten over a restart, and their ids given again."""
    opened = Simulator.__init__

    def forgetful(self: Simulator, *arguments: object, **options: object) -> None:
        opened(self, *arguments, **options)  # type: ignore[arg-type]
        self.database.connection.execute("DELETE FROM jobs WHERE finished IS NOT NULL")
        self.database.connection.execute("UPDATE sqlite_sequence SET seq = seq - 3 WHERE name = 'jobs' AND seq > 3")

    Simulator.__init__ = forgetful  # type: ignore[method-assign]


FLAWS: dict[str, tuple[Callable[[], None], str]] = {
    "halves": (halves, "D-1|J-1|J-6"),
    "late": (late, "is gone|T-2|seen before"),
    "sleepers": (sleepers, "did not go on to its end"),
    "amnesty": (amnesty, "RL-8"),
    "uncounted": (uncounted, "counted"),
    "strangers": (strangers, "token"),
    "recycled": (recycled, "is gone|seen before"),
}
"""What makes each mistake, and what is said when it is noticed."""
