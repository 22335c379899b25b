"""Writes for as long as somebody reads: a reader who goes away (`| head`) ends the output, never the run."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click


class CannotPrintError(click.ClickException):
    """Standard output cannot be written, and what it was to tell is lost."""


def say(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print to standard output or standard error, if it is still read.

    Raises:
        CannotPrintError: Standard output is read, but cannot be written: a full disk.
    """
    try:
        click.echo(text, err=err, nl=nl)
    except BrokenPipeError:
        silence(sys.stderr if err else sys.stdout)
    except OSError as error:
        silence(sys.stderr if err else sys.stdout)
        if not err:
            raise CannotPrintError(f"standard output: cannot be written: {error.strerror}") from error


def silence(stream: TextIO) -> None:
    """Let nobody have whatever is written to this stream from now on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
