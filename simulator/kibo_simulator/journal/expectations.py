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
from operator import attrgetter

from kibo_simulator.jobs import TERMINAL
from kibo_simulator.journal.entry import JournalEntry
from kibo_simulator.journal.extract import Extract
from kibo_simulator.journal.matching import Condition, Matcher, is_number, shown, summary_field
from kibo_simulator.journal.questions import Apart
from kibo_simulator.journal.verdicts import (
    MOST_SHOWN,
    Broken,
    Finding,
    Verdict,
    pausing,
    precedes,
    put_in_order,
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
    broken: Broken


Judge = Callable[[Meant], Steps[Judgement]]


def find(extract: Extract, matcher: Matcher) -> Steps[Meant]:
    """The requests that match."""
    found: list[JournalEntry] = []
    for portion in pausing(extract.entries):
        for entry in filter(matcher.matches, portion):
            put_in_order(found, entry)
        yield
    return Meant(extract, matcher, found)


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
        broken = Broken()
        if most is not None and number > most:
            for entry in meant.entries[most : most + MOST_SHOWN]:
                broken.add(entry, "is one too many")
            broken.count = number - most
        elif verdict == "no":
            broken = Broken((yield from nearest(meant)))
        return Judgement(str(number), verdict, broken)

    return judge


def each(conditions: Sequence[Condition]) -> Judge:
    """What fields of every one are."""

    def reason(entry: JournalEntry) -> str:
        return "; ".join(condition.reason(entry) for condition in conditions if not condition.met(entry))

    def judge(meant: Meant) -> Steps[Judgement]:
        broken = yield from _broken(meant, reason)
        return _of_all(meant, broken, meant.gone)

    return judge


def total(name: str, least: int | None, most: int | None) -> Judge:
    """What a field adds up to; a request without it is a no, as nothing could be added."""

    def judge(meant: Meant) -> Steps[Judgement]:
        amount: float = 0
        largest: list[tuple[float, int, JournalEntry]] = []
        without = Broken()
        for portion in pausing(meant.entries):
            for entry in portion:
                value = summary_field(entry, name)
                number = is_number(value)
                if number is None or number < 0:
                    without.add(entry, f"{name} is {shown(value)}, expected a number that is not negative")
                else:
                    amount += number
                    largest.append((-number, entry.seq, entry))
            largest = nsmallest(MOST_SHOWN, largest, key=lambda row: row[:2])
            yield
        if without.count:
            return Judgement(shown(amount), "no", without)
        verdict = within(least, most, amount, gone=0)
        too_much = most is not None and amount > most
        if meant.gone and not too_much:
            # The dropped ones may have added to it, or may have lacked the field.
            verdict = "inconclusive"
        broken = Broken([Finding(entry, f"{name} is {shown(-number)}") for number, _, entry in largest])
        broken.count = len(meant.entries)
        return Judgement(shown(amount), verdict, broken)

    return judge


def apart(wanted: Apart) -> Judge:
    """How far each is from the one before, in seconds."""
    least = None if wanted.at_least is None else round(wanted.at_least * SECOND)
    most = None if wanted.at_most is None else round(wanted.at_most * SECOND)
    since_answer = wanted.measured == "answer"
    words = "the answer to" if since_answer else "the start of"

    def judge(meant: Meant) -> Steps[Judgement]:
        last_gone = meant.extract.dropped_until if meant.gone else None
        broken, unsure = Broken(), False
        nearest_gap = farthest_gap = None
        earlier: JournalEntry | None = None
        for portion in pausing(meant.entries):
            for later in portion:
                if earlier is not None:
                    gap = later.at - (earlier.finished_at if since_answer else earlier.at)
                    nearest_gap = gap if nearest_gap is None else min(gap, nearest_gap)
                    farthest_gap = gap if farthest_gap is None else max(gap, farthest_gap)
                    too_far = most is not None and gap > most
                    if too_far and last_gone is not None and last_gone > earlier.at:
                        # A dropped one may have been in between; too near, in contrast, stays too near.
                        unsure = True
                    elif too_far or (least is not None and gap < least):
                        broken.add(later, f"began {_seconds(gap)} after {words} {earlier.seq}")
                earlier = later
            yield
        if nearest_gap is None or farthest_gap is None:
            spread = "fewer than two"
        else:
            spread = f"{_seconds(nearest_gap)} to {_seconds(farthest_gap)}"
        return Judgement(spread, unless_broken(broken, meant.gone or unsure), broken)

    return judge


def before(other: Matcher) -> Judge:
    """All were answered before the first other one began."""

    def judge(meant: Meant) -> Steps[Judgement]:
        others = yield from find(meant.extract, other)
        if not others.entries:
            return Judgement("there is no other", unless_broken(Broken(), meant.gone + others.gone), Broken())
        first = others.entries[0]
        words = f"was not answered before {first.seq} began"
        broken = yield from _broken(meant, lambda entry: "" if precedes(entry, first) else words)
        return _of_all(meant, broken, meant.gone + others.gone)

    return judge


def after(other: Matcher) -> Judge:
    """All began after some other one was answered."""

    def judge(meant: Meant) -> Steps[Judgement]:
        others = yield from find(meant.extract, other)
        first: JournalEntry | None = None
        for portion in pausing(others.entries):
            known = portion if first is None else [first, *portion]
            first = min(known, key=attrgetter("finished_at", "seq"))
            yield
        words = "began although no other was there" if first is None else f"began before {first.seq} was answered"
        broken = yield from _broken(meant, lambda entry: "" if first is not None and precedes(first, entry) else words)
        if broken.count and others.gone:
            return Judgement(_share(meant, broken), "inconclusive", broken)
        return _of_all(meant, broken, meant.gone)

    return judge


def alone(meant: Meant) -> Steps[Judgement]:
    """None began while another was unanswered."""
    longest: JournalEntry | None = None

    def reason(entry: JournalEntry) -> str:
        nonlocal longest
        open_one = longest
        if longest is None or entry.finished_at > longest.finished_at:
            longest = entry
        early = open_one is not None and entry.at < open_one.finished_at
        return f"began before {open_one.seq} was answered" if early and open_one is not None else ""

    broken = yield from _broken(meant, reason)
    return _of_all(meant, broken, meant.gone)


def jobs_ended(meant: Meant) -> Steps[Judgement]:
    """None began before polls had shown the end of every job that the ones before had made.

    A job is only polled after it was made, so the polls of jobs we know of are held whenever those are.
    """
    shown_by = yield from _ends(meant.extract)
    unseen: int | None = None
    last: JournalEntry | None = None

    def reason(entry: JournalEntry) -> str:
        nonlocal unseen, last
        words = ""
        if unseen is not None:
            words = f"began although no poll showed the end of job {unseen}"
        elif last is not None and not precedes(last, entry):
            words = f"began before poll {last.seq} showed the end of an earlier job"
        for job_id in entry.job_ids:
            poll = shown_by.get(job_id)
            if poll is None:
                unseen = job_id if unseen is None else unseen
            elif last is None or (poll.finished_at, poll.seq) > (last.finished_at, last.seq):
                last = poll
        return words

    broken = yield from _broken(meant, reason)
    return _of_all(meant, broken, meant.gone)


def _broken(meant: Meant, reason: Callable[[JournalEntry], str]) -> Steps[Broken]:
    """Those that break an expectation; the reason of the others is empty."""
    broken = Broken()
    for portion in pausing(meant.entries):
        for entry in portion:
            if words := reason(entry):
                broken.add(entry, words)
        yield
    return broken


def _of_all(meant: Meant, broken: Broken, gone: int) -> Judgement:
    return Judgement(_share(meant, broken), unless_broken(broken, gone), broken)


def _share(meant: Meant, broken: Broken) -> str:
    return f"{len(meant.entries) - broken.count} of {len(meant.entries)}"


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
