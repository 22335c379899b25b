"""What a simulation begins with: tenants, the generated sample, and inventory from rows and files (D-2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kibo_simulator.files.bulk_load import inventory_blocks
from kibo_simulator.files.location_export import InventoryRow
from kibo_simulator.settings import SampleSettings, Settings
from kibo_simulator.steps import Steps, finish
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.sample import sample_location, sample_products, sample_records
from kibo_simulator.store.catalog import CatalogStore
from kibo_simulator.store.database import Database
from kibo_simulator.store.stock import StockStore
from kibo_simulator.store.tenants import Tenant, TenantStore
from kibo_simulator.tenants import add_application
from kibo_simulator.timestamps import DAY

_ROWS_BETWEEN_PAUSES = 128


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
            tenants = TenantStore(database)
            stock = StockStore(database)
            if self.settings.sample is not None:
                _add_sample(database, tenants, stock, self.settings, now)
            first = next((tenant.id for tenant in tenants.every()), 0)
            loaded = sum(finish(load_file(stock, first, path, now)) for path in self.files)
            if self.settings.catalog.tied:
                CatalogStore(database.connection).adopt_inventory(first, now)
            database.set_meta("seeded", "1")
        return loaded

    def fresh(self, now: int) -> tuple[Database, int]:
        """A new database in memory, grown, and how many records files brought.

        Raises:
            InventoryFileError: a file cannot be loaded.
        """
        sample = self.settings.sample
        if not self.files and (sample is None or sample.locations * sample.products <= _MOST_KEPT):
            return Database(copy_of=_kept(self.settings.seed, sample, now // DAY).connection), 0
        database = Database()
        try:
            return database, self.grow(database, now)
        except BaseException:
            database.close()
            raise


@lru_cache(maxsize=_MOST_WORLDS_KEPT)
def _kept(seed: int, sample: SampleSettings | None, day: int) -> Database:
    """A small world as it is seeded on a day, to be copied: that takes a tenth of making it."""
    database = Database()
    Seed(Settings(seed=seed, sample=sample)).grow(database, day * DAY)
    return database


def _add_sample(database: Database, tenants: TenantStore, stock: StockStore, settings: Settings, now: int) -> None:
    sample = settings.sample
    assert sample is not None
    tenants.add(Tenant(sample.tenant, sample.name, sample.site))
    add_application(database, sample.tenant, sample.client_id, sample.shared_secret)
    add_sample_stock(stock, sample.tenant, sample.locations, sample.products, settings.seed, now)
    CatalogStore(database.connection).adopt_inventory(sample.tenant, now)


def add_sample_stock(stock: StockStore, tenant_id: int, locations: int, products: int, seed: int, now: int) -> None:
    """Give a tenant the generated locations, products and records."""
    places = [stock.add_location(tenant_id, place.code, place.name) for place in map(sample_location, range(locations))]
    numbers = stock.add_products(
        tenant_id,
        [Wanted(product.part_number, product.upc, product.sku) for product in sample_products(products)],
    )
    stock.put_plain(
        (
            (places[location], numbers[product], held.on_hand, held.safety_stock, held.floor)
            for location, product, held in sample_records(seed, locations, products)
        ),
        now,
    )


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
    """The same from a file: a Location Export (CSV or a zip of it) or JSON lines.

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
