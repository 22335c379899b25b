"""Writes a configuration file with every setting, its default and what it is for; made from the settings themselves."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from kibo_simulator.settings import Settings
from kibo_simulator.settings_guide import SECTIONS, SETTINGS

_WIDTH: Final = 100


def configuration_text(serve: Mapping[str, tuple[str, Any]]) -> str:
    """The text of a file that says what is so anyway.

    Args:
        serve: for each flag of ``serve`` that the file may hold, what it does and its default.
    """
    lines = [
        "# Configuration of kibo-simulator: every setting with its default.",
        "# Flags go before the environment (KIBO_SIMULATOR_...), and that before this file.",
    ]
    for name, value in _fields(Settings()):
        if isinstance(value, Struct):
            lines += ["", *_comment(SECTIONS[name], ""), f"{name}:"]
            for inner, part in _fields(value):
                lines += [*_comment(SETTINGS[f"{name}.{inner}"], "  "), *_entry(inner, part, "  ")]
        else:
            lines += ["", *_comment(SETTINGS[name], ""), *_entry(name, value, "")]
    lines += ["", "# How the simulator is served: the flags of serve, by the same names.", "serve:"]
    for name, (text, default) in serve.items():
        lines += [*_comment(text, "  "), f"  {name}: {scalar(default)}"]
    return "\n".join(lines) + "\n"


def _fields(value: Struct) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(value, name)) for name in value.__struct_fields__)


def _entry(name: str, value: Any, indent: str) -> list[str]:
    plain = msgspec.to_builtins(value)
    if isinstance(plain, list | tuple) and plain and isinstance(plain[0], dict):
        return [f"{indent}{name}:", *(f"{indent}  - {scalar(each)}" for each in plain)]
    if isinstance(plain, dict) and plain:
        return [f"{indent}{name}:", *(f"{indent}  {inner}: {scalar(each)}" for inner, each in plain.items())]
    return [f"{indent}{name}: {scalar(value)}"]


def _comment(text: str, indent: str) -> list[str]:
    lines = [f"{indent}#"]
    for word in text.split():
        if len(lines[-1]) + len(word) >= _WIDTH:
            lines.append(f"{indent}#")
        lines[-1] += f" {word}"
    return lines


def scalar(value: Any) -> str:
    """A value on one line, as YAML reads it; JSON but for small numbers, which YAML wants without exponent."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, float):
        return f"{plain:.12f}".rstrip("0").rstrip(".") if 0 < abs(plain) < 1 else repr(plain)
    return json.dumps(plain, ensure_ascii=False)
