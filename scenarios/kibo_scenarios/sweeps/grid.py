"""The grid of a sweep: axes as ``limits.rpm=20,50,100``, and the scenario of each of their combinations."""

import copy
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
    values = tuple(_value(text, part.strip()) for part in listed.split(","))
    if len(set(map(repr, values))) < len(values):
        raise SweepError(f"--over {text[:60]}: a value stands there twice")
    return Axis(name, tuple(SHORT.get(name, name).split(".")), values)


def _value(axis: str, text: str) -> Value:
    try:
        value = parse_yaml(text.encode(), "value").value
    except YamlFileError:
        value = {}
    if isinstance(value, dict | list) or not text:
        raise SweepError(f"--over {axis[:60]}: {text[:60]!r} is no plain value")
    found: Value = value
    return found


def cells(document: YamlDocument, axes: Sequence[Axis]) -> Iterator[Cell]:
    """Return all combinations in order, the last axis fastest; each is checked before anything runs.

    Raises:
        SweepError: A place is not there, there are too many combinations, or a combination is no scenario.
    """
    names = [axis.place for axis in axes]
    if len(set(names)) < len(names):
        raise SweepError("--over: the same place stands there twice")
    many = prod(len(axis.values) for axis in axes)
    if many > MOST_CELLS:
        raise SweepError(f"--over: {many:,} combinations are too many; at most {MOST_CELLS:,}")
    checked_any(document)
    for values in product(*(axis.values for axis in axes)):
        changed = YamlDocument(document.file, copy.deepcopy(document.value), document.places, document.failure)
        for axis, value in zip(axes, values, strict=True):
            _put(changed.value, axis, value)
        told = " ".join(f"{axis.name}={value}" for axis, value in zip(axes, values, strict=True))
        try:
            checked_any(changed)
        except ScenarioFileError as error:
            raise SweepError(f"--over {told}: {error}") from None
        yield Cell(values, changed)


def _put(root: Any, axis: Axis, value: Value) -> None:
    *path, last = axis.place
    here = root
    for depth, key in enumerate(path):
        if isinstance(here, dict):
            # What has a default need not stand in the file.
            here = here.setdefault(key, {})
        elif isinstance(here, list) and key.isdigit() and int(key) < len(here):
            here = here[int(key)]
        else:
            raise SweepError(f"--over {axis.name}: there is no {'.'.join(path[: depth + 1])} in this scenario")
    if isinstance(here, dict):
        here[last] = value
    elif isinstance(here, list) and last.isdigit() and int(last) < len(here):
        here[int(last)] = value
    else:
        raise SweepError(f"--over {axis.name}: there is no {'.'.join(axis.place)} in this scenario")
