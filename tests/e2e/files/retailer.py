"""A retailer that feeds Kibo by files: what it sends, and what it believes its stock to be."""

from collections.abc import Iterable
from pathlib import Path
from random import Random

from kibo_client import Target
from kibo_client.files.items import FileItem
from kibo_client.files.making import MadeFile, make_file
from kibo_client.files.names import Kind

Key = tuple[str, str]
TENANT = 1001
HOUR = 3_600_000_000


class Retailer:
    """The books of a retailer: location and UPC to quantity on hand."""

    def __init__(self, stock: dict[Key, int], seed: int) -> None:
        self.stock = dict(stock)
        self._random = Random(seed)
        self._products = len({upc for _, upc in stock})

    def refresh(self, folder: Path, now: int) -> MadeFile:
        """Count everything anew and make a Refresh of it."""
        self.stock = {key: self._random.randrange(500) for key in self.stock}
        return self._file("REFRESH", self.stock, folder, now)

    def update(self, folder: Path, now: int) -> MadeFile:
        """Sell and receive some, and make an Update of it; also in formats of its other system."""
        keys = sorted(self.stock)
        changes = {key: self._random.randrange(-20, 30) for key in self._random.sample(keys, min(12, len(keys)))}
        for key, change in changes.items():
            self.stock[key] += change
        return self._file("UPDATE", changes, folder, now)

    def discontinued(self, export: Iterable[Target], *, products: int) -> list[Target]:
        """Drop some products of an export from the range, and say which records are to go."""
        targets = list(export)
        upcs = sorted({target.upc for target in targets if target.upc})
        gone = set(self._random.sample(upcs, products))
        self.stock = {key: quantity for key, quantity in self.stock.items() if key[1] not in gone}
        return [target for target in targets if target.upc in gone]

    def _file(self, kind: Kind, quantities: dict[Key, int], folder: Path, now: int) -> MadeFile:
        rows = (
            (line, FileItem({"LocationCode": code, "UPC": upc, "Quantity": str(quantity)}, {}))
            for line, ((code, upc), quantity) in enumerate(sorted(quantities.items()), 2)
        )
        form = self._random.choice(("csv", "xml"))
        return make_file(
            rows,
            source="the books",
            tenant=TENANT,
            kind=kind,
            form="csv" if form == "csv" else "xml",
            folder=folder,
            now=now,
        )
