"""The whole client against the whole simulator, in virtual time, with faults, and killed again and again (C8, RT-5)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import anyio
import pytest

from kibo_client import BulkDeleteOptions, KiboClient, Settings, read_location_export
from kibo_client.lines import Line
from kibo_client.update_options import UpdateKind, UpdateOptions
from kibo_scenarios.drivers import ClientReport, Driver, Task
from kibo_scenarios.result import RunResult
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario import Scenario
from kibo_scenarios.scenario_file import read_scenario

DAY_S = 86_400
HOUR_S = 3600
SCENARIO = """
name: killed
title: A throttled run with faults
seed: 3
start: 2026-03-02T05:00:00Z
simulator:
  sample: {tenant: 1001, locations: 4, products: 600}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 6, rph: 20}]}
  jobs: {workers: 1, base_s: 20, per_record_s: 0.01}
faults:
  - {match: {operation: [deleteItems, adjust], every: 5, times: 4}, effect: {kind: lost_answer}}
  - match: {operation: [deleteItems, adjust], every: 7, times: 3}
    effect: {kind: status, status: 503, processed: true}
  - {match: {operation: [deleteItems, adjust], every: 6, times: 3}, effect: {kind: reset}}
  - {match: {path: "*/queue*", every: 4, times: 4}, effect: {kind: malformed}}
  - {match: {job_type: [DELETE, ADJUST], nth: [2, 5]}, effect: {kind: job_fail, message: deadlock}}
network: {latency_ms: 40}
client: {rpm: 6, rph: 20, spacing_s: 5, batch_size: 60}
work: {kind: bulk-delete, targets: {products: 0.8, locations: all}}
time_limit: 20d
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    """A throttled tenant, a connection that loses answers, jobs that fail."""
    file = tmp_path / "killed.yaml"
    file.write_text(SCENARIO, encoding="utf-8")
    return read_scenario(file)


def settings_for(task: Task) -> Settings:
    """The client's settings, with the limits told."""
    return Settings(
        api_host=task.api_host,
        tenant=task.tenant,
        site=task.site,
        client_id=task.client_id,
        shared_secret=task.shared_secret,
        requests_per_minute=6,
        requests_per_hour=20,
        request_timeout_s=30,
    )


def deleting(journal: Path, kills_s: list[float], lives: list[int]) -> Driver:
    """A client that is killed after each of these times, and taken up again from its journal."""

    async def drive(task: Task) -> ClientReport:
        targets = list(read_location_export(task.export_file))
        options = BulkDeleteOptions(batch_size=60)
        for life_s in [*kills_s, float(20 * DAY_S)]:
            lives.append(1)
            with anyio.move_on_after(life_s):
                async with KiboClient(
                    settings_for(task), connector=task.connect(), now=task.now, random=task.random
                ) as client:
                    report = await client.bulk_delete(targets, options, journal=journal)
                return ClientReport(details=report.to_json_dict())
        raise AssertionError("the last life is long enough")

    return drive


def adjusting(journal: Path, kills_s: list[float], lines: list[Line]) -> Driver:
    """The same for adjustments of the scenario's records, each by an amount of its own."""

    async def drive(task: Task) -> ClientReport:
        lines[:] = [
            Line(location_code=key.location_code, part_number=key.part_number, upc=key.upc, sku=key.sku, quantity=n + 1)
            for n, key in enumerate(sorted(task.targets, key=str))
        ]
        options = UpdateOptions(kind=UpdateKind.ADJUST, batch_size=50, answer_patience_s=30, max_resubmissions=5)
        for life_s in [*kills_s, float(20 * DAY_S)]:
            with anyio.move_on_after(life_s):
                async with KiboClient(
                    settings_for(task), connector=task.connect(), now=task.now, random=task.random
                ) as client:
                    report = await client.bulk_update(lines, options, journal=journal)
                return ClientReport(details=report.to_json_dict())
        raise AssertionError("the last life is long enough")

    return drive


LARGE = SCENARIO.replace("products: 600}", "products: 9000}").replace("batch_size: 60", "batch_size: 500")


@pytest.mark.slow
def test_under_faults_the_client_keeps_every_rule_and_wastes_nothing(tmp_path: Path) -> None:
    """No rule is failed, TH-7 is at 0.95 or better, and every record is gone."""
    file = tmp_path / "large.yaml"
    file.write_text(LARGE, encoding="utf-8")
    result = run_scenario(read_scenario(file))
    grades = {grade.rule.id: grade for grade in result.grades}

    assert {rule for rule, grade in grades.items() if grade.verdict.value == "FAIL"} == set()
    assert {grades[rule].verdict.value for rule in ("TH-6", "TH-7", "BA-3", "JB-5", "RT-1", "ST-1", "ST-2")} == {"PASS"}
    assert int(grades["TH-7"].outcome.actual.partition("%")[0]) >= 95


def left(result: RunResult) -> set[str]:
    """The records that are still there."""
    return {str(key) for key in result.evidence.after}


@pytest.mark.slow
def test_killed_a_hundred_times_a_deletion_ends_as_if_undisturbed(scenario: Scenario, tmp_path: Path) -> None:
    """C8, ST-1, ST-2, JB-4: the same stock is left, each job is seen to its end, and all manners are kept.

    WF-3 is about one life of a client: each has to fetch a token of its own. BA-3 knows nothing of our small batches.
    """
    undisturbed = run_scenario(scenario, driver=deleting(tmp_path / "whole.jsonl", [], []))
    span_s = undisturbed.span / 1_000_000
    random = Random(7)
    kills_s = [random.expovariate(60 / span_s) for _ in range(100)]
    lives: list[int] = []
    killed = run_scenario(scenario, driver=deleting(tmp_path / "killed.jsonl", kills_s, lives))
    failed = {grade.rule.id for grade in killed.grades if grade.verdict.value == "FAIL"}

    assert left(killed) == left(undisturbed)
    assert killed.client_report["outcome"] == "deleted"
    assert len(lives) > 40
    assert failed <= {"WF-3", "BA-3"}
    assert killed.client_report["openJobs"] == []


@pytest.mark.slow
def test_killed_a_hundred_times_no_adjustment_is_lost_or_doubled(scenario: Scenario, tmp_path: Path) -> None:
    """RT-5: every record has changed by its amount, once."""
    random = Random(8)
    kills_s = [random.expovariate(1 / 300) for _ in range(100)]
    lines: list[Line] = []
    result = run_scenario(scenario, driver=adjusting(tmp_path / "run.jsonl", kills_s, lines), rules=())
    before, after = result.evidence.before, result.evidence.after
    changed = Counter({key: after[key].on_hand - before[key].on_hand for key in before})
    asked = {(line.location_code, line.part_number, line.upc, line.sku): line.quantity for line in lines}

    assert result.client_report["outcome"] == "done"
    assert {(k.location_code, k.part_number, k.upc, k.sku): n for k, n in changed.items() if n} == asked
