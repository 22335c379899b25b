"""The report of a sweep as one HTML file that needs nothing else: question, answer, grid, drawings and every point."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kibo_scenarios.reports.sweep_drawing import NARROW, WIDE, sweep_svg
from kibo_scenarios.reports.sweep_view import (
    Sweep,
    command,
    edge,
    first_broken,
    frontier,
    label,
    lines,
    question,
    span,
    told,
)
from kibo_scenarios.rules import Verdict
from kibo_scenarios.sweeps import Outcome, as_written

_TEMPLATES: Final = Path(__file__).parent / "templates"
#: With so many points no page needs to repeat what was kept at each of them.
_MOST_IN_FULL: Final = 100


def render_sweep_page(sweep: Sweep) -> str:
    """Return the page; the same sweep always gives the same text."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    found = [(line, edge([one.kept for one in line.outcomes])) for line in lines(sweep)]
    edges = {line.numbers[place] for line, place in found if place is not None}
    return environment.get_template("sweep.html.j2").render(
        style=Markup((_TEMPLATES / "load.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        sweep=sweep,
        question=question(sweep),
        answers=list(frontier(sweep)),
        values=[as_written(value) for value in sweep.axes[0].values],
        rows=[
            (line.label, [_cell(number, one, edges) for number, one in zip(line.numbers, line.outcomes, strict=True)])
            for line, _ in found
        ],
        points=[_point(sweep, number, one, edges) for number, one in enumerate(sweep.outcomes)],
        # The drawing escapes what it shows.
        drawings=[
            (style, Markup(sweep_svg(sweep, width=width)))  # noqa: S704 - see above
            for style, width in (("wide", WIDE), ("narrow", NARROW))
        ],
    )


def _cell(number: int, outcome: Outcome, edges: Collection[int]) -> dict[str, object]:
    return {"number": number + 1, "outcome": outcome, "span": span(outcome), "edge": number in edges}


def _point(sweep: Sweep, number: int, outcome: Outcome, edges: Collection[int]) -> dict[str, object]:
    kept = [check for check in outcome.checks if check.verdict is Verdict.PASS]
    shown = [check for check in outcome.checks if check.verdict is not Verdict.PASS]
    if len(sweep.outcomes) <= _MOST_IN_FULL:
        shown = [*shown, *kept]
    return {
        **_cell(number, outcome, edges),
        # The first point that breaks is what most come for; all together would be a long page.
        "opened": number == min(edges, default=None),
        "values": [as_written(value) for value in outcome.values],
        "label": label(sweep.axes, outcome.values),
        "first": first_broken(outcome),
        "checks": [
            (check, told(check).removeprefix(check.name).replace(" after", "first sign after")) for check in shown
        ],
        "more_kept": len(outcome.checks) - len(shown),
        "command": command(sweep, outcome),
    }
