"""The report of a load scenario at a terminal: promises first, then the clients."""

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kibo_scenarios.moments import format_span
from kibo_scenarios.pace import VIRTUAL
from kibo_scenarios.reports.load_view import broken, rows, seconds
from kibo_scenarios.reports.terminal import CONCLUSION_STYLES, VERDICT_STYLES
from kibo_scenarios.workloads import LoadResult


def print_load_report(console: Console, result: LoadResult) -> None:
    """Print the report of one run."""
    scenario = result.scenario
    console.print()
    console.rule(Text(scenario.name, style="bold"), align="left", characters="─")
    console.print(Text(scenario.title, style="italic"))
    console.print()
    requests = sum(row.requests for row in rows(result))
    speed = f"{requests:,} requests in {format_span(result.span)} of simulated time, {result.wall_s:.1f} s of real time"
    if result.pace != VIRTUAL.name:
        speed += f", time {result.pace}"
    console.print(Text(speed, style="dim"))
    console.print()
    console.print(_clients(result))
    console.print()
    console.print(_promises(result))
    for client, rule, seen, remedy in broken(result):
        console.print(Text.assemble((f"{client}: {rule} ", "bold red"), seen))
        console.print(Text(f"  remedy: {remedy}", style="dim"))
    console.print()
    if result.aborted:
        console.print(Text(f"given up early for {result.aborted}", style="bold red"))
    if result.incomplete:
        console.print(Text(f"nothing can be concluded: {result.incomplete}", style="bold yellow"))
    for name, failure in result.failures.items():
        console.print(Text(f"{name} {failure}", style="bold red"))
    console.print(Text(str(result.conclusion), style=CONCLUSION_STYLES[result.conclusion]))


def _clients(result: LoadResult) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("client", "operation"):
        table.add_column(name, no_wrap=True)
    for name in ("requests", "429", "failed", "undone", "median", "p(95)"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows(result):
        table.add_row(
            row.client,
            row.operation,
            f"{row.requests:,}",
            f"{row.throttled:,}",
            f"{row.failed:,}",
            f"{row.given_up:,}",
            seconds(row.median),
            seconds(row.p95),
        )
    return table


def _promises(result: LoadResult) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("threshold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("what was seen")
    for one in result.judged:
        verdict, threshold = one.judgement.verdict, one.threshold
        seen = one.judgement.because + (f"\n{threshold.reason}" if threshold.reason and verdict == "FAIL" else "")
        table.add_row(Text(str(threshold)), Text(verdict, style=VERDICT_STYLES[verdict]), Text(seen))
    return table
