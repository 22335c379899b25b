"""Whose turn it is: of all that could be sent, one request at a time, and its answer goes into the ledger (TH-2)."""

from __future__ import annotations

from collections.abc import Iterable

from kibo_client.budget import Budget, Slot
from kibo_client.errors import UnexpectedEventError
from kibo_client.events import Action, Answered, Done, Failed, Request, Sent, Throttled, Wait
from kibo_client.retry import AnswerClass

# After these nobody can say that the request was counted against the pool.
UNCOUNTED = frozenset({AnswerClass.UNAUTHORIZED, AnswerClass.NOT_SENT, AnswerClass.CANNOT_BE_SENT, AnswerClass.UNKNOWN})

Choice = tuple[Request, int, str]
"""A request that could be sent, the moment it is due (microseconds since the epoch), and what it waits for."""


class Turns:
    """The requests of a run, of whatever kind: never two at once.

    Args:
        budget: The ledger of the pool that they draw on.

    Attributes:
        began_at: When anything first happened (microseconds since the epoch); None before that.
        ended_at: When anything last happened.
    """

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._under_way: Sent | None = None
        self.began_at: int | None = None
        self.ended_at = 0

    def __repr__(self) -> str:
        return f"<Turns, under way: {self.under_way!r}>"

    @property
    def under_way(self) -> Request | None:
        """The request that was sent and has not been answered."""
        return self._under_way.request if self._under_way else None

    def choose(self, choices: Iterable[Choice], pause: Slot, now: int) -> Action:
        """What to do now: the first request that is due once one may leave, else wait for what comes first.

        Args:
            choices: What could be sent, most urgent first.
            pause: What holds everything back besides the budget.
            now: The present moment.
        """
        slot = max(self._budget.earliest(now), pause, key=lambda slot: slot.at)
        waiting = list(choices)
        if not waiting:
            return Done()
        moment = max(now, slot.at)
        ready = next((request for request, due_at, _ in waiting if due_at <= moment), None)
        if ready is not None:
            return ready if slot.at <= now else Wait(slot.at, slot.why)
        _, due_at, why = min(waiting, key=lambda choice: choice[1])
        return Wait(due_at, why)

    def happened(self, at: int) -> None:
        """Something happened at this moment."""
        if self.began_at is None:
            self.began_at = at
        self.ended_at = max(self.ended_at, at)

    def refuse_second(self) -> None:
        """To be asked before anything is noted about a request that was sent.

        Raises:
            UnexpectedEventError: Another one is under way.
        """
        if self._under_way is not None:
            raise UnexpectedEventError("a request was sent while another was under way")

    def sent(self, event: Sent) -> None:
        """A request is under way."""
        self._under_way = event
        self._budget.sent(event.at)

    def answered(self, event: Answered) -> Sent:
        """Enter in the ledger what an answer tells of the pool; gives the request that it ends.

        Raises:
            UnexpectedEventError: No request is under way.
        """
        if self._under_way is None:
            raise UnexpectedEventError("an answer came, but no request is under way")
        sent, self._under_way = self._under_way, None
        answer = event.answer
        if event.date is not None:
            self._budget.observe_date(sent_at=sent.at, received_at=event.at, date=event.date)
        if isinstance(answer, Throttled):
            self._budget.throttled(event.at, answer.retry_after_s)
        else:
            self._budget.answered(event.at, counted=not (isinstance(answer, Failed) and answer.reason in UNCOUNTED))
        return sent
