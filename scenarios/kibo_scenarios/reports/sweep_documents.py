"""A sweep for machines: JSON with every check of every run, and CSV with a row for each run."""

import csv
from io import StringIO
from typing import Any, Final

import msgspec

from kibo_scenarios.reports.sweep_view import Sweep, command
from kibo_scenarios.sweeps import as_written

SCHEMA_VERSION: Final = 1
#: A spreadsheet would take what begins so for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def sweep_json(sweep: Sweep) -> str:
    """Return the sweep as one JSON document; spans are in simulated seconds."""
    document: dict[str, Any] = {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "sweep",
        "scenario": sweep.name,
        "title": sweep.title,
        "axes": [{"name": axis.name, "values": axis.values} for axis in sweep.axes],
        "runs": [
            {
                "at": {axis.name: value for axis, value in zip(sweep.axes, one.values, strict=True)},
                "conclusion": one.conclusion.name,
                "simulatedSeconds": one.seconds,
                "requests": one.requests,
                "throttled": one.throttled,
                "broken": [check.name for check in one.broken],
                "checks": [
                    {
                        "check": check.name,
                        "verdict": check.verdict,
                        "seen": check.seen,
                        "value": check.value,
                        "firstAfterSeconds": check.first_s,
                    }
                    for check in one.checks
                ],
                "command": command(sweep, one),
            }
            for one in sweep.outcomes
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def sweep_csv(sweep: Sweep) -> str:
    """Return a row for each run."""
    stream = StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*(axis.name for axis in sweep.axes), "conclusion", "seconds", "requests", "429", "not kept"])
    for one in sweep.outcomes:
        numbers = [one.conclusion.name, one.seconds, one.requests, one.throttled]
        broken = "; ".join(check.name for check in one.broken)
        writer.writerow([*map(_plain, map(as_written, one.values)), *numbers, _plain(broken)])
    return stream.getvalue()


def _plain(text: str) -> str:
    number = text.removeprefix("-").replace(".", "", 1).isdigit()
    return f"'{text}" if text.startswith(_FORMULA) and not number else text
