"""Looking for the job of a submission without an answer, after clocks were stepped (RT-5)."""

from __future__ import annotations

import pytest

from kibo_client.clock_offset import ClockOffset
from kibo_client.events import JobSeen
from kibo_client.lost_update import Finding, LostUpdate
from kibo_client.units import HOUR, SECOND

SENT_AT = 1_767_225_600 * SECOND
HALF = SECOND // 2


def lost(offset: ClockOffset | None) -> LostUpdate:
    """A submission of three lines, and what was known of the server's clock when it left."""
    return LostUpdate(1, "ST-1", 3, SENT_AT, SENT_AT + 60 * SECOND, SENT_AT, offset)


def offset_of(ahead: int, at: int = SENT_AT) -> ClockOffset:
    """What an answer tells of a server that is so far ahead of our clock."""
    return ClockOffset(ahead - HALF, ahead + HALF, at)


@pytest.mark.parametrize("step", [HOUR, -HOUR, 48 * HOUR])
def test_a_job_is_found_although_our_clock_was_stepped(step: int) -> None:
    """A machine slept or its clock was set after the submission: its job is no older and no younger for that."""
    job = JobSeen(7, "SUCCESS", "ST-1", added_at=SENT_AT + SECOND, item_count=3)
    search = lost(offset_of(0))

    assert Finding.FOUND == search.read([job], 1000, (), offset_of(step, SENT_AT + 10 * SECOND))
    assert [7] == search.matches


def test_a_submission_that_made_no_job_is_told_from_older_ones() -> None:
    """What was added before it was sent is not its job, by the clocks of then and of now."""
    older = JobSeen(6, "SUCCESS", "ST-1", added_at=SENT_AT - 60 * SECOND, item_count=3)

    assert Finding.NOT_THERE == lost(offset_of(0)).read([older], 1000, (), offset_of(HOUR))


def test_without_any_stamp_nothing_is_concluded() -> None:
    """Where the server's clock is not known at all, a job that might be the one leaves it unclear."""
    job = JobSeen(7, "SUCCESS", "ST-1", added_at=SENT_AT + SECOND, item_count=3)

    assert Finding.UNCLEAR == lost(None).read([job], 1000, (), None)
