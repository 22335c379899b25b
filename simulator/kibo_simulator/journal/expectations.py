"""Judges each kind of expectation over the requests that are meant.

Laws of this file
1. What was dropped from the journal may have been anything: a verdict is yes or no only if it would be the same
   whatever the dropped entries were. Otherwise it is inconclusive.
2. A no is always shown: by the entries that break the expectation or, where there are too few, by those that nearly
   match, each with the reason.
3. Requests are in the order of their arrival; at equal instants in that of the journal.
4. The steps pause between entries, as there may be a hundred thousand of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from itertools import pairwise

from kibo_simulator.jobs import TERMINAL
from kibo_simulator.journal.entry import JournalEntry
from kibo_simulator.journal.matching import Condition, Matcher, is_number, shown, summary_field
from kibo_simulator.journal.questions import Apart
from kibo_simulator.journal.verdicts import (
    MOST_SHOWN,
    Extract,
    Finding,
    Verdict,
    in_order,
    pausing,
    precedes,
    unless_broken,
    within,
)
from kibo_simulator.steps import Steps
from kibo_simulator.timestamps import SECOND


@dataclass(frozen=True, slots=True)
class Meant:
    """The requests that a question is about, in order, and where they were looked for."""

    extract: Extract
    matcher: Matcher
    entries: Sequence[JournalEntry]

    @property
    def gone(self) -> int:
        """How many dropped entries may have been meant as well."""
        return self.extract.gone(self.matcher)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found: in words, as a verdict, and the entries that show a no."""

    actual: str
    verdict: Verdict
    findings: Sequence[Finding] = ()


Judge = Callable[[Meant], Steps[Judgement]]


def find(extract: Extract, matcher: Matcher) -> Steps[Meant]:
    """The requests that match."""
    found: list[JournalEntry] = []
    for portion in pausing(extract.entries):
        found.extend(filter(matcher.matches, portion))
        yield
    return Meant(extract, matcher, in_order(found))


def nearest(meant: Meant) -> Steps[list[Finding]]:
    """The entries that nearly match: those with the fewest reasons not to, the newest first."""
    best: list[tuple[int, int, Finding]] = []
    for portion in pausing(meant.extract.entries):
        for entry in portion:
            reasons = meant.matcher.misses(entry)
            if reasons:
                best.append((len(reasons), -entry.seq, Finding(entry, "; ".join(reasons))))
        best = nsmallest(MOST_SHOWN, best, key=lambda row: row[:2])
        yield
    return [finding for _, _, finding in best]


def count(least: int | None, most: int | None) -> Judge:
    """How many there are."""

    def judge(meant: Meant) -> Steps[Judgement]:
        number = len(meant.entries)
        verdict = within(least, most, number, meant.gone)
        findings: Sequence[Finding] = ()
        if most is not None and number > most:
            findings = [Finding(entry, "is one too many") for entry in meant.entries[most:]]
        elif verdict == "no":
            findings = yield from nearest(meant)
        return Judgement(str(number), verdict, findings)

    return judge


def each(conditions: Sequence[Condition]) -> Judge:
    """What fields of every one are."""

    def judge(meant: Meant) -> Steps[Judgement]:
        findings: list[Finding] = []
        for portion in pausing(meant.entries):
            for entry in portion:
                reasons = [condition.reason(entry) for condition in conditions if not condition.met(entry)]
                if reasons:
                    findings.append(Finding(entry, "; ".join(reasons)))
            yield
        right = len(meant.entries) - len(findings)
        return Judgement(f"{right} of {len(meant.entries)}", unless_broken(findings, meant.gone), findings)

    return judge


def total(name: str, least: int | None, most: int | None) -> Judge:
    """What a field adds up to; a request without it is a no, as nothing could be added."""

    def judge(meant: Meant) -> Steps[Judgement]:
        amounts: list[tuple[float, JournalEntry]] = []
        without: list[Finding] = []
        for portion in pausing(meant.entries):
            for entry in portion:
                value = summary_field(entry, name)
                number = is_number(value)
                if number is None or number < 0:
                    without.append(Finding(entry, f"{name} is {shown(value)}, expected a number that is not negative"))
                else:
                    amounts.append((number, entry))
            yield
        amount = sum(number for number, _ in amounts)
        if without:
            return Judgement(shown(amount), "no", without)
        too_much = most is not None and amount > most
        too_little = least is not None and amount < least
        if too_much or (too_little and not meant.gone):
            amounts.sort(key=lambda row: (-row[0], row[1].seq))
            return Judgement(
                shown(amount), "no", [Finding(row, f"{name} is {shown(number)}") for number, row in amounts]
            )
        return Judgement(shown(amount), "inconclusive" if meant.gone else "yes")

    return judge


