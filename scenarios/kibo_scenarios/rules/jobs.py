"""Rules JB-1 to JB-5: how a client follows the jobs that its requests began (J-4, J-8)."""

from itertools import pairwise

from kibo_scenarios.evidence import Evidence, JournalEntry
from kibo_scenarios.moments import clock_time, format_span
from kibo_scenarios.rules.listings import repeated_lists
from kibo_scenarios.rules.traffic import (
    jobs_handed_out,
    jobs_seen_ended,
    polled_job,
    submissions,
)
from kibo_scenarios.rules.verdict import Finding, Outcome, inconclusive, judged


def polls_spaced(evidence: Evidence) -> Outcome:
    """JB-1 (C10): two polls of one job, or two lists of the queue, are some seconds apart.

    The gap is counted from a poll that was answered: repeating one that was refused or failed is the business of TH
    and RT. All pages of one listing are one poll, at the moment of its first page (`listings.repeated_lists`).
    """
    least = evidence.profile.poll_spacing
    expected = f"at least {format_span(least)} between two polls of one job, and between two lists of the queue"
    pairs = [
        (one, other) for polls in _polls_by_job(evidence).values() for one, other in pairwise(polls) if one.answered
    ]
    pairs += repeated_lists(evidence.journal)
    if not pairs:
        return inconclusive(expected, "no job was polled twice and the queue was not listed twice")
    findings = [
        Finding(
            message=(
                f"{_asked(other)} at {clock_time(other.started_at)}, only "
                f"{format_span(other.started_at - one.started_at)} after #{one.seq}"
            ),
            at=other.started_at,
            entries=(one.seq, other.seq),
        )
        for one, other in pairs
        if other.started_at - one.started_at < least - evidence.tolerance
    ]
    shortest = min(other.started_at - one.started_at for one, other in pairs)
    good = f"shortest gap {format_span(shortest)} over {len(pairs):,} repeated polls"
    return judged(expected, findings, good, tuple(other for _, other in pairs))


def poll_interval_grows(evidence: Evidence) -> Outcome:
    """JB-2 (C10): the interval between polls of one unfinished job grows, to the upper end of the guide's range.

    A job tells something when it was polled four times or more and found unfinished, with no refusal in between.
    Growth means: the last interval is longer than the first by more than the tolerance, or is long enough already.
    """
    enough = evidence.profile.poll_spacing_grown
    expected = f"the interval between polls of an unfinished job grows, up to {format_span(enough)}"
    findings = []
    watched: list[JournalEntry] = []
    for job, polls in _polls_by_job(evidence).items():
        if len(polls) < 4 or not all(poll.answered for poll in polls):
            continue
        intervals = [other.started_at - one.started_at for one, other in pairwise(polls)]
        watched.append(polls[-1])
        if intervals[-1] <= intervals[0] + evidence.tolerance and intervals[-1] < enough - evidence.tolerance:
            findings.append(
                Finding(
                    message=(
                        f"job {job} was polled {len(polls)} times; the interval went from "
                        f"{format_span(intervals[0])} to {format_span(intervals[-1])}"
                    ),
                    at=polls[-1].started_at,
                    entries=(polls[0].seq, polls[-1].seq),
                )
            )
    if not watched:
        return inconclusive(expected, "no job was polled four times")
    return judged(expected, findings, f"the interval grew for {len(watched)} jobs", tuple(watched))


def ended_jobs_left_alone(evidence: Evidence) -> Outcome:
    """JB-3 (C11): a job seen in a terminal status is not polled by id again."""
    expected = "no poll by id of a job already seen in a terminal status"
    seen: dict[int, JournalEntry] = {}
    findings = []
    for entry in evidence.journal:
        job = polled_job(entry)
        if job is not None and job in seen and entry.started_at >= seen[job].finished_at + evidence.round_trip.greatest:
            last = seen[job]
            findings.append(
                Finding(
                    message=f"{_asked(entry)} at {clock_time(entry.started_at)}, though #{last.seq} had shown its end",
                    at=entry.started_at,
                    entries=(last.seq, entry.seq),
                )
            )
        # An injected fault may have spoiled the answer, so that it is no proof of what the client saw.
        for ended in jobs_seen_ended(entry) if entry.fault is None else ():
            seen.setdefault(ended, entry)
    if not seen:
        return inconclusive(expected, "no job was seen in a terminal status")
    return judged(expected, findings, f"{len(seen)} ended jobs were left alone", tuple(seen.values()))


