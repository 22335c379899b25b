"""``ctl faults``: what goes wrong on purpose, how often it was met, and an end to it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kibo_simulator.ctl.connection import CtlError, RefusedError, segment
from kibo_simulator.ctl.session import Session, by_default, pass_session

if TYPE_CHECKING:
    from kibo_simulator.files.yaml_places import YamlDocument

_COLUMNS = ("id", "effect", "match", "seen", "uses", "left", "lastUse", "consumed")


@click.group(invoke_without_command=True)
@click.pass_context
def faults(context: click.Context) -> None:
    """List the faults in force, add some, or take them out."""
    by_default(context, list_faults)


@faults.command("list")
@pass_session
def list_faults(session: Session) -> None:
    """List the faults with their counts; ``left`` is empty where uses have no end."""
    found = session.connection.ask("GET", "/faults")
    session.output.rows(found["faults"], _COLUMNS, nothing="there are no faults")


@faults.command()
@click.argument("document")
@pass_session
def add(session: Session, document: str) -> None:
    """Put faults down: a YAML or JSON file, - for standard input, or the text itself in braces or brackets."""
    from kibo_simulator.files.yaml_places import YamlFileError  # noqa: PLC0415  # slow to import, and rarely needed

    try:
        told = _told(document)
        answer = _sent(session, told)
    except YamlFileError as error:
        raise CtlError(str(error)) from None
    session.output.record(answer)


@faults.command()
@click.argument("fault_id", metavar="ID")
@pass_session
def remove(session: Session, fault_id: str) -> None:
    """Take the fault ID out; jobs that it holds go on."""
    session.output.record(session.connection.ask("DELETE", f"/faults/{segment(fault_id)}"))


@faults.command()
@pass_session
def clear(session: Session) -> None:
    """Take all faults out; jobs that they hold go on."""
    session.output.record(session.connection.ask("DELETE", "/faults"))


@faults.command()
@pass_session
def check(session: Session) -> None:
    """Tell whether every fault has done all it was for; list those that have not, with exit code 1."""
    found = session.connection.ask("GET", "/faults")
    left = [fault for fault in found["faults"] if not fault["consumed"]]
    session.output.rows(left, _COLUMNS, nothing="every fault has done all it was for")
    if left:
        sys.exit(1)


def _told(document: str) -> YamlDocument:
    from kibo_simulator.files.yaml_places import parse_yaml, read_yaml  # noqa: PLC0415  # as above

    if document.lstrip()[:1] in {"{", "["}:
        return parse_yaml(document.encode("utf-8", "surrogateescape"), "DOCUMENT", what="fault document")
    if document == "-":
        return parse_yaml(sys.stdin.buffer.read(), "standard input", what="fault document")
    return read_yaml(Path(document), what="fault document")


def _sent(session: Session, document: YamlDocument) -> Any:
    """Send the document; a refusal of a value is told with its place in the file."""
    try:
        return session.connection.ask("POST", "/faults", body=document.value)
    except RefusedError as error:
        path, colon, message = error.message.partition(": ")
        if error.status == 400 and colon and path.startswith("$"):
            raise document.error(path, message) from None
        raise


COMMANDS = (faults,)
