"""The grid of a sweep: axes as ``limits.rpm=20,50,100``, and the scenario of each of their combinations."""

import copy
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final

from kibo_scenarios.errors import ScenarioFileError, UsageError
from kibo_scenarios.workloads.load_file import checked_any
from kibo_simulator.files.yaml_places import YamlDocument, YamlFileError, parse_yaml

MOST_CELLS: Final = 1_000
#: Words for places that are asked for most.
SHORT: Final = {
    "limits.rpm": "simulator.limits.pools.0.rpm",
    "limits.rph": "simulator.limits.pools.0.rph",
    "stores": "simulator.sample.locations",
    "products": "simulator.sample.products",
    "workers": "simulator.jobs.workers",
    "job_base_s": "simulator.jobs.base_s",
    "batch_size": "client.batch_size",
    "spacing_s": "client.spacing_s",
}
_PLACE: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)

Value = str | int | float | bool | None


class SweepError(UsageError):
    """An axis that means nothing; says what is accepted."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A place in the scenario's file, and the values that it is to have there.

    Attributes:
        name: As the person wrote it.
        place: Keys and indexes from the top of the file.
    """

    name: str
    place: tuple[str, ...]
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One combination: a value for each axis, and the scenario's document with them."""

    values: tuple[Value, ...]
    document: YamlDocument


def parse_axis(text: str) -> Axis:
    """Return the axis of ``PLACE=VALUE,VALUE…``.

    Raises:
        SweepError: It is none.
    """
    name, equals, listed = text.partition("=")
    name = name.strip()
    if not equals or _PLACE.fullmatch(name) is None:
        raise SweepError(f"--over {text[:60]}: expected PLACE=VALUE,VALUE such as limits.rpm=20,50,100")
    values = tuple(_value(f"--over {text[:60]}", part.strip()) for part in listed.split(","))
    if len(set(map(repr, values))) < len(values):
        raise SweepError(f"--over {text[:60]}: a value stands there twice")
    return Axis(name, _place(name), values)


def parse_setting(text: str) -> Axis:
    """Return the place and the one value of ``PLACE=VALUE``.

    Raises:
        SweepError: It is none.
    """
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or _PLACE.fullmatch(name) is None:
        raise SweepError(f"--set {text[:60]}: expected PLACE=VALUE such as limits.rpm=20")
    return Axis(name, _place(name), (_value(f"--set {text[:60]}", value.strip()),))


def as_written(value: Value) -> str:
    """Return a value as a person writes it, so that it is read as the same value."""
    if isinstance(value, str):
        try:
            plain = parse_yaml(value.encode(), "value").value == value
        except YamlFileError:
            plain = False
        return value if plain else f'"{"".join(map(_escaped, value))}"'
    return json.dumps(value)


def _escaped(letter: str) -> str:
    """Return a letter as it may stand between double quotes in YAML."""
    if letter in {'"', "\\"}:
        return f"\\{letter}"
    return letter if letter.isprintable() else f"\\U{ord(letter):08x}"


def _place(name: str) -> tuple[str, ...]:
    return tuple(SHORT.get(name, name).split("."))


def _value(flag: str, text: str) -> Value:
    try:
        value = parse_yaml(text.encode(), "value").value
    except YamlFileError:
        value = {}
    if isinstance(value, dict | list) or not text:
        raise SweepError(f"{flag}: {text[:60]!r} is no plain value")
    found: Value = value
    return found


def cells(document: YamlDocument, axes: Sequence[Axis]) -> Iterator[Cell]:
    """Return all combinations in order, the last axis fastest; each is checked before anything runs.

    Raises:
        SweepError: A place is not there, there are too many combinations, or a combination is no scenario.
    """
    _refuse_same_places("--over", axes)
    many = prod(len(axis.values) for axis in axes)
    if many > MOST_CELLS:
        raise SweepError(f"--over: {many:,} combinations are too many; at most {MOST_CELLS:,}")
    checked_any(document)
    for values in product(*(axis.values for axis in axes)):
        yield Cell(values, _changed("--over", document, axes, values))


def with_settings(document: YamlDocument, settings: Sequence[Axis]) -> YamlDocument:
    """Return the document of a scenario with other values at some places, and checked.

    Raises:
        SweepError: A place is not there, or with these values it is no scenario.
    """
    _refuse_same_places("--set", settings)
    checked_any(document)
    return _changed("--set", document, settings, [setting.values[0] for setting in settings])


def _refuse_same_places(flag: str, axes: Sequence[Axis]) -> None:
    if len({axis.place for axis in axes}) < len(axes):
        raise SweepError(f"{flag}: the same place stands there twice")


def _changed(flag: str, document: YamlDocument, axes: Sequence[Axis], values: Sequence[Value]) -> YamlDocument:
    changed = YamlDocument(document.file, copy.deepcopy(document.value), document.places, document.failure)
    for axis, value in zip(axes, values, strict=True):
        _put(f"{flag} {axis.name}", changed.value, axis, value)
    told = " ".join(f"{axis.name}={as_written(value)}" for axis, value in zip(axes, values, strict=True))
    try:
        checked_any(changed)
    except ScenarioFileError as error:
        misspelt = any(f"$.{axis.place[0]}: this field is not known here" in str(error) for axis in axes)
        words = f"; short words are {', '.join(SHORT)}" if misspelt else ""
        raise SweepError(f"{flag} {told}: {error}{words}") from None
    return changed


def _put(flag: str, root: Any, axis: Axis, value: Value) -> None:
    *path, last = axis.place
    here = root
    for depth, key in enumerate(path):
        if isinstance(here, dict):
            # What has a default need not stand in the file.
            here = here.setdefault(key, {})
        elif isinstance(here, list) and key.isdigit() and int(key) < len(here):
            here = here[int(key)]
        else:
            raise SweepError(f"{flag}: there is no {'.'.join(path[: depth + 1])} in this scenario")
    if isinstance(here, dict):
        here[last] = value
    elif isinstance(here, list) and last.isdigit() and int(last) < len(here):
        here[int(last)] = value
    else:
        raise SweepError(f"{flag}: there is no {'.'.join(axis.place)} in this scenario")
