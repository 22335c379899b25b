"""What master and workers tell each other beside Locust's own messages, and how it looks on the wire.

A run goes: the master sends each worker its `Plan`; a worker says that it is ready, or why it cannot be; when all are,
the master starts the clock and says `Go`; workers send `Batch` after `Batch`, and at last `Done`, which says how many
there were, so that the master knows that nothing is missing. `STOP` asks for `Done` before all wishes are settled. A
worker that is refused says so, and the master passes it on: the parts of a client are one client, and wait together
(TH-2). Locust delivers the messages of one worker in order.
"""

from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from kibo_scenarios.errors import HarnessError
from kibo_scenarios.locust_users.splitting import Part
from kibo_scenarios.moments import SECOND
from kibo_scenarios.scenario import ClientPlan
from kibo_scenarios.workloads.clients import AnyClient
from kibo_scenarios.workloads.wishes import Shop

PLAN: Final = "kibo_plan"
READY: Final = "kibo_ready"
GO: Final = "kibo_go"
BATCH: Final = "kibo_batch"
STOP: Final = "kibo_stop"
REFUSED: Final = "kibo_refused"
DONE: Final = "kibo_done"
TROUBLE: Final = "kibo_trouble"
FAILED: Final = "kibo_failed"

_T = TypeVar("_T")


class Role(Struct, frozen=True):
    """One client as one worker has to play it.

    Attributes:
        client: How it behaves.
        tenant: Whose client it is.
        part: What this worker does of it.
        export: For a bulk deletion, the Location Export of what is to go; empty for all others.
        site: The tenant's site.
    """

    client: AnyClient
    tenant: int
    part: Part
    export: str = ""
    site: int = 1


class Plan(Struct, frozen=True):
    """What one worker has to do.

    Attributes:
        version: Of the package; master and workers must have the same.
        run: The number of the run in the master's life; a worker that is asked again begins anew.
        scenario: Its name.
        seed: The scenario's.
        speed: Simulated seconds per second.
        own_applications: Whether every client has an application of its own; else all use that of the environment.
        names: All clients of the scenario, in its order.
        roles: What this worker does, by client.
        shops: What tenants have, by number.
    """

    version: str
    run: int
    scenario: str
    seed: int
    speed: float
    own_applications: bool
    names: list[str]
    roles: dict[str, Role]
    shops: dict[int, Shop]


class Go(Struct, frozen=True):
    """When the run began, and how its clock goes; microseconds since the epoch.

    Attributes:
        began: The simulated beginning of the run.
        simulated: What the target's clock showed ...
        real: ... no later than when the machines' clocks showed this.
        speed: Simulated seconds per second.
    """

    began: int
    simulated: int
    real: int
    speed: float

    def now(self, real: int) -> int:
        """Return the simulated instant for a reading of the machine's clock."""
        return self.simulated + int((real - self.real) * self.speed)


class Exchange(Struct, frozen=True, array_like=True):
    """One request as its sender saw it; simulated microseconds, status 0 without an answer, -1 without Retry-After."""

    client: str
    operation: str
    started: int
    took: int
    status: int
    retry_after: int = -1


class Outcome(Struct, frozen=True, array_like=True):
    """One wish that is settled; see `kibo_scenarios.workloads.settled`."""

    client: str
    operation: str
    wished: int
    at: int
    status: int
    attempts: Annotated[int, Meta(ge=0)]
    given_up: bool


class Batch(Struct, frozen=True, array_like=True):
    """Some of what came of a run on one worker, in order; ``number`` counts batches from 0."""

    run: int
    number: int
    exchanges: list[Exchange]
    outcomes: list[Outcome]


class DeletionTask(Struct, frozen=True):
    """What the process of a bulk deletion is told; the secret comes by standard input, never as an argument."""

    scenario: str
    api_host: str
    tenant: int
    site: int
    client_id: str
    shared_secret: str
    plan: ClientPlan
    export: str
    seed: str
    go: Go

    def __repr__(self) -> str:
        return f"<DeletionTask of {self.client_id}>"


class Failed(Struct, frozen=True):
    """A client did not come to its end by itself."""

    run: int
    client: str
    how: str


class Refused(Struct, frozen=True):
    """A part of a client was refused: nobody of that client may send before ``until``."""

    run: int
    client: str
    until: int


class Done(Struct, frozen=True):
    """A worker has nothing more to do.

    Attributes:
        run: Which run it speaks of.
        batches: How many it sent.
        begun: How many requests it began; those that were cut off are in no batch.
        unfinished: The clients that had wishes left.
    """

    run: int
    batches: int
    begun: int
    unfinished: list[str]


class Said(Struct, frozen=True):
    """A worker that is ready, with an empty text, or that is in trouble."""

    run: int
    text: str = ""
    real: int = 0


def packed(message: Struct) -> bytes:
    """Return a message for the wire: Locust carries bytes as they are."""
    return msgspec.msgpack.encode(message)


def unpacked(content: Any, kind: type[_T]) -> _T:
    """Return a message that came.

    Raises:
        HarnessError: It is none of this kind: master and workers have different versions.
    """
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except (TypeError, msgspec.DecodeError) as error:
        raise HarnessError(f"a message of Locust is no {kind.__name__}: {error}") from None


def retry_after(header: str) -> int:
    """Return the seconds of a Retry-After header, -1 when there is none to be understood."""
    return int(header) if header.isascii() and header.isdigit() and len(header) <= len(str(SECOND)) else -1
