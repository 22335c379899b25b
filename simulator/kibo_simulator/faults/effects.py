"""What faults do to requests, jobs and items of batch jobs: a type for each kind (J-8, J-9, RL-12, A-1).

Each kind of effect has its `Place` on a request's way (RL-11); the order of the places is the order in which faults
are looked for. Times are in seconds here, as people write them.
"""

from enum import IntEnum
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

LONGEST_S = 86_400
"""No single wait of a fault is longer than a day."""

Seconds = Annotated[float, Meta(ge=0, le=LONGEST_S)]
Ending = Literal["close", "reset"]
RetryAfter = Annotated[str, Meta(max_length=200)] | int | float | None


class Place(IntEnum):
    """Where a request on its way, a job or an item meets a fault; in order."""

    ARRIVED = 1
    """Before anything is looked at."""
    LET_IN = 2
    """After access, in the place of the rate limit."""
    REFUSED = 3
    """The rate limit has refused it."""
    ADMITTED = 4
    """The rate limit has admitted and counted it; nothing has been done yet."""
    ENQUEUED = 5
    """It is about to leave jobs behind."""
    CARRIED_OUT = 6
    """It succeeded: state has changed, the answer is ready."""
    LEAVING = 7
    """An answer is about to leave, whatever it says."""
    JOB = 8
    """A job begins."""
    ITEM = 9
    """An item of a batch job is tried."""


class Uniform(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="distribution", tag="uniform"
):
    """Any delay between two, equally likely."""

    low: Seconds
    high: Seconds


class Normal(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="distribution", tag="normal"
):
    """Delays around a mean; what would be negative is 0."""

    mean: Seconds
    deviation: Seconds


class Lognormal(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="distribution", tag="lognormal"
):
    """Delays with a long tail; half of them are below ``median``."""

    median: Seconds
    sigma: Annotated[float, Meta(ge=0, le=10)]


Delay = Seconds | Uniform | Normal | Lognormal


class _RequestEffect(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", kw_only=True
):
    """What every effect on requests can have besides: the answer, or its end, comes ``delay_s`` later."""

    delay_s: Delay | None = None


class Status(_RequestEffect, frozen=True, tag="status"):
    """Answer with a status, without doing anything; ``processed`` does it first and then replaces the answer.

    Without ``body`` the answer is the usual error envelope; a text is sent as it is, anything else as JSON.
    """

    status: Annotated[int, Meta(ge=200, le=599)]
    headers: dict[str, str] = {}
    body: Any = None
    processed: bool = False


class Latency(_RequestEffect, frozen=True, tag="latency"):
    """Answer as usual, later."""

    delay_s: Delay


class Reset(_RequestEffect, frozen=True, tag="reset"):
    """Reset the connection before anything is done or counted."""


class LostAnswer(_RequestEffect, frozen=True, tag="lost_answer"):
    """Carry the request out, and close or reset the connection without an answer."""

    how: Ending = "close"


class Truncate(_RequestEffect, frozen=True, tag="truncate"):
    """Announce the whole body, send only the first ``keep_bytes`` of it (half of it when absent), and end."""

    keep_bytes: Annotated[int, Meta(ge=1)] | None = None
    how: Ending = "close"


class Malformed(_RequestEffect, frozen=True, tag="malformed"):
    """Send a body that is not JSON: ``body``, or the answer's own with its last character exchanged for a comma."""

    body: str | None = None


class Dribble(_RequestEffect, frozen=True, tag="dribble"):
    """Send the body in pieces of so many bytes, with so much time in between."""

    piece_bytes: Annotated[int, Meta(ge=1)]
    every_s: Annotated[float, Meta(gt=0, le=LONGEST_S)]


class Throttle(_RequestEffect, frozen=True, tag="throttle"):
    """Refuse with 429 in the place of the rate limit; nothing is counted and no restriction begins.

    ``retry_after`` is sent as it is written, null leaves the header out; with ``as_date`` a number becomes the HTTP
    date so many seconds ahead.
    """

    retry_after: RetryAfter = 60
    as_date: bool = False


class RetryAfterHeader(_RequestEffect, frozen=True, tag="retry_after"):
    """Replace the header of a 429 that the rate limit itself has given; values as in `Throttle`."""

    retry_after: RetryAfter
    as_date: bool = False


class TokenExpired(_RequestEffect, frozen=True, tag="token_expired"):
    """The request's access token expires as it arrives; its refresh token stays good."""


class TokenRevoked(_RequestEffect, frozen=True, tag="token_revoked"):
    """All tokens of the request's application become useless as it arrives; it must log in anew."""


class EnqueueTimeout(_RequestEffect, frozen=True, tag="enqueue_timeout"):
    """504 where jobs would be left behind, and nothing at all was enqueued (J-9)."""


class _JobEffect(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind", kw_only=True):
    pass


class JobFail(_JobEffect, frozen=True, tag="job_fail"):
    """The job takes its time and fails with these messages; stock is untouched (J-8)."""

    message: Annotated[str, Meta(min_length=1, max_length=1_000)] = "the job failed (injected fault)"


class JobStall(_JobEffect, frozen=True, tag="job_stall"):
    """The job stays WORKING for ``for_s`` before it goes on; without it, until the fault is removed."""

    for_s: Seconds | None = None


class JobSlow(_JobEffect, frozen=True, tag="job_slow"):
    """The job takes ``factor`` times as long, and ``extra_s`` more."""

    factor: Annotated[float, Meta(gt=0, le=1_000_000)] = 1.0
    extra_s: Seconds = 0.0


class ItemFail(_JobEffect, frozen=True, tag="item_fail"):
    """A try of an item of a batch job fails; ``not found`` is final, all other reasons are tried again."""

    reason: Literal["missing", "invalid", "not found", "taken", "in use"] = "in use"
    message: Annotated[str, Meta(min_length=1, max_length=1_000)] = "the item failed (injected fault)"


RequestEffect = (
    Status
    | Latency
    | Reset
    | LostAnswer
    | Truncate
    | Malformed
    | Dribble
    | Throttle
    | RetryAfterHeader
    | TokenExpired
    | TokenRevoked
    | EnqueueTimeout
)
JobEffect = JobFail | JobStall | JobSlow
Effect = RequestEffect | JobEffect | ItemFail

_PLACES: dict[type[Struct], Place] = {
    Reset: Place.ARRIVED,
    TokenExpired: Place.ARRIVED,
    TokenRevoked: Place.ARRIVED,
    Throttle: Place.LET_IN,
    RetryAfterHeader: Place.REFUSED,
    Status: Place.ADMITTED,
    EnqueueTimeout: Place.ENQUEUED,
    LostAnswer: Place.CARRIED_OUT,
    Latency: Place.LEAVING,
    Truncate: Place.LEAVING,
    Malformed: Place.LEAVING,
    Dribble: Place.LEAVING,
    JobFail: Place.JOB,
    JobStall: Place.JOB,
    JobSlow: Place.JOB,
    ItemFail: Place.ITEM,
}


def place_of(effect: Effect) -> Place:
    """Where an effect takes place."""
    if isinstance(effect, Status) and effect.processed:
        return Place.CARRIED_OUT
    return _PLACES[type(effect)]
