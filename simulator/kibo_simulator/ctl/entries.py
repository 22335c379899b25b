"""Journal entries for people: a line each, with what matters of it."""

from typing import Any, Final

from kibo_simulator.ctl.output import shown
from kibo_simulator.plain_text import printable

_MOST_JOBS: Final = 8


def told(entry: dict[str, Any]) -> str:
    """An entry in a line: number, time, tenant, status, what was called, and what is known of it.

    Entries of the journal have all fields; those that an answer to a question shows have fewer.
    """
    moment = f"{entry['at'][5:10]} {entry['at'][11:23]}"
    called = entry["operation"] or f"{entry['method']} {entry['path']}"
    tenant = "" if entry.get("tenant") is None else f"{entry['tenant']}  "
    line = f"#{entry['seq']:<5} {moment}  {tenant}{entry['status'] or '---':>3}  {called}"
    return printable("  ".join([line, *_notes(entry)]))


def _notes(entry: dict[str, Any]) -> list[str]:
    notes = [
        f"{name}={shown(value)}"
        for name, value in entry["summary"].items()
        # Hashes are for programs, and what is empty or not so is what one expects anyway.
        if not name.endswith("Hashes") and value not in ([], {}, False)
    ]
    if jobs := entry.get("jobIds"):
        more = f", … {jobs[-1]}" if len(jobs) > _MOST_JOBS else ""
        notes.append(f"jobs {shown(jobs[:_MOST_JOBS])}{more}")
    if entry.get("retryAfter") is not None:
        notes.append(f"Retry-After: {entry['retryAfter']}")
    if entry.get("fault") is not None:
        notes.append(f"fault {entry['fault']}")
    if entry.get("responseLost"):
        notes.append("the answer was lost")
    return notes
