"""Reads what a file is to be made of: CSV with a header, or JSON lines; every fault with file and line."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from kibo_client.errors import InventoryFileError
from kibo_client.files.items import BY_KEY, FileItem, key_of

LONGEST_LINE = 1 << 20


def read_items(source: Path, tags: Sequence[str] = ()) -> Iterator[tuple[int, FileItem]]:
    """The rows of a source with their lines; `-` is standard input, JSON lines or CSV by the first character.

    Args:
        source: a file whose name ends in .csv, or .jsonl, .ndjson or .json.
        tags: the names of tag categories that may be columns.

    Raises:
        InventoryFileError: The file cannot be read, or a line is not what is expected.
    """
    name = "standard input" if str(source) == "-" else str(source)
    with _text(source, name) as stream:
        try:
            lines = _lines(name, stream)
            first = next(lines, "")
            if source.suffix in {".jsonl", ".ndjson", ".json"} or (
                str(source) == "-" and first.lstrip().startswith("{")
            ):
                yield from _json_lines(name, first, lines, tags)
            else:
                yield from _csv(name, first, lines, tags)
        except UnicodeDecodeError as error:
            raise InventoryFileError(name, 0, f"is not UTF-8: {error.reason}") from error


@contextmanager
def _text(source: Path, name: str) -> Iterator[TextIO]:
    if str(source) == "-":
        yield sys.stdin
        return
    try:
        with source.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except OSError as error:
        raise InventoryFileError(name, 0, f"cannot be read: {error.strerror or error}") from error


def _lines(name: str, stream: TextIO) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise InventoryFileError(name, number, f"is longer than {LONGEST_LINE:,} characters")
        yield line


def _fields(name: str, line: int, titles: Sequence[str], tags: Sequence[str]) -> list[tuple[str, bool]]:
    """For each title the field or tag it means."""
    known = {key_of(tag): tag for tag in tags}
    found: list[tuple[str, bool]] = []
    for title in titles:
        key = key_of(title)
        if key in BY_KEY:
            found.append((BY_KEY[key], False))
        elif key in known:
            found.append((known[key], True))
        else:
            accepted = ", ".join([*BY_KEY.values(), *tags])
            raise InventoryFileError(name, line, f"has a field {title[:60]!r}; accepted are {accepted} (tags by --tag)")
    names = [field for field, _ in found]
    doubled = next((field for field in names if names.count(field) > 1), None)
    if doubled is not None:
        raise InventoryFileError(name, line, f"has {doubled} twice")
    return found


def _csv(name: str, first: str, lines: Iterator[str], tags: Sequence[str]) -> Iterator[tuple[int, FileItem]]:
    def every() -> Iterator[str]:
        if first:
            yield first
        yield from lines

    reader = csv.reader(every(), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise InventoryFileError(name, 1, "is empty; a header such as LocationCode,UPC,Quantity is expected")
        fields = _fields(name, 1, header, tags)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(fields):
                raise InventoryFileError(
                    name, reader.line_num, f"has {len(cells)} fields where the header has {len(fields)}"
                )
            yield reader.line_num, _item(zip(fields, cells, strict=True))
    except csv.Error as error:
        raise InventoryFileError(name, reader.line_num, f"is not CSV: {error}") from error


def _json_lines(name: str, first: str, lines: Iterator[str], tags: Sequence[str]) -> Iterator[tuple[int, FileItem]]:
    number = 0
    for line in (first, *()):
        number += 1
        yield from _json_line(name, number, line, tags)
    for line in lines:
        number += 1
        yield from _json_line(name, number, line, tags)


def _json_line(name: str, number: int, line: str, tags: Sequence[str]) -> Iterator[tuple[int, FileItem]]:
    if not line.strip():
        return
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InventoryFileError(name, number, f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InventoryFileError(name, number, "is not a JSON object")
    told = {**value, **(value.pop("tags", None) or {})} if isinstance(value.get("tags"), dict) else value
    present = {title: content for title, content in told.items() if content is not None and title != "tags"}
    fields = _fields(name, number, list(present), tags)
    yield number, _item(zip(fields, (_cell(name, number, content) for content in present.values()), strict=True))


def _cell(name: str, number: int, content: Any) -> str:
    if isinstance(content, (bool, dict)):
        raise InventoryFileError(name, number, f"holds {json.dumps(content)[:60]} where a text or number is expected")
    if isinstance(content, list):
        return ";".join(str(part) for part in content)
    return str(content)


def _item(pairs: Iterator[tuple[tuple[str, bool], str]] | Any) -> FileItem:
    cells: dict[str, str] = {}
    tagged: dict[str, str] = {}
    for (field, is_tag), text in pairs:
        # Blanks around an identifier belong to it, nothing but blanks is nothing.
        kept = text if text.strip() else ""
        (tagged if is_tag else cells)[field] = kept
    return FileItem(cells, tagged)
