"""What a scenario says: the world, what the client knows, its work, and what must come out of it."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct, field

from kibo_scenarios.moments import HOUR
from kibo_scenarios.surroundings import FurtherStock, Happening, Locations, Neighbour
from kibo_simulator import PlannedFault

Share = Annotated[float, Meta(gt=0, le=1)]
Operator = Literal["==", "!=", "<", "<=", ">", ">="]
Limit = Annotated[int, Meta(ge=1, le=1_000_000)]


class Network(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way between client and server; ``latency_ms`` is one way, in simulated time."""

    latency_ms: Annotated[float, Meta(ge=0, le=60_000)] = 25.0


class ClientPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the client is told before it starts.

    Attributes:
        rpm: Requests per minute it believes it may send; ``unknown`` leaves it to learn.
        rph: Requests per hour likewise.
        spacing_s: Seconds between the answer to one batch and the next batch.
        batch_size: Products per request.
        off_peak: The region in whose quiet hours it is to submit deletions (C17); the run is judged by them.
    """

    rpm: Limit | Literal["unknown"] = "unknown"
    rph: Limit | Literal["unknown"] = "unknown"
    spacing_s: Annotated[float, Meta(ge=5, le=3600)] = 5.0
    batch_size: Annotated[int, Meta(ge=1, le=1000)] = 500
    off_peak: Literal["us", "eu"] | None = None


class Targets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which records are to be deleted.

    Attributes:
        products: Share of the tenant's products, chosen by the scenario's seed.
        part_numbers: The products with these part numbers, in place of a share.
        locations: ``all``, or the codes of those meant.
    """

    products: Share = 1.0
    part_numbers: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    locations: Locations = "all"


class BatchFeed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is fed to a batch job, and what becomes of the job.

    Attributes:
        products: Products to be added, each with a property.
        nameless: Further products without a name, which Kibo refuses again and again.
        absent: Products to be deleted that are not there.
        scheduled: When the job is to be worked: a span after the start of the run such as ``20h``; at once when absent.
        cancel_after: A span after which the started job is cancelled.
    """

    products: Annotated[int, Meta(ge=1, le=10_000)] = 50
    nameless: Annotated[int, Meta(ge=0, le=10_000)] = 0
    absent: Annotated[int, Meta(ge=0, le=10_000)] = 0
    scheduled: str | None = None
    cancel_after: str | None = None


class FileFeed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feed of quantities that is to reach the simulator as an inventory file.

    Attributes:
        kind: Totals that replace what is there, or signed changes.
        at: When it is to be sent: a span after the start of the run such as ``1h``.
        products: Share of the tenant's products that it names, chosen by the scenario's seed.
        locations: ``all``, or the codes of those that it names.
        format: How the client gets it: as CSV, or as JSON lines.
    """

    kind: Literal["refresh", "update"]
    at: str = "0s"
    products: Share = 1.0
    locations: Locations = "all"
    format: Literal["csv", "jsonl"] = "csv"


WorkKind = Literal["bulk-delete", "adjust", "batch-jobs", "files"]


class Work(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the client is to do.

    Attributes:
        kind: Delete the targets, add to their quantities, have changes of the catalog made by a batch job, or send
            quantities as inventory files.
        targets: The records that it is about; neither for batch jobs nor for files.
        adjust_by: What is added to each target on hand, 1 when absent; only when adjusting.
        batch: What is fed; only for batch jobs.
        files: What is sent, in order; only for files.
    """

    kind: WorkKind = "bulk-delete"
    targets: Targets = field(default_factory=Targets)
    adjust_by: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] | None = None
    batch: BatchFeed | None = None
    files: Annotated[tuple[FileFeed, ...], Meta(min_length=1, max_length=1_000)] | None = None

    @property
    def fed(self) -> BatchFeed | None:
        """What is fed to a batch job; None when that is not the work."""
        return (self.batch or BatchFeed()) if self.kind == "batch-jobs" else None

    @property
    def sent(self) -> tuple[FileFeed, ...]:
        """What is sent as files; nothing when that is not the work."""
        return (self.files or (FileFeed(kind="refresh"),)) if self.kind == "files" else ()

    @property
    def added(self) -> int | None:
        """What is to be added to each target; None when that is not the work."""
        if self.kind != "adjust":
            return None
        return 1 if self.adjust_by is None else self.adjust_by


class Expectation(Struct, frozen=True):
    """One figure of the run and what it must be, such as ``throttled >= 1``."""

    figure: str
    operator: Operator
    value: float

    def __str__(self) -> str:
        return f"{self.figure} {self.operator} {self.value:g}"


class Scenario(Struct, frozen=True, kw_only=True):
    """A scenario, checked and ready to run.

    Attributes:
        name: What the command line calls it.
        title: One line for lists and reports.
        description: What it shows and why, for people.
        seed: Everything drawn in the run follows from it.
        start: When the run begins, microseconds since the epoch, UTC.
        simulator: The settings of the simulator, as its own document has them.
        faults: What goes wrong on purpose, as the simulator's own fault documents have it.
        stock: Products besides those of the sample.
        happenings: What others do to the tenant's locations meanwhile.
        neighbours: Other tenants that are at work meanwhile.
        testable: Ids of the rules that the run gives an opportunity; the run checks that it did.
        expectations: What must come out besides.
        time_limit: Simulated microseconds after which the client has failed.
        file: Where it was read from.
    """

    name: str
    title: str
    description: str
    seed: int
    start: int
    simulator: dict[str, Any]
    faults: tuple[PlannedFault, ...] = ()
    stock: tuple[FurtherStock, ...] = ()
    happenings: tuple[Happening, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    network: Network
    client: ClientPlan
    work: Work
    testable: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    time_limit: int
    file: str


class ScenarioDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scenario as its file spells it; `scenario_file` turns it into a `Scenario`."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
    title: Annotated[str, Meta(min_length=1, max_length=120)]
    description: str = ""
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    start: str = "2026-03-02T05:00:00Z"
    simulator: dict[str, Any] = field(default_factory=dict)
    faults: list[Any] = field(default_factory=list)
    stock: tuple[FurtherStock, ...] = ()
    happenings: tuple[Happening, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    network: Network = field(default_factory=Network)
    client: ClientPlan = field(default_factory=ClientPlan)
    work: Work = field(default_factory=Work)
    testable: tuple[str, ...] = ()
    expect: dict[str, str | tuple[str, ...]] = field(default_factory=dict)
    time_limit: str = "24h"


LONGEST_TIME_LIMIT: Final = 31 * 24 * HOUR
