"""What a scenario puts around its client: further stock, happenings, neighbours, quiet hours; and mistakes in them."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from kibo_scenarios.drivers import ClientReport, Task
from kibo_scenarios.errors import ScenarioFileError, UsageError
from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.memory_transport import EXACT_TIMEOUTS
from kibo_scenarios.moments import MINUTE, SECOND
from kibo_scenarios.result import RunResult
from kibo_scenarios.rules import Verdict
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario_file import read_scenario

PLAIN = """\
name: surrounded
title: Surrounded
simulator:
  sample: {locations: 2, products: 20}
  tenants: [{tenant: 2002, client_id: neighbour, shared_secret: hidden}]
  limits: {scope: environment, pools: [{route: /api/commerce/inventory/*, rpm: 10}]}
"""
LOGIN = "/api/platform/applications/authtickets/oauth"
QUEUE = "/api/commerce/inventory/v1/queue"


async def idle(task: Task) -> ClientReport:
    """Wait for ten minutes."""
    await asyncio.sleep(600)
    return ClientReport()


async def asking(task: Task) -> ClientReport:
    """Ask for the queue once in a minute, ten times."""
    timeout = aiohttp.ClientTimeout(total=None, ceil_threshold=EXACT_TIMEOUTS)
    async with aiohttp.ClientSession(task.api_host, connector=task.connect(), timeout=timeout) as session:
        login = {"client_id": task.client_id, "client_secret": task.shared_secret}
        async with session.post(LOGIN, json=login) as answer:
            headers = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
        for _ in range(10):
            await asyncio.sleep(60)
            async with session.get(QUEUE, headers=headers) as answer:
                await answer.read()
    return ClientReport()


def ran(folder: Path, more: str, driver: object = idle) -> RunResult:
    """Run the plain scenario with more in it."""
    file = folder / "surrounded.yaml"
    file.write_text(PLAIN + more, encoding="utf-8")
    result = run_scenario(read_scenario(file), driver=driver)  # type: ignore[arg-type]  # either of the two above
    assert result.client_failure is None
    return result


def test_others_clear_a_location(tmp_path: Path) -> None:
    """ST-1, ST-2: what others have deleted is neither a target that is left nor a record that the client has hit."""
    more = "happenings: [{at: 5m, clear: [WH-001]}]\nwork: {targets: {products: 0.5}}\n"
    evidence = ran(tmp_path, more, asking).evidence

    assert {"ST-0001"} == {key.location_code for key in evidence.before}
    assert dict(evidence.before) == dict(evidence.after)
    assert {"ST-0001", "WH-001"} == {key.location_code for key in evidence.targets}


def test_what_would_happen_after_the_client_has_ended_does_not(tmp_path: Path) -> None:
    """A run is judged by the stock that the client has left, not by what became of it afterwards."""
    evidence = ran(tmp_path, "happenings: [{at: 11m, clear: all}]\n", asking).evidence

    assert {"ST-0001", "WH-001"} == {key.location_code for key in evidence.after}


def test_nothing_happens_before_the_client_begins(tmp_path: Path) -> None:
    """Spans count from its first request, however long a process takes to start."""
    evidence = ran(tmp_path, "happenings: [{at: 0s, clear: all}]\n").evidence

    assert {"ST-0001", "WH-001"} == {key.location_code for key in evidence.after}


def test_further_stock_is_there_and_can_be_targeted(tmp_path: Path) -> None:
    """Products besides the sample's, named one by one."""
    more = "stock: [{part_numbers: ['C+', CCC], locations: [WH-001], on_hand: 7}]\n"
    evidence = ran(tmp_path, more + "work: {targets: {part_numbers: ['C+']}}\n").evidence
    plus = RecordKey("WH-001", "C+", None, None)

    assert frozenset({plus}) == evidence.targets
    assert 7 == evidence.before[plus].on_hand


def test_neighbours_are_no_evidence(tmp_path: Path) -> None:
    """RL-1: they use up the pool of the environment from the third minute on; only the client is judged."""
    more = "neighbours: [{tenant: 2002, every_s: 1, begins: 3m, ends: 6m}]\n"
    result = ran(tmp_path, more, asking)
    refused = [entry.started_at for entry in result.evidence.journal if entry.status == 429]
    theirs = [line for line in result.journal if b'"tenant":2002' in line]

    assert {"", "1001"} == {entry.tenant for entry in result.evidence.journal}
    assert 11 == len(result.evidence.journal)
    assert 0 < len(refused) <= 4
    assert {True} == {result.started_at + 3 * MINUTE <= at <= result.started_at + 7 * MINUTE for at in refused}
    assert 20 <= len(theirs) <= 60
    assert ["TH-5", "TH-6"] == [
        one.rule.id for one in result.grades if one.rule.id in {"TH-5", "TH-6"} and one.verdict is Verdict.INCONCLUSIVE
    ]


def test_a_neighbour_comes_as_often_as_it_is_said_to(tmp_path: Path) -> None:
    """Every ten seconds for ten minutes."""
    result = ran(tmp_path, "neighbours: [{tenant: 2002, every_s: 10}]\n")

    assert 60 == len(result.journal)
    assert () == result.evidence.journal


def test_tokens_that_live_shorter_are_renewed_sooner(tmp_path: Path) -> None:
    """WF-3: how long a token serves is the simulator's to say."""
    more = "  access: {token_lifetime_s: 300}\n"

    assert 300 * SECOND == ran(tmp_path, more).evidence.profile.token_lifetime


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("happenings: [{at: 5m}]", r"\$.happenings\[0\]: nothing happens; expected close or clear"),
        ("happenings: [{at: soon, clear: all}]", r"\$.happenings\[0\].at: expected a span such as 90s"),
        ("neighbours: [{tenant: 7, every_s: 1}]", r"\$.neighbours\[0\].tenant: 7 is none of \$.simulator.tenants"),
        (
            "neighbours: [{tenant: 2002, every_s: 1, begins: 5m, ends: 5m}]",
            r"\$.neighbours\[0\].ends: expected a span of more than 5m",
        ),
        (
            "work: {targets: {products: 0.5, part_numbers: [a]}}",
            r"\$.work.targets.part_numbers: either products or part_numbers may be given, not both",
        ),
        ("client: {off_peak: asia}", r"\$.client.off_peak: "),
    ],
)
def test_mistakes_in_the_file_are_told_with_their_place(tmp_path: Path, more: str, message: str) -> None:
    """Before anything runs."""
    with pytest.raises(ScenarioFileError, match=message):
        ran(tmp_path, more + "\n")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("happenings: [{at: 5m, close: [X]}]", r"happenings\[0\].close: there is no location 'X' in this world"),
        ("stock: [{part_numbers: [a], locations: [X]}]", r"stock\[0\].locations: there is no location 'X'"),
        ("work: {targets: {part_numbers: [nope]}}", r"work.targets.part_numbers: there is no product 'nope'"),
    ],
)
def test_what_the_world_does_not_have_is_refused(tmp_path: Path, more: str, message: str) -> None:
    """Before the client is let loose."""
    with pytest.raises(UsageError, match=message):
        ran(tmp_path, more + "\n")
