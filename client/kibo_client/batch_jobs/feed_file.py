"""Reads what is to be fed from CSV or JSON lines, and writes failures in the same form, to be corrected and fed again.

A CSV file has a row for each change: the columns `resource` and `action`, and of the others those that the resource
knows (`COLUMNS`). JSON lines have one object each: `resource`, `action` and `body`, which is sent as it is.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Literal

from kibo_client.batch_jobs.items import ACTIONS, RESOURCES, FeedItem, Resource
from kibo_client.errors import KiboClientError

LARGEST_LINE = 1 << 20
MOST_ITEMS = 1_000_000
STANDARD_INPUT = "-"

Kind = Literal["text", "number", "whole", "flag", "values"]
COLUMNS: dict[Resource, dict[str, tuple[tuple[str, ...], Kind]]] = {
    "Products": {
        "productCode": (("productCode",), "text"),
        "productName": (("content", "productName"), "text"),
        "localeCode": (("content", "localeCode"), "text"),
        "description": (("content", "productShortDescription"), "text"),
        "upc": (("upc",), "text"),
        "productUsage": (("productUsage",), "text"),
        "productTypeId": (("productTypeId",), "whole"),
        "isTaxable": (("isTaxable",), "flag"),
        "currencyCode": (("price", "isoCurrencyCode"), "text"),
        "price": (("price", "price"), "number"),
        "salePrice": (("price", "salePrice"), "number"),
        "msrp": (("price", "msrp"), "number"),
    },
    "ProductProperty": {
        "productCode": (("productCode",), "text"),
        "attributeFQN": (("attributeFQN",), "text"),
        "values": (("values",), "values"),
    },
    "Pricelistentries": {
        "priceListCode": (("priceListCode",), "text"),
        "productCode": (("productCode",), "text"),
        "currencyCode": (("currencyCode",), "text"),
        "startDate": (("startDate",), "text"),
        "endDate": (("endDate",), "text"),
        "msrp": (("msrp",), "number"),
        "cost": (("cost",), "number"),
        "minQty": (("priceEntries", "0", "minQty"), "whole"),
        "listPrice": (("priceEntries", "0", "listPrice"), "number"),
        "salePrice": (("priceEntries", "0", "salePrice"), "number"),
    },
}
"""The columns of a CSV file by resource: where in the body each goes, and how it is read."""

ERROR = "error"
"""A column, or a key, that is written for people and overlooked when the file is read again."""

_EVERY = {name for columns in COLUMNS.values() for name in columns} | {"resource", "action", ERROR}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?")


class FeedFileError(KiboClientError):
    """A feed that cannot be read.

    Attributes:
        file: The file.
        line: The line at fault; 0 where the file as a whole is meant.
        message: What is wrong and what is accepted.
    """

    def __init__(self, file: Path | str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = str(file)
        self.line = line
        self.message = message


def read_feed(path: Path) -> list[FeedItem]:
    """Read a feed; `-` is standard input.

    Raises:
        FeedFileError: At the first line that cannot be meant.
    """
    name = "standard input" if str(path) == STANDARD_INPUT else str(path)
    try:
        if str(path) == STANDARD_INPUT:
            return _read(name, io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8-sig", newline=""))
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read(name, file)
    except OSError as error:
        raise FeedFileError(name, 0, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FeedFileError(name, 0, f"is not UTF-8: {error.reason} at byte {error.start}") from error


def is_csv(path: Path) -> bool:
    """Whether a file to be written is CSV, by its name; anything else is JSON lines."""
    return path.suffix.lower() == ".csv"


def write_failures(path: Path, failures: Iterable[tuple[FeedItem, str]]) -> int:
    """Write items with what was wrong with them, in the form that `read_feed` reads; how many.

    A CSV file takes only what fits its columns.

    Raises:
        FeedFileError: The file cannot be written, or an item does not fit into CSV.
    """
    rows = list(failures)
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if is_csv(path):
                _write_csv(path, file, rows)
            else:
                for item, reason in rows:
                    record = {"resource": item.resource, "action": item.action, "body": item.body, ERROR: reason}
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")
    except OSError as error:
        raise FeedFileError(path, 0, f"cannot be written: {error.strerror}") from error
    return len(rows)


def _read(name: str, file: IO[str]) -> list[FeedItem]:
    first = file.readline(LARGEST_LINE)
    rest = _lines(name, first, file)
    records = _json_records(name, rest) if first.lstrip().startswith("{") else _csv_records(name, rest)
    items: list[FeedItem] = []
    for item in records:
        if (missing := item.missing()) is not None:
            raise FeedFileError(name, item.line, f"{missing} is needed to {item.action} in {item.resource}")
        if len(items) >= MOST_ITEMS:
            raise FeedFileError(name, item.line, f"is too long: a feed has at most {MOST_ITEMS:,} items")
        items.append(item)
    if not items:
        raise FeedFileError(name, 0, "has no items; nothing to do")
    return items


def _lines(name: str, first: str, file: IO[str]) -> Iterator[str]:
    number = 0
    line = first
    while line:
        number += 1
        if len(line) >= LARGEST_LINE:
            raise FeedFileError(name, number, f"is longer than {LARGEST_LINE} characters")
        yield line
        line = file.readline(LARGEST_LINE)


def _json_records(name: str, lines: Iterable[str]) -> Iterator[FeedItem]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            said = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
            raise FeedFileError(name, number, f"is not JSON: {said}") from None
        if not isinstance(record, dict) or not isinstance(record.get("body"), dict):
            raise FeedFileError(name, number, "expected an object with resource, action and body")
        if unknown := sorted(record.keys() - {"resource", "action", "body", ERROR}):
            raise FeedFileError(name, number, f"{unknown[0]!r} is not known; accepted are resource, action and body")
        yield _item(name, number, record.get("resource"), record.get("action"), record["body"])


def _csv_records(name: str, lines: Iterable[str]) -> Iterator[FeedItem]:
    reader = csv.reader(lines, strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(name, header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > len(header):
                raise FeedFileError(name, reader.line_num, f"has {len(cells)} cells under {len(header)} columns")
            row = {column: cell.strip() for column, cell in zip(header, cells, strict=False) if cell.strip()}
            row.pop(ERROR, None)
            item = _item(name, reader.line_num, row.pop("resource", None), row.pop("action", None), {})
            yield FeedItem(item.resource, item.action, _body(name, item, row), item.line)
    except csv.Error as error:
        raise FeedFileError(name, reader.line_num, f"is not CSV: {error}") from error


def _check_header(name: str, header: list[str]) -> None:
    for column in ("resource", "action"):
        if column not in header:
            raise FeedFileError(name, 1, f"a column {column!r} is needed")
    for column in header:
        if column not in _EVERY:
            raise FeedFileError(name, 1, f"column {column!r} is not known; known are {', '.join(sorted(_EVERY))}")
        if header.count(column) > 1:
            raise FeedFileError(name, 1, f"column {column!r} is there twice")


def _item(name: str, line: int, resource: Any, action: Any, body: dict[str, Any]) -> FeedItem:
    found = next((each for each in RESOURCES if each.lower() == str(resource or "").lower()), None)
    if found is None:
        raise FeedFileError(name, line, f"resource {resource!r} is none of {', '.join(RESOURCES)}")
    done = next((each for each in ACTIONS if each == str(action or "").lower()), None)
    if done is None:
        raise FeedFileError(name, line, f"action {action!r} is none of {', '.join(ACTIONS)}")
    return FeedItem(found, done, body, line)


def _body(name: str, item: FeedItem, row: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {}
    columns = COLUMNS[item.resource]
    for column, cell in row.items():
        if column not in columns:
            raise FeedFileError(
                name, item.line, f"column {column!r} means nothing for {item.resource}; {', '.join(columns)} do"
            )
        path, kind = columns[column]
        _put(body, path, _value(name, item.line, column, cell, kind))
    return body


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    if len(path) == 3:
        # The one list there is: the first price of an entry.
        entries = body.setdefault(path[0], [{}])
        entries[0][path[2]] = value
    elif len(path) == 2:
        body.setdefault(path[0], {})[path[1]] = value
    else:
        body[path[0]] = value


def _value(name: str, line: int, column: str, cell: str, kind: Kind) -> Any:
    if kind == "text":
        return cell
    if kind == "values":
        return [{"value": each.strip()} for each in cell.split("|") if each.strip()]
    if kind == "flag":
        if cell.lower() not in {"true", "false"}:
            raise FeedFileError(name, line, f"{column} {cell!r} is not true or false")
        return cell.lower() == "true"
    if not _NUMBER.fullmatch(cell) or (kind == "whole" and "." in cell):
        wanted = "a whole number" if kind == "whole" else "a number such as 19.95"
        raise FeedFileError(name, line, f"{column} {cell!r} is not {wanted}")
    return float(cell) if "." in cell else int(cell)


def _write_csv(path: Path, file: IO[str], rows: list[tuple[FeedItem, str]]) -> None:
    cells = [(item, reason, _cells(path, item)) for item, reason in rows]
    used = {column for _, _, row in cells for column in row}
    header = ["resource", "action", *(name for name in _ORDER if name in used), ERROR]
    writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
    writer.writeheader()
    for item, reason, row in cells:
        writer.writerow({"resource": item.resource, "action": item.action, **row, ERROR: reason})


_ORDER = list(dict.fromkeys(name for resource in RESOURCES for name in COLUMNS[resource]))


def _cells(path: Path, item: FeedItem) -> dict[str, str]:
    """The row of an item."""
    rebuilt: dict[str, Any] = {}
    row: dict[str, str] = {}
    for column, (place, kind) in COLUMNS[item.resource].items():
        value = _got(item.body, place)
        if value is None:
            continue
        _put(rebuilt, place, value)
        row[column] = _text(value, kind)
        cell = row[column]
        # Blanks around a cell, line ends in it and an empty one would not come back as they were.
        readable = bool(cell) and cell.isprintable() and cell == cell.strip()
        if not readable or _value(str(path), item.line, column, cell, kind) != value:
            rebuilt.clear()
            break
    if rebuilt != item.body:
        raise FeedFileError(path, 0, f"line {item.line} of the feed does not fit into CSV; write to a .jsonl file")
    return row


def _got(body: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        body = body[0] if step == "0" and isinstance(body, list) and len(body) == 1 else body
        if step != "0":
            body = body.get(step) if isinstance(body, dict) else None
    return body


def _text(value: Any, kind: Kind) -> str:
    if kind == "values":
        return "|".join(str(each.get("value")) for each in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
