"""Reads what is to be deleted from any accepted list: CSV, XML, zip, JSON lines, plain identifiers, a pipe (C2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from kibo_client.errors import ExportFileError
from kibo_client.export_file import csv_targets, identifiers_in
from kibo_client.identifiers import Kind
from kibo_client.source import LARGEST_FIELD, MOST_ROWS, Format, opened, text_of
from kibo_client.targets import Target
from kibo_client.xml_records import xml_targets

LONGEST_LINE = 65_536


@dataclass(frozen=True, slots=True)
class PlainList:
    """How to read a file that holds one identifier per line and nothing else.

    Attributes:
        kind: What the lines are: "part_number", "upc" or "sku".
        locations: Where each of them is meant.
    """

    kind: str
    locations: tuple[str, ...]


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=False, rename="camel"):
    location_code: str
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None


_ROW: msgspec.json.Decoder[_Row] = msgspec.json.Decoder(_Row)


def read_targets(path: Path | str, plain: PlainList | None = None) -> Iterator[Target]:
    """Yield the records that a list names, row by row, in bounded memory.

    Args:
        path: A Location Export (CSV or XML, or a zip that holds one), JSON lines with `locationCode` and at least one
            of `partNumber`, `upc` and `sku`, or "-" for any of these on standard input.
        plain: Given for a list of bare identifiers, one per line.

    Raises:
        ExportFileError: The file is missing, of no such format, or has a broken row; the error says where.
    """
    with opened(path) as (name, binary, known):
        if plain is not None:
            yield from _plain(name, binary, plain)
        elif known is Format.XML:
            yield from xml_targets(name, binary)
        elif known is Format.JSON_LINES:
            yield from _json_lines(name, binary)
        else:
            yield from csv_targets(name, binary)


def identifiers_told(path: Path | str, targets: Iterable[Target], plain: PlainList | None = None) -> frozenset[str]:
    """Which identifiers a list tells in full: "part_number", "upc", "sku".

    A CSV file tells those it has columns for; other files those that each row has, or any, if none is in each.
    """
    if plain is not None:
        return frozenset((plain.kind,))
    # Standard input can be read once only, so that its header is gone.
    if str(path) != "-" and _format_of(path) is Format.CSV:
        return identifiers_in(path)
    always, ever = set(Kind), set[Kind]()
    for target in targets:
        has = {kind for kind in Kind if kind.of(target.product) is not None}
        always &= has
        ever |= has
    return frozenset(kind.value for kind in always or ever)


def _format_of(path: Path | str) -> Format:
    with opened(path) as (_, _, known):
        return known


def lines_of(name: str, binary: IO[bytes]) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers, without their ends; empty ones are left out.

    Raises:
        ExportFileError: A line is too long, or the text is not UTF-8, or has too many lines.
    """
    number = 0
    with text_of(binary) as text:
        try:
            while line := text.readline(LONGEST_LINE):
                number += 1
                if len(line) >= LONGEST_LINE:
                    raise ExportFileError(name, number, f"is longer than {LONGEST_LINE} characters")
                if number > MOST_ROWS:
                    raise ExportFileError(name, number, f"more than {MOST_ROWS} lines")
                if bare := line.rstrip("\r\n"):
                    yield number, bare
        except UnicodeDecodeError as error:
            raise ExportFileError(name, number + 1, f"is not UTF-8: {error.reason}") from error


def _plain(name: str, binary: IO[bytes], plain: PlainList) -> Iterator[Target]:
    field = Kind(plain.kind).value
    for number, value in lines_of(name, binary):
        if len(value) > LARGEST_FIELD:
            raise ExportFileError(name, number, f"is longer than {LARGEST_FIELD} characters")
        if not value.isprintable():
            raise ExportFileError(name, number, "has a control character in it; one identifier per line is expected")
        if not value.strip():
            continue
        for location in plain.locations:
            yield Target(location, **{field: value})


def _json_lines(name: str, binary: IO[bytes]) -> Iterator[Target]:
    for number, line in lines_of(name, binary):
        try:
            row = _ROW.decode(line)
        except msgspec.DecodeError as error:
            raise ExportFileError(name, number, f"{error}; locationCode and an identifier are expected") from error
        for value in (row.location_code, row.part_number, row.upc, row.sku):
            if value is not None and not (len(value) <= LARGEST_FIELD and value.isprintable()):
                raise ExportFileError(name, number, "has a control character in it, or a field that is too long")
        if not row.location_code.strip():
            raise ExportFileError(name, number, "has no locationCode")
        if not (row.part_number or row.upc or row.sku):
            raise ExportFileError(name, number, "has neither a partNumber nor a upc nor a sku; at least one is needed")
        yield Target(row.location_code, row.part_number or None, row.upc or None, row.sku or None)
