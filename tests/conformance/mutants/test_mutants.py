"""Proof that the properties can fail: each mistake in the catalogue is noticed by the properties named there.

The properties are those of the suite, run again from a seed of their own; without a mistake they hold.
"""

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from tests.conformance.mutants import catalogue
from tests.conformance.mutants.catalogue import MUTANTS
from tests.conformance.mutants.mutant import Mutant
from tests.properties.rerun import rerun
from tests.properties.simulator import test_identifiers_properties as identifiers
from tests.properties.simulator import test_jobs_properties as jobs
from tests.properties.simulator import test_rate_limits_properties as limits
from tests.properties.world.machine import WorldMachine

PROPERTIES: Final[dict[str, Callable[..., object]]] = {
    catalogue.LEDGER: limits.test_the_ledger_decides_as_a_list_of_all_timestamps_would,
    catalogue.SUFFICIENT: limits.test_every_header_suffices_and_is_bounded,
    catalogue.MINIMAL: limits.test_a_new_restriction_is_no_longer_than_it_must_be,
    catalogue.EXACT: limits.test_admissions_never_exceed_either_limit,
    catalogue.APART: limits.test_pools_are_apart_by_route_and_by_tenant_unless_the_environment_shares,
    catalogue.TO_THE_MICROSECOND: limits.test_a_restriction_holds_to_the_microsecond,
    catalogue.QUEUE: jobs.test_the_queue_is_first_in_first_out_among_free_locations,
    catalogue.PATTERNS: identifiers.test_patterns_mean_what_the_standard_library_means,
    catalogue.WORLD: WorldMachine,
}

SEED: Final = 1
# Found or not is all that matters here: nothing is shrunk, nothing remembered, and each run is the same.
UNDER: Final = settings(
    max_examples=1_500,
    stateful_step_count=40,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
WORLDS: Final = settings(UNDER, max_examples=200)
# The suite itself shows at length that the properties hold; here it is shown that running them again does no harm.
SOUND: Final = settings(UNDER, max_examples=15)


PAIRS = [(mutant, killer) for mutant in MUTANTS for killer in mutant.killers]


@pytest.mark.slow
@pytest.mark.parametrize(("mutant", "killer"), PAIRS, ids=[f"{mutant.name}: {killer}" for mutant, killer in PAIRS])
def test_each_property_named_notices_the_mistake(mutant: Mutant, killer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clause of the mutant: what breaks it is a failed assertion, not a crash."""
    mutant.change(monkeypatch)

    with pytest.raises(AssertionError):
        rerun(PROPERTIES[killer], WORLDS if killer == catalogue.WORLD else UNDER, seeded=SEED)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROPERTIES)
def test_without_a_mistake_the_property_holds(name: str) -> None:
    """RL-13, J-5, I-6, T-4: examples from the same seed pass on the simulator as it is."""
    rerun(PROPERTIES[name], SOUND, seeded=SEED)


def test_every_mistake_that_must_be_noticed_is_in_the_catalogue() -> None:
    """Seven kinds are asked of the suite; each has a clause and a property that kills it."""
    asked = {
        "the minute begins a second early",
        "floor for ceil: the largest value not above what is left",
        "the first denier instead of the larger wait",
        "a bucket leaks: the oldest quarter is forgotten at every boundary",
        "a restriction ends a second early",
        "a job runs twice",
        "a dry run deletes",
    }

    assert asked - {mutant.name for mutant in MUTANTS if mutant.killers} == set()
    assert {killer for mutant in MUTANTS for killer in mutant.killers} == set(PROPERTIES)
