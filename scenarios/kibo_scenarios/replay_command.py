"""The command ``kibo-scenarios replay JOURNAL``: prints what differs; 0 the same, 1 different, 2 not a usable file."""

import sys
from pathlib import Path

import click

from kibo_scenarios.result import ExitCode

MOST_SHOWN = 20


@click.command("replay")
@click.argument("journal", type=click.Path(path_type=Path))
def replay_journal(journal: Path) -> None:
    """Send the recorded requests of JOURNAL to a fresh simulator and compare the answers.

    JOURNAL is a replay file: the world, every request with its instant, every answer, one JSON object a line.
    """
    from kibo_scenarios.replay import replay  # noqa: PLC0415 - loaded when the command runs, so --help is quick
    from kibo_scenarios.replay_file import read_replay  # noqa: PLC0415

    recorded = read_replay(journal)
    differences = replay(recorded)
    count = f"{len(recorded.exchanges)} exchange{'s' if len(recorded.exchanges) != 1 else ''}"
    if recorded.closing is not None and recorded.closing.note:
        click.echo(f"note: {recorded.closing.note}")
    if not differences:
        click.echo(f"{journal}: {count} replayed, every answer the same")
        return
    for difference in differences[:MOST_SHOWN]:
        place = f"exchange {difference.exchange}: " if difference.exchange else ""
        click.echo(f"{journal}: {place}{difference}")
    if len(differences) > MOST_SHOWN:
        click.echo(f"… and {len(differences) - MOST_SHOWN} more")
    click.echo(f"{journal}: {count} replayed, {len(differences)} differences")
    sys.exit(ExitCode.FAILED)
