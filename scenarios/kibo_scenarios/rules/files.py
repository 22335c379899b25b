"""Rules FI-1 and FI-2: how inventory files are put at a drop point, by the log that the simulator keeps of it (C25).

A look at a drop point sees a file only when it comes by; its instants then are no earlier than the truth. Two files
are compared by the times that the drop point itself keeps for its files, which is one clock, or by the server's own
instants where it saw every write. So a breach is only told where the order is certain.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from kibo_scenarios.evidence import Evidence, FileFact
from kibo_scenarios.moments import MINUTE, clock_time, format_span
from kibo_scenarios.rules.verdict import Finding, Outcome, inconclusive, judged

#: What is forgiven to the client's clock when it stamps a file.
_CLOCKS: Final = 5 * MINUTE
_PACIFIC: Final = ZoneInfo("America/Los_Angeles")
_TRIGGER: Final = ".done"
_NAME: Final = re.compile(
    r"T_\d{1,10}_(?:REFRESH|UPDATE)_(\d{12})(?:\.(?:csv|xml)(?:\.zip)?|\.zip)", re.ASCII | re.IGNORECASE
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: What is said of files that were imported; some of them are tidied away afterwards.
IMPORTED: Final = frozenset({"imported", "archived", "deleted"})
#: What becomes of files that the drop point's settings take although their names do not follow the rule.
_ACCEPTED: Final = IMPORTED | {"taken"}


def is_trigger(file: FileFact) -> bool:
    """Whether a file is a trigger rather than data."""
    return file.name.lower().endswith(_TRIGGER)


def complete_before_trigger(evidence: Evidence) -> Outcome:
    """FI-1 (C25): the data file is complete before its trigger appears, and the names match."""
    expected = "every trigger appears after the data file of its name is complete"
    data: dict[tuple[str, str], FileFact] = {}
    triggers: list[FileFact] = []
    for file in evidence.files:
        if is_trigger(file):
            triggers.append(file)
        else:
            data[file.folder, _base(file.name)] = file
    if not triggers:
        return inconclusive(expected, "no trigger was seen at a drop point")
    findings = []
    for trigger in triggers:
        own = data.get((trigger.folder, _base(trigger.name)))
        if own is None:
            findings.append(_finding(trigger, f"the trigger {trigger.name} has no data file of its name"))
        elif (late := _late(own, trigger)) is not None:
            findings.append(_finding(trigger, f"{own.name} was still written {late} its trigger {trigger.name}"))
    one = len(triggers) == 1
    good = (
        "1 trigger came after its complete data file" if one else f"{len(triggers)} triggers, each after its data file"
    )
    return judged(expected, findings, good)


def named_by_the_rule(evidence: Evidence) -> Outcome:
    """FI-2: file names follow the naming rule, and their times are Pacific.

    A stamp in another zone shows where that zone is ahead of Pacific time, as UTC is: it then names a moment that has
    not come yet.
    """
    expected = "names such as T_1001_UPDATE_260302091500.zip, with the time in Los Angeles"
    files = [file for file in evidence.files if not is_trigger(file)]
    if not files:
        return inconclusive(expected, "no data file was seen at a drop point")
    findings = []
    for file in files:
        match = _NAME.fullmatch(file.name)
        if match is None:
            if file.outcome not in _ACCEPTED:
                findings.append(_finding(file, f"{file.name} is not named by the rule"))
            continue
        moment = _moment(match[1])
        if moment is None:
            findings.append(_finding(file, f"{file.name} names a moment that Los Angeles does not have"))
        elif moment > file.appeared_at + _CLOCKS:
            ahead = format_span(moment - file.appeared_at)
            findings.append(_finding(file, f"{file.name} is stamped {ahead} ahead of Pacific time"))
    good = "1 data file is named by the rule" if len(files) == 1 else f"{len(files)} data files are named by the rule"
    return judged(expected, findings, good)


def _base(name: str) -> str:
    """Return what a data file and its trigger have in common."""
    base = name.lower().removesuffix(_TRIGGER)
    for ending in (".zip", ".csv", ".xml"):
        base = base.removesuffix(ending)
    return base


def _late(file: FileFact, trigger: FileFact) -> str | None:
    """Return how long after its trigger a data file was written, where that is certain."""
    if file.exact and trigger.exact:
        gap = file.complete_at - trigger.appeared_at
    elif file.written and trigger.written:
        gap = file.written - trigger.written
    else:
        gap = 0
    # A look that saw the trigger, and after it other data, is certain whatever the drop point's clock says.
    gap = max(gap, file.complete_at - trigger.appeared_at if not trigger.exact else 0)
    return f"{format_span(gap)} after" if gap > 0 else None


def _moment(stamp: str) -> int | None:
    """Return the microseconds since the epoch that twelve digits name in Los Angeles; the earlier of two."""
    try:
        local = datetime.strptime(stamp, "%y%m%d%H%M%S").replace(tzinfo=_PACIFIC)
    except ValueError:
        return None
    moment = (local - _EPOCH) // timedelta(microseconds=1)
    again = (_EPOCH + timedelta(microseconds=moment)).astimezone(_PACIFIC)
    return moment if again.strftime("%y%m%d%H%M%S") == stamp else None


def _finding(file: FileFact, message: str) -> Finding:
    return Finding(message=f"{message} (seen at {clock_time(file.appeared_at)})", at=file.appeared_at, entries=())
