"""Rules TH-1 to TH-7: what a client does about 429 and Retry-After (RL-7 to RL-12).

Who broke a wait is split in two, so that a finding names one defect:

* TH-1 blames the caller that was refused: the same chain of calls (`traffic.call_chain`) comes back early.
* TH-2 blames everybody else: while the refused caller still waits, another chain of the same pool goes on. What comes
  with or after an early return of the refused caller itself is that return's doing, and left to TH-1.

A request is early when it arrives before the 429 plus Retry-After, less the tolerance. It is excused when it may have
been on its way already: when it arrives within the greatest round trip after the 429 was answered, to the microsecond
at its end, for what is sent in the very instant in which the answer comes was not sent because of it. A copy of the
refused request has no such excuse.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from kibo_scenarios.evidence import Evidence, JournalEntry
from kibo_scenarios.moments import MINUTE, SECOND, clock_time, format_span
from kibo_scenarios.optimum import earliest_times
from kibo_scenarios.rules.traffic import (
    Chain,
    by_pool,
    call_chain,
    is_submission,
    jobs_handed_out,
    jobs_seen_ended,
)
from kibo_scenarios.rules.verdict import Finding, Outcome, inconclusive, judged

HOUR_LEVEL_S = 900
LONGEST_RETRY_AFTER_S = 3600


@dataclass(frozen=True, slots=True)
class _Wait:
    refusal: JournalEntry
    until: int
    known_at: int

    def known_to(self, request: JournalEntry) -> bool:
        """Whether whoever sent this request must have known of the refusal."""
        # A 429 is decided before the body is read (RL-11), so only requests without one can be told to be copies.
        same = request.request_hash != "" and request.request_hash == self.refusal.request_hash
        copy = same and request.method == "GET"
        return request.started_at >= self.refusal.finished_at if copy else request.started_at > self.known_at


@dataclass(frozen=True, slots=True)
class _Early:
    request: JournalEntry
    wait: _Wait
    own: bool

    def finding(self) -> Finding:
        """The request, and how much too early it came."""
        refusal, request = self.wait.refusal, self.request
        after = format_span(request.started_at - refusal.started_at)
        short = format_span(self.wait.until - request.started_at)
        header = "no usable Retry-After" if refusal.retry_after_s is None else f"Retry-After {refusal.retry_after_s}"
        return Finding(
            message=(
                f"{request} arrived at {clock_time(request.started_at)}, {after} after the 429 of {refusal} "
                f"({header}): {short} too early"
            ),
            at=request.started_at,
            entries=(refusal.seq, request.seq),
        )


def waits_after_429(evidence: Evidence) -> Outcome:
    """TH-1 (C13): after a 429 the refused caller does not come back before Retry-After has passed."""
    expected = f"the refused call comes back no earlier than its Retry-After, less {format_span(evidence.tolerance)}"
    refusals = _refusals(evidence)
    if not refusals:
        return inconclusive(expected, "no request was answered with 429 and a usable Retry-After")
    concluded = [entry for entry in refusals if _anything_later(evidence, entry)]
    findings = [early.finding() for early in _early(evidence) if early.own]
    if not findings and not concluded:
        return inconclusive(expected, f"no request followed {_number(refusals, 'refusal')}")
    return judged(expected, findings, f"{_number(refusals, '429')} waited out in full", tuple(concluded))


def whole_pool_waits(evidence: Evidence) -> Outcome:
    """TH-2 (C13, C16): while a refused caller waits, no other caller of the pool sends."""
    expected = "while one call waits for its Retry-After, no other call of the pool is sent"
    early = list(_early(evidence))
    # A wait that the refused caller itself cut short, or that the client did not live to see, shows nothing.
    cut_short = {one.wait.refusal.seq for one in early if one.own}
    with_other_work = _refusals_with_other_work(evidence)
    opportunities = [e for e in with_other_work if e.seq not in cut_short and _anything_later(evidence, e)]
    findings = [one.finding() for one in early if not one.own]
    if not findings and not opportunities:
        if with_other_work:
            return inconclusive(expected, "the refused callers cut every wait short themselves, or the client ended")
        return inconclusive(expected, "no 429 fell while other work of the pool was waiting")
    good = f"all other calls kept still during {_number(opportunities, 'restriction')} with other work waiting"
    return judged(expected, findings, good, tuple(opportunities))


def long_waits_kept(evidence: Evidence) -> Outcome:
    """TH-3 (C13): the hour-level values are waited out too, 3600 included; a cap on the wait breaks them."""
    expected = "every value up to 3600 is waited out in full"
    refusals = _refusals(evidence)
    values = sorted({entry.retry_after_s for entry in refusals if entry.retry_after_s is not None})
    findings = [
        early.finding()
        for early in _early(evidence)
        if early.own and (early.wait.refusal.retry_after_s or 0) >= HOUR_LEVEL_S
    ]
    kept = [e for e in refusals if e.retry_after_s == LONGEST_RETRY_AFTER_S and _anything_later(evidence, e)]
    seen = ", ".join(map(str, values)) or "none"
    if not findings and not kept:
        return inconclusive(expected, f"no wait of {LONGEST_RETRY_AFTER_S} s was seen to its end; values seen: {seen}")
    return judged(expected, findings, f"values seen and waited out: {seen}", tuple(kept))


def missing_header_waits(evidence: Evidence) -> Outcome:
    """TH-4 (C13, C14): a 429 without a usable Retry-After leads to a wait of at least 60 s."""
    least = evidence.profile.retry_after_default
    expected = f"after a 429 without a usable Retry-After, no request for {format_span(least)}"
    refusals = [e for e in evidence.journal if e.status == 429 and e.pool is not None and e.retry_after_s is None]
    concluded = [entry for entry in refusals if _anything_later(evidence, entry)]
    findings = [early.finding() for early in _early(evidence, without_header=True)]
    if not findings and not concluded:
        return inconclusive(expected, "no 429 came without a usable Retry-After")
    return judged(expected, findings, f"{_number(concluded, 'such 429')} waited out", tuple(concluded))


def hour_restricted_once(evidence: Evidence) -> Outcome:
    """TH-5 (C16): the hourly budget is not burnt in bursts: no hour restriction is provoked twice.

    Only refusals of the limit itself count: an injected one was not provoked.
    """
    expected = "at most one hour-level restriction is provoked per pool"
    if evidence.shared:
        return inconclusive(expected, _not_its_own(evidence))
    findings = []
    opportunity = False
    for entries in by_pool(evidence.journal).values():
        provoked = _provoked_hour_restrictions(entries)
        admitted = sum(entry.status != 429 for entry in entries)
        hourly = [x.requests_per_hour for x in evidence.limits if x.requests_per_hour is not None]
        opportunity |= bool(provoked) or any(admitted > limit for limit in hourly)
        findings += [
            Finding(
                message=(
                    f"{again} at {clock_time(again.started_at)} provoked the pool's "
                    f"{_ordinal(count)} hour-level restriction (Retry-After {again.retry_after_s})"
                ),
                at=again.started_at,
                entries=(provoked[0].seq, again.seq),
            )
            for count, again in enumerate(provoked[1:], start=2)
        ]
    if not findings and not opportunity:
        return inconclusive(expected, "the traffic never reached the hourly limit")
    return judged(expected, findings, "the hourly budget was not overrun again")


def few_refusals(evidence: Evidence) -> Outcome:
    """TH-6 (C16, C18): no 429 at all where the client knows the limits; elsewhere only the figure is given.

    An injected refusal was not provoked, and is left out.
    """
    expected = "0 requests in 1,000 are refused where the limits are known"
    requests = [entry for entry in evidence.journal if entry.pool is not None]
    if not requests:
        return inconclusive(expected, "no request counted against a pool")
    refused = [entry for entry in requests if entry.status == 429 and entry.fault is None]
    figure = f"{1000 * len(refused) / len(requests):.1f} in 1,000 ({len(refused)} of {len(requests):,})"
    if not evidence.limits_known:
        return inconclusive(expected, f"{figure}; {_not_its_own(evidence)}")
    findings = [
        Finding(message=f"{figure}; the first was {refused[0]}", at=entry.started_at, entries=(entry.seq,))
        for entry in refused[:1]
    ]
    return judged(expected, findings, figure)


def budget_used(evidence: Evidence) -> Outcome:
    """TH-7 (C16): the admissible budget is used while work waits, where the client knows the limits.

    Work waits until the last batch is sent. The share is the least time in which the requests up to then could have
    been admitted, each after the answer to the one before, divided by the time that they took.
    """
    share = evidence.profile.budget_share
    expected = f"at least {share:.0%} of the admissible budget is used until the last batch is sent"
    pools = list(by_pool(evidence.journal).values())
    if not evidence.limits_known or len(evidence.limits) != 1 or len(pools) != 1:
        return inconclusive(expected, _not_its_own(evidence))
    admitted = [entry for entry in pools[0] if entry.status != 429]
    last = max((index for index, entry in enumerate(admitted) if is_submission(entry)), default=0)
    waiting = admitted[: last + 1]
    (limit,) = evidence.limits
    if 0 in {limit.requests_per_minute, limit.requests_per_hour}:
        return inconclusive(expected, "the limits admit nothing")
    trips = evidence.round_trip.least * last
    least = 0
    if waiting:
        times = earliest_times(
            [is_submission(entry) for entry in waiting],
            start=waiting[0].started_at,
            spacing=evidence.profile.submission_spacing,
            requests_per_minute=limit.requests_per_minute,
            requests_per_hour=limit.requests_per_hour,
            off_peak_hours_utc=evidence.profile.off_peak_hours_utc,
        )
        least = times[-1] - times[0] + trips
    if least < MINUTE:
        return inconclusive(expected, f"the work could have been sent within {format_span(least)}: too short to tell")
    took = waiting[-1].started_at - waiting[0].started_at
    figure = f"{min(1.0, least / took):.0%}: {format_span(took)} for what {format_span(least)} allow"
    wasteful = least / took < share
    finding = Finding(message=figure, at=waiting[-1].started_at, entries=(waiting[0].seq, waiting[-1].seq))
    return judged(expected, [finding] if wasteful else [], figure, (waiting[0], waiting[-1]))


def _early(evidence: Evidence, *, without_header: bool = False) -> Iterator[_Early]:
    default = evidence.profile.retry_after_default
    for entries in by_pool(evidence.journal).values():
        # Where nobody was told to wait nobody can be early, and most of a long journal is such.
        if any(_wait_of(entry, without_header=without_header, default=default) is not None for entry in entries):
            yield from _early_in_pool(entries, evidence, without_header=without_header)


def _early_in_pool(entries: list[JournalEntry], evidence: Evidence, *, without_header: bool) -> Iterator[_Early]:
    """Sweep one pool once, in order of arrival, with the waits that its callers know of by then.

    `promised` holds for the refused chain until its time has come, however often it comes back early; `quiet` holds
    for all other chains, and only until the refused chain is back. Others are suspects until then: had they been let
    go together with the refused caller, the one breach is its early return.
    """
    together = evidence.tolerance + evidence.round_trip.greatest
    suspects: dict[Chain, list[_Early]] = {}
    unknown: list[_Wait] = []
    promised: dict[Chain, _Wait] = {}
    quiet: dict[Chain, _Wait] = {}
    for request in entries:
        chain, limit = call_chain(request), request.started_at + evidence.tolerance
        still_unknown = []
        for wait in unknown:
            if wait.known_to(request):
                _keep_longer(promised, wait)
                _keep_longer(quiet, wait)
            else:
                still_unknown.append(wait)
        unknown = still_unknown
        quiet.pop(chain, None)
        own = promised.get(chain)
        others = suspects.pop(chain, ())
        if own is not None and own.until > limit:
            yield _Early(request, own, own=True)
            yield from (early for early in others if early.request.started_at < request.started_at - together)
        else:
            yield from others
            if broken := [wait for wait in quiet.values() if wait.until > limit]:
                wait = max(broken, key=lambda wait: wait.until)
                suspects.setdefault(call_chain(wait.refusal), []).append(_Early(request, wait, own=False))
        wait_us = _wait_of(request, without_header=without_header, default=evidence.profile.retry_after_default)
        if wait_us is not None:
            known_at = request.finished_at + evidence.round_trip.greatest
            unknown.append(_Wait(request, request.started_at + wait_us, known_at))
    for others in suspects.values():
        yield from others


def _keep_longer(waits: dict[Chain, _Wait], wait: _Wait) -> None:
    chain = call_chain(wait.refusal)
    if chain not in waits or waits[chain].until <= wait.until:
        waits[chain] = wait


def _wait_of(entry: JournalEntry, *, without_header: bool, default: int) -> int | None:
    if entry.status != 429 or entry.response_lost or without_header is not (entry.retry_after_s is None):
        return None
    return default if entry.retry_after_s is None else entry.retry_after_s * SECOND


def _refusals(evidence: Evidence) -> list[JournalEntry]:
    return [
        entry
        for entry in evidence.journal
        if entry.status == 429
        and entry.pool is not None
        and entry.retry_after_s is not None
        and not entry.response_lost
    ]


def _anything_later(evidence: Evidence, refusal: JournalEntry) -> bool:
    """Whether a request followed that must have been sent in the knowledge of this refusal."""
    known_at = refusal.finished_at + evidence.round_trip.greatest
    return any(
        entry.started_at > known_at and (entry.tenant, entry.pool) == (refusal.tenant, refusal.pool)
        for entry in reversed(evidence.journal)
    )


def _refusals_with_other_work(evidence: Evidence) -> list[JournalEntry]:
    """Return the 429s at which the client had another call of the pool to make: jobs open, or batches unsent."""
    refusals = {entry.seq for entry in _refusals(evidence)}
    if not refusals:
        return []
    last_submission = max((entry.started_at for entry in evidence.journal if is_submission(entry)), default=0)
    open_jobs: set[int] = set()
    found = []
    for entry in evidence.journal:
        if entry.seq in refusals:
            operation, job = call_chain(entry)
            # A list call asks for all open jobs at once, so only submissions are work of another call.
            jobs_of_others = set() if operation == "getJobs" else open_jobs - {job}
            unsent = operation != "deletion" and last_submission > entry.started_at
            if jobs_of_others or unsent:
                found.append(entry)
        open_jobs.update(jobs_handed_out(entry))
        open_jobs.difference_update(jobs_seen_ended(entry))
    return found


def _provoked_hour_restrictions(entries: list[JournalEntry]) -> list[JournalEntry]:
    """Return the 429s that began an hour-level restriction: those that fell outside every earlier one."""
    provoked = []
    until = 0
    for entry in entries:
        if entry.status == 429 and entry.retry_after_s is not None:
            genuine = entry.fault is None and entry.retry_after_s >= HOUR_LEVEL_S
            if genuine and entry.started_at >= until:
                provoked.append(entry)
            until = max(until, entry.started_at + entry.retry_after_s * SECOND)
    return provoked


def _not_its_own(evidence: Evidence) -> str:
    """Return why refusals and lost time cannot be held against the client."""
    if evidence.shared:
        return "others drew on the same budget"
    return "the client had not been told the limits that were enforced"


def _number(entries: list[JournalEntry], noun: str) -> str:
    return f"{len(entries)} {noun}{'' if len(entries) == 1 else 's'}"


def _ordinal(count: int) -> str:
    return {2: "second", 3: "third"}.get(count, f"{count}th")
