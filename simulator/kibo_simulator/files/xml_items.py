"""Reads inventory XML by what it holds, not by what its elements are called, piece by piece.

Kibo names the fields but neither the root nor the elements around them. So: an element that holds a LocationCode names
the location of what follows in it, and one that holds an identifier or a quantity is an item. Laws of this file

1. No document type, no entities, nothing from outside: a file that declares any is refused.
2. Depth, attributes and texts are bounded; memory does not grow with the file.
3. Whatever is malformed refuses the whole file.
"""

from collections.abc import Callable, Iterator
from typing import IO, Final
from xml.parsers import expat

from kibo_simulator.files.packages import ImportFileError

DEEPEST: Final = 16
LONGEST_TEXT: Final = 1 << 16
_MOST_FIELDS: Final = 200
_PIECE: Final = 1 << 13
_SIGNS_OF_AN_ITEM: Final = frozenset({"partnumber", "upc", "sku", "quantity", "onhand"})
_LISTS: Final = frozenset({"attributes"})
_GROUPS: Final = frozenset({"tags"})
_LOCATION: Final = "locationcode"

XmlItem = tuple[int, str, dict[str, str]]
"""Line, location code (empty when none was named) and the texts of an item by the lower-case names of its fields."""


class _Frame:
    """One open element."""

    __slots__ = ("fields", "leaf", "line", "listed", "name", "size", "text")

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.text: list[str] = []
        self.size = 0
        self.leaf = True
        self.fields: dict[str, str] = {}
        self.listed: list[str] = []


class _Reader:
    """Turns what the parser tells into items."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._frames: list[_Frame] = []
        self.items: list[XmlItem] = []
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse("a document type")
        parser.EntityDeclHandler = self._refuse("an entity")
        parser.UnparsedEntityDeclHandler = self._refuse("an entity")
        parser.ExternalEntityRefHandler = self._refuse("an external entity")
        self.parser = parser

    def _refuse(self, what: str) -> Callable[..., int]:
        def refuse(*_: object) -> int:
            raise self._error(f"declares {what}; that is not accepted")

        return refuse

    def _error(self, message: str) -> ImportFileError:
        return ImportFileError(self._name, self.parser.CurrentLineNumber, message)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._frames) >= DEEPEST:
            raise self._error(f"is nested more than {DEEPEST} deep")
        if self._frames:
            self._frames[-1].leaf = False
        frame = _Frame(_plain(name), self.parser.CurrentLineNumber)
        for attribute, text in attributes.items():
            self._keep(frame, _plain(attribute), text)
        self._frames.append(frame)

    def _characters(self, text: str) -> None:
        frame = self._frames[-1]
        frame.size += len(text)
        if frame.size > LONGEST_TEXT:
            raise self._error(f"holds a text of more than {LONGEST_TEXT:,} characters")
        frame.text.append(text)

    def _keep(self, frame: _Frame, name: str, text: str) -> None:
        if len(text) > LONGEST_TEXT:
            raise self._error(f"holds a text of more than {LONGEST_TEXT:,} characters")
        frame.fields[name] = text
        if len(frame.fields) > _MOST_FIELDS:
            raise self._error(f"holds an element with more than {_MOST_FIELDS} fields")

    def _end(self, _: str) -> None:
        frame = self._frames.pop()
        parent = self._frames[-1] if self._frames else None
        text = _content("".join(frame.text)) if frame.leaf else ""
        if frame.leaf and (text or not frame.fields):
            if parent is not None:
                self._keep(parent, frame.name, text)
                if parent.name in _LISTS:
                    self._list(parent, text)
        elif parent is not None and frame.name in _LISTS:
            self._keep(parent, frame.name, "\n".join(frame.listed))
        elif parent is not None and frame.name in _GROUPS:
            for name, text in frame.fields.items():
                self._keep(parent, name, text)
        elif not _SIGNS_OF_AN_ITEM.isdisjoint(frame.fields):
            location = frame.fields.pop(_LOCATION, "") or self._location()
            self.items.append((frame.line, location, frame.fields))

    def _list(self, frame: _Frame, text: str) -> None:
        frame.listed.append(text)
        if len(frame.listed) > _MOST_FIELDS:
            raise self._error(f"lists more than {_MOST_FIELDS} attributes of an item")

    def _location(self) -> str:
        for frame in reversed(self._frames):
            if frame.fields.get(_LOCATION):
                return frame.fields[_LOCATION]
        return ""


def _content(text: str) -> str:
    # Blanks may belong to an identifier; line ends and what goes with them are layout.
    return text if text.isprintable() and text.strip() else text.strip()


def _plain(name: str) -> str:
    """A name without prefix, case and underscores: ``Delivery_Date`` and ``DeliveryDate`` are the same field."""
    return name.rpartition(":")[2].replace("_", "").lower()


def read_xml_items(name: str, stream: IO[bytes]) -> Iterator[XmlItem | None]:
    """The items of a file in order; None after each piece, for a caller who has others to look after.

    Raises:
        ImportFileError: the file breaks a law of this module.
    """
    reader = _Reader(name)
    try:
        while piece := stream.read(_PIECE):
            reader.parser.Parse(piece, False)
            yield from reader.items
            reader.items.clear()
            yield None
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise ImportFileError(name, error.lineno, f"is not well-formed XML: {expat.ErrorString(error.code)}") from error
    yield from reader.items
