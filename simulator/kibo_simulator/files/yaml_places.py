"""Reads a YAML document as plain values and remembers where each of them stood, for errors that name line and column.

Only what settings need is accepted: maps with text keys, lists, text, numbers, booleans and null. Moments stay text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kibo_simulator.plain_text import printable

MOST_BYTES: Final = 1 << 20
# Aliases can make a short document huge ("billion laughs"); a scenario has a few hundred values.
MOST_VALUES: Final = 100_000

_PLACED: Final = re.compile(r"(?P<message>.*?)(?: - at (?:`key` in )?`(?P<path>\$.*)`)?", re.DOTALL)
_FIELD: Final = re.compile(r"field `(.*)`", re.DOTALL)
# How what checks a whole section begins: the field that is at fault, and which of its values.
_OWN_FIELD: Final = re.compile(r"(?P<field>[a-z_][a-z0-9_]*(?:\[\d+\])?): (?P<message>.+)", re.DOTALL)
_TAG: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset({"true", "True", "TRUE"})


class YamlFileError(Exception):
    """A file that cannot be used: says the file, the place in it and what is accepted.

    ``line`` and ``column`` count from 1; 0 when the whole file or line is meant. ``path`` is the value's JSON path.
    """

    def __init__(self, file: Path | str, line: int, column: int, path: str, message: str) -> None:
        self.file = str(file)
        self.line = line
        self.column = column
        self.path = path
        place = f"{self.file}:{line}:{column}" if line else self.file
        super().__init__(f"{place}: {path}: {message}" if path else f"{place}: {message}")


Failure = Callable[[str, int, int, str, str], Exception]
"""Makes the error of a place: file, line, column, JSON path, message."""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The plain value of a document and the line and column, from 1, of every value in it by JSON path."""

    file: str
    value: Any
    places: dict[str, tuple[int, int]]
    failure: Failure = YamlFileError

    def error(self, path: str, message: str) -> Exception:
        """Return an error that stands at a path, or at the nearest enclosing value whose place is known."""
        known = path
        while known not in self.places and known not in {"", "$"}:
            known = known[: max(known.rfind("."), known.rfind("["))]
        line, column = self.places.get(known, (1, 1))
        return self.failure(self.file, line, column, printable(path), printable(message))

    def rejection(self, text: str, root: str = "$") -> Exception:
        """Return the error for what msgspec said of the value at ``root``."""
        match = _PLACED.fullmatch(text)
        assert match is not None
        path = (match["path"] or "$").replace("$", root, 1)
        message = match["message"]
        field = _FIELD.search(message)
        if "unknown field" in message and field:
            return self.error(f"{path}.{field[1]}", "this field is not known here")
        if "missing required field" in message and field:
            return self.error(path, f"the field {field[1]} is missing")
        own = _OWN_FIELD.fullmatch(message)
        if own:
            return self.error(f"{path}.{own['field']}", own["message"])
        return self.error(path, message[0].lower() + message[1:].replace("`", ""))


def read_yaml(
    file: Path, name: str | None = None, *, what: str = "configuration", failure: Failure = YamlFileError
) -> YamlDocument:
    """Read one document.

    Args:
        file: What to read.
        name: How errors call it; the path itself when absent.
        what: What the file should be, for errors.
        failure: What makes errors, for callers with errors of their own.

    Raises:
        YamlFileError: It cannot be read, is not YAML, or holds something that no settings need; or what ``failure``
            made instead.
    """
    name = name or str(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise failure(name, 0, 0, "", error.strerror or str(error)) from None
    return parse_yaml(raw, name, what=what, failure=failure)


def parse_yaml(raw: bytes, name: str, *, what: str = "configuration", failure: Failure = YamlFileError) -> YamlDocument:
    """Read one document from the bytes of a file that errors call ``name``.

    Raises:
        YamlFileError: As `read_yaml`.
    """
    if len(raw) > MOST_BYTES:
        raise failure(name, 0, 0, "", f"{len(raw):,} bytes are too many; {what} files have at most {MOST_BYTES:,}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise failure(name, line, 1, "", "this is not UTF-8 text") from None
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise failure(name, line, column, "", f"not YAML: {error.problem or error.context}") from None
    except (YAMLError, RecursionError) as error:
        raise failure(name, 1, 1, "", f"not YAML: {error}".splitlines()[0]) from None
    if root is None:
        raise failure(name, 1, 1, "", f"the file is empty; a {what} was expected")
    reader = _Reader(name, failure)
    try:
        value = reader.value(root, "$")
    except RecursionError:
        raise failure(name, 1, 1, "$", "the document is nested too deeply or contains itself") from None
    return YamlDocument(name, value, reader.places, failure)


class _Reader:
    def __init__(self, name: str, failure: Failure) -> None:
        self.name = name
        self.failure = failure
        self.places: dict[str, tuple[int, int]] = {}

    def value(self, node: Node, path: str) -> Any:
        """The plain value of a node; the places of all that is in it are kept by their paths."""
        self.places[path] = _place(node)
        if len(self.places) > MOST_VALUES:
            raise self.failure(self.name, *_place(node), path, f"the document has more than {MOST_VALUES:,} values")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.value(item, f"{path}[{index}]") for index, item in enumerate(node.value)]
        assert isinstance(node, ScalarNode)
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: str) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode) or key.tag != _TAG + "str":
                raise self.failure(self.name, *_place(key), path, "keys must be text (quote it if it is meant so)")
            inner = f"{path}.{key.value}"
            if key.value in result:
                raise self.failure(self.name, *_place(key), printable(inner), "this key stands here twice")
            result[key.value] = self.value(value, inner)
            # A key is where people look for a fault, except when its value is a plain one on the same line.
            if not isinstance(value, ScalarNode):
                self.places[inner] = _place(key)
        return result

    def _scalar(self, node: ScalarNode, path: str) -> Any:
        text: str = node.value
        kind = str(node.tag).removeprefix(_TAG)
        try:
            if kind == "int":
                return int(text.replace("_", ""), 0) if text.lstrip("+-")[:1] == "0" else int(text.replace("_", ""))
            if kind == "float":
                return float(text.replace("_", ""))
        except ValueError:
            raise self.failure(self.name, *_place(node), path, f"{text!r} is not a number we can read") from None
        if kind == "bool":
            return text in _TRUE
        if kind == "null":
            return None
        if kind in {"str", "timestamp"}:
            return text
        raise self.failure(self.name, *_place(node), path, f"the tag {node.tag} is not accepted here")


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
