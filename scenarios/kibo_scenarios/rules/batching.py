"""Rules BA-1 to BA-6: how work is cut into requests and how the requests are spaced (J-1, J-9, J-10)."""

from bisect import bisect_left
from itertools import pairwise

from kibo_scenarios.evidence import TERMINAL_STATUSES, Evidence, JournalEntry
from kibo_scenarios.moments import clock_time, format_span
from kibo_scenarios.rules.traffic import is_submission, jobs_handed_out, seen_statuses, submissions
from kibo_scenarios.rules.verdict import Finding, Outcome, inconclusive, judged


def batches_within_maximum(evidence: Evidence) -> Outcome:
    """BA-1 (C5): no call carries more items than its operation takes at most."""
    profile = evidence.profile
    maxima = {
        "deleteItems": profile.delete_items_maximum,
        "adjust": profile.adjust_items_maximum,
        "refresh": profile.refresh_items_maximum,
    }
    return _sizes(evidence, maxima, "the hard maximum")


def batches_within_recommendation(evidence: Evidence) -> Outcome:
    """BA-2 (C4): calls stay at the recommended size or below."""
    profile = evidence.profile
    maxima = {"deleteItems": profile.delete_items_recommended, "refresh": profile.refresh_items_recommended}
    return _sizes(evidence, maxima, "the recommended size")


