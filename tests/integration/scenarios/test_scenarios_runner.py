"""Whole runs in virtual time: the reference client passes, and nothing is mistaken for a pass or a failure."""

import asyncio
from typing import Any

import aiohttp
import msgspec
import pytest

from kibo_scenarios.drivers import ClientReport, Task
from kibo_scenarios.errors import HarnessError, UsageError
from kibo_scenarios.events import ClientEnded, Event, ExpectationChecked, RuleGraded, RunStarted, WorldReady
from kibo_scenarios.library import find
from kibo_scenarios.moments import HOUR, MINUTE
from kibo_scenarios.result import Conclusion, ExitCode, RunResult, exit_code
from kibo_scenarios.rules import RULES, Verdict
from kibo_scenarios.runner import run_scenario
from kibo_scenarios.scenario import Expectation, Scenario, Targets, Work
from kibo_scenarios.testing import Story
from kibo_scenarios.world import refuse_defective_journal
from kibo_simulator import read_faults

GUIDE_RULES = {"TH-1", "TH-2", "BA-1", "BA-2", "BA-4", "BA-5", "JB-1", "JB-4", "WF-1", "ST-1", "ST-2"}


def small(**fields: Any) -> Scenario:
    """Return the plain bulk deletion in a small world."""
    scenario = find("bulk-delete")
    simulator = {**scenario.simulator, "sample": {"locations": 2, "products": 40}}
    return msgspec.structs.replace(scenario, **{"simulator": simulator, "testable": (), "expectations": (), **fields})


def verdicts(result: RunResult) -> dict[str, Verdict]:
    """Return the verdicts of a run by rule."""
    return {grade.rule.id: grade.verdict for grade in result.grades}


async def idle(task: Task) -> ClientReport:
    """Do nothing at all."""
    return ClientReport()


@pytest.mark.slow
def test_the_reference_client_passes_the_plain_deletion() -> None:
    """The plain case: no 429, every target gone, and all rules of the guide but TH-1 and TH-2 pass."""
    result = run_scenario(find("bulk-delete"))
    passed = {rule for rule in GUIDE_RULES if verdicts(result)[rule] is Verdict.PASS}

    assert Conclusion.PASSED == result.conclusion(strict=True)
    assert GUIDE_RULES - {"TH-1", "TH-2"} == passed
    assert (0, result.figures.targets, 0) == (
        len(result.figures.refusals),
        result.figures.gone,
        result.figures.undone,
    )


@pytest.mark.slow
def test_the_reference_client_survives_refusals() -> None:
    """The throttled case: minute and hour-level values are met, and all rules of the guide pass."""
    result = run_scenario(find("throttled-bulk-delete"))
    values = {refusal.retry_after_s for refusal in result.figures.refusals}

    assert Conclusion.PASSED == result.conclusion()
    assert dict.fromkeys(GUIDE_RULES, Verdict.PASS) == {rule: verdicts(result)[rule] for rule in GUIDE_RULES}
    assert {60, 3600} <= values


def test_a_run_is_a_function_of_its_seed() -> None:
    """T-4: the same seed gives the same journal byte for byte, apart from the machine's own time; another does not."""
    one, again, other = (run_scenario(small(seed=seed)) for seed in (1, 1, 2))

    assert one.evidence == again.evidence
    assert one.span == again.span
    assert one.evidence.journal != other.evidence.journal


def test_events_come_in_order_and_tell_everything() -> None:
    """The engine tells the world, the client's end, each rule and each expectation, in that order."""
    told: list[Event] = []
    result = run_scenario(small(expectations=(Expectation("throttled", "==", 0),)), listen=told.append)
    kinds = list(dict.fromkeys(map(type, told)))

    assert [RunStarted, WorldReady, ClientEnded, RuleGraded, ExpectationChecked] == kinds
    assert list(result.grades) == [event.grade for event in told if isinstance(event, RuleGraded)]


def test_an_idle_client_fails_st1_and_nothing_else() -> None:
    """A client that does nothing gives no other rule an opportunity."""
    result = run_scenario(small(), driver=idle)

    assert {"ST-1"} == {rule for rule, verdict in verdicts(result).items() if verdict is Verdict.FAIL}
    assert set() == {rule for rule, verdict in verdicts(result).items() if verdict is Verdict.PASS}


def test_a_promised_opportunity_that_does_not_come_concludes_nothing() -> None:
    """A run that was to make TH-1 testable and met no 429 is neither passed nor failed: exit code 3."""
    result = run_scenario(small(testable=("TH-1", "ST-2")))

    assert ["TH-1"] == [grade.rule.id for grade in result.missed]
    assert Conclusion.NOTHING_CONCLUDED == result.conclusion()
    assert ExitCode.NOTHING_CONCLUDED == exit_code([result.conclusion()])


def test_an_expectation_that_is_not_met_fails_the_run() -> None:
    """Expectations decide like rules do, and are named."""
    result = run_scenario(small(expectations=(Expectation("batches", ">", 99),)))

    assert ("expected batches > 99",) == tuple(failure.text for failure in result.failures())
    assert ExitCode.FAILED == exit_code([result.conclusion()])


def test_a_client_that_breaks_down_has_failed() -> None:
    """An exception out of the client is the client's, and the rest of the run is judged all the same."""

    async def broken(task: Task) -> ClientReport:
        raise ZeroDivisionError("of its own making")

    result = run_scenario(small(), driver=broken)

    assert "stopped with ZeroDivisionError: of its own making" == result.client_failure
    assert Conclusion.FAILED == result.conclusion()
    assert len(RULES) == len(result.grades)


