"""The command line of the fuzzer.

Exit codes: 0 everything held, 1 something did not, 2 wrong usage, 130 interrupted.
"""

import os
import secrets
import sys
import time
from pathlib import Path

import click
from tests.fuzz.campaigns import Campaign, campaigns
from tests.fuzz.rotation import Rotation
from tests.fuzz.session import save, session, summary, tell
from tests.fuzz.turn import Turn, play


def _parse_turn(known: dict[str, Campaign], text: str) -> Turn:
    name, _, rest = text.partition(":")
    seed, _, examples = rest.partition(":")
    if name not in known or not seed.isdigit() or not examples.isdigit() or int(examples) < 1:
        raise click.BadParameter(
            f"expected CAMPAIGN:SEED:EXAMPLES as a failure prints it, got {text!r}", param_hint="--turn"
        )
    return Turn(name, int(seed), int(examples))


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=300.0, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), help="Of the whole session; a fresh one is drawn and printed.")
@click.option("--only", multiple=True, metavar="TEXT", help="Only campaigns with this in their name; repeatable.")
@click.option("--workers", type=click.IntRange(min=1), default=min(2, os.cpu_count() or 1), show_default=True)
@click.option("--turn", "again", metavar="CAMPAIGN:SEED:EXAMPLES", help="Have one turn again, as a failure prints it.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".fuzz"), show_default=True)
@click.option("--list", "listing", is_flag=True, help="Name the campaigns and stop.")
def main(
    *,
    seconds: float,
    seed: int | None,
    only: tuple[str, ...],
    workers: int,
    again: str | None,
    folder: Path,
    listing: bool,
) -> None:
    """Run every property of the suite with fresh seeds, round robin, for so many SECONDS."""
    known = campaigns()
    chosen = {name: one for name, one in known.items() if not only or any(text in name for text in only)}
    if not chosen:
        raise click.BadParameter(f"no campaign has {' or '.join(only)} in its name; see --list", param_hint="--only")
    if listing:
        for campaign in chosen.values():
            click.echo(f"{campaign.name}  ({campaign.unit})")
        return
    if again is not None:
        turn = _parse_turn(known, again)
        outcome = play(known[turn.campaign], turn)
        if outcome.failure is None:
            click.echo(f"{turn} holds: {outcome.done:,} {known[turn.campaign].unit} in {outcome.seconds:.1f} s")
            return
        tell(outcome, save(outcome, folder))
        sys.exit(1)
    chosen_seed = secrets.randbelow(2**32) if seed is None else seed
    click.echo(f"seed {chosen_seed}, {len(chosen)} campaigns, {workers} workers, {seconds:g} s")
    rotation = Rotation(chosen, chosen_seed)
    began = time.monotonic()
    try:
        session(rotation, seconds, workers, folder)
    except KeyboardInterrupt:
        click.echo(f"interrupted after {summary(rotation)}")
        sys.exit(130)
    for name, done in sorted(rotation.done.items()):
        click.echo(f"  {done:>12,}  {chosen[name].unit:<32} {rotation.spent[name]:6.0f} s  {name}")
    click.echo(f"{time.monotonic() - began:.0f} s, seed {chosen_seed}, {summary(rotation)}")
    sys.exit(1 if rotation.failed else 0)
