"""The grid of pacing strategies: its bound, its books, its summaries and its plot."""

import asyncio
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pytest

pytest.importorskip("aiolimiter", reason="the peers are an extra")
pytest.importorskip("pyrate_limiter", reason="the peers are an extra")
pytest.importorskip("tenacity", reason="the peers are an extra")

from benchmarks.makespan.grid import EPOCH, Cell, Run, optimum, run_one
from benchmarks.makespan.link import SECOND, Limits, Link
from benchmarks.makespan.plot import LOST, plot
from benchmarks.makespan.strategies import KNOWN, STRATEGIES, UNKNOWN, Strategy
from benchmarks.makespan.summary import cell_by_cell, missed, overview
from benchmarks.makespan.whole_stack import run_whole

from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

SMALL = Cell(Limits(3, 7), 16)


def outcome(strategy: str, ratio: float | None, refusals: int = 0, early: int = 0, phase_s: float = 0.0) -> Run:
    """Make a run that came out so."""
    return Run(
        strategy=strategy,
        cell=SMALL,
        phase_s=phase_s,
        ratio=ratio,
        done=16,
        refusals=refusals,
        early=early,
    )


def test_the_optimum_is_that_of_the_recursion() -> None:
    """RL-3, RL-4: the 16th request under 7 an hour waits for two hours, the second one starts with the 15th."""
    assert 7200 * SECOND + 50_000 == optimum(SMALL, EPOCH)


def test_the_link_counts_what_leaves_too_early() -> None:
    """TH-1, TH-2: once a Retry-After has arrived, whatever is sent before its end is early, up to that very instant."""

    async def main(_loop: VirtualTimeLoop) -> tuple[Sequence[int], int, int]:
        link = Link(_loop, Limits(1, None), "off")
        waits = [(await link.ask()).retry_after_s for _ in range(2)]
        await asyncio.sleep(60 - 1e-6)
        waits.append((await link.ask()).retry_after_s)
        return waits, link.refusals, link.early

    assert ([0, 60, 0], 1, 1) == run_virtual(main, start_us=EPOCH)


# Backing off without the header never ends on a strict server: too long to wait for here.
@pytest.mark.parametrize(
    "strategy",
    [strategy for strategy in STRATEGIES if not strategy.name.startswith("exponential")],
    ids=lambda strategy: strategy.name,
)
def test_no_strategy_beats_the_optimum(strategy: Strategy) -> None:
    """The bound holds for everybody: but for the round trips that several workers save, nobody is faster."""
    result = run_one(strategy, SMALL, 437.0)

    assert result.done == SMALL.requests
    assert result.ratio is not None
    assert result.ratio > 0.999


def test_ours_keeps_its_promise_on_a_small_cell() -> None:
    """TH-5, TH-6, TH-7: limits known, no 429 and the optimum; unknown, at most two and never early."""
    known, unknown = (run_one(strategy, SMALL, 437.0) for strategy in (KNOWN, UNKNOWN))

    assert [] == missed([known, unknown], known=KNOWN.name, unknown=UNKNOWN.name)


@pytest.mark.parametrize("strategy", [KNOWN, UNKNOWN], ids=lambda strategy: strategy.name)
def test_the_bare_ledger_tells_what_the_whole_stack_does(strategy: Strategy) -> None:
    """Through real HTTP and the whole simulator a run has the same 429s, and the same ratio but for a connection."""
    bare, whole = run_one(strategy, SMALL, 437.0), run_whole(strategy, SMALL, 437.0)

    assert (bare.done, bare.refusals, bare.early) == (whole.done, whole.refusals, whole.early)
    assert bare.ratio == pytest.approx(whole.ratio, rel=1e-4)


def test_a_run_is_a_function_of_its_arguments() -> None:
    """T-4: two runs of a strategy that draws lots come out alike."""
    random = next(strategy for strategy in STRATEGIES if strategy.extension == "off")

    assert run_one(random, SMALL, 13.25) == run_one(random, SMALL, 13.25)


def test_the_overview_takes_medians_and_worst_cases() -> None:
    """A run without an end is worse than any with one."""
    runs = [outcome("a", 1.0, 1), outcome("a", 1.5, 3), outcome("a", None, 7, 2)]

    assert [("a", "1.50", "never", "3", "7", "2", "1 of 3")] == overview(runs).rows


def test_the_cells_show_the_worst_phase() -> None:
    """Of several phases the table has the worst."""
    runs = [outcome("a", 1.0, 1), outcome("a", 1.25, 0, phase_s=13.25)]

    assert [("a", "1.25 · 1")] == cell_by_cell(runs).rows


@pytest.mark.parametrize(
    ("run", "complaints"),
    [
        (outcome("known", 1.05), 0),
        (outcome("known", 1.06), 1),
        (outcome("known", None), 1),
        (outcome("known", 1.0, 1), 1),
        (outcome("unknown", 3.0, 2), 0),
        (outcome("unknown", 1.0, 3), 1),
        (outcome("unknown", 1.0, 2, 1), 1),
        (outcome("peer", None, 99, 99), 0),
    ],
)
def test_only_our_own_broken_bounds_are_named(run: Run, complaints: int) -> None:
    """The targets bind kibo-client: 1.05 and no 429 when limits are known, two 429s when not; nothing early."""
    assert complaints == len(missed([run], known="known", unknown="unknown"))


def test_the_axis_holds_every_value() -> None:
    """Values from nothing to beyond the end stay on the axis, in order."""
    places = [LOST.at(value) for value in (-1, 0, 1, 5, 700, 10**9)]

    assert places == sorted(places)
    assert (LOST.left, LOST.right) == (places[0], places[-1])


def test_the_plot_has_a_mark_for_every_run() -> None:
    """A dot or a cross for the time and a dot for the 429s; names are escaped, and the SVG is well-formed."""
    drawn = ET.fromstring(plot([outcome("a & b", 1.2, 3), outcome("c", None, 5)], ours={"c"}))
    tags = [element.tag.rpartition("}")[2] for element in drawn.iter()]

    assert (3, 1) == (tags.count("circle"), tags.count("path"))
    assert "a & b" in {element.text for element in drawn.iter()}
