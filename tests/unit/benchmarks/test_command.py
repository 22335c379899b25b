"""The command line of the benchmarks, and the parts of them that only compute."""

import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import ROOT, main, measure
from benchmarks.outcome import UnavailableError
from benchmarks.serving.sender import message
from benchmarks.whole_client import CELLS, HOUR, Cell, scenario
from click.testing import CliRunner


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nope"], "'nope' is not one of"),
        (["--docs", "--quick"], "--docs is for full measurements; leave --quick away"),
        (["--json", "nowhere/figures.json"], "--json nowhere/figures.json: there is no such folder"),
    ],
)
def test_mistakes_are_told_before_anything_is_measured(arguments: list[str], complaint: str) -> None:
    """A wrong name or flag ends with 2 and a line that says what is accepted."""
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 2
    assert complaint in result.output


def test_a_missing_peer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks a peer is told which, and how to get it."""
    monkeypatch.setitem(sys.modules, "pyrate_limiter", None)
    monkeypatch.delitem(sys.modules, "benchmarks.decisions", raising=False)

    with pytest.raises(UnavailableError, match="decisions needs the package pyrate_limiter; install the extra 'bench'"):
        measure("decisions", quick=True)


def test_a_request_is_written_with_its_length() -> None:
    """The body follows the headers, and its length is told."""
    expected = b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nA: b\r\n\r\n{}"

    assert expected == message("POST", "/x", {"A": "b"}, b"{}")


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.name} {cell.per_minute}/{cell.per_hour}")
def test_a_client_that_knows_its_limits_is_told_the_true_ones(cell: Cell) -> None:
    """The scenario of a cell limits the server, and tells the client the same or nothing."""
    made = scenario(cell)
    (pool,) = made.simulator["limits"]["pools"]
    told = (made.client.rpm, made.client.rph)

    assert (cell.per_minute, cell.per_hour) == (pool["rpm"], pool["rph"])
    assert told == ((cell.per_minute, cell.per_hour) if cell.known else ("unknown", "unknown"))
    assert made.time_limit == 14 * 24 * HOUR


def test_the_documented_folder_is_the_repository() -> None:
    """The document is written into the repository, wherever the command is started."""
    assert Path(__file__).resolve().parents[3] == ROOT