def every_job_seen_ended(evidence: Evidence) -> Outcome:
    """JB-4 (C8, C22): every job id handed out was seen in a terminal status, by id or in a list."""
    expected = "every job id handed out is seen in SUCCESS or FAILED"
    handed: dict[int, JournalEntry] = {}
    ended: set[int] = set()
    for entry in evidence.journal:
        for job in jobs_handed_out(entry):
            handed.setdefault(job, entry)
        ended.update(jobs_seen_ended(entry))
    if not handed:
        return inconclusive(expected, "no job id was handed out")
    findings = [
        Finding(
            message=f"job {job}, handed out by {entry}, was never seen ended",
            at=entry.finished_at,
            entries=(entry.seq,),
        )
        for job, entry in handed.items()
        if job not in ended
    ]
    return judged(expected, findings, f"all {len(handed):,} jobs seen ended", tuple(handed.values()))


def failed_scope_resubmitted(evidence: Evidence) -> Outcome:
    """JB-5 (C12, J-8): the scope of a FAILED job, and no more, is submitted again, or its records are named as undone.

    A failed job is ignored when none of its location's records is named as undone and no later deletion takes up an
    item of its batch at its location. More than its scope is resent when a later deletion repeats the whole batch,
    at all its locations, although some of its jobs had succeeded.
    """
    expected = "a FAILED job's items are deleted again at its location only, or named as undone"
    live = [entry for entry in submissions(evidence.journal) if entry.answered]
    items = [_items(entry) for entry in live]
    failed = {job: fact for job, fact in evidence.jobs.items() if fact.status == "FAILED"}
    ids = {job for entry in live for job in entry.job_ids}
    if not failed.keys() & ids:
        return inconclusive(expected, "no job of a live deletion failed")
    named = {key.location_code for key in evidence.undone}
    findings: list[Finding] = []
    for index, entry in enumerate(live):
        mine = [failed[job] for job in entry.job_ids if job in failed]
        if not mine:
            continue
        again = [
            other for other, asked in zip(live[index + 1 :], items[index + 1 :], strict=True) if asked & items[index]
        ]
        findings += [
            Finding(
                message=f"{entry}: the failed job at {location} was neither submitted again nor named as undone",
                at=entry.finished_at,
                entries=(entry.seq,),
            )
            for location in sorted({fact.location_code for fact in mine} - named)
            if not any(_reaches(other, location) for other in again)
        ]
        if len(mine) < len(entry.job_ids):
            findings += [
                Finding(
                    message=f"{other} repeated all of {entry}, though only {len(mine)} of its jobs had failed",
                    at=other.started_at,
                    entries=(entry.seq, other.seq),
                )
                for other in again
                if _items(entry) <= _items(other) and _as_wide(other, entry)
            ]
    return judged(expected, findings, f"{len(failed)} failed jobs were followed up", tuple(live))


def _items(entry: JournalEntry) -> frozenset[str]:
    return frozenset(entry.summary.item_hashes or ())


def _reaches(entry: JournalEntry, location: str) -> bool:
    return bool(entry.summary.all_locations) or location in (entry.summary.location_codes or ())


def _as_wide(entry: JournalEntry, first: JournalEntry) -> bool:
    if first.summary.all_locations or entry.summary.all_locations:
        return bool(entry.summary.all_locations)
    return set(first.summary.location_codes or ()) <= set(entry.summary.location_codes or ())


def _polls_by_job(evidence: Evidence) -> dict[int, list[JournalEntry]]:
    polls: dict[int, list[JournalEntry]] = {}
    for entry in evidence.journal:
        job = polled_job(entry)
        if job is not None:
            polls.setdefault(job, []).append(entry)
    return polls


def _asked(entry: JournalEntry) -> str:
    job = polled_job(entry)
    return f"#{entry.seq} listed the queue" if job is None else f"#{entry.seq} polled job {job}"
