"""How a client of a load scenario behaves: what it does after an answer, and when a restriction lets it send again.

Decides only; whoever sends and waits asks here, in an event loop or without one (RL-10, RL-11, RT-5).
"""

from enum import Enum, auto
from typing import Final

from kibo_scenarios.moments import SECOND
from kibo_scenarios.workloads.clients import Client
from kibo_scenarios.workloads.wishes import Wish

#: The status of a request that was not sent, for want of a token.
NO_TOKEN: Final = -1
TOO_MANY: Final = 429
UNAUTHORIZED: Final = 401
#: Statuses from here on are no success.
REFUSED: Final = 400
#: How long after a vain attempt a token is asked for again.
RENEWAL_PAUSE: Final = 10 * SECOND
_RENEWAL_MARGIN: Final = 60 * SECOND
_LONGEST_LIFETIME_S: Final = 31 * 86_400.0
_FAILED: Final = 500
_LEAST_WAIT: Final = 60 * SECOND
_LONGEST_BACKOFF: Final = 60 * SECOND
_MOST_DOUBLINGS: Final = 10
_MOST_DIGITS: Final = 9


class Move(Enum):
    """What follows an answer: the wish is met, or let go, or the request is sent again, at once or after a pause."""

    MET = auto()
    LET_GO = auto()
    AGAIN = auto()
    LATER = auto()


def move_after(status: int, wish: Wish, client: Client) -> Move:
    """Return what a client does next; a status of 0 means that there was no answer."""
    if 0 < status < REFUSED:
        return Move.MET
    if status == UNAUTHORIZED:
        return Move.AGAIN
    if status == TOO_MANY:
        return Move.LET_GO if client.on_429 == "give_up" else Move.AGAIN
    if 0 < status < _FAILED or (status != NO_TOKEN and not wish.repeatable):
        return Move.LET_GO
    return Move.LATER


def pause_after(attempt: int) -> int:
    """Return how long a client waits after an attempt that failed, counted from 1; microseconds."""
    return min(_LONGEST_BACKOFF, SECOND << min(attempt - 1, _MOST_DOUBLINGS))


def renewal_due(now: int, expires_in_s: float) -> int:
    """Return when a token is renewed that was given at ``now``: a minute early, or halfway where it lives less long.

    A lifetime that is none, such as that of an answer without it, is taken for the longest.
    """
    told = expires_in_s if 0 < expires_in_s <= _LONGEST_LIFETIME_S else _LONGEST_LIFETIME_S
    lifetime = round(told * SECOND)
    return now + max(lifetime // 2, lifetime - _RENEWAL_MARGIN)


class Restriction:
    """What a client knows of the restriction that it is under.

    Attributes:
        until: When it is over, as far as was told; microseconds since the epoch.
        doubted: Whether the last answer was a 429. One request alone then finds out whether it is over: if all came
            back at once, those that are refused would prolong it, again and again (RL-10).
    """

    __slots__ = ("doubted", "until")

    def __init__(self) -> None:
        self.until = 0
        self.doubted = False

    def __repr__(self) -> str:
        return f"<Restriction until {self.until}{', doubted' if self.doubted else ''}>"

    def told(self, until: int) -> None:
        """Learn from somebody else, who sends in the same name, that the restriction holds until an instant."""
        self.until = max(self.until, until)
        self.doubted = True

    def answered(self, status: int, retry_after: str, now: int) -> None:
        """Learn from an answer and its Retry-After, which is empty where there was none."""
        if status == TOO_MANY:
            whole = retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= _MOST_DIGITS
            wait = int(retry_after) * SECOND if whole else _LEAST_WAIT
            self.told(now + wait)
        elif status != UNAUTHORIZED:
            # A 401 never came to the limit, and says nothing of the restriction (RL-11).
            self.doubted = False
