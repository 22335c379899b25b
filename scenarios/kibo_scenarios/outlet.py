"""Writes for as long as somebody reads: a reader who goes away (`| head`) ends the output, never the run."""

import os
import sys
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console


def say(text: str | bytes, *, err: bool = False, nl: bool = True) -> None:
    """Print to standard output or standard error, if it is still read."""
    try:
        click.echo(text, err=err, nl=nl)
    except BrokenPipeError:
        silence(sys.stderr if err else sys.stdout)


def silence(stream: TextIO) -> None:
    """Let nobody have whatever is written to this stream from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def console() -> "Console":
    """Return a terminal for reports."""
    from rich.console import Console  # noqa: PLC0415 - rich is loaded when a command prints, so --help is quick

    class PatientConsole(Console):
        """A console that goes on in silence where rich would end the program with 1, which means a failed rule."""

        def on_broken_pipe(self) -> None:
            self.quiet = True
            silence(sys.stdout)

    return PatientConsole(highlight=False)