def batches_full(evidence: Evidence) -> Outcome:
    """BA-3 (C4): batches are full: calls used divided by calls needed at the recommended size.

    Products that go to different locations cannot share a call, so calls are needed per set of locations. A request
    that was repeated counts once. A client that was told to send less is held to that; where the server could not
    enqueue a batch in time (J-9), halves of it are full.
    """
    size = _full_size(evidence)
    greatest = evidence.profile.batch_overhead
    expected = f"at most {greatest:.2f} times the calls needed with {size} items each"
    items: dict[tuple[str, ...], set[str]] = {}
    calls: dict[str, JournalEntry] = {}
    for entry in submissions(evidence.journal):
        if entry.operation == "deleteItems" and entry.answered and entry.summary.item_hashes:
            calls.setdefault(entry.request_hash or str(entry.seq), entry)
            items.setdefault(_scope_of(entry), set()).update(entry.summary.item_hashes)
    if len(calls) < 2:
        return inconclusive(expected, "fewer than two live deleteItems calls were accepted")
    needed = sum(-(-len(hashes) // size) for hashes in items.values())
    figure = f"{len(calls)} calls used, {needed} needed: {len(calls) / needed:.2f}"
    first, *_ = calls.values()
    wasteful = len(calls) / needed > greatest
    findings = [Finding(message=figure, at=first.started_at, entries=tuple(e.seq for e in calls.values())[:5])]
    return judged(expected, findings if wasteful else [], figure, tuple(calls.values()))


def one_submission_at_a_time(evidence: Evidence) -> Outcome:
    """BA-4 (C6): at no time are two deletion submissions in flight.

    They overlap for certain when the second arrived before the answer to the first could have made the way back
    and a request the way out, which takes at least the least round trip.
    """
    least = evidence.round_trip.least
    expected = "each live deletion is sent after the answer to the one before"
    live = submissions(evidence.journal)
    if len(live) < 2:
        return inconclusive(expected, f"{len(live)} live deletions were sent")
    findings = []
    ahead = live[0]
    for entry in live[1:]:
        if entry.started_at < ahead.finished_at + least:
            overlap = format_span(ahead.finished_at + least - entry.started_at)
            findings.append(
                Finding(
                    message=(
                        f"{entry} arrived at {clock_time(entry.started_at)} while {ahead} was still in flight, "
                        f"at least {overlap} too early"
                    ),
                    at=entry.started_at,
                    entries=(ahead.seq, entry.seq),
                )
            )
        if entry.finished_at >= ahead.finished_at:
            ahead = entry
    return judged(expected, findings, f"{len(live)} live deletions, one after the other", tuple(live))


def submissions_spaced(evidence: Evidence) -> Outcome:
    """BA-5 (C7): some seconds pass between the answer to one submission and the next submission.

    Counted from answers that accepted a batch. What a refusal or a failure asks for is the business of TH and RT;
    submissions that overlap are the business of BA-4.
    """
    least = evidence.profile.submission_spacing
    expected = f"at least {format_span(least)} between the answer to a live deletion and the next one"
    live = submissions(evidence.journal)
    pairs = [
        (one, other)
        for one, other in pairwise(live)
        if one.answered and other.started_at >= one.finished_at + evidence.round_trip.least
    ]
    if not pairs:
        return inconclusive(expected, "no live deletion followed another that had been accepted")
    findings = [
        Finding(
            message=(
                f"{other} arrived at {clock_time(other.started_at)}, only "
                f"{format_span(other.started_at - one.finished_at)} after the answer to {one}"
            ),
            at=other.started_at,
            entries=(one.seq, other.seq),
        )
        for one, other in pairs
        if other.started_at - one.finished_at < least - evidence.tolerance
    ]
    shortest = min(other.started_at - one.finished_at for one, other in pairs)
    good = f"shortest gap {format_span(shortest)} over {len(pairs)} pair{'' if len(pairs) == 1 else 's'}"
    return judged(expected, findings, good, tuple(other for _, other in pairs))


def not_gated_on_jobs(evidence: Evidence) -> Outcome:
    """BA-6 (C9): the next submission is paced by time and does not wait for earlier jobs to finish.

    Being gated shows only where jobs take long: the client saw a job unfinished well after the spacing had passed
    (three times the upper end of the guide's 5-10 s), nothing of the pool was refused meanwhile, and still it sent the
    next batch only after all jobs of the last one had been seen ended. One batch sent past an unfinished job
    shows a client that is not gated; only if every opportunity was gated, and there were at least two, is it a breach.
    """
    patience = 6 * evidence.profile.submission_spacing
    expected = "the next live deletion is sent although jobs of the last one are still unfinished"
    live = [entry for entry in submissions(evidence.journal) if entry.answered]
    arrivals = [entry.started_at for entry in evidence.journal]
    findings: list[Finding] = []
    free: list[JournalEntry] = []
    for one, other in pairwise(live):
        first, last = bisect_left(arrivals, one.finished_at), bisect_left(arrivals, other.started_at)
        between = [entry for entry in evidence.journal[first:last] if entry is not one]
        mine = set(jobs_handed_out(one))
        ended: set[int] = set()
        waited = False
        for entry in between:
            statuses = [(job, status) for job, status in seen_statuses(entry) if job in mine]
            ended.update(job for job, status in statuses if status in TERMINAL_STATUSES)
            waited |= entry.started_at >= one.finished_at + patience and any(
                status not in TERMINAL_STATUSES for _, status in statuses
            )
        if mine - ended:
            free.append(other)
        elif waited and not any(entry.status == 429 or is_submission(entry) for entry in between):
            findings.append(
                Finding(
                    message=(
                        f"{other} was sent {format_span(other.started_at - one.finished_at)} after {one}, when all "
                        f"{len(mine)} of its jobs had been seen ended"
                    ),
                    at=other.started_at,
                    entries=(one.seq, other.seq),
                )
            )
    if free:
        return judged(
            expected, [], f"{len(free)} of {max(0, len(live) - 1)} batches went out past open jobs", tuple(free)
        )
    if len(findings) < 2:
        return inconclusive(expected, "no jobs took so long that being gated on them would have shown twice")
    return judged(expected, findings, "")


def _full_size(evidence: Evidence) -> int:
    too_many = [
        entry.summary.items for entry in submissions(evidence.journal) if entry.status == 504 and entry.summary.items
    ]
    told = evidence.batch_size or evidence.profile.delete_items_recommended
    return min(evidence.profile.delete_items_recommended, told, *(-(-items // 2) for items in too_many))


def _scope_of(entry: JournalEntry) -> tuple[str, ...]:
    return ("*",) if entry.summary.all_locations else tuple(sorted(entry.summary.location_codes or ()))


def _sizes(evidence: Evidence, maxima: dict[str, int], name: str) -> Outcome:
    expected = f"{name}: " + ", ".join(f"{operation} ≤ {maximum:,} items" for operation, maximum in maxima.items())
    sized = [
        (entry, entry.summary.items, maxima[entry.operation])
        for entry in evidence.journal
        if entry.operation in maxima and entry.summary.items is not None
    ]
    if not sized:
        return inconclusive(expected, "no call with a list of items was sent")
    findings = [
        Finding(
            message=f"{entry} carried {items:,} items, {items - maximum:,} more than {name}",
            at=entry.started_at,
            entries=(entry.seq,),
        )
        for entry, items, maximum in sized
        if items > maximum
    ]
    largest = max(items for _, items, _ in sized)
    return judged(expected, findings, f"largest call {largest:,} items, of {len(sized)} calls", _first(sized))


def _first(sized: list[tuple[JournalEntry, int, int]]) -> tuple[JournalEntry, ...]:
    return tuple(entry for entry, _, _ in sized)
