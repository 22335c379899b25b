"""The world of a run: a simulator with its tenant, the records that are to go, and the evidence that is left after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType

import msgspec

from kibo_scenarios.drop_watch import Writing
from kibo_scenarios.errors import HarnessError, UsageError
from kibo_scenarios.evidence import FileFact, JobFact, JournalEntry, PoolLimit, Quantities, RecordKey
from kibo_scenarios.scenario import Scenario, Targets
from kibo_simulator import Settings, Simulator, StockRecord


@dataclass(frozen=True, slots=True)
class Stock:
    """All records of a tenant at one moment."""

    records: Mapping[RecordKey, Quantities]

    @property
    def locations(self) -> frozenset[str]:
        """The codes of the locations that hold anything."""
        return frozenset(key.location_code for key in self.records)


def settings_of(scenario: Scenario) -> Settings:
    """Return the simulator's settings, with the scenario's seed and faults; the clock is the run's."""
    settings = msgspec.convert({**scenario.simulator, "seed": scenario.seed}, Settings)
    return msgspec.structs.replace(settings, faults=scenario.faults)


def watching(settings: Settings, drop: Path) -> Settings:
    """Return the settings with a drop folder, in which files are picked up."""
    return msgspec.structs.replace(settings, files=msgspec.structs.replace(settings.files, drop=str(drop)))


def take_stock(simulator: Simulator, tenant: int) -> Stock:
    """Return the tenant's records as they are now."""
    return Stock({key_of(record): _quantities(record) for record in simulator.stock_records(tenant)})


def choose_targets(targets: Targets, stock: Stock, seed: int, place: str = "work.targets") -> frozenset[RecordKey]:
    """Return the records that the scenario's work is about: a share of the products, the same for every location.

    Args:
        targets: Which.
        stock: What there is.
        seed: What the share is drawn by.
        place: What errors call the targets.

    Raises:
        UsageError: A location is not one of the tenant's, or nothing is left to delete.
    """
    wanted = stock.locations if targets.locations == "all" else frozenset(targets.locations)
    unknown = sorted(wanted - stock.locations)
    if unknown:
        raise UsageError(f"{place}.locations: there is no location {unknown[0]!r} with stock in this world")
    names = targets.part_numbers
    if names is not None and (strange := sorted(set(names) - {key.part_number for key in stock.records})):
        raise UsageError(f"{place}.part_numbers: there is no product {strange[0]!r} with stock in this world")
    meant = {
        product
        for product in {key[1:] for key in stock.records}
        if (_drawn(seed, product) < targets.products if names is None else product[0] in names)
    }
    chosen = frozenset(key for key in stock.records if key.location_code in wanted and key[1:] in meant)
    if not chosen:
        raise UsageError(f"{place}: this share of the products is no product at all")
    return chosen


def write_export(simulator: Simulator, tenant: int, targets: frozenset[RecordKey], file: Path) -> int:
    """Write the Location Export of the targets and return how many rows it has."""
    with file.open("w", encoding="utf-8", newline="") as stream:
        return simulator.write_location_export(tenant, stream, lambda record: key_of(record) in targets)


def job_facts(simulator: Simulator, tenant: int) -> dict[int, JobFact]:
    """Return the server's own books of its jobs."""
    rows = simulator.jobs.newest(tenant, location_code=None, types=(), limit=1 << 31, offset=0)
    return {
        row.id: JobFact(
            location_code=row.location_code,
            status=row.status,
            finished_at=row.finished,
            added_at=row.added,
            file=row.original_filename or "",
        )
        for row in rows
    }


