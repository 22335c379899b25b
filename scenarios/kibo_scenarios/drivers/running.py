"""Looks at the processes of a client: those that do not live in the time they were given, and those that outlive it.

They are known by their environment, which all that a client starts inherits. Only Linux tells; elsewhere nothing is
found.
"""

from pathlib import Path
from typing import Final

_PROCESSES: Final = Path("/proc")
_LIBRARY: Final = "libfaketime"


def processes_with(variable: str) -> dict[int, Path]:
    """Return the running processes with a variable in their environment, such as ``NAME=value``, by id.

    The paths are those of what the system tells about them.
    """
    wanted = variable.encode()
    found = {}
    try:
        folders = [entry for entry in _PROCESSES.iterdir() if entry.name.isdigit()]
    except OSError:
        return {}
    for folder in folders:
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found[int(folder.name)] = folder
        except OSError:
            continue  # it has ended, or is another user's
    return found


def outside_faketime(variable: str) -> dict[int, str]:
    """Return those of the processes that have not loaded libfaketime, by id, with the program they run."""
    found = {}
    for process, folder in processes_with(variable).items():
        try:
            loaded, program = (folder / "maps").read_text(), str((folder / "exe").readlink())
        except OSError:
            continue
        if loaded and _LIBRARY not in loaded and not program.endswith("/faketime"):
            found[process] = program
    return found
