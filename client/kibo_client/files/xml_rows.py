"""Reads the items of inventory XML by what they hold; document types and entities are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from kibo_client.errors import InventoryFileError

_DEEPEST = 16
_LONGEST_TEXT = 1 << 16
_PIECE = 1 << 16
_SIGNS = frozenset({"partnumber", "upc", "sku", "quantity", "onhand"})


class _Element:
    """An element that is open, with the fields that it holds so far."""

    __slots__ = ("fields", "line", "name", "parts", "text")

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.text = ""
        self.fields: dict[str, str] = {}
        self.parts: list[str] = []


def read_xml(name: str, stream: IO[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each item with its line: its texts by the lower-case names of its fields, the location among them.

    Raises:
        InventoryFileError: The file is not well-formed, nested too deeply, or declares a document type.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    open_elements: list[_Element] = []
    items: list[tuple[int, dict[str, str]]] = []

    def refuse(message: str) -> InventoryFileError:
        return InventoryFileError(name, parser.CurrentLineNumber, message)

    def declared(*_: object) -> None:
        raise refuse("declares a document type; that is not accepted")

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(open_elements) >= _DEEPEST:
            raise refuse(f"is nested more than {_DEEPEST} deep")
        element = _Element(_plain(tag), parser.CurrentLineNumber)
        element.fields.update((_plain(key), text) for key, text in attributes.items())
        open_elements.append(element)

    def characters(text: str) -> None:
        element = open_elements[-1]
        element.text += text
        if len(element.text) > _LONGEST_TEXT:
            raise refuse(f"holds a text of more than {_LONGEST_TEXT:,} characters")

    def end(_: str) -> None:
        element = open_elements.pop()
        parent = open_elements[-1] if open_elements else None
        if parent is None:
            return
        if element.name == "attributes" and element.parts:
            parent.fields["attributes"] = ";".join(element.parts)
        elif element.name == "tags":
            parent.fields.update(element.fields)
        elif not _SIGNS.isdisjoint(element.fields):
            location = next(
                (one.fields["locationcode"] for one in reversed(open_elements) if "locationcode" in one.fields), ""
            )
            items.append((element.line, {"locationcode": location, **element.fields}))
        elif not element.fields:
            # Blanks may belong to an identifier; line ends and what goes with them are layout.
            text = element.text if element.text.isprintable() else element.text.strip()
            parent.fields[element.name] = text
            parent.parts.append(text)

    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    try:
        while piece := stream.read(_PIECE):
            parser.Parse(piece, False)  # expat's own way to say that more comes
            yield from items
            items.clear()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise InventoryFileError(
            name, error.lineno, f"is not well-formed XML: {expat.ErrorString(error.code)}"
        ) from error
    yield from items


def _plain(tag: str) -> str:
    return tag.rpartition(":")[2].replace("_", "").lower()
