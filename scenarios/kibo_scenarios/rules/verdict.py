"""What a rule says about a run: a verdict, what was expected, what was seen, and the journal entries that prove it."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from kibo_scenarios.evidence import JournalEntry


class Verdict(StrEnum):
    """The four answers, never confused: an opportunity missed is not a pass."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_APPLICABLE = "NOT APPLICABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One breach: a sentence for people, the moment, and the numbers of the journal entries that prove it."""

    message: str
    at: int
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The answer of one rule.

    Attributes:
        verdict: One of the four.
        expected: What a client must do, with the figures that were applied.
        actual: What this client did.
        findings: The breaches, earliest first, at most `FINDINGS_KEPT`.
        breaches: How many breaches there were in all.
        evidence: Numbers of journal entries that show why the verdict is what it is.
    """

    verdict: Verdict
    expected: str
    actual: str
    findings: tuple[Finding, ...] = ()
    breaches: int = 0
    evidence: tuple[int, ...] = ()


#: A client in a hot loop breaks a rule a hundred thousand times; the first ones explain it.
FINDINGS_KEPT = 25


def passed(expected: str, actual: str, evidence: tuple[JournalEntry, ...] = ()) -> Outcome:
    """Return a PASS, with some of the entries that gave the client its opportunity."""
    return Outcome(verdict=Verdict.PASS, expected=expected, actual=actual, evidence=_numbers(evidence))


def inconclusive(expected: str, actual: str) -> Outcome:
    """Return an INCONCLUSIVE; `actual` says which opportunity was missing."""
    return Outcome(verdict=Verdict.INCONCLUSIVE, expected=expected, actual=actual)


def judged(expected: str, findings: list[Finding], good: str, evidence: tuple[JournalEntry, ...] = ()) -> Outcome:
    """Return a FAIL when there are findings, else a PASS whose `actual` is `good`."""
    if not findings:
        return passed(expected, good, evidence)
    findings = sorted(findings, key=lambda finding: (finding.at, finding.entries))
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    kept = tuple(findings[:FINDINGS_KEPT])
    return Outcome(
        verdict=Verdict.FAIL,
        expected=expected,
        actual=findings[0].message + more,
        findings=kept,
        breaches=len(findings),
        evidence=tuple(dict.fromkeys(seq for finding in kept for seq in finding.entries)),
    )


def _numbers(entries: tuple[JournalEntry, ...]) -> tuple[int, ...]:
    return tuple(islice(dict.fromkeys(entry.seq for entry in entries), FINDINGS_KEPT))
