"""Scenarios whose work is to add to quantities: an answer is lost, and nothing may be added twice (RT-5, C20)."""

import asyncio
import csv
from pathlib import Path

import aiohttp
import pytest

from kibo_scenarios.drivers import ClientReport, Task, reference_client
from kibo_scenarios.drivers.task import Driver
from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.figures import Figures
from kibo_scenarios.memory_transport import EXACT_TIMEOUTS
from kibo_scenarios.rules import Verdict
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario_file import read_scenario

LOST = """\
name: lost-adjust
title: The answer to an adjustment is lost
seed: 3
simulator: {sample: {locations: 3, products: 40}}
faults:
  - match: {operation: adjust, times: 1}
    effect: {kind: lost_answer}
work: {kind: adjust, adjust_by: 3, targets: {products: 0.5}}
testable: [RT-5]
expect: {off_target: "== 0", undone: "== 0"}
"""


async def blind(task: Task) -> ClientReport:
    """Adjust location by location, and try once more when no answer comes."""
    with task.export_file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    timeout = aiohttp.ClientTimeout(total=None, ceil_threshold=EXACT_TIMEOUTS)
    async with aiohttp.ClientSession(task.api_host, connector=task.connect(), timeout=timeout) as session:
        login = {"client_id": task.client_id, "client_secret": task.shared_secret}
        async with session.post("/api/platform/applications/authtickets/oauth", json=login) as answer:
            headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        for location in sorted({row["LocationCode"] for row in rows}):
            items = [{"upc": r["UPC"], "quantity": task.added} for r in rows if r["LocationCode"] == location]
            body = {"locationCode": location, "items": items}
            for _ in range(2):
                try:
                    async with session.post(
                        "/api/commerce/inventory/v5/inventory/adjust", json=body, headers=headers
                    ) as answer:
                        assert 200 == answer.status
                    break
                except aiohttp.ClientError:
                    await asyncio.sleep(10)
    return ClientReport()


def ran(folder: Path, driver: Driver) -> tuple[Verdict, Figures, bool]:
    """Run the scenario with a client; the verdict of RT-5, the figures, and whether the expectations were met."""
    file = folder / "lost.yaml"
    file.write_text(LOST, encoding="utf-8")
    result = run_scenario(read_scenario(file), driver=driver)
    assert result.client_failure is None
    verdicts = {grade.rule.id: grade.verdict for grade in result.grades}
    assert {Verdict.NOT_APPLICABLE} == {verdicts[rule] for rule in ("ST-1", "WF-1", "BA-4")}
    return verdicts["RT-5"], result.figures, all(checked.met for checked in result.checked)


def test_our_client_asks_the_queue_and_adds_once(tmp_path: Path) -> None:
    """Every target has three more in the end; what was lost was found in the queue."""
    verdict, figures, met = ran(tmp_path, reference_client)

    assert (Verdict.PASS, 0, True) == (verdict, figures.off_target, met)
    assert figures.targets > 10


def test_a_client_that_sends_blindly_again_adds_twice(tmp_path: Path) -> None:
    """RT-5 sees it in the journal, and the stock has it at one location."""
    verdict, figures, met = ran(tmp_path, blind)

    assert (Verdict.FAIL, False) == (verdict, met)
    assert 0 < figures.off_target < figures.targets


@pytest.mark.parametrize(
    ("work", "message"),
    [
        ("{adjust_by: 3}", r"\$.work.adjust_by: only means something where work.kind is adjust"),
        ("{kind: adjust, adjust_by: 0}", r"\$.work.adjust_by: adds nothing"),
    ],
)
def test_a_faulty_amount_is_refused(tmp_path: Path, work: str, message: str) -> None:
    """With its place, before anything runs."""
    file = tmp_path / "faulty.yaml"
    file.write_text(f"name: faulty\ntitle: Faulty\nwork: {work}\n", encoding="utf-8")

    with pytest.raises(ScenarioFileError, match=message):
        read_scenario(file)
