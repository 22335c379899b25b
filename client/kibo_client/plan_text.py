"""How a plan is told: lines for people, a JSON document for programs (C16, C17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from kibo_client.clock import steady_wall_clock
from kibo_client.errors import SettingsError
from kibo_client.plan import HourSpent, Plan, Spending, Work
from kibo_client.report import iso
from kibo_client.summary import counted, duration
from kibo_client.units import SECOND

MOST_HOURS_SHOWN = 24
MOST_GROUPS_SHOWN = 5
BAR = 30


def read_start(text: str | None) -> int:
    """The moment that a run is to begin, in microseconds since the epoch; now where nothing is given.

    Raises:
        SettingsError: It is not ISO 8601.
    """
    if text is None:
        return steady_wall_clock()()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError("--start", f"{text!r} is not accepted; give a moment such as 2026-03-02T05:00Z") from None
    return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * SECOND


def plan_lines(plan: Plan) -> Iterator[str]:
    """The plan, line by line."""
    for name, value in _facts(plan):
        yield f"{name:<12} {value}"
    yield ""
    yield f"{'hour (UTC)':<18} requests  {'':<{BAR}}  of which"
    most = max((hour.requests for hour in plan.hours), default=1)
    for hour in plan.hours[:MOST_HOURS_SHOWN]:
        yield _hour_line(hour, most)
    if len(plan.hours) > MOST_HOURS_SHOWN:
        yield f"and {counted(len(plan.hours) - MOST_HOURS_SHOWN, 'hour')} more; --json lists them all"


def _hour_line(hour: HourSpent, most: int) -> str:
    bar = "█" * max(1, round(hour.requests / most * BAR))
    spent = ", ".join(f"{kind.value} {count:,}" for kind, count in hour.spent.items() if count)
    return f"{iso(hour.begins_at)[:16].replace('T', ' '):<18} {hour.requests:>8,}  {bar:<{BAR}}  {spent}"


def _facts(plan: Plan) -> Iterator[tuple[str, str]]:
    census, pace = plan.census, plan.pace
    products, locations = counted(census.products, "product"), counted(census.locations, "location")
    yield "asked for", f"{counted(census.records, 'record')} of {products} at {locations}"
    if census.duplicates:
        yield "duplicates", f"{counted(census.duplicates, 'row')} of {census.rows:,} named again what others name"
    if census.odd_values and plan.work is Work.DELETE:
        examples = ", ".join(census.odd_examples[:3])
        quoted = f"; {census.always_quoted:,} of them have no other and will be quoted" if census.always_quoted else ""
        yield "patterns", f"{counted(census.odd_values, 'product')} with pattern characters, such as {examples}{quoted}"
    if plan.work is Work.DELETE:
        full, exact = census.full_requests(pace.batch_size), census.exact_requests(pace.batch_size)
        yield "batches", f"{full:,}; {exact:,} where each must keep to its own locations"
    else:
        yield "batches", f"{plan.requests[Spending.SUBMISSION]:,}, each for one location"
    limits = [
        f"{'unknown' if limit is None else format(limit, ',')} {name}"
        for name, limit in (("a minute", pace.requests_per_minute), ("an hour", pace.requests_per_hour))
    ]
    hint = "" if pace.requests_per_hour and pace.requests_per_minute else "; give --rpm and --rph for a true schedule"
    yield "limits", ", ".join(limits) + hint
    spent = ", ".join(f"{kind.value} {count:,}" for kind, count in plan.requests.items() if count) or "none"
    total = sum(plan.requests.values())
    yield "requests", f"{total:,}: {spent}" + (f"; at worst {plan.most_requests:,} and polls" if _differs(plan) else "")
    yield "jobs", f"at most {plan.jobs:,}, taken to need {duration(pace.job_time / SECOND)} each, one after another"
    if plan.affordable_polls is not None:
        yield (
            "polling",
            f"{plan.requests[Spending.POLL]:,} planned; the hours used have room for {plan.affordable_polls:,} more",
        )
    yield "begins", iso(plan.begins_at)
    yield "last batch", iso(plan.last_submission_at)
    yield "ends", f"{iso(plan.ends_at)}, after {duration((plan.ends_at - plan.begins_at) / SECOND)}"
    if pace.off_peak is not None:
        yield "off-peak", f"submissions only {pace.off_peak}"
        for window in plan.windows[:MOST_GROUPS_SHOWN]:
            opens, closes = (iso(moment)[:16].replace("T", " ") for moment in (window.opens_at, window.closes_at))
            yield "", f"{opens} to {closes}: {counted(window.submissions, 'submission')}"
        if len(plan.windows) > MOST_GROUPS_SHOWN:
            yield "", f"and {counted(len(plan.windows) - MOST_GROUPS_SHOWN, 'window')} more"


def _differs(plan: Plan) -> bool:
    return plan.most_requests > plan.requests[Spending.DRY_RUN] + plan.requests[Spending.SUBMISSION]


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON values; moments as ISO 8601 UTC."""
    census, pace = plan.census, plan.pace
    names = {Spending.DRY_RUN: "dryRuns", Spending.SUBMISSION: "submissions", Spending.POLL: "polls"}
    return {
        "work": plan.work.value,
        "requested": {
            "rows": census.rows,
            "duplicates": census.duplicates,
            "records": census.records,
            "products": census.products,
            "locations": census.locations,
        },
        "patternCharacters": {
            "products": census.odd_values,
            "quoted": census.always_quoted,
            "examples": list(census.odd_examples),
        },
        "limits": {"requestsPerMinute": pace.requests_per_minute, "requestsPerHour": pace.requests_per_hour},
        "batchSize": pace.batch_size,
        "spacingS": pace.spacing / SECOND,
        "requests": {names[kind]: count for kind, count in plan.requests.items()},
        "mostRequests": plan.most_requests,
        "jobs": plan.jobs,
        "affordablePolls": plan.affordable_polls,
        "beginsAt": iso(plan.begins_at),
        "lastSubmissionAt": iso(plan.last_submission_at),
        "endsAt": iso(plan.ends_at),
        "hours": [
            {"beginsAt": iso(hour.begins_at), **{names[kind]: count for kind, count in hour.spent.items()}}
            for hour in plan.hours
        ],
        "offPeak": [
            {"opensAt": iso(window.opens_at), "closesAt": iso(window.closes_at), "submissions": window.submissions}
            for window in plan.windows
        ],
    }
