"""The state machines of batch jobs and items: which actions and events are allowed (Kibo's batch import guide)."""

from itertools import product

import pytest

from kibo_simulator.batch_jobs.pace import BatchSettings, due_at
from kibo_simulator.batch_jobs.states import (
    ACTIONS,
    ITEM_STATUSES,
    JOB_STATUSES,
    Action,
    IllegalActionError,
    JobStatus,
    after_action,
    available_actions,
    deletable,
    failure_event,
    item_after,
    takes_items,
)

LEGAL = {
    ("Ready", "Start"): "Pending",
    ("Ready", "Cancel"): "Canceled",
    ("Pending", "Cancel"): "Canceled",
    ("Running", "Cancel"): "Canceled",
    ("Completed", "Reset"): "Ready",
    ("Canceled", "Reset"): "Ready",
}


@pytest.mark.parametrize(("status", "action"), sorted(product(JOB_STATUSES, ACTIONS)))
def test_an_action_is_taken_or_refused_with_what_is_accepted(status: JobStatus, action: Action) -> None:
    """BJ-1: reset only after completed or canceled; whatever is refused names what could be asked for."""
    if (status, action) in LEGAL:
        assert LEGAL[status, action] == after_action(status, action)
    else:
        with pytest.raises(IllegalActionError) as refused:
            after_action(status, action)
        assert available_actions(status) == refused.value.accepted
        assert all(accepted in str(refused.value) for accepted in available_actions(status))


def test_every_status_has_a_way_on() -> None:
    """No job is stuck: in every status there is something that can be asked of it."""
    assert [] == [status for status in JOB_STATUSES if not available_actions(status)]


def test_only_a_ready_job_takes_items_and_only_a_quiet_one_is_deleted() -> None:
    """Items are added before the start; a job that is started and unfinished stays."""
    assert ["Ready"] == [status for status in JOB_STATUSES if takes_items(status)]
    assert ["Ready", "Completed", "Canceled"] == [status for status in JOB_STATUSES if deletable(status)]


def test_an_item_that_is_not_found_is_not_tried_again() -> None:
    """ValidationFailed is final at once; anything else is tried again until the retries are used up."""
    assert "not found" == failure_event(found=False, retries=0, most_retries=3)
    events = [failure_event(found=True, retries=retries, most_retries=2) for retries in range(3)]
    assert ["Waiting", "Waiting", "Failed"] == [item_after("Running", event) for event in events]


def test_ended_items_have_no_way_on() -> None:
    """Nothing happens to an item that has ended: any event is a defect."""
    ended = [status for status in ITEM_STATUSES if status not in {"Waiting", "Running"}]

    for status in ended:
        with pytest.raises(KeyError):
            item_after(status, "cancelled")


def test_a_date_in_the_past_is_due_at_once() -> None:
    """A job is due at its date, and now when it has none or the date is past."""
    assert [50, 50, 51] == [due_at(None, 50), due_at(49, 50), due_at(51, 50)]


def test_a_slice_takes_its_items_time() -> None:
    """A slice of 100 items at a millisecond each takes a tenth of a second."""
    assert 100_000 == BatchSettings().slice_time(100)
