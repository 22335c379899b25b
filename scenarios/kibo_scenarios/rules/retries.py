"""Rules RT-1 to RT-5: what a client does after failures other than 429.

A request is known by the server's hash of its method, path, query and body; a failure is a 5xx, or an answer that an
injected fault cut off, so that the client never saw it.
"""

from itertools import pairwise

from kibo_scenarios.evidence import Evidence, JournalEntry
from kibo_scenarios.moments import clock_time, format_span
from kibo_scenarios.rules.verdict import Finding, Outcome, inconclusive, judged

NOT_WORTH_REPEATING = frozenset({400, 403, 404})


def failures_not_repeated_at_once(evidence: Evidence) -> Outcome:
    """RT-1 (C14): after a 5xx, a reset or a time-out, the same request is not repeated at once."""
    least = evidence.profile.retry_wait
    expected = f"at least {format_span(least)} before a failed request is sent again"
    pairs = [(one, other) for attempts in _attempts(evidence) for one, other in pairwise(attempts) if _failed(one)]
    if not pairs:
        return inconclusive(expected, "no failed request was sent again")
    findings = [
        Finding(
            message=(
                f"{other} repeated #{one.seq} ({_how(one)}) at {clock_time(other.started_at)}, "
                f"{format_span(other.started_at - one.finished_at)} later"
            ),
            at=other.started_at,
            entries=(one.seq, other.seq),
        )
        for one, other in pairs
        if other.started_at - one.finished_at < least - evidence.tolerance
    ]
    shortest = min(other.started_at - one.finished_at for one, other in pairs)
    return judged(expected, findings, f"shortest wait {format_span(shortest)}", tuple(other for _, other in pairs))


def retry_waits_grow(evidence: Evidence) -> Outcome:
    """RT-2 (C14): successive waits for one request grow; jitter may hide it for a step, never for three waits."""
    expected = "the waits between attempts for one request grow"
    findings = []
    watched: list[JournalEntry] = []
    for series in _failure_series(evidence):
        waits = [other.started_at - one.finished_at for one, other in pairwise(series)]
        if len(waits) < 3:
            continue
        watched.append(series[-1])
        if max(waits[1:]) <= waits[0] * 1.1:
            findings.append(
                Finding(
                    message=f"{series[0]} was sent {len(series)} times, waits "
                    + ", ".join(map(format_span, waits[:6])),
                    at=series[-1].started_at,
                    entries=tuple(entry.seq for entry in series[:6]),
                )
            )
    if not watched:
        return inconclusive(expected, "no request failed three times in a row and was sent again")
    return judged(expected, findings, f"{len(watched)} requests were repeated with growing waits", tuple(watched))


def attempts_bounded(evidence: Evidence) -> Outcome:
    """RT-3 (C15): attempts for one request are bounded; what a 429 refused counts as an attempt too."""
    most = evidence.profile.attempts_maximum
    expected = f"at most {most} attempts in a row for one request"
    findings = []
    watched: list[JournalEntry] = []
    for series in _failure_series(evidence, refusals=True):
        if len(series) >= 3:
            watched.append(series[-1])
        if len(series) > most:
            findings.append(
                Finding(
                    message=f"{series[0]} was sent {len(series)} times in a row without success",
                    at=series[most].started_at,
                    entries=(series[0].seq, series[-1].seq),
                )
            )
    if not watched:
        return inconclusive(expected, "no request had to be sent three times")
    return judged(expected, findings, f"{len(watched)} requests ended within {most} attempts", tuple(watched))


def rejections_not_repeated(evidence: Evidence) -> Outcome:
    """RT-4 (C14): 400, 403 and 404 are final for a request; a 401 allows one repeat, with a new token."""
    expected = "no 400, 403 or 404 is retried unchanged; a 401 leads to one new token, then one retry"
    rejected = [e for e in evidence.journal if e.status == 401 or e.status in NOT_WORTH_REPEATING]
    if not rejected:
        return inconclusive(expected, "no request was answered with 400, 401, 403 or 404")
    tokens = [entry.started_at for entry in evidence.journal if entry.operation == "authenticate"]
    findings = []
    for attempts in _attempts(evidence):
        for one, other in pairwise(attempts):
            renewed = any(one.finished_at <= at <= other.started_at for at in tokens)
            if one.status in NOT_WORTH_REPEATING or (one.status == 401 and (not renewed or other.status == 401)):
                why = "unchanged" if one.status != 401 or not renewed else "again without success"
                findings.append(
                    Finding(
                        message=f"{other} repeated #{one.seq}, answered with {one.status}, {why}",
                        at=other.started_at,
                        entries=(one.seq, other.seq),
                    )
                )
    return judged(expected, findings, f"{len(rejected)} rejected requests were left alone", tuple(rejected))


def adjust_not_repeated_blindly(evidence: Evidence) -> Outcome:
    """RT-5 (C20): an adjust whose outcome is unknown is not sent again before the queue has been asked."""
    expected = "an adjust without an answer is sent again only after the queue was asked"
    lost = [entry for entry in evidence.journal if entry.operation == "adjust" and _failed(entry)]
    if not lost:
        return inconclusive(expected, "every adjust was answered")
    asked = [e.started_at for e in evidence.journal if e.operation in {"getJobs", "getJob"} and e.answered]
    findings = [
        Finding(
            message=f"{other} sent #{one.seq} again at {clock_time(other.started_at)} without asking the queue first",
            at=other.started_at,
            entries=(one.seq, other.seq),
        )
        for attempts in _attempts(evidence)
        for one, other in pairwise(attempts)
        if one.operation == "adjust"
        and _failed(one)
        and not any(one.finished_at <= at <= other.started_at for at in asked)
    ]
    return judged(expected, findings, f"{len(lost)} adjusts without an answer were not repeated blindly", tuple(lost))


def _attempts(evidence: Evidence) -> list[list[JournalEntry]]:
    """Return the requests that were sent more than once, each with all its attempts in order."""
    by_hash: dict[str, list[JournalEntry]] = {}
    for entry in evidence.journal:
        if entry.request_hash:
            by_hash.setdefault(entry.request_hash, []).append(entry)
    return [attempts for attempts in by_hash.values() if len(attempts) > 1]


def _failure_series(evidence: Evidence, *, refusals: bool = False) -> list[list[JournalEntry]]:
    """Return each run of failed attempts for one request, together with the attempt that followed it."""
    found = []
    for attempts in _attempts(evidence):
        series: list[JournalEntry] = []
        for entry in attempts:
            series.append(entry)
            # The server refuses before it reads a body (RL-11): only bodiless refusals are known to be of one request.
            if not (_failed(entry) or (refusals and entry.status == 429 and entry.method == "GET")):
                found.append(series)
                series = []
        found.append(series)
    return [series for series in found if len(series) > 1]


def _failed(entry: JournalEntry) -> bool:
    return entry.status >= 500 or entry.response_lost


def _how(entry: JournalEntry) -> str:
    return "answer lost" if entry.response_lost else f"status {entry.status}"
