"""What to do about an answer that was not hoped for: a table of its class and the request's effect (C13, C14, C15)."""

from __future__ import annotations

from enum import Enum

from kibo_client.units import MINUTE, SECOND


class AnswerClass(Enum):
    """What became of a request, as far as repeating it is concerned."""

    OK = "ok"
    THROTTLED = "throttled"
    UNAUTHORIZED = "unauthorized"
    REFUSED = "refused"
    SERVER_ERROR = "server_error"
    NOT_SENT = "not_sent"
    CANNOT_BE_SENT = "cannot_be_sent"
    UNKNOWN = "unknown"
    MALFORMED = "malformed"
    CREDENTIALS_REFUSED = "credentials_refused"


class Effect(Enum):
    """What happens when a request is carried out twice."""

    NONE = "none"
    """Reads and dry runs: nothing."""
    ABSOLUTE = "absolute"
    """Deletions and refreshes: the same end state, though the first answer's job ids may be lost."""
    RELATIVE = "relative"
    """Adjustments: the delta is applied twice."""


class Action(Enum):
    """What follows from an answer."""

    ACCEPT = "accept"
    RETRY_WHEN_ADMITTED = "retry_when_admitted"
    RETRY_WITH_NEW_TOKEN = "retry_with_new_token"  # noqa: S105 - the name of an action, not a secret
    RETRY_AFTER_BACKOFF = "retry_after_backoff"
    RECONCILE = "reconcile"
    GIVE_UP = "give_up"
    STOP = "stop"


_ALWAYS: dict[AnswerClass, Action] = {
    AnswerClass.OK: Action.ACCEPT,
    AnswerClass.THROTTLED: Action.RETRY_WHEN_ADMITTED,
    AnswerClass.UNAUTHORIZED: Action.RETRY_WITH_NEW_TOKEN,
    AnswerClass.REFUSED: Action.GIVE_UP,
    AnswerClass.NOT_SENT: Action.RETRY_AFTER_BACKOFF,
    AnswerClass.CANNOT_BE_SENT: Action.STOP,
    AnswerClass.CREDENTIALS_REFUSED: Action.STOP,
}

TABLE: dict[tuple[AnswerClass, Effect], Action] = {
    **{(answer, effect): action for answer, action in _ALWAYS.items() for effect in Effect},
    (AnswerClass.SERVER_ERROR, Effect.NONE): Action.RETRY_AFTER_BACKOFF,
    (AnswerClass.SERVER_ERROR, Effect.ABSOLUTE): Action.RETRY_AFTER_BACKOFF,
    (AnswerClass.SERVER_ERROR, Effect.RELATIVE): Action.RECONCILE,
    (AnswerClass.UNKNOWN, Effect.NONE): Action.RETRY_AFTER_BACKOFF,
    (AnswerClass.UNKNOWN, Effect.ABSOLUTE): Action.RECONCILE,
    (AnswerClass.UNKNOWN, Effect.RELATIVE): Action.RECONCILE,
    (AnswerClass.MALFORMED, Effect.NONE): Action.RETRY_AFTER_BACKOFF,
    (AnswerClass.MALFORMED, Effect.ABSOLUTE): Action.RECONCILE,
    (AnswerClass.MALFORMED, Effect.RELATIVE): Action.RECONCILE,
}

# How often a host that has never answered is tried, over about three seconds.
KNOCKS = 3
FIRST_BACKOFF = SECOND
# 2**9 seconds is over eight minutes: past that, waiting longer teaches nothing.
MOST_DOUBLINGS = 9
LONGEST_HOLD_UP = MINUTE


def action_for(answer: AnswerClass, effect: Effect) -> Action:
    """Look the action up; every pair is in the table."""
    return TABLE[answer, effect]


def class_of_status(status: int) -> AnswerClass:
    """Classify an HTTP status; only 200 is success (C15), other statuses below 400 are not what was asked for."""
    if status == 200:
        return AnswerClass.OK
    if status == 429:
        return AnswerClass.THROTTLED
    if status == 401:
        return AnswerClass.UNAUTHORIZED
    if status == 408 or status >= 500:
        return AnswerClass.SERVER_ERROR
    return AnswerClass.REFUSED


def backoff(failures: int, jitter: float) -> int:
    """How long to wait after the given number of failures in a row (from 1), in microseconds.

    The wait lies in [b, 2b) with b doubling each time, so that waits grow strictly whatever the jitter (RT-2)
    and are never below a second (RT-1).

    Args:
        failures: Failures so far, at least 1.
        jitter: A random number in [0, 1), drawn by the caller.
    """
    base = FIRST_BACKOFF << min(failures - 1, MOST_DOUBLINGS)
    return base + int(base * jitter)


def longer_wait(failures: int, jitter: float, waited: int) -> int:
    """How long to wait after this many failures in a row where `waited` passed before the last attempt (RT-2).

    What else there is to send can hold a request up for longer than its backoff; the wait that follows must still be
    the longer one. What is longer than a minute had other reasons, such as off-peak hours, and is not added to.
    """
    return max(backoff(failures, jitter), min(waited, LONGEST_HOLD_UP) * 3 // 2)
