"""Turns what a YAML document holds into typed settings; whatever does not fit is told with the place it stands at."""

import re
from collections.abc import Collection
from typing import Any, Final, TypeVar

import msgspec

from kibo_simulator.files.yaml_places import YamlDocument

T = TypeVar("T")

# How msgspec writes a key that the document chose; which one, it does not say.
_UNNAMED: Final = "[...]"
_PATH: Final = re.compile(r"(?<= - at `)\$[^`]*(?=`$)")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def converted(document: YamlDocument, value: Any, kind: type[T], root: str = "$") -> T:
    """Return a part of a document as what it should be.

    Args:
        document: what the part is from.
        value: the part.
        kind: what it should be.
        root: where the part stands in the document, for errors.

    Raises:
        Exception: the document's own, with line, column, path and what is accepted.
    """
    refusal = _refusal(value, kind)
    if refusal:
        raise document.rejection(_PATH.sub(lambda path: _named(value, kind, refusal, path[0]), refusal), root)
    return msgspec.convert(value, kind)


def _refusal(value: Any, kind: type[Any]) -> str:
    """What is wrong first; empty when nothing is."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _named(value: Any, kind: type[Any], refusal: str, path: str) -> str:
    """The path with the keys in it that the refusal leaves out.

    A key is found by halves: it is among those without which the refusal would be another one, or none.
    """
    head, *tails = path.split(_UNNAMED)
    steps, named = _steps(head), head
    for tail in tails:
        keys: list[str] = list(_at(value, steps))
        while len(keys) > 1:
            half = keys[: len(keys) // 2]
            blamed = _refusal(_keeping(value, steps, half), kind) == refusal
            keys = half if blamed else keys[len(half) :]
        named += f".{keys[0]}{tail}"
        steps += [keys[0], *_steps(tail)]
    return named


def _steps(path: str) -> list[str | int]:
    return [name or int(index) for name, index in _STEP.findall(path)]


def _at(value: Any, steps: list[str | int]) -> Any:
    for step in steps:
        value = value[step]
    return value


def _keeping(value: Any, steps: list[str | int], keys: Collection[str]) -> Any:
    """A copy of a value in which the map at the end of the steps has these keys only."""
    if not steps:
        return {key: value[key] for key in keys}
    copy = value.copy()
    copy[steps[0]] = _keeping(value[steps[0]], steps[1:], keys)
    return copy
