"""`kibo-client plan`: what a run will cost, before anything is sent."""

from __future__ import annotations

import click

from kibo_client.commands.connection import ALL_DONE, NumberRange, limit_options, refuse
from kibo_client.commands.listing import Listing, listing_options
from kibo_client.outlet import say


@click.command(short_help="Tell what a run will cost; sends nothing.")
@listing_options(required=True)
@limit_options
@click.option(
    "--for",
    "work",
    type=click.Choice(["delete", "refresh", "adjust"]),
    default="delete",
    show_default=True,
    help="What is to be done with the records.",
)
@click.option(
    "--batch-size", type=click.IntRange(1, 12_000), help="Products per request; by default what Kibo advises."
)
@click.option(
    "--spacing",
    type=NumberRange(0, 3600),
    help="Seconds between two submissions; by default 5 for deletions, else 1.",
)
@click.option("--off-peak", metavar="US|EU|HH:MM-HH:MM", help="Submit in these hours only (UTC).")
@click.option(
    "--job-seconds",
    type=NumberRange(0, 86_400),
    default=1.0,
    show_default=True,
    help="How long one job is assumed to take; jobs run one after another.",
)
@click.option("--start", help="When the run begins, ISO 8601 (UTC where no offset is given); by default now.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(
    *,
    listing: Listing,
    requests_per_minute: int | str | None,
    requests_per_hour: int | str | None,
    work: str,
    batch_size: int | None,
    spacing: float | None,
    off_peak: str | None,
    job_seconds: float,
    start: str | None,
    as_json: bool,
) -> int:
    """Read a list and tell the requests it takes, hour by hour, and when they will be done. Nothing is sent.

    A million rows take some seconds, and less than 200 MB.
    """
    import json  # noqa: PLC0415

    from kibo_client.census import take_census  # noqa: PLC0415
    from kibo_client.errors import KiboClientError  # noqa: PLC0415
    from kibo_client.plan import LARGEST_BATCHES, RECOMMENDED, Pace, Work, make_plan  # noqa: PLC0415
    from kibo_client.plan_text import plan_document, plan_lines, read_start  # noqa: PLC0415
    from kibo_client.settings import limits_given  # noqa: PLC0415
    from kibo_client.target_file import read_targets  # noqa: PLC0415
    from kibo_client.units import seconds  # noqa: PLC0415
    from kibo_client.windows import parse_window  # noqa: PLC0415

    try:
        kind = Work(work)
        if batch_size is not None and batch_size > LARGEST_BATCHES[kind]:
            refuse(f"--batch-size: {batch_size} is out of range; a {work} takes at most {LARGEST_BATCHES[kind]:,}")
        per_minute, per_hour = limits_given(requests_per_minute, requests_per_hour)
        usual = RECOMMENDED[kind]
        pace = Pace(
            requests_per_minute=per_minute,
            requests_per_hour=per_hour,
            spacing=seconds(usual.spacing_s if spacing is None else spacing),
            batch_size=batch_size or usual.batch_size,
            job_time=seconds(job_seconds),
            off_peak=None if off_peak is None else parse_window(off_peak),
        )
        begins_at = read_start(start)
        made = make_plan(take_census(read_targets(listing.path or "-", listing.plain())), kind, pace, begins_at)
    except KiboClientError as error:
        refuse(str(error))
    if as_json:
        say(json.dumps(plan_document(made), indent=2, ensure_ascii=False))
    else:
        say("\n".join(plan_lines(made)))
    return ALL_DONE
