"""What a simulation begins with: tenants, the generated sample, and inventory from rows and files (D-2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import msgspec

from kibo_simulator.files.bulk_load import inventory_blocks
from kibo_simulator.files.location_export import InventoryRow
from kibo_simulator.settings import SampleSettings, Settings, TenantSettings
from kibo_simulator.steps import Steps, finish
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.sample import sample_location, sample_products, sample_records
from kibo_simulator.store.catalog import CatalogStore
from kibo_simulator.store.database import Database
from kibo_simulator.store.stock import StockStore
from kibo_simulator.store.tenants import Tenant, TenantChoices, TenantStore
from kibo_simulator.tenants import add_application
from kibo_simulator.timestamps import DAY

_ROWS_BETWEEN_PAUSES = 128
_SAMPLE_ROWS_AT_ONCE = 2_000

# As many records as a fresh world may have to be kept for the next one: tests open the same small world all the time.
_MOST_KEPT = 20_000
_MOST_WORLDS_KEPT = 4


@dataclass(frozen=True, slots=True)
class Seed:
    """What a simulator is grown from: its settings, and files with inventory for the first tenant."""

    settings: Settings
    files: tuple[Path, ...] = ()

    def grow(self, database: Database, now: int) -> int:
        """Fill a database that has nothing but its schema, all or nothing; return how many records files brought.

        Raises:
            InventoryFileError: a file cannot be loaded.
        """
        with database.transaction():
            self.add_missing_tenants(database, now)
            stock = StockStore(database)
            first = next((tenant.id for tenant in TenantStore(database.connection).every()), 0)
            loaded = sum(finish(load_file(stock, first, path, now)) for path in self.files)
            if self.settings.catalog.tied:
                CatalogStore(database.connection).adopt_inventory(first, now)
            database.set_meta("seeded", "1")
        return loaded

    def add_missing_tenants(self, database: Database, now: int, *, sample: bool = True) -> None:
        """Add the tenants that are not there yet, as a step of a caller's transaction; others stay as they are."""
        tenants = TenantStore(database.connection)
        for path, tenant in self.settings.every_tenant():
            if tenants.get(tenant.tenant) is None and (sample or path != "$.sample"):
                finish(adding_tenant(database, StockStore(database), tenant, self.settings.seed, now))

    def fresh(self, now: int) -> tuple[Database, int]:
        """A new database in memory, grown, and how many records files brought.

        Raises:
            InventoryFileError: a file cannot be loaded.
        """
        settings = self.settings
        sizes = [tenant.locations * tenant.products for _, tenant in settings.every_tenant()]
        if not self.files and not settings.catalog.tied and sum(sizes) <= _MOST_KEPT:
            database = Database(copy_of=_kept(settings.seed, settings.sample, settings.tenants, now // DAY).connection)
            CatalogStore(database.connection).date_all(now)
            return database, 0
        database = Database()
        try:
            return database, self.grow(database, now)
        except BaseException:
            database.close()
            raise


@lru_cache(maxsize=_MOST_WORLDS_KEPT)
def _kept(seed: int, sample: SampleSettings | None, tenants: tuple[TenantSettings, ...], day: int) -> Database:
    """A small world as it is seeded on a day, to be copied: that takes a tenth of making it."""
    database = Database()
    Seed(Settings(seed=seed, sample=sample, tenants=tenants)).grow(database, day * DAY)
    return database


def enter_tenant(database: Database, tenant: TenantSettings) -> None:
    """Add a tenant with nothing but its application; a step of a caller's transaction."""
    name = tenant.name or f"Tenant {tenant.tenant}"
    TenantStore(database.connection).add(Tenant(tenant.tenant, name, tenant.site))
    add_application(database, tenant.tenant, tenant.client_id, tenant.shared_secret)


def adding_tenant(database: Database, stock: StockStore, tenant: TenantSettings, seed: int, now: int) -> Steps[None]:
    """Add a tenant with its application, its choices and its generated stock; steps of a caller's transaction."""
    enter_tenant(database, tenant)
    choices = TenantChoices(
        tenant.region,
        tenant.off_peak.starts if tenant.off_peak else None,
        tenant.off_peak.ends if tenant.off_peak else None,
        msgspec.json.encode(tenant.limits).decode() if tenant.limits else None,
    )
    TenantStore(database.connection).choose(tenant.tenant, choices)
    yield from _adding_sample_stock(stock, tenant.tenant, tenant.locations, tenant.products, seed, now)
    yield from CatalogStore(database.connection).adopting_inventory(tenant.tenant, now)


def _adding_sample_stock(
    stock: StockStore, tenant_id: int, locations: int, products: int, seed: int, now: int
) -> Steps[None]:
    """Give a tenant the generated locations, products and records."""
    places = [stock.add_location(tenant_id, place.code, place.name) for place in map(sample_location, range(locations))]
    catalogue = iter(sample_products(products))
    numbers: list[int] = []
    while some := list(islice(catalogue, _SAMPLE_ROWS_AT_ONCE)):
        numbers += stock.add_products(tenant_id, [Wanted(each.part_number, each.upc, each.sku) for each in some])
        yield
    rows = (
        (places[location], numbers[product], held.on_hand, held.safety_stock, held.floor)
        for location, product, held in sample_records(seed, locations, products)
    )
    while block := list(islice(rows, _SAMPLE_ROWS_AT_ONCE)):
        stock.put_plain(block, now)
        yield


def load_rows(stock: StockStore, tenant_id: int, rows: Iterable[InventoryRow], now: int) -> Steps[int]:
    """Set the records that the rows name, creating locations and products; return how many rows there were."""
    locations: dict[str, int] = {}
    products: dict[tuple[str | None, str | None, str | None], int] = {}
    count = 0
    for row in rows:
        code = row.location_code
        if code not in locations:
            locations[code] = stock.add_location(tenant_id, code, code)
        key = (row.part_number, row.upc, row.sku)
        if key not in products:
            products[key] = stock.product_for_write(tenant_id, Wanted(*key))
        stock.put_plain([(locations[code], products[key], row.on_hand, row.safety_stock, row.floor)], now)
        count += 1
        if not count % _ROWS_BETWEEN_PAUSES:
            yield
    return count


def load_file(stock: StockStore, tenant_id: int, path: Path, now: int) -> Steps[int]:
    """The same from a file: a Location Export (CSV, XML or a zip of one) or JSON lines.

    Raises:
        InventoryFileError: at the first line that cannot be meant.
    """
    count = 0
    blocks = inventory_blocks(
        path,
        lambda code: stock.add_location(tenant_id, code, code),
        lambda *named: stock.product_for_write(tenant_id, Wanted(*named)),
    )
    for block in blocks:
        stock.put_plain(block, now)
        count += len(block)
        yield
    return count
