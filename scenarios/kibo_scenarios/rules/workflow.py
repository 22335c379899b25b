"""Rules WF-1 to WF-3: the order of things around the work itself (J-3, A-1)."""

from kibo_scenarios.evidence import Evidence, JournalEntry
from kibo_scenarios.moments import clock_time, format_span
from kibo_scenarios.optimum import next_off_peak
from kibo_scenarios.rules.traffic import is_dry_run, is_submission, submissions
from kibo_scenarios.rules.verdict import Finding, Outcome, Verdict, inconclusive, judged


def dry_run_covers(evidence: Evidence) -> Outcome:
    """WF-1 (C1): before a live deletion, answered dry runs have covered every item of it at every location of it."""
    expected = "every item and location of a live deletion was covered by an earlier dry run"
    covered: dict[str, set[str] | None] = {}  # None: at all locations
    pending: list[JournalEntry] = []
    judgeable: list[JournalEntry] = []
    findings = []
    for entry in evidence.journal:
        for dry_run in [one for one in pending if one.finished_at <= entry.started_at]:
            pending.remove(dry_run)
            _cover(covered, dry_run)
        if is_dry_run(entry) and entry.answered:
            pending.append(entry)
        if not is_submission(entry) or not entry.summary.item_hashes:
            continue
        judgeable.append(entry)
        if missing := _uncovered(covered, entry):
            total = len(entry.summary.item_hashes)
            findings.append(
                Finding(
                    message=(
                        f"{entry} went live at {clock_time(entry.started_at)} with {missing} of {total} items "
                        "whose scope no earlier dry run had covered"
                    ),
                    at=entry.started_at,
                    entries=(entry.seq,),
                )
            )
    if not judgeable:
        return inconclusive(expected, "no live deletion was sent")
    good = f"{len(judgeable)} live deletions, each within the scope of earlier dry runs"
    return judged(expected, findings, good, tuple(judgeable))


def off_peak(evidence: Evidence) -> Outcome:
    """WF-2 (C17): live deletions fall in the region's off-peak hours, when the profile names a region."""
    window = evidence.profile.off_peak_hours_utc
    if window is None:
        reason = "the profile names no region"
        return Outcome(verdict=Verdict.NOT_APPLICABLE, expected="live deletions in off-peak hours", actual=reason)
    first, last = window
    expected = f"live deletions between {first:02}:00 and {last:02}:00 UTC"
    live = submissions(evidence.journal)
    if not live:
        return inconclusive(expected, "no live deletion was sent")
    findings = [
        Finding(message=f"{entry} at {clock_time(entry.started_at)} UTC", at=entry.started_at, entries=(entry.seq,))
        for entry in live
        if next_off_peak(entry.started_at, window) > entry.started_at
    ]
    return judged(expected, findings, f"{len(live)} live deletions, all off-peak", tuple(live))


def one_token_serves(evidence: Evidence) -> Outcome:
    """WF-3 (A-1): one token serves until it expires; a new one sooner needs a 401 as its reason."""
    lifetime = evidence.profile.token_lifetime
    expected = f"no second token within half of the {format_span(lifetime)} that the first one serves"
    last: JournalEntry | None = None
    refused = False
    findings = []
    calls = 0
    for entry in evidence.journal:
        if entry.operation != "authenticate":
            calls += 1
            refused |= entry.status == 401
        elif entry.answered:
            if last is not None and not refused and entry.started_at - last.started_at < lifetime // 2:
                findings.append(
                    Finding(
                        message=(
                            f"{entry} fetched a token {format_span(entry.started_at - last.started_at)} after "
                            f"#{last.seq}, with no 401 in between"
                        ),
                        at=entry.started_at,
                        entries=(last.seq, entry.seq),
                    )
                )
            last, refused = entry, False
    if last is None or calls < 2:
        return inconclusive(expected, "fewer than two calls were made with a token fetched in this run")
    return judged(expected, findings, f"{calls:,} calls made without an untimely new token", (last,))


def _cover(covered: dict[str, set[str] | None], dry_run: JournalEntry) -> None:
    for item in dry_run.summary.item_hashes or ():
        if dry_run.summary.all_locations:
            covered[item] = None
        else:
            locations = covered.setdefault(item, set())
            if locations is not None:
                locations.update(dry_run.summary.location_codes or ())


def _uncovered(covered: dict[str, set[str] | None], live: JournalEntry) -> int:
    wanted = None if live.summary.all_locations else set(live.summary.location_codes or ())
    items = live.summary.item_hashes or ()
    # A dry run of a whole product covers those of its records that a narrower item means; not the other way round.
    products = live.summary.product_hashes or items

    def covers(seen: set[str] | None) -> bool:
        return seen is None or (wanted is not None and wanted <= seen)

    return sum(
        not covers(covered.get(item, set())) and not covers(covered.get(product, set()))
        for item, product in zip(items, products, strict=True)
    )
