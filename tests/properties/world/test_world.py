"""The simulator beside a plain-Python model, through real HTTP in virtual time (T-3, T-4, A-1, RL, J, I, D-3)."""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.properties.world.machine import ReplayedWorldMachine, WorldMachine

# The same worlds each time. `make fuzz` goes further, and shrinks what it finds, which may take minutes.
QUICK = settings(stateful_step_count=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate])


@pytest.mark.slow
def test_the_simulator_answers_as_the_model_whatever_is_done_to_it() -> None:
    """A-1, RL-1 to RL-12, J-1 to J-12, I-1 to I-6, D-3: every answer, and all stock after every step."""
    WorldMachine.outcomes.clear()
    run_state_machine_as_test(WorldMachine, settings=settings(QUICK, max_examples=80))
    statuses = {status for _, status in WorldMachine.outcomes}
    done = {operation for operation, status in WorldMachine.outcomes if status == 200}

    # A model that is never asked anything agrees with everything.
    assert statuses == {200, 400, 401, 403, 404, 405, 429, 504}
    assert done == {"refresh", "adjust", "delete", "dry run", "look up", "job", "jobs"}


@pytest.mark.slow
def test_the_same_requests_at_the_same_times_are_answered_with_the_same_bytes() -> None:
    """T-4: whatever was done to a world, done again to a fresh one it brings the same answers and the same stock."""
    run_state_machine_as_test(ReplayedWorldMachine, settings=settings(QUICK, max_examples=15))
