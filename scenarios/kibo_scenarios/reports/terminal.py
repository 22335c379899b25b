"""The report for people at a terminal: legible at 80 columns and at 120, coloured only where there are colours."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.figures import Figures, asked_for, batch_outcomes, file_outcomes, outcome_of
from kibo_scenarios.moments import SECOND, clock_time, format_span
from kibo_scenarios.result import Conclusion, RunResult
from kibo_scenarios.rules import Verdict

VERDICT_STYLES: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NOT_APPLICABLE: "dim",
}
CONCLUSION_STYLES: Final = {
    Conclusion.PASSED: "bold green",
    Conclusion.FAILED: "bold red",
    Conclusion.NOTHING_CONCLUDED: "bold yellow",
}
#: C0 and C1, with the escape that begins a command to the terminal, but not tabs and ends of lines.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
#: A longer list of refusals is told by value; the JSON report has them all.
REFUSALS_SHOWN: Final = 12


def print_report(console: Console, assessment: Assessment, *, report: Path | None = None) -> None:
    """Print the report of one run; `report` is where the complete one was written."""
    result, scenario = assessment.result, assessment.result.scenario
    console.print()
    console.rule(_text(scenario.name, style="bold"), align="left", characters="─")
    console.print(_text(scenario.title, style="italic"))
    console.print()
    console.print(_facts(result))
    if result.figures.refusals:
        console.print()
        console.print(_refusals(result.figures))
    console.print()
    console.print(_rules(result))
    if result.checked:
        console.print()
        console.print(_expectations(result))
    console.print()
    console.print(_verdict(assessment))
    if report is not None:
        console.print(_line(("report         ", "dim"), str(report)), soft_wrap=True)


def _facts(result: RunResult) -> RenderableType:
    figures = result.figures
    work = result.scenario.work.kind
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    feeding = work == "batch-jobs"
    if not feeding:
        table.add_row(
            asked_for(work),
            _joined(
                f"{figures.targets:,} records",
                f"{figures.target_products:,} products",
                f"{figures.target_locations:,} locations",
            ),
        )
    if feeding:
        table.add_row("batch items", _joined(*batch_outcomes(figures.batch_items)))
    elif work == "bulk-delete":
        table.add_row(
            "dry run found",
            _joined(
                f"{figures.scope_records:,} records",
                f"{figures.scope_items:,} products",
                f"{figures.scope_locations:,} locations",
            ),
        )
    if not feeding:
        outcome = outcome_of(work, figures.targets, figures.gone, figures.undone, figures.off_target)
        table.add_row("outcome", _joined(*outcome))
    if work == "bulk-delete":
        table.add_row("batches", f"{figures.batches:,} live deletions accepted")
    if work == "files":
        table.add_row("files", _joined(*file_outcomes(figures.files, figures.files_imported)))
    total = sum(figures.requests.values())
    kinds = _joined(*(f"{_words(name)} {count:,}" for name, count in figures.requests.items()))
    table.add_row("requests", _text(f"{total:,} = {kinds}" if total else "none"))
    table.add_row("429s", f"{len(figures.refusals):,}" if figures.refusals else "none")
    jobs = _joined(*(f"{count:,} {status}" for status, count in figures.jobs.items()))
    if jobs or work in {"bulk-delete", "adjust"}:
        table.add_row("jobs", _text(jobs or "none"))
    speed = result.span / SECOND / result.wall_s
    took = f"{format_span(result.span)} simulated in {result.wall_s:.2f} s of wall time"
    table.add_row("time", f"{took} ({speed:,.0f}×), {result.pace}")
    if total:
        table.add_row("pace", _pace(figures))
    evidence = result.evidence
    held_up = sum(stall.end - stall.start for stall in evidence.stalls)
    table.add_row(
        "tolerance",
        _joined(
            format_span(evidence.tolerance),
            f"{format_span(evidence.round_trip.greatest)} on the way",
            *([f"this machine was held up for {format_span(held_up)}"] if held_up else []),
        ),
    )
    return table


def _pace(figures: Figures) -> str:
    ratio = figures.ratio_to_optimum
    if ratio is None or figures.optimum is None:
        return f"{format_span(figures.makespan)} from first to last request"
    return (
        f"{ratio:.2f} × the optimum: {format_span(figures.makespan)} from first to last request, "
        f"{format_span(figures.optimum)} at best"
    )


def _refusals(figures: Figures) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="429s", title_justify="left", title_style="bold")
    if len(figures.refusals) <= REFUSALS_SHOWN:
        table.add_column("at (UTC)", no_wrap=True)
        table.add_column("call")
        table.add_column("Retry-After", justify="right")
        for one in figures.refusals:
            table.add_row(clock_time(one.at), _text(f"#{one.seq} {one.operation}"), _seconds(one.retry_after_s))
        return table
    table.add_column("Retry-After", justify="right")
    table.add_column("times", justify="right")
    table.add_column("first at (UTC)", no_wrap=True)
    table.add_column("last at (UTC)", no_wrap=True)
    counted = Counter(one.retry_after_s for one in figures.refusals)
    for value in sorted(counted, key=lambda seconds: seconds or 0):
        moments = [one.at for one in figures.refusals if one.retry_after_s == value]
        table.add_row(_seconds(value), f"{counted[value]:,}", clock_time(moments[0]), clock_time(moments[-1]))
    return table


def _rules(result: RunResult) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("rule", no_wrap=True)
    table.add_column("lvl", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("what was seen", overflow="fold")
    promised = set(result.scenario.testable)
    for grade in result.grades:
        outcome = grade.outcome
        seen: RenderableType = _text(outcome.actual)
        if grade.verdict is Verdict.FAIL:
            seen = Group(
                _text(outcome.actual),
                _text(f"expected: {outcome.expected}", style="dim"),
                _text(f"remedy: {grade.rule.remedy}", style="dim"),
            )
        elif grade.verdict is Verdict.INCONCLUSIVE and grade.rule.id in promised:
            seen = Group(_text(outcome.actual), _text("the scenario promised this opportunity", style="yellow"))
        elif grade.verdict in {Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE}:
            seen = _text(outcome.actual, style="dim")
        style = VERDICT_STYLES[grade.verdict]
        table.add_row(
            grade.rule.id, _text(str(grade.rule.level), style="dim"), _text(str(grade.verdict), style=style), seen
        )
    return table


def _expectations(result: RunResult) -> RenderableType:
    lines = []
    for one in result.checked:
        mark, style = ("met", "green") if one.met else ("not met", "bold red")
        actual = "unknown" if one.actual is None else f"{one.actual:,g}"
        lines.append(_line((f"{mark:8}", style), f"{one.expectation}", (f"   was {actual}", "dim")))
    return Group(_text("expectations", style="bold"), *(Padding(line, (0, 0, 0, 2)) for line in lines))


def _verdict(assessment: Assessment) -> RenderableType:
    result, conclusion = assessment.result, assessment.conclusion
    counted = Counter(grade.verdict for grade in result.grades)
    counts = _joined(*(f"{counted[verdict]} {str(verdict).lower()}" for verdict in Verdict if counted[verdict]))
    line = _line((str(conclusion), CONCLUSION_STYLES[conclusion]), f"  {counts}")
    apart = _line(
        ("safety ", "dim"),
        (str(assessment.safety), VERDICT_STYLES[assessment.safety]),
        ("   efficiency ", "dim"),
        (str(assessment.efficiency), VERDICT_STYLES[assessment.efficiency]),
        (f"   client {result.client}   profile {result.evidence.profile.name}", "dim"),
    )
    reasons = [failure.text for failure in assessment.failures]
    reasons += [f"{failure.text}, as the baseline knows" for failure in assessment.known_failures]
    if not assessment.failures:
        reasons += [f"{grade.rule.id}: {grade.outcome.actual}" for grade in result.missed]
    return Group(line, apart, *(Padding(_text(f"- {reason}"), (0, 0, 0, 2)) for reason in reasons))


def _text(text: str, style: str = "") -> Text:
    """Return a text that comes out as it is: not taken for markup, and without control over the terminal."""
    return Text(_CONTROL.sub("\ufffd", text), style=style)


def _line(*parts: str | tuple[str, str]) -> Text:
    """Return a line of texts, some of them with a style."""
    return Text().join(_text(part) if isinstance(part, str) else _text(*part) for part in parts)


def _words(camel: str) -> str:
    return "".join(f" {char.lower()}" if char.isupper() else char for char in camel)


def _joined(*parts: str) -> str:
    return " · ".join(parts)


def _seconds(value: int | None) -> str:
    return "unusable" if value is None else f"{value} s"


def print_overview(console: Console, assessments: Iterable[Assessment]) -> None:
    """Print one line per run, for the end of several."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("scenario", overflow="fold")
    table.add_column("conclusion", no_wrap=True)
    table.add_column("safety", no_wrap=True)
    table.add_column("efficiency", no_wrap=True)
    table.add_column("429s", justify="right")
    table.add_column("simulated", justify="right", no_wrap=True)
    table.add_column("wall", justify="right", no_wrap=True)
    for assessment in assessments:
        result, conclusion = assessment.result, assessment.conclusion
        table.add_row(
            result.scenario.name,
            _text(str(conclusion), style=CONCLUSION_STYLES[conclusion]),
            _text(str(assessment.safety), style=VERDICT_STYLES[assessment.safety]),
            _text(str(assessment.efficiency), style=VERDICT_STYLES[assessment.efficiency]),
            f"{len(result.figures.refusals):,}",
            format_span(result.span),
            f"{result.wall_s:.2f} s",
        )
    console.print()
    console.print(table)