def apart(wanted: Apart) -> Judge:
    """How far each is from the one before, in seconds."""
    least = None if wanted.at_least is None else round(wanted.at_least * SECOND)
    most = None if wanted.at_most is None else round(wanted.at_most * SECOND)
    since_answer = wanted.measured == "answer"

    def judge(meant: Meant) -> Steps[Judgement]:
        last_gone = meant.extract.dropped_until if meant.gone else None
        findings: list[Finding] = []
        unsure = False
        gaps: list[int] = []
        for earlier, later in pairwise(meant.entries):
            gap = later.at - (earlier.finished_at if since_answer else earlier.at)
            gaps.append(gap)
            too_far = most is not None and gap > most
            if too_far and last_gone is not None and last_gone > earlier.at:
                # A dropped one may have been in between; too near, in contrast, stays too near.
                unsure = True
            elif too_far or (least is not None and gap < least):
                words = "the answer to" if since_answer else "the start of"
                findings.append(Finding(later, f"began {_seconds(gap)} after {words} {earlier.seq}"))
        yield
        spread = f"{_seconds(min(gaps))} to {_seconds(max(gaps))}" if gaps else "fewer than two"
        return Judgement(spread, unless_broken(findings, meant.gone or unsure), findings)

    return judge


def before(other: Matcher) -> Judge:
    """All were answered before the first other one began."""

    def judge(meant: Meant) -> Steps[Judgement]:
        others = yield from find(meant.extract, other)
        first = others.entries[0] if others.entries else None
        findings = [
            Finding(entry, f"was not answered before {first.seq} began")
            for entry in meant.entries
            if first is not None and not precedes(entry, first)
        ]
        actual = (
            "there is no other" if first is None else f"{len(meant.entries) - len(findings)} of {len(meant.entries)}"
        )
        return Judgement(actual, unless_broken(findings, meant.gone + others.gone), findings)

    return judge


def after(other: Matcher) -> Judge:
    """All began after some other one was answered."""

    def judge(meant: Meant) -> Steps[Judgement]:
        others = yield from find(meant.extract, other)
        first = min(others.entries, key=lambda entry: (entry.finished_at, entry.seq), default=None)
        reason = "began although no other was there" if first is None else f"began before {first.seq} was answered"
        findings = [Finding(entry, reason) for entry in meant.entries if first is None or not precedes(first, entry)]
        actual = f"{len(meant.entries) - len(findings)} of {len(meant.entries)}"
        if findings and others.gone:
            return Judgement(actual, "inconclusive")
        return Judgement(actual, unless_broken(findings, meant.gone), findings)

    return judge


def alone(meant: Meant) -> Steps[Judgement]:
    """None began while another was unanswered."""
    findings: list[Finding] = []
    longest: JournalEntry | None = None
    for portion in pausing(meant.entries):
        for entry in portion:
            if longest is not None and entry.at < longest.finished_at:
                findings.append(Finding(entry, f"began before {longest.seq} was answered"))
            if longest is None or entry.finished_at > longest.finished_at:
                longest = entry
        yield
    return Judgement(
        f"{len(meant.entries) - len(findings)} of {len(meant.entries)}", unless_broken(findings, meant.gone), findings
    )


def jobs_ended(meant: Meant) -> Steps[Judgement]:
    """None began before polls had shown the end of every job that the ones before had made.

    A job is only polled after it was made, so the polls of jobs we know of are held whenever those are.
    """
    shown_by = yield from _ends(meant.extract)
    findings: list[Finding] = []
    unseen: int | None = None
    last: JournalEntry | None = None
    for portion in pausing(meant.entries):
        for entry in portion:
            if unseen is not None:
                findings.append(Finding(entry, f"began although no poll showed the end of job {unseen}"))
            elif last is not None and not precedes(last, entry):
                findings.append(Finding(entry, f"began before poll {last.seq} showed the end of an earlier job"))
            for job_id in entry.job_ids:
                poll = shown_by.get(job_id)
                if poll is None:
                    unseen = job_id if unseen is None else unseen
                elif last is None or (poll.finished_at, poll.seq) > (last.finished_at, last.seq):
                    last = poll
        yield
    return Judgement(
        f"{len(meant.entries) - len(findings)} of {len(meant.entries)}", unless_broken(findings, meant.gone), findings
    )


def _ends(extract: Extract) -> Steps[dict[int, JournalEntry]]:
    """For each job the first poll whose answer showed its end."""
    polls: dict[int, JournalEntry] = {}
    for portion in pausing(extract.entries):
        for entry in portion:
            if entry.response_lost:
                continue
            statuses = {str(entry.summary.get("jobId")): entry.summary.get("jobStatus")}
            statuses |= entry.summary.get("jobStatuses") or {}
            for text, status in statuses.items():
                if status not in TERMINAL:
                    continue
                known = polls.get(int(text))
                if known is None or (entry.finished_at, entry.seq) < (known.finished_at, known.seq):
                    polls[int(text)] = entry
        yield
    return polls


def _seconds(duration: int) -> str:
    return f"{duration / SECOND:.6f}".rstrip("0").rstrip(".") + " s"
