"""What a load scenario says of its clients: who they are, when they want what, and how they behave."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct, field

from kibo_scenarios.scenario import ClientPlan, Share, Targets

Span = Annotated[str, Meta(min_length=1, max_length=30)]
Rate = Annotated[float, Meta(ge=0, le=1_000_000)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
ClockTime = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class StageDocument(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A span with a rate per minute, or with one that goes evenly from ``rate`` to ``to``."""

    lasts: Span = field(name="for")
    rate: Rate
    to: Rate | None = None


class BurstDocument(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """So many requests on top, within a span after ``at`` (counted from the client's start)."""

    at: Span
    requests: Count
    within: Span = "10s"


class Client(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """What all clients have in common.

    Attributes:
        tenant: Whose client it is; the sample tenant when absent.
        share: The share of the tenant's limits that it keeps to; absent, it does not pace itself.
        starts: How long after the start of the run it begins.
        on_429: Whether it waits as long as it is told and sends again, or gives the wish up.
        attempts: How often it sends one request at most.
        workers: How many requests it has under way at most.
    """

    tenant: Annotated[int, Meta(ge=1, le=2_000_000_000)] | None = None
    share: Share | None = None
    starts: Span = "0s"
    on_429: Literal["wait", "give_up"] = "wait"
    attempts: Annotated[int, Meta(ge=1, le=1_000)] = 20
    workers: Annotated[int, Meta(ge=1, le=1_000)] = 8


class OpenClient(Client, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A client whose wishes arrive whether or not the earlier ones were met.

    Attributes:
        stages: The rates, one after the other.
        bursts: What comes on top.
        per_store: Whether rates and bursts are those of one of the tenant's locations; else they are those of all.
    """

    stages: tuple[StageDocument, ...] = ()
    bursts: tuple[BurstDocument, ...] = ()
    per_store: bool = False


class Lookups(OpenClient, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="lookups"):
    """A storefront: look-ups of a few products, each at one location, or ``everywhere``."""

    items: Annotated[int, Meta(ge=1, le=500)] = 3
    everywhere: bool = False


class Adjusts(OpenClient, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="adjusts"):
    """A warehouse or a till: adds to the quantities of a few products at one location, each time a job."""

    items: Annotated[int, Meta(ge=1, le=1_000)] = 5


class Orders(OpenClient, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="orders"):
    """Order routing: allocates units at a location at once, and fulfils them some time later."""

    items: Annotated[int, Meta(ge=1, le=50)] = 2
    fulfil_after: Span = "20m"


class Refreshes(Client, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="refreshes"):
    """A nightly job: sets the quantities of products at every location, one by one, until ``lasts`` is over."""

    at: Annotated[tuple[ClockTime, ...], Meta(min_length=1)]
    products: Share = 1.0
    items: Annotated[int, Meta(ge=1, le=12_000)] = 3_000
    lasts: Span = field(name="for", default="24h")


class Polls(Client, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="polls"):
    """A watcher: lists the newest jobs of the queue at a fixed pace until ``lasts`` is over."""

    every: Span = "30s"
    lasts: Span = field(name="for", default="1h")


class BulkDelete(Client, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="bulk-delete"):
    """The project's own client at a bulk deletion; ``plan`` is what it knows and how it cuts its work."""

    plan: ClientPlan = field(default_factory=ClientPlan)
    targets: Targets = field(default_factory=Targets)


AnyClient: TypeAlias = Lookups | Adjusts | Orders | Refreshes | Polls | BulkDelete
