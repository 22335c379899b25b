"""Each rule is broken by some flawed client in a packaged scenario: what is there for users is able to tell."""

from typing import Final

import pytest
from tests.integration.scenarios.test_scenarios_adjust import blind

from kibo_scenarios.declaration import Declaration
from kibo_scenarios.drivers.task import Driver
from kibo_scenarios.library import find
from kibo_scenarios.rules import RULES, Verdict
from kibo_scenarios.runner import run_scenario

from .plain_client import Manners, driver
from .test_flawed_file_clients import FLAWED as FLAWED_FILE_CLIENTS

#: Clients of batch jobs have flawed ones in a world of their own.
ELSEWHERE: Final = {"BJ-1"}
DELETES: Final = Declaration()
ADJUSTS: Final = Declaration(does=("adjust", "polling"))

#: A scenario, a defect, and the rules that must be among those that fail; a client in trouble may well break others.
CAUGHT: Final[dict[str, tuple[str, Manners, set[str]]]] = {
    "waits half": ("every-retry-after", Manners(wait_share=0.5), {"TH-1"}),
    "caps its wait": ("every-retry-after", Manners(longest_wait_s=600), {"TH-3"}),
    "lets others go on": ("throttled-while-polling", Manners(shared_gate=False), {"TH-2"}),
    "waits little without a header": ("unusable-retry-after", Manners(headerless_wait_s=20), {"TH-4"}),
    "burns the hour's budget": ("hours-of-work", Manners(poll_s=60, batch_size=200), {"TH-5", "TH-6"}),
    "wastes the budget": ("hours-of-work", Manners(pace_s=500, batch_size=200), {"TH-7"}),
    "sends 1,001 items": ("bulk-delete", Manners(batch_size=1_001), {"BA-1"}),
    "sends 800 items": ("bulk-delete", Manners(batch_size=800), {"BA-2"}),
    "sends small batches": ("minute-breach", Manners(batch_size=50), {"BA-3"}),
    "submits in parallel": ("throttled-while-polling", Manners(parallel=True), {"BA-4"}),
    "submits back to back": ("throttled-while-polling", Manners(spacing_s=1), {"BA-5"}),
    "gates on the success of jobs": ("token-expiry", Manners(gated=True, batch_size=200), {"BA-6"}),
    "polls every second": ("throttled-while-polling", Manners(poll_s=1), {"JB-1"}),
    "polls at a fixed interval": ("slow-jobs", Manners(by_id=True, poll_growth=1), {"JB-2"}),
    "polls for ever": ("slow-jobs", Manners(by_id=True, after_the_end=True), {"JB-3"}),
    "drops the last job ids": ("throttled-while-polling", Manners(drop_last_ids=True), {"JB-4"}),
    "ignores failed jobs": ("failed-jobs", Manners(failed_jobs="ignored"), {"JB-5", "ST-1"}),
    "sends all again for a failed job": ("failed-jobs", Manners(failed_jobs="whole batch"), {"JB-5"}),
    "retries at once": ("server-errors", Manners(retry_wait=lambda failures: 0.1 * failures), {"RT-1"}),
    "retries after a constant second": ("server-errors", Manners(retry_wait=lambda _: 1.0), {"RT-2"}),
    "retries for ever": ("queue-list-down", Manners(attempts=1_000, retry_wait=lambda _: 60.0), {"RT-3"}),
    "retries what was rejected": ("vanishing-location", Manners(repeats_rejected=True), {"RT-4"}),
    "goes live at once": ("throttled-while-polling", Manners(dry_run=False), {"WF-1"}),
    "goes on after the quiet hours": ("off-peak-hours", Manners(batch_size=50), {"WF-2"}),
    "fetches a token per call": ("token-expiry", Manners(token_per_call=True), {"WF-3"}),
    "loses the last batch": ("minute-breach", Manners(lose_last_batch=True), {"ST-1"}),
    "takes patterns for names": ("pattern-like-part-numbers", Manners(name=str), {"ST-2"}),
}


def failed(scenario: str, client: Driver, declared: Declaration) -> set[str]:
    """Return the rules that a client breaks in a packaged scenario."""
    result = run_scenario(find(scenario), driver=client, client=declared)
    return {grade.rule.id for grade in result.grades if grade.verdict is Verdict.FAIL}


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "manners", "rules"), CAUGHT.values(), ids=CAUGHT)
def test_a_flawed_client_is_caught(scenario: str, manners: Manners, rules: set[str]) -> None:
    """The scenario that promises a rule shows who breaks it, and a single defect is enough."""
    assert rules == rules & failed(scenario, driver(manners), DELETES)
    assert rules <= set(find(scenario).testable)


def test_a_client_that_adjusts_blindly_is_caught() -> None:
    """RT-5: it sends again what had been carried out."""
    assert "RT-5" in failed("adjust-unknown-outcome", blind, ADJUSTS)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["bulk-delete", "throttled-while-polling", "server-errors", "failed-jobs"])
def test_another_good_client_is_not(scenario: str) -> None:
    """A plain client without a defect breaks no rule where the flawed ones are caught."""
    assert set() == failed(scenario, driver(Manners()), DELETES)


def test_every_rule_is_broken_somewhere() -> None:
    """No rule of the catalogue is left that the library could not show to be broken."""
    broken = {rule for _, _, rules in (*CAUGHT.values(), *FLAWED_FILE_CLIENTS.values()) for rule in rules}

    assert {rule.id for rule in RULES} - ELSEWHERE == broken | {"RT-5"}
