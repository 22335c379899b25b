"""What a short program without any rules would do with the same file: the csv module and SQLite, nothing else."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

_SCHEMA = """
CREATE TABLE products (id INTEGER PRIMARY KEY, part_number TEXT, upc TEXT, sku TEXT);
CREATE INDEX by_part_number ON products (part_number);
CREATE TABLE stock (
    location_id INTEGER, product_id INTEGER, on_hand INTEGER, safety_stock INTEGER, floor INTEGER,
    PRIMARY KEY (location_id, product_id)
) WITHOUT ROWID;
"""
_DELETE = "DELETE FROM stock WHERE location_id = ? AND product_id IN (SELECT value FROM json_each(?))"
_LOOK_UP = "SELECT on_hand, safety_stock, floor FROM stock WHERE location_id = ? AND product_id = ?"


class Raw:
    """The records in a database of its own."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.executescript(_SCHEMA)

    def load(self, path: Path) -> int:
        """Load an export and return how many records it had."""
        locations: dict[str, int] = {}
        products: dict[tuple[str, str, str], int] = {}

        def rows(reader: Iterator[list[str]]) -> Iterator[tuple[int, int, int, int, int]]:
            for code, part, upc, sku, on_hand, _, safety_stock, floor, _ in reader:
                yield (
                    locations.setdefault(code, len(locations)),
                    products.setdefault((part, upc, sku), len(products)),
                    int(on_hand),
                    int(safety_stock),
                    int(floor),
                )

        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
            reader = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))
            next(reader)
            self._connection.execute("BEGIN")
            self._connection.executemany("INSERT INTO stock VALUES (?, ?, ?, ?, ?)", rows(reader))
            self._connection.executemany(
                "INSERT INTO products VALUES (?, ?, ?, ?)", ((number, *names) for names, number in products.items())
            )
            self._connection.execute("COMMIT")
        (count,) = self._connection.execute("SELECT count(*) FROM stock").fetchone()
        return int(count)

    def look_up(self, places: Sequence[tuple[int, int]]) -> None:
        """Read single records."""
        execute = self._connection.execute
        for place in places:
            execute(_LOOK_UP, place).fetchone()

    def delete(self, part_numbers: Sequence[str], locations: int) -> int:
        """Delete products everywhere, location by location; return how many records that were."""
        execute = self._connection.execute
        found = execute(
            "SELECT id FROM products WHERE part_number IN (SELECT value FROM json_each(?))",
            (json.dumps(part_numbers),),
        ).fetchall()
        meant = json.dumps([number for (number,) in found])
        return sum(execute(_DELETE, (place, meant)).rowcount for place in range(locations))

    def close(self) -> None:
        """Give the memory back."""
        self._connection.close()
