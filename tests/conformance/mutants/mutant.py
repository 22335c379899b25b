"""A mutant: the simulator with one small, named mistake, put in for the time of one test."""

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest

Change = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake, the clause it breaks, and the properties that must notice it, by name."""

    name: str
    clause: str
    killers: tuple[str, ...]
    change: Change


def edited(place: str, before: str, after: str) -> Change:
    """Change one piece of a function's source; ``place`` is ``module:function`` or ``module:Class.method``."""

    def change(patch: pytest.MonkeyPatch) -> None:
        module_name, _, path = place.partition(":")
        module = import_module(f"kibo_simulator.{module_name}")
        owner: Any = module
        *outer, name = path.split(".")
        for part in outer:
            owner = getattr(owner, part)
        original = inspect.unwrap(getattr(owner, name))
        source = textwrap.dedent(inspect.getsource(original))
        assert source.count(before) == 1, f"{place} does not hold {before!r} once: adapt the mutant to the new source"
        made: dict[str, Any] = {}
        exec(compile(source.replace(before, after), f"<mutant of {place}>", "exec"), vars(module), made)
        replace(patch, owner, name, made[name])

    return change


def repeated(place: str) -> Change:
    """Make a method do its work twice at each call."""

    def change(patch: pytest.MonkeyPatch) -> None:
        module_name, _, path = place.partition(":")
        owner_name, name = path.split(".")
        owner = getattr(import_module(f"kibo_simulator.{module_name}"), owner_name)
        original = getattr(owner, name)

        def twice(*arguments: Any) -> Any:
            original(*arguments)
            return original(*arguments)

        def twice_in_steps(*arguments: Any) -> Any:
            yield from original(*arguments)
            return (yield from original(*arguments))

        patch.setattr(owner, name, twice_in_steps if inspect.isgeneratorfunction(original) else twice)

    return change


def replace(patch: pytest.MonkeyPatch, owner: Any, name: str, value: Any) -> None:
    """Put a value in the place of another, also where a module imported it by name."""
    original = getattr(owner, name)
    patch.setattr(owner, name, value)
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("kibo_simulator") and vars(module).get(name) is original:
            patch.setattr(module, name, value)
