"""Reads what the SDK declares: the type of each method's answer, and the fields of each model."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_COMMENT = re.compile(r"/\*\*.*?\*/", re.DOTALL)
_INTERFACE = re.compile(r"^export interface (\w+)(?: extends [\w, ]+)? \{\n(.*?)^\}", re.DOTALL | re.MULTILINE)
_MAP = re.compile(r"\{\s*\[key: string\]: ([^;]+);\s*\}")
_FIELD = re.compile(r"^    (?:readonly )?(\w+)\??: ([^;]+);$", re.MULTILINE)
_METHOD = re.compile(r"^    (\w+)\(.*\): Promise<(.+)>;$", re.MULTILINE)
_ENUMERATION = re.compile(r"^export declare const (\w+): \{\n(.*?)^\};", re.DOTALL | re.MULTILINE)
_MEMBER = re.compile(r"^    readonly \w+: ([^;]+);$", re.MULTILINE)
CLIENTS = ("CatalogAdministration", "ImportExport", "Inventory")
_PLAIN: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "boolean": (bool,)}


class Declarations:
    """The declarations of the SDK's clients for inventory, batch jobs and the catalog, as its generator writes them."""

    def __init__(self, modules: Path) -> None:
        folders = [modules / "@kibocommerce" / "rest-sdk" / "clients" / name for name in CLIENTS]
        text = "".join(_COMMENT.sub("", (folder / "models" / "index.d.ts").read_text()) for folder in folders)
        self._enumerations = {
            name: {json.loads(value) for value in _MEMBER.findall(body)} for name, body in _ENUMERATION.findall(text)
        }
        self._models = {
            name: {field: declared.strip() for field, declared in _FIELD.findall(_MAP.sub(r"Map<\1>", body))}
            for name, body in _INTERFACE.findall(text)
        }
        self._answers = {
            f"{file.name.removesuffix('.d.ts')}.{method}": answer
            for folder in folders
            for file in (folder / "apis").glob("*Api.d.ts")
            for method, answer in _METHOD.findall(file.read_text())
        }

    def differences(self, method: str, answer: Any) -> Iterator[str]:
        """Where an answer is not what is declared: fields of another type, and fields that are not declared."""
        yield from self._check(answer, self._answers[method], method)

    def _check(self, value: Any, declared: str, path: str) -> Iterator[str]:
        plain = declared.removesuffix(" | null")
        if plain == "any" or (value is None and (declared == "void" or plain != declared)):
            return
        declared = plain
        if declared.startswith("Array<") and isinstance(value, list):
            for element in value:
                yield from self._check(element, declared[6:-1], path + "[]")
        elif declared.startswith("Map<") and isinstance(value, dict):
            for element in value.values():
                yield from self._check(element, declared[4:-1], path + "{}")
        elif declared in self._models and isinstance(value, dict):
            fields = self._models[declared]
            for name, inner in value.items():
                if name in fields:
                    yield from self._check(inner, fields[name], f"{path}.{name}")
                else:
                    yield f"{path}.{name}: not declared"
        elif not self._is_plain(value, declared):
            yield f"{path}: not {declared}"

    def _is_plain(self, value: Any, declared: str) -> bool:
        if declared in self._enumerations:
            return value in self._enumerations[declared]
        # The generator's other enumerations are texts, each named after its field.
        kinds = _PLAIN.get(declared, (str,) if declared.endswith("Enum") else ())
        return isinstance(value, kinds) and (isinstance(value, bool) == (declared == "boolean"))