def file_facts(
    simulator: Simulator,
    inbox: str = "",
    writings: Mapping[str, Writing] = MappingProxyType({}),
    *,
    dated: bool = True,
) -> tuple[FileFact, ...]:
    """Return what was seen at the drop points, without what the simulator put there itself.

    Args:
        simulator: Its log of files says what its looks, and its own server, have seen.
        inbox: A folder of which more is known.
        writings: That is what is known of its files.
        dated: Whether the times that files have are those of one clock.

    Raises:
        HarnessError: The log of files has lost entries, so that no verdict could be trusted.
    """
    if simulator.file_log.dropped:
        raise HarnessError(
            f"the log of files dropped {simulator.file_log.dropped:,} entries; raise simulator.files.log_entries"
        )
    own = {(event.folder, event.name) for event in simulator.file_log.since() if event.what == "exported"}
    facts = (
        FileFact(
            folder=file.folder,
            name=file.name,
            appeared_at=file.appeared_at,
            complete_at=file.complete_at,
            written=file.written if dated or file.exact else 0,
            exact=file.exact,
            outcome=file.outcome,
        )
        for file in simulator.file_log.files()
        if (file.folder, file.name) not in own
    )
    return tuple(
        replace(fact, appeared_at=known.appeared_at, complete_at=known.complete_at, exact=True)
        if fact.folder == inbox.strip("/") and not fact.exact and (known := writings.get(fact.name)) is not None
        else fact
        for fact in facts
    )


def batch_item_counts(simulator: Simulator, tenant: int) -> dict[str, int]:
    """Return how many items of batch jobs ended how, and under ``retries`` how often any was tried again."""
    return simulator.batch_jobs.item_counts(tenant)


def limits_met(limits: tuple[PoolLimit, ...], journal: Iterable[JournalEntry]) -> tuple[PoolLimit, ...]:
    """Return the limits of the pools that the run had to do with; all of them when it had to do with none."""
    pools = {entry.pool for entry in journal if entry.pool is not None}
    return tuple(limit for limit in limits if any(pool.endswith(limit.route) for pool in pools)) or limits


def pool_limits(settings: Settings) -> tuple[PoolLimit, ...]:
    """Return the limits that the simulator enforces."""
    return tuple(
        PoolLimit(route=pool.route, requests_per_minute=pool.rpm, requests_per_hour=pool.rph)
        for pool in settings.limits.pools
    )


def journal_lines(simulator: Simulator) -> tuple[bytes, ...]:
    """Return the whole journal, one JSON object per line.

    Raises:
        HarnessError: The journal has lost entries, so that no verdict could be trusted.
    """
    refuse_lost_entries(simulator)
    return tuple(simulator.journal.ndjson())


def refuse_lost_entries(simulator: Simulator) -> None:
    """Make sure that the journal has all that happened.

    Raises:
        HarnessError: It has lost entries, so that no verdict could be trusted.
    """
    if simulator.journal.dropped:
        raise HarnessError(
            f"the journal dropped {simulator.journal.dropped:,} entries; raise simulator.bounds.journal_entries"
        )


def of_client(journal: Iterable[JournalEntry], neighbours: Iterable[int]) -> tuple[JournalEntry, ...]:
    """Return the journal without what neighbours have sent."""
    others = {str(tenant) for tenant in neighbours}
    return tuple(entry for entry in journal if entry.tenant not in others)


def refuse_defective_journal(journal: Iterable[JournalEntry]) -> None:
    """Look for answers with 500 that no fault was asked for: those are defects of the simulator itself.

    Raises:
        HarnessError: Naming the first such request.
    """
    for entry in journal:
        if entry.status == 500 and entry.fault is None:
            raise HarnessError(f"the simulator itself failed at {entry}")


def key_of(record: StockRecord) -> RecordKey:
    """Return the key by which a record is known here."""
    return RecordKey(record.location_code, record.part_number or None, record.upc or None, record.sku or None)


def _quantities(record: StockRecord) -> Quantities:
    return Quantities(
        record.on_hand, record.available, record.allocated, record.pending, record.safety_stock, record.floor
    )


def _drawn(seed: int, product: tuple[str | None, ...]) -> float:
    """Return a number in [0, 1) that depends on the seed and the product only."""
    name = "\0".join(part or "" for part in product)
    return int.from_bytes(blake2b(f"{seed}\0{name}".encode(), digest_size=7).digest()) / 2**56
