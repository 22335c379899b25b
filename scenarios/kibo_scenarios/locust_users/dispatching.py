"""Puts users where the plan wants them: so many of each client on each worker, and never anybody anywhere else.

Locust's own dispatcher deals users out evenly and moves them when workers come and go. Here a user belongs to a part
of a client; a worker that is lost takes its part with it, and the run has no result (see `conducting`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from locust import User
from locust.dispatch import UsersDispatcher
from locust.runners import WorkerNode

Enrol = Callable[[Sequence[str]], Mapping[str, Mapping[str, int]]]


def dispatcher_of(enrol: Enrol) -> type[UsersDispatcher]:
    """Return a class of dispatchers; ``enrol`` gets the workers and says how many users of which class each has."""

    class PlannedDispatcher(UsersDispatcher):
        """Deals out a plan, once."""

        def __init__(self, worker_nodes: list[WorkerNode], user_classes: list[type[User]]) -> None:  # noqa: ARG002 - Locust's
            # The base class would set up a state that is of no use here.
            self._planned = enrol([node.id for node in worker_nodes])
            self._waves: Iterator[dict[str, dict[str, int]]] = iter(())

        @property
        def dispatch_in_progress(self) -> bool:
            """Say that nothing is to be dealt out anew, whoever comes or goes."""
            return True

        def new_dispatch(
            self,
            target_user_count: int,  # noqa: ARG002 - Locust's, as the next two
            spawn_rate: float,  # noqa: ARG002
            user_classes: list[type[User]] | None = None,  # noqa: ARG002
        ) -> None:
            """Deal everything out at once, however many users were asked for."""
            self._waves = iter([{worker: dict(users) for worker, users in self._planned.items()}])

        def __next__(self) -> dict[str, dict[str, int]]:
            return next(self._waves)

        def add_worker(self, worker_node: WorkerNode) -> None:
            """Give nothing to a worker that comes late."""

        def remove_worker(self, worker_node: WorkerNode) -> None:
            """Give nobody what a lost worker had."""

    return PlannedDispatcher
