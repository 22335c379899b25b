"""``ctl events``: what happens in the simulation, as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from kibo_simulator.ctl.output import shown
from kibo_simulator.ctl.session import Session, pass_session
from kibo_simulator.plain_text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@click.command()
@click.option("--kinds", help="Only these, separated by commas: journal, job, clock, limit.")
@click.option("--limit", type=click.IntRange(1), help="Stop after so many.")
@pass_session
def events(session: Session, kinds: str | None, limit: int | None) -> None:
    """Show what happens until interrupted: requests, changes of jobs, moves of the clock, restrictions."""
    lines = session.connection.lines("/events", query={"kinds": kinds})
    for count, (name, data) in enumerate(_events(lines), 1):
        if session.output.as_json:
            session.output.line({"event": name, "data": data})
        else:
            click.echo(printable(f"{name:<8} {shown(data)}"))
        if count == limit:
            return


def _events(lines: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and contents out of a stream of server-sent events."""
    name = "message"
    for line in lines:
        field, _, value = line.partition(b": ")
        if field == b"event":
            name = value.decode()
        elif field == b"data":
            yield name, msgspec.json.decode(value)


COMMANDS = (events,)
