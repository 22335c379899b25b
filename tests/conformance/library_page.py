"""Writes docs/scenarios.md from the packaged scenarios: ``python -m tests.conformance.library_page``."""

from pathlib import Path
from typing import Final

from kibo_scenarios.library import find, packaged
from kibo_scenarios.moments import format_span, format_utc, parse_span
from kibo_scenarios.rules import RULES
from kibo_scenarios.scenario import FileFeed, Scenario
from kibo_scenarios.workloads import read_any

PAGE: Final = Path(__file__).parents[2] / "docs" / "scenarios.md"
#: Load scenarios have pages of their own.
NAMES: Final = [name for name, file in packaged().items() if isinstance(read_any(file), Scenario)]
#: More scenarios than this are counted instead of named.
MANY: Final = 8
_HEAD: Final = """\
# Conformance scenarios

`kibo-scenarios run NAME` lets the project's own client do the work of a scenario in virtual time; it passes every one
of them, efficiency included. `kibo-scenarios grade NAME -- COMMAND` lets any other client do the same work
([grading.md](grading.md)), and `kibo-scenarios show NAME` prints the file, to begin one of your own with.

A scenario promises which [rules](rules.md) it makes testable. Where a promised opportunity does not come, the run ends
with exit code 3: nothing was concluded. Rules that are not promised are judged as well, as far as the run lets them.

This page is made from the scenario files.
"""
_ENDING: Final = """\
## What a file says

| key | what it holds |
|---|---|
| `name`, `title`, `description` | for people |
| `seed`, `start` | everything drawn follows from the seed; the moment at which the run begins |
| `simulator` | settings of the simulator: the sample tenant, limits, jobs; as in its configuration file |
| `faults` | what goes wrong on purpose ([faults.md](faults.md)) |
| `stock` | products besides the sample's: `part_numbers`, `locations` (codes, or `all`), `on_hand` |
| `happenings` | what others do meanwhile: `at` (a span after the client's first request), `close` (locations that are not active any more), `clear` (locations whose records are deleted) |
| `neighbours` | other tenants that ask for their jobs: `tenant` (one of `simulator.tenants`), `every_s`, `begins`, `ends` |
| `network` | `latency_ms` one way |
| `client` | what the client is told: `rpm`, `rph` (or `unknown`), `spacing_s`, `batch_size`, `off_peak` (`us` or `eu`) |
| `work` | `kind` (`bulk-delete`, `adjust`, `batch-jobs`, `files`) and its `targets`: a share of the `products`, or `part_numbers`; `locations`. For `batch-jobs` it is `batch` in their place, for `files` a list `files` of feeds: `kind` (`refresh` or `update`), `at` (a span after the start), `products`, `locations`, `format` (`csv` or `jsonl`) |
| `testable` | the rules that the run gives an opportunity |
| `expect` | figures of the run, and what they must be |
| `time_limit` | simulated time after which the client has failed |

What others delete is nothing that the client is judged by: not as a target that is gone, nor as a record that it should have left alone. Where
neighbours draw on the same budget, rules about provoked refusals and lost time conclude nothing.

`kibo-scenarios check FILE` finds mistakes with line and column; `kibo-scenarios schema` prints a JSON Schema for editors.
"""  # noqa: E501 - rows of a table cannot be broken


def page() -> str:
    """Return the page."""
    scenarios = [find(name) for name in NAMES]
    return "\n".join([_HEAD, *_overview(scenarios), "", *_by_rule(scenarios), "", *_each(scenarios), _ENDING])


def _overview(scenarios: list[Scenario]) -> list[str]:
    return ["| scenario | what it is about |", "|---|---|"] + [
        f"| [{one.name}](#{one.name}) | {one.title} |" for one in scenarios
    ]


def _by_rule(scenarios: list[Scenario]) -> list[str]:
    lines = ["## Where each rule is tested", "", "| rule | requirement | promised by |", "|---|---|---|"]
    for rule in RULES:
        names = [f"[{one.name}](#{one.name})" for one in scenarios if rule.id in one.testable]
        told = f"{len(names)} scenarios" if len(names) > MANY else ", ".join(names) or "no scenario of the library"
        lines.append(f"| {rule.id} | {rule.requirement} | {told} |")
    return lines


def _each(scenarios: list[Scenario]) -> list[str]:
    lines = []
    for one in scenarios:
        order = {rule.id: place for place, rule in enumerate(RULES)}
        promised = ", ".join(sorted(one.testable, key=order.__getitem__))
        lines += [f"## {one.name}", "", f"{one.title}.", "", one.description, ""]
        lines += [f"- Begins: {format_utc(one.start)[:16]}Z"]
        lines += [f"- Told: {_told(one)}"] if one.work.kind in {"bulk-delete", "adjust"} else []
        lines += [f"- Sends: {', '.join(map(_sent, one.work.sent))}"] if one.work.sent else []
        lines += [f"- Makes testable: {promised}"]
        lines += [f"- Expects of our client: {', '.join(map(str, one.expectations))}"] if one.expectations else []
        lines += [f"- Time limit: {format_span(one.time_limit)}", ""]
    return lines


def _sent(feed: FileFeed) -> str:
    return f"{feed.kind} at {format_span(parse_span(feed.at))}"


def _told(scenario: Scenario) -> str:
    plan = scenario.client
    quiet = f", quiet hours {plan.off_peak.upper()}" if plan.off_peak else ""
    return f"requests a minute {plan.rpm}, an hour {plan.rph}; batches of {plan.batch_size}{quiet}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
