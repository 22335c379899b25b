"""The retry table and the waits (C13 to C15, RT-1, RT-2, RT-4, RT-5)."""

from itertools import pairwise, product

import pytest

from kibo_client.breaker import Breaker
from kibo_client.retry import TABLE, Action, AnswerClass, Effect, action_for, backoff, class_of_status
from kibo_client.units import HOUR, MINUTE, SECOND
from kibo_client.work import Attempts


def test_the_table_is_complete() -> None:
    """Every class of answer has an action for every effect."""
    assert set(TABLE) == set(product(AnswerClass, Effect))


@pytest.mark.parametrize("answer", [AnswerClass.UNKNOWN, AnswerClass.SERVER_ERROR, AnswerClass.MALFORMED])
def test_an_adjustment_is_never_repeated_on_a_guess(answer: AnswerClass) -> None:
    """RT-5: when a delta may have been applied, it has to be reconciled."""
    assert action_for(answer, Effect.RELATIVE) is Action.RECONCILE


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, AnswerClass.OK),
        (201, AnswerClass.REFUSED),
        (302, AnswerClass.REFUSED),
        (400, AnswerClass.REFUSED),
        (401, AnswerClass.UNAUTHORIZED),
        (403, AnswerClass.REFUSED),
        (404, AnswerClass.REFUSED),
        (408, AnswerClass.SERVER_ERROR),
        (429, AnswerClass.THROTTLED),
        (500, AnswerClass.SERVER_ERROR),
        (504, AnswerClass.SERVER_ERROR),
    ],
)
def test_statuses_are_classified(status: int, expected: AnswerClass) -> None:
    """RT-4, C15: only 200 is success, 4xx are not retried."""
    assert class_of_status(status) is expected


def test_waits_grow_whatever_the_jitter() -> None:
    """RT-1, RT-2: never below a second; the longest of one round is below the shortest of the next."""
    longest = [backoff(n, 0.999999) for n in range(1, 9)]
    shortest = [backoff(n, 0.0) for n in range(1, 9)]

    assert shortest[0] == SECOND
    assert all(high < low for high, low in zip(longest, shortest[1:], strict=False))
    assert all(a < b for a, b in pairwise(shortest))


def test_a_wait_is_longer_than_the_one_before_really_was() -> None:
    """RT-2: what was held up for ten seconds by other batches waits for more than ten when it fails again."""
    attempts = Attempts()
    now, waits = 0, []
    for _ in range(4):
        now += SECOND
        attempts.failed(sent_at=now, now=now, jitter=0.0)
        held_up_until = now + 10 * SECOND
        waits.append(max(attempts.retry_at, held_up_until) - now)
        now += waits[-1] - SECOND

    assert [10 * SECOND, 15 * SECOND, 22_500_000, 33_750_000] == waits


@pytest.mark.parametrize(("held_up", "expected"), [(0, 2 * SECOND), (MINUTE, 90 * SECOND), (18 * HOUR, 90 * SECOND)])
def test_a_hold_up_of_hours_is_not_made_longer(held_up: int, expected: int) -> None:
    """Off-peak hours are no backoff: what waited for them is not to wait half as long again."""
    attempts = Attempts()
    attempts.failed(sent_at=1, now=1, jitter=0.0)
    attempts.failed(sent_at=1 + held_up, now=1 + held_up, jitter=0.0)

    assert expected == attempts.retry_at - (1 + held_up)


def test_the_breaker_slows_down_and_then_stops() -> None:
    """Trouble without end is bounded."""
    breaker = Breaker()
    verdicts = [breaker.failure(0, 0.0) for _ in range(24)]

    assert verdicts == [False] * 23 + [True]
    assert breaker.pause.at == backoff(17, 0.0)


def test_a_success_resets_the_breaker() -> None:
    """Only failures in a row count."""
    breaker = Breaker()
    for _ in range(23):
        breaker.failure(0, 0.0)
    breaker.success()

    assert breaker.failure(0, 0.0) is False
