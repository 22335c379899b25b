"""Looks at the processes of a client while it runs, for those that do not live in the time that they were given.

Only Linux tells what a process has loaded; elsewhere nothing is found.
"""

from pathlib import Path
from typing import Final

_PROCESSES: Final = Path("/proc")
_LIBRARY: Final = "libfaketime"


def outside_faketime(group: int) -> dict[int, str]:
    """Return the processes of a group that have not loaded libfaketime, by id, with the program they run."""
    found = {}
    try:
        ids = [int(entry.name) for entry in _PROCESSES.iterdir() if entry.name.isdigit()]
    except OSError:
        return {}
    for process in ids:
        folder = _PROCESSES / str(process)
        try:
            # The name in the second field may hold anything; the group is the third field after it.
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) != group:
                continue
            loaded = (folder / "maps").read_text()
            program = str((folder / "exe").readlink())
        except (OSError, IndexError, ValueError):
            continue  # it has ended, or is another user's
        if loaded and _LIBRARY not in loaded and not program.endswith("/faketime"):
            found[process] = program
    return found
