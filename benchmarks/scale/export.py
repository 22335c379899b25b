"""Writes a zipped Location Export of any size without holding more than one location of it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

HEADER = '"LocationCode","PartNumber","UPC","SKU","OnHand","Available","SafetyStock","Floor","LTD"\n'


@dataclass(frozen=True, slots=True)
class Size:
    """A catalogue that every location carries in full."""

    products: int
    locations: int

    @property
    def records(self) -> int:
        """How many records that makes."""
        return self.products * self.locations


def location_code(number: int) -> str:
    """The code of a location."""
    return f"ST-{number:04d}"


def part_number(number: int) -> str:
    """The part number of a product."""
    return f"PN-{number:06d}"


def write_export(path: Path, size: Size) -> None:
    """Write the export: location by location, everything quoted, as `write_location_export` does."""
    names = [f'"{part_number(n)}","{n:012d}","SKU-{n:06d}"' for n in range(size.products)]
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("location-export.csv", "w", force_zip64=True) as file,
    ):
        file.write(HEADER.encode())
        for place in range(size.locations):
            code = location_code(place)
            file.write(
                "".join(
                    f'"{code}",{name},"{on_hand}","{on_hand - 2}","2","0","0"\n'
                    for number, name in enumerate(names)
                    for on_hand in ((number * 7 + place * 13) % 500,)
                ).encode()
            )
