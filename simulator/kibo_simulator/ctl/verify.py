"""``ctl verify``: asks questions about the journal and tells by its exit code what the answer is."""

from __future__ import annotations

from typing import IO, Any, Final

import click

from kibo_simulator.ctl.entries import told
from kibo_simulator.ctl.sent_files import send_file
from kibo_simulator.ctl.session import Session, pass_session
from kibo_simulator.plain_text import printable

_EXIT: Final = {"yes": 0, "no": 1, "inconclusive": 3}


@click.command()
@click.argument("file", type=click.File("rb"))
@click.pass_context
@pass_session
def verify(session: Session, context: click.Context, file: IO[bytes]) -> None:
    """Answer the questions in FILE about the journal (JSON, - for standard input).

    Exit codes: 0 every answer is yes, 1 some answer is no, 3 it cannot be told because entries were dropped.
    """
    answer = send_file(session, "POST", "/verify", file)
    if session.output.as_json:
        session.output.line(answer)
    else:
        for line in _lines(answer):
            click.echo(line)
    context.exit(_EXIT.get(answer.get("verdict"), 2))


def _lines(answer: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for check in answer["checks"]:
        lines.append(
            printable(
                f"{check['verdict']:<12}  {check['name']}: {check['expectation']} {check['expected']}; "
                f"found {check['actual']}"
            )
        )
        lines += [f"{'':12}  {told(entry)} — {printable(entry['reason'])}" for entry in check["entries"]]
        if check["more"]:
            lines.append(f"{'':12}  and {check['more']:,} more")
    if answer["dropped"]:
        lines.append(f"{answer['dropped']:,} entries were dropped before; bounds.journal_entries holds more")
    return lines


COMMANDS = (verify,)
