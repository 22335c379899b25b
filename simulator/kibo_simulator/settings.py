"""Everything that can be set about a simulator, as one typed value with the defaults of the clauses."""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct, field
from msgspec.structs import replace

from kibo_simulator.batch_jobs.pace import BatchSettings
from kibo_simulator.faults import PlannedFault
from kibo_simulator.files.import_rows import POSITIONAL
from kibo_simulator.files.inventory_export import EXPORT_COLUMNS
from kibo_simulator.files.schedules import CronError, check_cron, check_zone
from kibo_simulator.jobs import JobSettings
from kibo_simulator.off_peak import OFF_PEAK, OffPeakHours
from kibo_simulator.plain_text import control_in
from kibo_simulator.rate_limits import LimitsDocument, LimitsError
from kibo_simulator.timestamps import InstantError, parse_instant

XmlName = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]


class TenantSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A tenant: who it is, what its application says to be let in, its own limits, and generated stock of any size."""

    tenant: Annotated[int, Meta(ge=1, le=2_000_000_000)]
    site: Annotated[int, Meta(ge=1, le=2_000_000_000)] = 1
    name: Annotated[str, Meta(max_length=200)] = ""
    client_id: Annotated[str, Meta(min_length=1, max_length=200)]
    shared_secret: Annotated[str, Meta(min_length=1, max_length=200)]
    region: str = "US"
    off_peak: OffPeakHours | None = None
    limits: LimitsDocument | None = None
    locations: Annotated[int, Meta(ge=0, le=100_000)] = 0
    products: Annotated[int, Meta(ge=0, le=5_000_000)] = 0


class SampleSettings(TenantSettings, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The generated sample tenant: any size by two numbers, ``locations`` and ``products``."""

    tenant: Annotated[int, Meta(ge=1, le=2_000_000_000)] = 1001
    name: Annotated[str, Meta(max_length=200)] = "Northwind Outfitters (sample)"
    client_id: Annotated[str, Meta(min_length=1, max_length=200)] = "sample.app"
    # The contract's published sample secret.
    shared_secret: Annotated[str, Meta(min_length=1, max_length=200)] = "sample-secret"  # noqa: S105
    locations: Annotated[int, Meta(ge=0, le=100_000)] = 6
    products: Annotated[int, Meta(ge=0, le=5_000_000)] = 240


class SettingsError(ValueError):
    """Settings that cannot be meant together; ``path`` is the JSON path of the fault."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


class AccessSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is let in (A-1, A-3); lifetimes in seconds."""

    auth: Literal["on", "off"] = "on"
    token_lifetime_s: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 3_600
    refresh_lifetime_s: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1_209_600
    tenant_domain: str | None = None


class InventorySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Choices where Kibo's sources are silent or differ (I-2, I-3, I-6)."""

    refresh_zero_missing: bool = False
    safety_stock_included: bool = True
    patterns: bool = True
    empty_job_list: Literal["array", "not_found"] = "array"
    pending_sweep_s: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1_800
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


class FileSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Import and export files: where they are exchanged, when, and what Kibo's guides leave open about them.

    ``drop`` is the folder that stands for every drop point; ``remote`` has the simulator connect to the SFTP
    servers and buckets that the configurations name instead; ``sftp_known_hosts`` is the file with the keys of
    these servers, the user's own when empty, and ``any`` trusts all. Schedules are cron expressions of five
    fields in ``cron_zone``; an empty one is never due. ``bad_rows`` is the fate of the good rows of a file with
    bad ones: they are imported (``skip``), or not at the location of a bad one (``location``), or not at all
    (``file``). ``triggers`` are the names of a trigger that count: ``<base>.zip.done``, ``<base>.done`` or
    both.
    """

    drop: str | None = None
    remote: bool = False
    remote_timeout_s: Annotated[float, Meta(gt=0, le=3_600)] = 30.0
    sftp_known_hosts: str = ""
    object_endpoint: str | None = None
    fetch_cron: str = "*/10 * * * *"
    export_cron: str = "0 9 * * *"
    cron_zone: str = "UTC"
    name_zone: str = "America/Los_Angeles"
    triggers: Literal["both", "zip", "base"] = "both"
    inbox: str = "in"
    archive: str = "archive"
    outbox: str = "out"
    default_fetch: bool = True
    bad_rows: Literal["skip", "location", "file"] = "skip"
    upc_required: bool = True
    unknown_bin: Literal["error", "ignore"] = "error"
    attribute_separator: Annotated[str, Meta(min_length=1, max_length=1)] = ";"
    positional: Annotated[tuple[str, ...], Meta(min_length=5)] = POSITIONAL
    ragged: Literal["locator_last", "by_position", "refuse"] = "locator_last"
    export_columns: Annotated[tuple[str, ...], Meta(min_length=1)] = (
        "LocationCode", "PartNumber", "UPC", "SKU", "OnHand", "Available", "SafetyStock", "Floor", "LTD",
    )  # fmt: skip
    xml_root: XmlName = "Inventory"
    xml_location: XmlName = "Location"
    xml_item: XmlName = "Item"
    export_trigger: bool = True
    most_messages: Annotated[int, Meta(ge=1, le=10_000)] = 100
    most_rows: Annotated[int, Meta(ge=1)] = 20_000_000
    largest_bytes: Annotated[int, Meta(ge=1)] = 2 << 30
    largest_ratio: Annotated[int, Meta(ge=2)] = 200
    pile_up: Annotated[int, Meta(ge=1)] = 50
    disk_low_bytes: Annotated[int, Meta(ge=0)] = 1 << 30
    log_entries: Annotated[int, Meta(ge=1)] = 10_000

    def __post_init__(self) -> None:
        """Refuse what could never be meant; messages begin with the field, so that files can tell its place."""
        for name in ("cron_zone", "name_zone"):
            try:
                check_zone(getattr(self, name))
            except CronError as error:
                raise ValueError(f"{name}: {error}") from None
        for name in ("fetch_cron", "export_cron"):
            try:
                # An empty one is never due.
                check_cron(getattr(self, name) or "* * * * *")
            except CronError as error:
                raise ValueError(f"{name}: {error}") from None
        for name in ("inbox", "archive", "outbox", "xml_root", "xml_location", "xml_item"):
            problem = control_in(getattr(self, name))
            if problem is not None:
                raise ValueError(f"{name}: {problem}")
        for name in ("inbox", "archive", "outbox"):
            if ".." in getattr(self, name).replace("\\", "/").split("/"):
                raise ValueError(f"{name}: points outside the drop point")
        for index, column in enumerate(self.export_columns):
            if column not in EXPORT_COLUMNS:
                raise ValueError(f"export_columns[{index}]: {column!r} is not one of {', '.join(EXPORT_COLUMNS)}")

    def reaching_as(self, other: "FileSettings") -> "FileSettings":
        """These settings, but reaching out to where the other ones do."""
        return replace(
            self,
            drop=other.drop,
            remote=other.remote,
            sftp_known_hosts=other.sftp_known_hosts,
            object_endpoint=other.object_endpoint,
        )


class CatalogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How strict the catalog is.

    With ``tied`` inventory knows only products that are in the catalog: others are refused as ITEM_NOT_FOUND. Without
    ``name_required`` a product needs nothing but its code.
    """

    tied: bool = False
    name_required: bool = True


class BoundSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of anything is held or read at once."""

    body_bytes: Annotated[int, Meta(ge=1_024, le=1 << 30)] = 16 << 20
    journal_entries: Annotated[int, Meta(ge=0)] = 100_000
    journal_bytes: Annotated[int, Meta(ge=0)] = 128 << 20
    journal_file_bytes: Annotated[int, Meta(ge=0)] = 4 << 30
    snapshots: Annotated[int, Meta(ge=0, le=10_000)] = 100
    snapshot_bytes: Annotated[int, Meta(ge=65_536, le=1 << 40)] = 4 << 30


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of one simulator; ``start`` is an ISO 8601 instant, absent for the source's own time."""

    seed: int = 0
    start: str | None = None
    limits: LimitsDocument = field(default_factory=LimitsDocument)
    jobs: JobSettings = field(default_factory=JobSettings)
    sample: SampleSettings | None = field(default_factory=SampleSettings)
    tenants: tuple[TenantSettings, ...] = ()
    regions: dict[str, OffPeakHours] = field(default_factory=lambda: dict(OFF_PEAK))
    access: AccessSettings = field(default_factory=AccessSettings)
    inventory: InventorySettings = field(default_factory=InventorySettings)
    tags: TagSettings = field(default_factory=TagSettings)
    bins: BinSettings = field(default_factory=BinSettings)
    exports: ExportSettings = field(default_factory=ExportSettings)
    files: FileSettings = field(default_factory=FileSettings)
    catalog: CatalogSettings = field(default_factory=CatalogSettings)
    batch: BatchSettings = field(default_factory=BatchSettings)
    faults: tuple[PlannedFault, ...] = ()
    bounds: BoundSettings = field(default_factory=BoundSettings)

    def validate(self) -> "Settings":
        """Return the settings themselves when they can be meant together.

        Raises:
            SettingsError: a start that is no instant, a tenant or client id twice, a region that is not listed,
                limits that make no sense, or a name with a control character.
        """
        if self.start is not None:
            try:
                parse_instant(self.start)
            except InstantError as error:
                raise SettingsError("$.start", str(error)) from None
        try:
            self.limits.validate()
        except LimitsError as error:
            raise SettingsError(error.path.replace("$", "$.limits", 1), error.message) from None
        for region in self.regions:
            _check_plain(f"$.regions.{region}", region)
        for field_name in ("types", "statuses"):
            for index, name in enumerate(getattr(self.bins, field_name)):
                _check_plain(f"$.bins.{field_name}[{index}]", name)
        seen: set[int | str] = set()
        for path, tenant in self.every_tenant():
            check_tenant(path, tenant, self.every_region)
            for name, value in (("tenant", tenant.tenant), ("client_id", tenant.client_id)):
                if value in seen:
                    raise SettingsError(f"{path}.{name}", f"{value} is named twice")
                seen.add(value)
        return self

    @property
    def every_region(self) -> dict[str, OffPeakHours]:
        """The regions that the guide names, and those that were added or changed."""
        return {**OFF_PEAK, **self.regions}

    def every_tenant(self) -> list[tuple[str, TenantSettings]]:
        """The sample and all other tenants, each with the JSON path of its settings."""
        named = [] if self.sample is None else [("$.sample", self.sample)]
        return [*named, *((f"$.tenants[{index}]", tenant) for index, tenant in enumerate(self.tenants))]


def check_tenant(path: str, tenant: TenantSettings, regions: Mapping[str, OffPeakHours]) -> None:
    """Make sure that a tenant's names are plain text, its region is listed and its limits make sense.

    Raises:
        SettingsError: with the place below ``path``.
    """
    _check_plain(f"{path}.name", tenant.name)
    _check_plain(f"{path}.client_id", tenant.client_id)
    if tenant.region not in regions:
        raise SettingsError(f"{path}.region", f"{tenant.region!r} is not listed; {', '.join(regions)} are")
    if tenant.limits is not None:
        try:
            tenant.limits.validate_own()
        except LimitsError as error:
            raise SettingsError(error.path.replace("$", f"{path}.limits", 1), error.message) from None


def _check_plain(path: str, name: str) -> None:
    problem = control_in(name)
    if problem is not None:
        raise SettingsError(path, problem)
