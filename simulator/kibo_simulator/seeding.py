"""Fills a tenant with stock: the generated sample, or rows and files of inventory; steps of a caller's transaction."""

from collections.abc import Iterable
from pathlib import Path

from kibo_simulator.files.bulk_load import inventory_blocks
from kibo_simulator.files.location_export import InventoryRow
from kibo_simulator.settings import SampleSettings
from kibo_simulator.steps import Steps
from kibo_simulator.stock.identifiers import Wanted
from kibo_simulator.stock.sample import sample_location, sample_products, sample_records
from kibo_simulator.store.stock import StockStore
from kibo_simulator.tenants import Access, Tenant

_ROWS_BETWEEN_PAUSES = 128


def add_sample(access: Access, stock: StockStore, sample: SampleSettings, seed: int, now: int) -> None:
    """Add the generated sample tenant with its locations, products and stock."""
    access.add_tenant(Tenant(sample.tenant, sample.name, sample.site))
    access.add_application(sample.tenant, sample.client_id, sample.shared_secret)
    add_sample_stock(stock, sample.tenant, sample.locations, sample.products, seed, now)


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
