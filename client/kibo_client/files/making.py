"""Makes a correct import file: named in Pacific time, zipped, complete before it has its name (C24 to C26)."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO, Literal

from kibo_client.errors import InventoryFileError
from kibo_client.files.items import FIELDS, FileItem, problems_of, signed
from kibo_client.files.names import Kind, base_name, trigger_of

Form = Literal["csv", "xml"]
_ROWS_AT_ONCE = 500
_ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", re.ASCII)


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A data file that was made, its trigger, and how many rows it has at how many locations."""

    data: Path
    trigger: Path
    rows: int
    locations: int


class _Rules:
    """What holds for the rows of one file together."""

    def __init__(self, source: str, kind: Kind) -> None:
        self._source = source
        self._kind = kind
        self._seen: set[bytes] = set()
        self.locations: set[str] = set()
        self.rows = 0

    def checked(self, items: Iterable[tuple[int, FileItem]]) -> Iterator[FileItem]:
        """The items, as long as they are good.

        Raises:
            InventoryFileError: At the first that is not.
        """
        for line, item in items:
            problems = problems_of(item, self._kind)
            if problems:
                raise InventoryFileError(self._source, line, "; ".join(problems))
            if self._kind == "REFRESH":
                digest = blake2b("\0".join(item.identity).encode(), digest_size=12).digest()
                if digest in self._seen:
                    raise InventoryFileError(
                        self._source, line, "names a record that an earlier line has; one total a record"
                    )
                self._seen.add(digest)
            self.locations.add(item.cells["LocationCode"])
            self.rows += 1
            yield item


def make_file(
    items: Iterable[tuple[int, FileItem]],
    *,
    source: str,
    tenant: int,
    kind: Kind,
    form: Form,
    folder: Path,
    now: int,
    tags: Sequence[str] = (),
) -> MadeFile:
    """Write a zipped import file and then its empty trigger.

    Args:
        items: the rows with their lines in the source.
        source: how messages call the source.
        tenant: whose stock it is.
        kind: a Refresh holds totals, an Update holds changes.
        form: CSV or XML.
        folder: where to.
        now: the instant for the name, microseconds since the epoch.
        tags: the tag categories that get a column.

    Raises:
        InventoryFileError: A row breaks a rule, there is none, or the file cannot be written; nothing is left behind.
    """
    base = base_name(tenant, kind, now)
    data = folder / f"{base}.zip"
    trigger = folder / trigger_of(data.name)
    growing = folder / f".{data.name}.part"
    rules = _Rules(source, kind)
    for tag in tags if form == "xml" else ():
        if not _ELEMENT.fullmatch(tag):
            raise InventoryFileError(source, 0, f"the tag category {tag[:60]!r} cannot be an XML element; use CSV")
    try:
        for path in (data, trigger):
            if path.exists():
                raise InventoryFileError(path, 0, "is there already; wait a second or choose another folder")
        try:
            with (
                zipfile.ZipFile(growing, "w", zipfile.ZIP_DEFLATED) as archive,
                archive.open(f"{base}.{form}", "w", force_zip64=True) as stream,
            ):
                write = _write_csv if form == "csv" else _write_xml
                write(stream, rules.checked(items), kind, tags)
            if not rules.rows:
                raise InventoryFileError(source, 0, "has no rows; nothing to make a file of")
            growing.replace(data)
        finally:
            growing.unlink(missing_ok=True)
        trigger.touch(exist_ok=False)
    except OSError as error:
        raise InventoryFileError(folder, 0, f"cannot be written to: {error.strerror or error}") from error
    return MadeFile(data, trigger, rules.rows, len(rules.locations))


def _write_csv(stream: IO[bytes], items: Iterable[FileItem], kind: Kind, tags: Sequence[str]) -> None:
    # Every value quoted, as the guide advises; a header makes the order of columns no matter.
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([*FIELDS, *tags])
    for count, item in enumerate(items, 1):
        writer.writerow([*(_cell(item, field, kind) for field in FIELDS), *(item.tags.get(tag, "") for tag in tags)])
        if not count % _ROWS_AT_ONCE:
            stream.write(buffer.getvalue().encode())
            buffer.seek(0)
            buffer.truncate()
    stream.write(buffer.getvalue().encode())


def _cell(item: FileItem, field: str, kind: Kind) -> str:
    text = item.cells.get(field, "")
    return signed(text) if kind == "UPDATE" and field == "Quantity" else text


def _write_xml(stream: IO[bytes], items: Iterable[FileItem], kind: Kind, tags: Sequence[str]) -> None:
    stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<Inventory>\n')
    location: str | None = None
    for item in items:
        if item.cells["LocationCode"] != location:
            if location is not None:
                stream.write(b"   </Location>\n")
            location = item.cells["LocationCode"]
            stream.write(f"   <Location>\n      <LocationCode>{_escaped(location)}</LocationCode>\n".encode())
        parts = ["      <Item>\n"]
        told = ((field, _cell(item, field, kind)) for field in FIELDS[1:])
        parts += [_element(field.replace("_", ""), text) for field, text in told if text]
        parts += [_element(tag, item.tags[tag]) for tag in tags if item.tags.get(tag)]
        parts.append("      </Item>\n")
        stream.write("".join(parts).encode())
    if location is not None:
        stream.write(b"   </Location>\n")
    stream.write(b"</Inventory>\n")


def _element(name: str, text: str) -> str:
    if name == "Attributes":
        listed = "".join(f"<Attribute>{_escaped(part)}</Attribute>" for part in text.split(";") if part)
        return f"         <Attributes>{listed}</Attributes>\n"
    return f"         <{name}>{_escaped(text)}</{name}>\n"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
