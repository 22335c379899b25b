"""Reads a YAML document as plain values and remembers where each of them stood, for errors that name line and column.

Only what a scenario needs is accepted: maps with text keys, lists, text, numbers, booleans and null. Moments stay text.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kibo_scenarios.errors import ScenarioFileError

MOST_BYTES: Final = 1 << 20
# Aliases can make a short document huge ("billion laughs"); a scenario has a few hundred values.
MOST_VALUES: Final = 100_000

_TAG: Final = "tag:yaml.org,2002:"
_TRUE: Final = frozenset({"true", "True", "TRUE"})


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The plain value of a document and the line and column, from 1, of every value in it by JSON path."""

    file: str
    value: Any
    places: dict[str, tuple[int, int]]

    def error(self, path: str, message: str) -> ScenarioFileError:
        """Return an error that stands at a path, or at the nearest enclosing value whose place is known."""
        known = path
        while known not in self.places and known not in {"", "$"}:
            known = known[: max(known.rfind("."), known.rfind("["))]
        line, column = self.places.get(known, (1, 1))
        return ScenarioFileError(self.file, line, column, path, message)


def read_yaml(file: Path, name: str | None = None) -> YamlDocument:
    """Read one document.

    Args:
        file: What to read.
        name: How errors call it; the path itself when absent.

    Raises:
        ScenarioFileError: It cannot be read, is not YAML, or holds something that no scenario needs.
    """
    name = name or str(file)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ScenarioFileError(name, 0, 0, "", error.strerror or str(error)) from None
    if len(raw) > MOST_BYTES:
        raise ScenarioFileError(
            name, 0, 0, "", f"{len(raw):,} bytes are too many; a scenario has at most {MOST_BYTES:,}"
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ScenarioFileError(name, line, 1, "", "this is not UTF-8 text") from None
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ScenarioFileError(name, line, column, "", f"not YAML: {error.problem or error.context}") from None
    except (YAMLError, RecursionError) as error:
        raise ScenarioFileError(name, 1, 1, "", f"not YAML: {error}".splitlines()[0]) from None
    if root is None:
        raise ScenarioFileError(name, 1, 1, "", "the file is empty; a scenario was expected")
    reader = _Reader(name)
    try:
        value = reader.value(root, "$")
    except RecursionError:
        raise ScenarioFileError(name, 1, 1, "$", "the document is nested too deeply or contains itself") from None
    return YamlDocument(name, value, reader.places)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name = name
        self.places: dict[str, tuple[int, int]] = {}

    def value(self, node: Node, path: str) -> Any:
        self.places[path] = _place(node)
        if len(self.places) > MOST_VALUES:
            raise ScenarioFileError(
                self.name, *_place(node), path, f"the document has more than {MOST_VALUES:,} values"
            )
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
                raise ScenarioFileError(self.name, *_place(key), path, "keys must be text (quote it if it is meant so)")
            inner = f"{path}.{key.value}"
            if key.value in result:
                raise ScenarioFileError(self.name, *_place(key), inner, "this key stands here twice")
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
            raise ScenarioFileError(self.name, *_place(node), path, f"{text!r} is not a number we can read") from None
        if kind == "bool":
            return text in _TRUE
        if kind == "null":
            return None
        if kind in {"str", "timestamp"}:
            return text
        raise ScenarioFileError(self.name, *_place(node), path, f"the tag {node.tag} is not accepted here")


def _place(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
