"""Reads inventory records from XML by content, as Kibo publishes no element names (Kibo's import file guide, C2).

An element that has a part number, a UPC or a SKU is a record; its location is its own LocationCode or that of the
nearest element around it. Names count without case and namespace; attributes count like children.

Laws of this file: no document type and no entity is accepted; depth and sizes are bounded; nothing is kept but the
path from the root to the present element.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from kibo_client.errors import ExportFileError
from kibo_client.source import LARGEST_FIELD, MOST_ROWS
from kibo_client.targets import Target

_PIECE = 1 << 16
_DEEPEST = 16
_MOST_FIELDS = 200
_IDENTIFIERS = ("partnumber", "upc", "sku")
_LOCATION = "locationcode"


@dataclass(slots=True)
class _Element:
    name: str
    line: int
    fields: dict[str, str]
    text: list[str] = field(default_factory=list)
    length: int = 0
    has_children: bool = False


@dataclass(frozen=True, slots=True)
class XmlRecord:
    """One record: its line, its location (empty if none was found), and its fields by lower-case name."""

    line: int
    location_code: str
    fields: dict[str, str]


class _Reader:
    """Collects records while expat reports elements."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._path: list[_Element] = []
        self.records: list[XmlRecord] = []
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_document_type
        self.parser.StartElementHandler = self._begin
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _refuse_document_type(self, *_: object) -> None:
        raise ExportFileError(
            self._name, self.parser.CurrentLineNumber, "has a document type, which is not accepted; remove <!DOCTYPE>"
        )

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        line = self.parser.CurrentLineNumber
        if len(self._path) >= _DEEPEST:
            raise ExportFileError(self._name, line, f"is nested deeper than {_DEEPEST} elements")
        if self._path:
            self._path[-1].has_children = True
        fields = {_local(key): value for key, value in attributes.items()}
        self._path.append(_Element(_local(name), line, fields))

    def _text(self, text: str) -> None:
        element = self._path[-1]
        if element.has_children:
            return
        element.length += len(text)
        if element.length > LARGEST_FIELD:
            raise ExportFileError(
                self._name, self.parser.CurrentLineNumber, f"{element.name} is longer than {LARGEST_FIELD} characters"
            )
        element.text.append(text)

    def _end(self, _name: str) -> None:
        element = self._path.pop()
        if any(key in element.fields for key in _IDENTIFIERS):
            around = [element, *reversed(self._path)]
            location = next((e.fields[_LOCATION] for e in around if e.fields.get(_LOCATION)), "")
            self.records.append(XmlRecord(element.line, location, element.fields))
        elif not element.has_children and self._path:
            above = self._path[-1]
            text = "".join(element.text)
            if len(above.fields) >= _MOST_FIELDS:
                raise ExportFileError(self._name, element.line, f"has more than {_MOST_FIELDS} fields in one element")
            above.fields.setdefault(element.name, text if text.strip() else "")


def _local(name: str) -> str:
    return name.rpartition("}")[2].casefold().replace("_", "")


def xml_records(name: str, binary: IO[bytes]) -> Iterator[XmlRecord]:
    """Yield the records of an XML file.

    Raises:
        ExportFileError: It is not XML, or has what is not accepted; the error says where.
    """
    reader = _Reader(name)
    rows = 0
    try:
        while piece := binary.read(_PIECE):
            reader.parser.Parse(piece, False)
            rows += len(reader.records)
            if rows > MOST_ROWS:
                raise ExportFileError(name, reader.parser.CurrentLineNumber, f"more than {MOST_ROWS} records")
            yield from reader.records
            reader.records.clear()
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ExportFileError(name, error.lineno, f"is not XML: {expat.errors.messages[error.code]}") from error
    yield from reader.records
    if not rows and not reader.records:
        raise ExportFileError(
            name, 0, "holds no element with a PartNumber, UPC or SKU; an inventory export is expected"
        )


def xml_targets(name: str, binary: IO[bytes]) -> Iterator[Target]:
    """Yield the records of a Location Export in XML.

    Raises:
        ExportFileError: As for `xml_records`, or a record has no location or no usable identifier.
    """
    for record in xml_records(name, binary):
        if not record.location_code:
            raise ExportFileError(name, record.line, "has no LocationCode, nor has an element around it")
        found = [record.fields.get(key) or None for key in _IDENTIFIERS]
        for key, value in zip((_LOCATION, *_IDENTIFIERS), (record.location_code, *found), strict=True):
            if value is not None and not value.isprintable():
                raise ExportFileError(name, record.line, f"{key} has a control character in it")
        if not any(found):
            raise ExportFileError(name, record.line, "has neither a PartNumber nor a UPC nor a SKU; one is needed")
        yield Target(record.location_code, *found)
