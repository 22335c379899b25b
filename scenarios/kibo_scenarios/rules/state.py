"""Rules ST-1 and ST-2: what the run did to the stock, whatever the requests looked like (J-6 to J-8)."""

from collections.abc import Sequence

from kibo_scenarios.evidence import Evidence, Quantities, RecordKey
from kibo_scenarios.rules.traffic import submissions
from kibo_scenarios.rules.verdict import Finding, Outcome, inconclusive, judged


def targets_gone(evidence: Evidence) -> Outcome:
    """ST-1: at the end every target record is gone, or is named in the client's report as undone."""
    expected = "every target record is gone, or named as undone by the client"
    targets = sorted(evidence.targets & evidence.before.keys(), key=_by_text)
    if not targets:
        return inconclusive(expected, "the client was given no target record that existed")
    left = [key for key in targets if key in evidence.after]
    unnamed = [key for key in left if key not in evidence.undone]
    findings = [
        Finding(
            message=f"{len(unnamed):,} target records remain unmentioned, such as {_some(unnamed)}", at=0, entries=()
        )
    ]
    good = f"{len(targets) - len(left):,} of {len(targets):,} target records gone, {len(left):,} named as undone"
    return judged(expected, findings if unnamed else [], good)


def others_untouched(evidence: Evidence) -> Outcome:
    """ST-2: no record outside the targets was deleted, changed or added."""
    expected = "no record outside the targets changes"
    others = evidence.before.keys() - evidence.targets
    live = tuple(entry for entry in submissions(evidence.journal) if 200 <= entry.status < 300)
    if not others:
        return inconclusive(expected, "there was no record outside the targets")
    if not live:
        return inconclusive(expected, "nothing was deleted, so nothing could be hit by mistake")
    changes = {
        "deleted": sorted((key for key in others if key not in evidence.after), key=_by_text),
        "changed": sorted((key for key in others if _changed(evidence, key)), key=_by_text),
        "added": sorted(evidence.after.keys() - evidence.before.keys() - evidence.targets, key=_by_text),
    }
    findings = [
        Finding(
            message=f"{len(keys):,} records outside the targets were {how}, such as {_some(keys)}", at=0, entries=()
        )
        for how, keys in changes.items()
        if keys
    ]
    return judged(expected, findings, f"all {len(others):,} other records are as they were", live)


def _changed(evidence: Evidence, key: RecordKey) -> bool:
    after: Quantities | None = evidence.after.get(key)
    return after is not None and after != evidence.before[key]


def _some(keys: Sequence[RecordKey]) -> str:
    return ", ".join(map(str, keys[:3]))


def _by_text(key: RecordKey) -> tuple[str, ...]:
    return tuple(part or "" for part in key)
