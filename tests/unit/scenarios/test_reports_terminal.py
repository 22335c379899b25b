"""The report at a terminal: coloured only where colours are wanted, and plain about what counts."""

import io
import re

import pytest
from rich.console import Console

from kibo_scenarios.reports import print_report

from .hostile import assessed, hostile_run, impatient_run

COLOUR = re.compile(r"\x1b\[[0-9;]*(?:3[0-7]|9[0-7])[0-9;]*m")


def printed(*, terminal: bool, known: frozenset[str] = frozenset()) -> str:
    """Return the report of an impatient client."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=100, highlight=False)
    print_report(console, assessed(impatient_run(), known=known))
    return text.getvalue()


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are some at a terminal, none in a pipe, and none at a terminal with NO_COLOR."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured, piped = printed(terminal=True), printed(terminal=False)
    monkeypatch.setenv("NO_COLOR", "1")

    assert (True, False, False) == tuple(
        bool(COLOUR.search(text)) for text in (coloured, piped, printed(terminal=True))
    )
    assert "\x1b" not in piped


def test_safety_and_efficiency_are_told_apart() -> None:
    """Both verdicts, the client and the profile stand below the rules; known failures are told as such."""
    text = printed(terminal=False, known=frozenset({"TH-1"}))

    assert re.search(r"^safety FAIL +efficiency \w+ +client impatient +profile guide", text, re.MULTILINE)
    assert "- TH-1 failed, as the baseline knows" in text


def test_a_client_cannot_write_on_the_terminal() -> None:
    """Control sequences in what a client says are not sent to the terminal."""
    text = io.StringIO()
    print_report(Console(file=text, width=100, highlight=False), assessed(hostile_run()))

    assert "\x1b" not in text.getvalue()
    assert "\x00" not in text.getvalue()
