"""Sends the files that commands are given, and tells what is refused by its place in the file."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING, Any, Final

from kibo_simulator.ctl.connection import CtlError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kibo_simulator.ctl.session import Session

_LINE: Final = re.compile(r"\$:(\d+): (.*)", re.DOTALL)
_OFFSET: Final = re.compile(r"\$: (.*) \(byte (\d+)\)", re.DOTALL)
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_TOO_LARGE: Final = 413


def send_file(
    session: Session,
    method: str,
    path: str,
    file: IO[bytes],
    *,
    query: Mapping[str, object] | None = None,
    content_type: str = "application/json",
) -> Any:
    """Send what a file holds and return the answer.

    Raises:
        CtlError: it cannot be read, or is refused: by file, and line, column and path where there are any.
    """
    told = getattr(file, "name", "-")
    name = "standard input" if told in {"-", "<stdin>"} else str(told)
    try:
        raw = file.read()
    except OSError as error:
        raise CtlError(f"{name}: {error.strerror or error}") from None
    try:
        return session.connection.ask(method, path, query=query, body=raw, content_type=content_type)
    except RefusedError as error:
        raise CtlError(_placed(error, name, raw)) from None


def _placed(error: RefusedError, name: str, raw: bytes) -> str:
    """What is refused, with its place in the file if it is about that."""
    message = error.message
    if error.status == _TOO_LARGE:
        return f"{name}: {message}"
    in_line = _LINE.fullmatch(message)
    if in_line:
        return f"{name}:{in_line[1]}: {in_line[2]}"
    at_byte = _OFFSET.fullmatch(message)
    if at_byte:
        before = raw[: int(at_byte[2])]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        return f"{name}:{line}:{column}: {at_byte[1]}"
    place, colon, why = message.partition(": ")
    if not colon or not place.startswith("$"):
        return message
    unknown = _UNKNOWN.fullmatch(why)
    if unknown:
        return _at_path(name, raw, f"{place}.{unknown[1]}", "this field is not known here")
    return f"{name}: {why}" if place == "$" else _at_path(name, raw, place, why)


def _at_path(name: str, raw: bytes, path: str, message: str) -> str:
    """What is wrong with a value, by where it stands; only by its path in what is too long or strange to read again."""
    from kibo_simulator.files.yaml_places import YamlFileError, parse_yaml  # noqa: PLC0415  # slow, and rarely needed

    try:
        document = parse_yaml(raw, name)
    except YamlFileError:
        return f"{name}: {path}: {message}"
    return str(document.error(path, message))
