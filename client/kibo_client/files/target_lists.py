"""Writes target lists: CSV that the bulk client reads again, or JSON lines for other programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TextIO

from kibo_client.errors import InventoryFileError
from kibo_client.targets import Target

HEADER = ("LocationCode", "PartNumber", "UPC", "SKU")


def write_targets(
    targets: Iterable[Target], form: Literal["csv", "jsonl"], output: Path | None, screen: TextIO
) -> tuple[int, int]:
    """Write targets to a file, complete or not at all, or to the screen; returns how many at how many locations.

    Raises:
        InventoryFileError: The file cannot be written.
    """
    if output is None:
        return _write(targets, form, screen)
    growing = output.with_name(f".{output.name}.part")
    try:
        try:
            with growing.open("w", encoding="utf-8", newline="") as stream:
                counts = _write(targets, form, stream)
            growing.replace(output)
        finally:
            growing.unlink(missing_ok=True)
    except OSError as error:
        raise InventoryFileError(output, 0, f"cannot be written: {error.strerror or error}") from error
    return counts


def _write(targets: Iterable[Target], form: Literal["csv", "jsonl"], stream: TextIO) -> tuple[int, int]:
    count = 0
    locations: set[str] = set()
    writer = csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n")
    if form == "csv":
        writer.writerow(HEADER)
    for target in targets:
        named = (target.part_number, target.upc, target.sku)
        if form == "csv":
            writer.writerow([target.location_code, *(text or "" for text in named)])
        else:
            keys = ("partNumber", "upc", "sku")
            body = {"locationCode": target.location_code}
            body |= {key: text for key, text in zip(keys, named, strict=True) if text}
            stream.write(json.dumps(body, ensure_ascii=False) + "\n")
        count += 1
        locations.add(target.location_code)
    return count, len(locations)
