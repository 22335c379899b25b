"""The command ``kibo-scenarios replay JOURNAL``: prints what differs; 0 the same, 1 different, 2 not a usable file."""

from pathlib import Path

import click

from kibo_scenarios.outlet import say
from kibo_scenarios.result import ExitCode

MOST_SHOWN = 20


@click.command("replay", short_help="Send a recording to a fresh simulator and compare.")
@click.argument("journal", type=click.Path(path_type=Path))
def replay_journal(journal: Path) -> int:
    """Send the recorded requests of JOURNAL to a fresh simulator and compare the answers.

    JOURNAL is a replay file: the world, every request with its instant, every answer, one JSON object a line.
    """
    from kibo_scenarios.replay import replay  # noqa: PLC0415 - loaded when the command runs, so --help is quick
    from kibo_scenarios.replay_file import read_replay  # noqa: PLC0415

    recorded = read_replay(journal)
    differences = replay(recorded)
    count = f"{len(recorded.exchanges)} exchange{'s' if len(recorded.exchanges) != 1 else ''}"
    if recorded.closing is not None and recorded.closing.note:
        say(f"note: {recorded.closing.note}")
    if not differences:
        say(f"{journal}: {count} replayed, every answer the same")
        return ExitCode.PASSED
    for difference in differences[:MOST_SHOWN]:
        place = f"exchange {difference.exchange}: " if difference.exchange else ""
        say(f"{journal}: {place}{difference}")
    if len(differences) > MOST_SHOWN:
        say(f"… and {len(differences) - MOST_SHOWN} more")
    many = f"{len(differences)} difference{'s' if len(differences) != 1 else ''}"
    say(f"{journal}: {count} replayed, {many}")
    return ExitCode.FAILED
