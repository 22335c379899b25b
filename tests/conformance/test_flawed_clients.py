"""Clients with one seeded defect each, through real HTTP in virtual time: exactly the declared rules must fail.

A rule that no client can break, or a client that breaks a rule it was not meant to, fails here.
"""

import csv

import pytest

from kibo_scenarios.drivers import ClientReport, Task
from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.result import RunResult
from kibo_scenarios.rules import RULES, Verdict
from kibo_scenarios.runner import run_scenario

from .matrix import FLAWED, GOOD, Row
from .page import ALL, PAGE, page
from .plain_client import Manners, driver
from .worlds import FREE

GUIDE_RULES = ("TH-1", "TH-2", "BA-1", "BA-2", "BA-4", "BA-5", "JB-1", "JB-4", "WF-1", "ST-1", "ST-2")


def run(row: Row) -> RunResult:
    """Let the client of a row loose on its world."""
    return run_scenario(row.world, driver=driver(row.manners), client=row.client, profile=row.profile)


def failed(result: RunResult) -> set[str]:
    """Return all rules that failed."""
    assert result.client_failure is None
    return {grade.rule.id for grade in result.grades if grade.verdict is Verdict.FAIL}


def passed(result: RunResult) -> set[str]:
    """Return all rules that passed."""
    return {grade.rule.id for grade in result.grades if grade.verdict is Verdict.PASS}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in (*GOOD, *FLAWED)])
def test_exactly_the_declared_rules_fail(row: Row) -> None:
    """Each defect is caught by its rule, and by no other; the good clients are caught by none."""
    assert row.rules == failed(run(row))


def test_every_rule_can_fail() -> None:
    """The matrix names a flawed client for each rule of the catalogue."""
    assert {rule.id for rule in RULES} == set[str]().union(*ALL.values())


def test_the_page_shows_the_matrix() -> None:
    """docs/flawed-clients.md is what ``python -m tests.conformance.page`` writes."""
    assert page() == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("world", "rules"),
    [
        ("refused for a minute", GUIDE_RULES),
        ("refused for an hour", ("TH-1", "TH-3")),
        ("refused without a usable Retry-After", ("TH-4",)),
        ("pacing by the hour", ("TH-5",)),
        ("failing requests", ("RT-1", "RT-2", "RT-3")),
        ("a service that stays down", ("RT-3", "ST-1")),
        ("a rejected request", ("RT-4", "ST-1")),
        ("a revoked token", ("RT-4", "WF-3")),
        ("a failed job", ("JB-5", "ST-1", "ST-2")),
        ("an adjust without an answer", ("RT-5",)),
        ("in the quiet hours", ("WF-2",)),
    ],
)
def test_good_clients_are_concluded_about(world: str, rules: tuple[str, ...]) -> None:
    """Where a rule has its opportunity, a good client passes it, rather than leaving it inconclusive."""
    (row,) = (row for row in GOOD if row.name == world)

    assert set(rules) == set(rules) & passed(run(row))


def test_naming_what_was_not_done_satisfies_st1() -> None:
    """ST-1: a client that loses its last batch but says so has told the truth."""

    async def honest(task: Task) -> ClientReport:
        await driver(Manners(lose_last_batch=True))(task)
        with task.export_file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        keys = (RecordKey(r["LocationCode"], r["PartNumber"], r["UPC"] or None, r["SKU"] or None) for r in rows)
        return ClientReport(undone=dict.fromkeys(keys, "not sent"))

    assert set() == failed(run_scenario(FREE, driver=honest))
