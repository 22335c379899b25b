"""Writes docs/load/ from runs of the packaged load scenarios: ``python -m tests.conformance.load_pages [NAME...]``."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kibo_scenarios.library import packaged
from kibo_scenarios.moments import format_span
from kibo_scenarios.reports.load_page import drawn
from kibo_scenarios.reports.load_view import bars, rows, seconds
from kibo_scenarios.workloads import LoadResult, LoadScenario, find_any, run_load

FOLDER: Final = Path(__file__).parents[2] / "docs" / "load"
INDEX: Final = FOLDER / "README.md"
NAMES: Final = [name for name, file in packaged().items() if "\nclients:" in file.read_text(encoding="utf-8")]
_LABELS: Final = 16


def scenario_of(name: str) -> LoadScenario:
    """Return a packaged load scenario."""
    scenario = find_any(name)
    assert isinstance(scenario, LoadScenario)
    return scenario


def index() -> str:
    """Return the list of all pages."""
    lines = [
        "# Load scenarios",
        "",
        "Ready to run: `kibo-scenarios run NAME`. [load.md](../load.md) says how a file is written.",
        "Each page shows the file and the report of a run; they are made by `python -m tests.conformance.load_pages`.",
        "",
        "| scenario | what happens |",
        "|---|---|",
        *(f"| [{name}]({name}.md) | {scenario_of(name).title} |" for name in NAMES),
    ]
    return "\n".join(lines) + "\n"


def page(result: LoadResult) -> str:
    """Return the page of a scenario with the report of a run."""
    scenario = result.scenario
    text = Path(scenario.file).read_text(encoding="utf-8")
    return "\n".join(
        [
            f"# {scenario.name}",
            "",
            f"{scenario.title}.",
            "",
            scenario.description,
            "",
            "```sh",
            f"kibo-scenarios run {scenario.name}",
            "```",
            "",
            "## What came of it",
            "",
            *_report(result),
            "",
            "## The file",
            "",
            "```yaml",
            text.rstrip("\n"),
            "```",
            "",
        ]
    )


def _report(result: LoadResult) -> Iterator[str]:
    found = list(rows(result))
    requests = sum(row.requests for row in found)
    yield f"**{result.conclusion}**: {requests:,} requests in {format_span(result.span)} of simulated time."
    yield ""
    yield f"![Requests over time]({result.scenario.name}.svg)"
    yield ""
    yield "| threshold | verdict | what was seen |"
    yield "|---|---|---|"
    for one in result.judged:
        reason = f"; {one.threshold.reason}" if one.threshold.reason else ""
        yield f"| `{one.threshold}` | {one.judgement.verdict} | {one.judgement.because}{reason} |"
    yield ""
    yield "| client | operation | requests | 429 | failed | given up | median | p(95) |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for row in found:
        yield (
            f"| {row.client} | {row.operation} | {row.requests:,} | {row.throttled:,} | {row.failed:,} "
            f"| {row.given_up:,} | {seconds(row.median)} | {seconds(row.p95)} |"
        )


def figure(result: LoadResult) -> str:
    """Return the traffic over time as SVG: admitted below, refused with 429 on top."""
    drawing = drawn(bars(result))
    boxes = [
        f'<rect x="{box.x:.1f}" y="{box.y + _LABELS:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" '
        f'fill="{"#d03b3b" if box.refused else "#2a78d6"}"/>'
        for box in drawing.boxes
    ]
    labels = [
        f'<text x="{x:.1f}" y="{_LABELS + 176}" font-size="12" font-family="sans-serif" fill="#777">{label}</text>'
        for x, label in drawing.labels
    ]
    top = f'<text x="0" y="11" font-size="12" font-family="sans-serif" fill="#777">at most {drawing.highest}</text>'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 {_LABELS + 180}" role="img">',
            f"<title>Requests of {result.scenario.name} over time; red: refused with 429</title>",
            top,
            *boxes,
            *labels,
            "</svg>",
            "",
        ]
    )


def _write(names: list[str]) -> None:
    INDEX.write_text(index(), encoding="utf-8")
    for name in names:
        result = run_load(scenario_of(name))
        (FOLDER / f"{name}.md").write_text(page(result), encoding="utf-8")
        (FOLDER / f"{name}.svg").write_text(figure(result), encoding="utf-8")


if __name__ == "__main__":
    _write(sys.argv[1:] or NAMES)
