"""Tells from a program's file whether `faketime` can reach it, and which of our interpreters would run it.

libfaketime is loaded by the dynamic linker of the C library: static programs, programs of Go (which ask the kernel
itself) and programs with changed rights live in real time whatever it is told.
"""

import mmap
import shutil
import struct
from pathlib import Path
from typing import Final

from kibo_scenarios.errors import UsageError

_ELF: Final = b"\x7fELF"
_INTERPRETER_SEGMENT: Final = 3  # PT_INTERP: names the dynamic linker
_GO_MARK: Final = b"\xff Go buildinf:"
_SET_ID: Final = 0o6000
_MOST_SEGMENTS: Final = 1000


def find_program(name: str) -> Path:
    """Return the file of a command's first word.

    Raises:
        UsageError: There is no such program.
    """
    found = shutil.which(name)
    if found is None:
        raise UsageError(f"{name}: there is no such program that can be run")
    return Path(found)


def interpreter_of(program: Path) -> tuple[str, ...]:
    """Return the words of a script's first line that name its interpreter, and the program itself for a binary.

    ``#!/usr/bin/env node`` names ``node``.
    """
    with program.open("rb") as stream:
        first = stream.readline(512)
    if not first.startswith(b"#!"):
        return (str(program),)
    words = first[2:].decode("utf-8", "replace").split()
    if words and Path(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return tuple(words) or (str(program),)


def reason_beyond_reach(program: Path) -> str | None:
    """Return why faketime cannot reach a binary, None when nothing is known against it."""
    try:
        if program.stat().st_mode & _SET_ID:
            return "it runs with the rights of another user"
        with program.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content[:4] != _ELF:
                return None
            if content.find(_GO_MARK) >= 0:
                return "it is written in Go, which asks the kernel for the time"
            return None if _is_dynamic(content) else "it is statically linked"
    except (OSError, ValueError, IndexError, struct.error):
        return None


def _is_dynamic(content: mmap.mmap) -> bool:
    wide, order = content[4] == 2, "<" if content[5] == 1 else ">"
    offset, size_at, count_at = (0x20, 0x36, 0x38) if wide else (0x1C, 0x2A, 0x2C)
    (table,) = struct.unpack_from(order + ("Q" if wide else "I"), content, offset)
    (size,) = struct.unpack_from(order + "H", content, size_at)
    (count,) = struct.unpack_from(order + "H", content, count_at)
    return any(
        struct.unpack_from(order + "I", content, table + index * size)[0] == _INTERPRETER_SEGMENT
        for index in range(min(count, _MOST_SEGMENTS))
    )
