"""Everything that can be set about a simulator, as one typed value with the defaults of the clauses."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from kibo_simulator.jobs import JobSettings
from kibo_simulator.rate_limits import LimitsDocument


class SampleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The generated sample tenant: any size by two numbers, ``locations`` and ``products``."""

    tenant: Annotated[int, Meta(ge=1, le=2_000_000_000)] = 1001
    site: Annotated[int, Meta(ge=1, le=2_000_000_000)] = 1
    name: str = "Northwind Outfitters (sample)"
    client_id: str = "sample.app"
    shared_secret: str = "sample-secret"  # noqa: S105  # the contract's published sample secret
    locations: Annotated[int, Meta(ge=0, le=100_000)] = 6
    products: Annotated[int, Meta(ge=0, le=5_000_000)] = 240


class AccessSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is let in (A-1, A-3); lifetimes in seconds."""

    auth: Literal["on", "off"] = "on"
    token_lifetime_s: Annotated[int, Meta(ge=1)] = 3_600
    refresh_lifetime_s: Annotated[int, Meta(ge=1)] = 1_209_600
    tenant_domain: str | None = None


class InventorySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Choices where Kibo's sources are silent or differ (I-2, I-3, I-6)."""

    refresh_zero_missing: bool = False
    safety_stock_included: bool = True
    patterns: bool = True
    empty_job_list: Literal["array", "not_found"] = "array"
    pending_sweep_s: Annotated[int, Meta(ge=1)] = 1_800
    empty_lists: Literal["array", "not_found"] = "array"


class TagSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How many tag categories a tenant may have, and how many values a category."""

    categories: Annotated[int, Meta(ge=0, le=1_000)] = 3
    values: Annotated[int, Meta(ge=1, le=1_000)] = 6


class BinSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The kinds and states of bins, numbered from 1: Kibo publishes neither list."""

    types: Annotated[tuple[str, ...], Meta(min_length=1)] = ("Storage", "Receiving", "Staging", "Returns")
    statuses: Annotated[tuple[str, ...], Meta(min_length=1)] = ("Active", "Inactive")


class ExportSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether an export can be asked for at any time, and the status when the name of settings is taken."""

    on_demand: bool = True
    name_taken: Literal["conflict", "bad_request"] = "conflict"


class BoundSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of anything is held or read at once."""

    body_bytes: Annotated[int, Meta(ge=1_024, le=1 << 30)] = 16 << 20
    journal_entries: Annotated[int, Meta(ge=0)] = 100_000
    journal_bytes: Annotated[int, Meta(ge=0)] = 128 << 20


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of one simulator; ``start`` is an ISO 8601 instant, absent for the source's own time."""

    seed: int = 0
    start: str | None = None
    limits: LimitsDocument = field(default_factory=LimitsDocument)
    jobs: JobSettings = field(default_factory=JobSettings)
    sample: SampleSettings | None = field(default_factory=SampleSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    inventory: InventorySettings = field(default_factory=InventorySettings)
    tags: TagSettings = field(default_factory=TagSettings)
    bins: BinSettings = field(default_factory=BinSettings)
    exports: ExportSettings = field(default_factory=ExportSettings)
    bounds: BoundSettings = field(default_factory=BoundSettings)
