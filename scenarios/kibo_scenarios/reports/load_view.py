"""What every report of a load scenario shows, worked out once: promises, clients, and the traffic minute by minute."""

from collections.abc import Iterator
from dataclasses import dataclass

from kibo_scenarios.moments import MINUTE
from kibo_scenarios.thresholds import percentile
from kibo_scenarios.workloads import LoadResult
from kibo_scenarios.workloads.measurements import Cell

#: More bars than this tell no more; minutes are then added up.
MOST_BARS = 240


@dataclass(frozen=True, slots=True)
class Row:
    """One client's requests of one operation; latencies in seconds, None where nothing was settled."""

    client: str
    operation: str
    requests: int
    throttled: int
    failed: int
    given_up: int
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Bar:
    """The traffic of a span: when it begins, how many requests were admitted and how many refused with 429."""

    at: int
    admitted: int
    refused: int


def rows(result: LoadResult) -> Iterator[Row]:
    """Return the counts by client and operation, clients in the order of the file."""
    order = {name: index for index, name in enumerate(result.scenario.clients)}
    for (client, operation), cell in sorted(
        result.measured.cells.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0])
    ):
        yield _row(client, operation, cell)


def _row(client: str, operation: str, cell: Cell) -> Row:
    latencies = cell.latencies
    return Row(
        client=client,
        operation=operation or "(none)",
        requests=cell.requests,
        throttled=cell.throttled,
        failed=cell.failed + cell.refused + cell.lost,
        given_up=cell.given_up,
        median=percentile(latencies, 50) if latencies else None,
        p95=percentile(latencies, 95) if latencies else None,
    )


def bars(result: LoadResult) -> tuple[Bar, ...]:
    """Return the traffic over time in at most `MOST_BARS` equal spans."""
    minutes = result.measured.minutes
    if not minutes:
        return ()
    first, last = min(minutes), max(minutes)
    width = -(-(last - first + 1) // MOST_BARS)
    found: dict[int, list[int]] = {}
    for minute, (requests, refused) in minutes.items():
        bar = found.setdefault((minute - first) // width, [0, 0])
        bar[0] += requests - refused
        bar[1] += refused
    return tuple(
        Bar((first + index * width) * MINUTE, *found.get(index, [0, 0])) for index in range((last - first) // width + 1)
    )


def broken(result: LoadResult) -> Iterator[tuple[str, str, str, str]]:
    """Return client, rule, what was seen and the remedy, for every rule that a client broke."""
    for client, grades in result.grades.items():
        for one in grades:
            if one.verdict == "FAIL" and one.rule.level == "M":
                yield client, one.rule.id, one.outcome.actual, one.rule.remedy


def seconds(value: float | None) -> str:
    """Return a latency for people."""
    if value is None:
        return "-"
    for factor, unit, below in ((1_000, "ms", 1), (1, "s", 60), (1 / 60, "m", 3_600)):
        if value < below:
            return f"{value * factor:.{0 if unit == 'ms' else 1}f} {unit}"
    return f"{value / 3_600:,.1f} h"
