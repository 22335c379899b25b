"""What a load scenario says: a world, the clients that live in it at the same time, and what must come of it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeAlias

from msgspec import Meta, Struct, field

from kibo_scenarios.scenario import Network
from kibo_scenarios.thresholds import Threshold
from kibo_scenarios.workloads.clients import AnyClient
from kibo_simulator import PlannedFault

NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
Name = Annotated[str, Meta(pattern=f"^{NAME.pattern}$", max_length=64)]


class Promise(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A threshold with more to say than the comparison."""

    holds: Annotated[str, Meta(min_length=1, max_length=100)] = field(name="is")
    reason: Annotated[str, Meta(max_length=500)] = ""
    abort_on_fail: bool = False


Promises: TypeAlias = tuple[str | Promise, ...] | str | Promise


class Change(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that happens to the world at a moment: other limits are put into force."""

    at: Annotated[str, Meta(min_length=1, max_length=30)]
    limits: dict[str, Any]


class LoadDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A load scenario as its file spells it; `load_file` turns it into a `LoadScenario`."""

    name: Name
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    description: str = ""
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    start: str = "2026-03-02T05:00:00Z"
    simulator: dict[str, Any] = field(default_factory=dict)
    faults: list[Any] = field(default_factory=list)
    network: Network = field(default_factory=Network)
    clients: Annotated[dict[Name, AnyClient], Meta(min_length=1)]
    changes: tuple[Change, ...] = ()
    thresholds: dict[str, Promises] = field(default_factory=dict)
    time_limit: str = "48h"


class LimitChange(Struct, frozen=True):
    """Limits that come into force ``at`` so many microseconds after the start."""

    at: int
    limits: Any


class LoadScenario(Struct, frozen=True, kw_only=True):
    """A load scenario, checked and ready to run.

    Attributes:
        name: What the command line calls it.
        title: One line for lists and reports.
        description: What it shows and why, for people.
        seed: Everything drawn in the run follows from it.
        start: When the run begins, microseconds since the epoch, UTC.
        simulator: The settings of the simulator, as its own document has them.
        faults: What goes wrong on purpose.
        clients: Who lives in the world, by name.
        changes: What happens to the limits meanwhile, in order.
        thresholds: What must come of it.
        time_limit: Simulated microseconds after which the run is cut off.
        file: Where it was read from.
    """

    name: str
    title: str
    description: str
    seed: int
    start: int
    simulator: dict[str, Any]
    faults: tuple[PlannedFault, ...]
    network: Network
    clients: Mapping[str, AnyClient]
    changes: tuple[LimitChange, ...]
    thresholds: tuple[Threshold, ...]
    time_limit: int
    file: str
