"""A tenant that could exist: named stores and warehouses, products with valid UPCs, any size by two numbers.

The same seed and the same two numbers give the same tenant, record by record. A few part numbers hold characters
that are operators in Kibo's patterns (I-6), because real catalogues do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from struct import Struct

_CITIES = (
    "Austin",
    "Boston",
    "Chicago",
    "Denver",
    "El Paso",
    "Fresno",
    "Georgetown",
    "Hartford",
    "Indianapolis",
    "Jacksonville",
    "Kansas City",
    "Las Vegas",
    "Milwaukee",
    "Nashville",
    "Oakland",
    "Portland",
    "Quincy",
    "Raleigh",
    "Seattle",
    "Tucson",
    "Utica",
    "Virginia Beach",
    "Wichita",
    "Yonkers",
)
_DISTRICTS = (
    "Downtown",
    "Riverside",
    "Market Street",
    "Northgate",
    "Old Town",
    "Harbor",
    "University",
    "Westfield",
)
_KINDS = (
    ("JKT", "Rain Jacket"),
    ("TNT", "Two-Person Tent"),
    ("BPK", "Day Pack"),
    ("STV", "Camp Stove"),
    ("BOT", "Trail Boot"),
    ("LMP", "Head Lamp"),
    ("SLP", "Sleeping Bag"),
    ("BTL", "Steel Bottle"),
)
_COLOURS = ("BLK", "NVY", "OLV", "RED", "SND")
_SIZES = ("S", "M", "L", "XL")
# Each looks like a pattern and must be treated as text by whoever deletes it.
_AWKWARD = ("BOLT-{n}.5", "C++MUG-{n}", "KIT[{n}]", "STAR*{n}", "GIFT-{n}-50$", "WHAT?-{n}", "H2O.{n}+FILTER")


@dataclass(frozen=True, slots=True)
class SampleProduct:
    """One product of the sample catalogue; ``upc`` is a valid UPC-A."""

    part_number: str
    upc: str
    sku: str


@dataclass(frozen=True, slots=True)
class SampleLocation:
    """One store or warehouse; ``share`` is how much of the catalogue it carries."""

    code: str
    name: str
    share: float
    warehouse: bool


@dataclass(frozen=True, slots=True)
class SampleStock:
    """How much of a product a location holds; whole units."""

    on_hand: int
    safety_stock: int
    floor: int


def upc_check_digit(eleven_digits: str) -> str:
    """The twelfth digit of a UPC-A."""
    odd = sum(map(int, eleven_digits[0::2]))
    even = sum(map(int, eleven_digits[1::2]))
    return str(-(3 * odd + even) % 10)


def sample_location(number: int) -> SampleLocation:
    """The n-th location, from 0: the first and then every eighth is a warehouse, the others are stores."""
    warehouse, row = divmod(number, 8)
    if row == 0:
        again = _again(warehouse // len(_CITIES))
        city = _CITIES[warehouse % len(_CITIES)]
        return SampleLocation(f"WH-{warehouse + 1:03d}", f"{city} Distribution Center{again}", 1.0, warehouse=True)
    city = _CITIES[number % len(_CITIES)]
    lap = number // len(_CITIES)
    district = _DISTRICTS[(lap + number) % len(_DISTRICTS)]
    share = 0.45 + 0.05 * (number * 7 % 9)
    name = f"{city} {district}{_again(lap // len(_DISTRICTS))}"
    return SampleLocation(f"ST-{number:04d}", name, share, warehouse=False)


def _again(times: int) -> str:
    """What sets a name apart that has been given before."""
    return f" {times + 1}" if times else ""


def sample_product(number: int) -> SampleProduct:
    """The n-th product, from 0; every fortieth has a part number with pattern characters."""
    eleven = f"8{number + 100_000:010d}"
    kind, _ = _KINDS[number % len(_KINDS)]
    colour = _COLOURS[number // len(_KINDS) % len(_COLOURS)]
    size = _SIZES[number // (len(_KINDS) * len(_COLOURS)) % len(_SIZES)]
    part_number = f"{kind}-{number + 1000}-{colour}-{size}"
    if number % 40 == 7:
        part_number = _AWKWARD[number // 40 % len(_AWKWARD)].format(n=number)
    return SampleProduct(part_number, eleven + upc_check_digit(eleven), f"{kind}{number + 1:07d}")


def _stock(draw: int, place: SampleLocation) -> SampleStock | None:
    """What 64 random bits say that a location holds of a product, or None when it does not carry it."""
    draw, carried = divmod(draw, 1000)
    if carried >= place.share * 1000:
        return None
    draw, on_hand = divmod(draw, 900 if place.warehouse else 40)
    safety_stock = (0, 0, 0, 2, 5)[draw % 5]
    return SampleStock(on_hand, safety_stock, safety_stock * 2 if draw % 7 == 0 else 0)


_TOGETHER = 8
_draws = Struct(f"<{_TOGETHER}Q").unpack


def sample_records(seed: int, locations: int, products: int) -> Iterable[tuple[int, int, SampleStock]]:
    """Every record of a sample tenant as (location number, product number, stock), location by location."""
    small = locations * products <= _SMALL
    return _remembered(seed, locations, products) if small else _drawn(seed, locations, products)


def sample_products(count: int) -> Iterable[SampleProduct]:
    """The first ``count`` products."""
    return _remembered_products(count) if count <= _SMALL else map(sample_product, range(count))


# Tests open the same small world again and again.
_SMALL = 20_000


@lru_cache(maxsize=8)
def _remembered(seed: int, locations: int, products: int) -> tuple[tuple[int, int, SampleStock], ...]:
    return tuple(_drawn(seed, locations, products))


@lru_cache(maxsize=8)
def _remembered_products(count: int) -> tuple[SampleProduct, ...]:
    return tuple(map(sample_product, range(count)))


def _drawn(seed: int, locations: int, products: int) -> Iterator[tuple[int, int, SampleStock]]:
    for first in range(0, locations, _TOGETHER):
        # One digest feeds eight locations: drawing is what a fresh world costs most.
        draws = [_draws(blake2b(b"%d:%d:%d" % (seed, first, product)).digest()) for product in range(products)]
        for location in range(first, min(first + _TOGETHER, locations)):
            place = sample_location(location)
            for product in range(products):
                stock = _stock(draws[product][location - first], place)
                if stock is not None:
                    yield location, product, stock
