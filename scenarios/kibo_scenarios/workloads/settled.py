"""What is noted of a wish when it is done with, however that ended."""

from typing import NamedTuple


class Settled(NamedTuple):
    """A wish that is done with: ``wished`` and ``at`` are microseconds since the epoch, ``status`` of the last answer.

    ``status`` is 0 when the last attempt had no answer; ``given_up`` that the client let the wish go.
    """

    client: str
    operation: str
    wished: int
    at: int
    status: int
    attempts: int
    given_up: bool
