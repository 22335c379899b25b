"""Kibo's published OpenAPI file of the inventory API as something to validate against: corrected, flat and closed.

The file lists properties but hardly requires or forbids any, so that an empty object would satisfy most of it. Here
objects are closed, and each property has a label, so that what is never told comes to light as well.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from .overlay import ADDED, MERGED, PATHS, REQUIRED, TYPES

_T = TypeVar("_T")
FILE = "openapi_inventory.json"
LABEL = "x-label"
_PLACEHOLDER = re.compile(r"\{[^{}/]*\}")
_METHODS = ("get", "post", "put", "delete")


def locate() -> Path | None:
    """Where the file is, if anywhere: in the folder that KIBO_SPEC_DIR names."""
    folder = os.environ.get("KIBO_SPEC_DIR")
    path = Path(folder) / FILE if folder else None
    return path if path is not None and path.is_file() else None


def shape(path: str) -> str:
    """A path template without the names of its placeholders."""
    return _PLACEHOLDER.sub("{}", path)


@dataclass(frozen=True, slots=True)
class Published:
    """One operation of the file: ``path`` as clients call it, schemas flat and closed, None where there is none."""

    method: str
    path: str
    query: frozenset[str]
    request: dict[str, Any] | None
    answer: dict[str, Any]
    statuses: frozenset[int]

    @property
    def name(self) -> str:
        """Method and path, as the file's own key would be."""
        return f"{self.method} {self.path}"


class Specification:
    """The file; ``corrected`` is false for how it is published."""

    def __init__(self, document: dict[str, Any], *, corrected: bool = True) -> None:
        self.document = document
        self._corrected = corrected

    @classmethod
    def read(cls, path: Path) -> "Specification":
        """The specification in a file."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def operations(self) -> dict[str, Published]:
        """Every operation by its name."""
        found = [
            self._published(method.upper(), "/api" + self._meant(PATHS, path, path), methods[method])
            for path, methods in self.document["paths"].items()
            for method in _METHODS
            if method in methods
        ]
        return {operation.name: operation for operation in found}

    def _published(self, method: str, path: str, described: Mapping[str, Any]) -> Published:
        label = f"{method} {path}"
        body = described.get("requestBody")
        request = self.flat(_content(self._resolved(body)), f"{label} request") if body else None
        return Published(
            method=method,
            path=path,
            query=frozenset(each["name"] for each in described.get("parameters", ()) if each["in"] == "query"),
            request=request,
            answer=self.flat(_content(described["responses"]["200"]), label),
            statuses=frozenset(int(status) for status in described["responses"]),
        )

    def flat(self, schema: Mapping[str, Any], label: str) -> dict[str, Any]:
        """A schema without references and compositions, its objects closed and their properties labelled."""
        if "$ref" in schema:
            label = schema["$ref"].rpartition("/")[2]
            return self.flat(self._resolved(schema), label)
        if "allOf" in schema or "properties" in schema:
            properties, required = self._merged(schema)
            if self._corrected:
                properties |= {name: value for name, (value, _) in _fields(ADDED, label).items()}
                for other in MERGED.get(label, ())[:1]:
                    properties |= self._merged(self.document["components"]["schemas"][other])[0]
            return {
                "type": "object",
                "properties": {
                    name: {**self._field(f"{label}.{name}", each), LABEL: f"{label}.{name}"}
                    for name, each in properties.items()
                },
                "required": sorted(self._meant(REQUIRED, label, required)),
                "additionalProperties": False,
            }
        plain = {key: value for key, value in schema.items() if key in {"type", "enum", "format"}}
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), dict):
                plain[key] = self.flat(schema[key], label)
        return plain

    def _field(self, label: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        return self.flat(self._meant(TYPES, label, schema), label)

    def _meant(self, corrections: Mapping[str, tuple[Any, str]], name: str, published: Any) -> Any:
        return corrections[name][0] if self._corrected and name in corrections else published

    def _merged(self, schema: Mapping[str, Any]) -> tuple[dict[str, Any], set[str]]:
        properties = dict(schema.get("properties", {}))
        required = set(schema.get("required", ()))
        for part in schema.get("allOf", ()):
            more, needed = self._merged(self._resolved(part))
            properties = {**more, **properties}
            required |= needed
        return properties, required

    def _resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in part:
            return part
        found: Any = self.document
        for key in part["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        assert isinstance(found, dict)
        return found


def _fields(notes: Mapping[str, _T], component: str) -> dict[str, _T]:
    """The notes about fields of one component, by the names of the fields."""
    return {
        name: note for label, note in notes.items() for owner, _, name in [label.partition(".")] if owner == component
    }


def _content(part: Mapping[str, Any]) -> Mapping[str, Any]:
    schema: Mapping[str, Any] = part["content"]["application/json"]["schema"]
    return schema


def fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The label and the schema of every field that a flat schema knows, at any depth."""
    for each in schema.get("properties", {}).values():
        yield each[LABEL], each
        yield from fields(each)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from fields(schema[key])


def told(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    """The labels of the properties that a value has."""
    if isinstance(value, list):
        for each in value:
            yield from told(each, schema.get("items", {}))
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        others = schema.get("additionalProperties") or {}
        for name, each in value.items():
            inside = known.get(name, others)
            if name in known:
                yield inside[LABEL]
            yield from told(each, inside)


def unknown_names(schema: Mapping[str, Any], ours: Mapping[str, Any], components: Mapping[str, Any]) -> Iterator[str]:
    """The labels of properties of a flat schema that our own schema of the same body does not know."""
    ours = _bare(ours, components)
    if "items" in schema:
        yield from unknown_names(schema["items"], ours.get("items", {}), components)
    for name, each in schema.get("properties", {}).items():
        known = ours.get("properties", {})
        if name in known:
            yield from unknown_names(each, known[name], components)
        else:
            yield each[LABEL]


def _bare(ours: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    """Our schema behind its reference, and without its being optional."""
    while "$ref" in ours or "anyOf" in ours:
        if "$ref" in ours:
            ours = components[ours["$ref"].rpartition("/")[2]]
        else:
            ours = next(each for each in ours["anyOf"] if each.get("type") != "null")
    return ours