def test_a_failure_in_a_group_of_tasks_is_told_by_itself() -> None:
    """What a task group wraps is unwrapped for the report."""

    async def broken(task: Task) -> ClientReport:
        raise ExceptionGroup("tasks", [ExceptionGroup("inner", [KeyError("access_token")])])

    assert "stopped with KeyError: 'access_token'" == run_scenario(small(), driver=broken).client_failure


def test_a_client_that_does_not_finish_is_stopped() -> None:
    """The scenario's time limit ends the run in simulated time, and counts against the client."""

    async def endless(task: Task) -> ClientReport:
        await asyncio.sleep(1000 * HOUR / 1_000_000)
        return ClientReport()

    result = run_scenario(small(time_limit=10 * MINUTE), driver=endless)

    assert "had not finished after 10 m of simulated time" == result.client_failure
    assert 10 * MINUTE == result.span


def test_a_time_out_of_the_clients_own_is_not_the_time_limit() -> None:
    """A TimeoutError that the client let escape is told as such."""

    async def impatient(task: Task) -> ClientReport:
        raise TimeoutError("after 30 s")

    assert "stopped with TimeoutError: after 30 s" == run_scenario(small(), driver=impatient).client_failure


def test_a_leaky_client_is_no_harness_fault() -> None:
    """Connectors that the client left open are closed by the run."""

    async def leaky(task: Task) -> ClientReport:
        session = aiohttp.ClientSession(connector=task.connect(), connector_owner=False)
        async with session.get(task.api_host + "/api/commerce/inventory/v1/queue") as answer:
            await answer.read()
        await session.close()
        return ClientReport()

    assert run_scenario(small(), driver=leaky).client_failure is None


def test_a_client_that_waits_for_nothing_runs_into_its_limit() -> None:
    """A client that waits for what never comes is stopped by the time limit, like one that is too slow."""

    async def stuck(task: Task) -> ClientReport:
        await asyncio.Event().wait()
        return ClientReport()

    result = run_scenario(small(time_limit=10 * MINUTE), driver=stuck)

    assert "had not finished after 10 m of simulated time" == result.client_failure


def test_a_failing_simulator_is_a_harness_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of the simulator before the client starts is never a verdict."""

    def refuse(*arguments: object, **named: object) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("kibo_simulator.Simulator.stock_records", refuse)
    with pytest.raises(HarnessError, match="RuntimeError: a defect"):
        run_scenario(small())


def test_a_500_that_nobody_asked_for_is_a_harness_fault() -> None:
    """The simulator's own 500 is told from one that a scenario injected."""
    story = Story()
    story.delete("a", status=500, fault="burst")
    refuse_defective_journal(story.entries)
    story.delete("b", status=500)

    with pytest.raises(HarnessError, match="the simulator itself failed at #2 deleteItems"):
        refuse_defective_journal(story.entries)


def test_a_broken_rule_is_a_harness_fault() -> None:
    """A rule that raises is named, and the client is not blamed."""

    def broken(evidence: object) -> Any:
        raise KeyError("no such thing")

    rule = RULES[0]
    bad = type(rule)(rule.id, rule.level, "", "", "", "", rule.ability, broken)
    with pytest.raises(HarnessError, match="rule TH-1 itself failed: KeyError"):
        run_scenario(small(), rules=[bad])


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (Targets(locations=("NOWHERE",)), "there is no location 'NOWHERE' with stock in this world"),
        (Targets(products=1e-9), "this share of the products is no product at all"),
    ],
)
def test_targets_that_the_world_does_not_have_are_refused(targets: Targets, message: str) -> None:
    """What cannot be chosen is the scenario's fault, told before the client is let loose."""
    with pytest.raises(UsageError, match=message):
        run_scenario(small(work=Work(targets=targets)), driver=idle)


def test_targets_are_the_same_products_everywhere() -> None:
    """The share is drawn per product, and named locations bound it."""
    code = "WH-001"
    everywhere = run_scenario(small(work=Work(targets=Targets(products=0.5))), driver=idle).evidence.targets
    one_place = run_scenario(
        small(work=Work(targets=Targets(products=0.5, locations=(code,)))), driver=idle
    ).evidence.targets

    assert {key for key in everywhere if key.location_code == code} == one_place


@pytest.mark.slow
def test_a_scenario_makes_things_go_wrong() -> None:
    """Its faults happen to the client, are named in the journal, and an expectation can ask whether all of them did."""
    faults = read_faults(
        [
            {"id": "lost", "match": {"operation": "deleteItems", "nth": 2}, "effect": {"kind": "lost_answer"}},
            {"id": "broken", "match": {"operation": "getJob", "times": 1}, "effect": {"kind": "reset"}},
            {"id": "never", "match": {"operation": "getBins"}, "effect": {"kind": "reset"}},
        ]
    )
    asked = (Expectation("faults_left", "==", 1), Expectation("undone", "==", 0))
    result = run_scenario(small(faults=faults, expectations=asked))
    met = [(entry.fault, entry.response_lost) for entry in result.evidence.journal if entry.fault]

    assert (None, [True, True]) == (result.client_failure, [checked.met for checked in result.checked])
    assert [("lost", True), ("broken", True)] == met
