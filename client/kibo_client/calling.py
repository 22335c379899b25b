"""Makes single calls under the same budget and the same manners as bulk work: paced, patient, never twice on a guess.

The deciding is done by `retry` and `budget`; this is the loop around them (C13, C14, C15, RT-1 to RT-5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import anyio
import msgspec

from kibo_client.budget import Budget, parse_retry_after
from kibo_client.calls import Call
from kibo_client.clock import sleep_until
from kibo_client.errors import NoAnswerError, RefusedError, UnknownOutcomeError
from kibo_client.exchange import logger
from kibo_client.models import Sent
from kibo_client.retry import KNOCKS, Action, AnswerClass, action_for, backoff, class_of_status
from kibo_client.transport import HttpAnswer, Transport, TransportError
from kibo_client.wire import read_date

Body = TypeVar("Body")
Given = TypeVar("Given")

MOST_ATTEMPTS = 8
MOST_THROTTLES = 50


class Caller:
    """Single calls of one client.

    Args:
        transport: Carries requests out.
        now: The clock.
        turn: Held while a request is under way.
        jitter: Gives a random number in [0, 1) for each wait.
    """

    def __init__(
        self, transport: Transport, now: Callable[[], int], turn: anyio.Lock, jitter: Callable[[], float]
    ) -> None:
        self._transport = transport
        self._now = now
        self._turn = turn
        self._jitter = jitter

    async def call(
        self,
        call: Call[Body, Given],
        body: Body | None,
        path: Mapping[str, str | int],
        query: Mapping[str, str | int],
        budget: Budget,
    ) -> Given:
        """Make a call, and again where that is safe.

        Raises:
            RefusedError: The server refused it.
            UnknownOutcomeError: Nobody knows whether it was carried out, and repeating it might do harm.
            NoAnswerError: It was tried often, or a few times where the host has never answered at all.
            CredentialsRefusedError: A token was needed and refused.
        """
        target = call.path.format(**{name: quote(str(value), safe="") for name, value in path.items()})
        words = {name: str(value) for name, value in query.items()}
        content = body.to_json() if isinstance(body, Sent) else None if body is None else msgspec.json.encode(body)
        failures = throttles = 0
        renewed = False
        while True:
            reason, answer, said = await self._once(call.method, target, content, words, budget)
            if reason is AnswerClass.OK and answer is not None:
                if not answer.body and call.gives is Any:
                    return None  # type: ignore[return-value] # Any has None among it
                try:
                    return msgspec.json.decode(answer.body, type=call.gives)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    reason, said = AnswerClass.MALFORMED, f"unreadable answer: {error}"
            status = 0 if answer is None else answer.status
            action = action_for(reason, call.effect)
            if action is Action.RETRY_WHEN_ADMITTED and throttles < MOST_THROTTLES:
                throttles += 1
                continue
            if action is Action.RETRY_WITH_NEW_TOKEN and not renewed:
                renewed = True
                continue
            if action is Action.RECONCILE:
                raise UnknownOutcomeError(call.name, said)
            failures += 1
            if action is not Action.RETRY_AFTER_BACKOFF:
                raise RefusedError(call.name, status, said)
            if failures >= (MOST_ATTEMPTS if self._transport.unreachable is None else KNOCKS):
                raise NoAnswerError(call.name, failures, said)
            await sleep_until(self._now() + backoff(failures, self._jitter()), self._now)

    async def _once(
        self, method: str, target: str, content: bytes | None, query: Mapping[str, str], budget: Budget
    ) -> tuple[AnswerClass, HttpAnswer | None, str]:
        """One attempt, once the budget has room for it."""
        try:
            await self._turn_to_send(budget)
        except TransportError as error:
            return _unsent(error), None, str(error)
        sent_at = self._now()
        reason, answer, said, counted = AnswerClass.UNKNOWN, None, "", False
        try:
            budget.sent(sent_at)
            answer = await self._transport.call(method, target, body=content, query=query)
            reason = class_of_status(answer.status)
            said = "" if reason is AnswerClass.OK else answer.explain()
            counted = reason is not AnswerClass.UNAUTHORIZED
        except TransportError as error:
            said = str(error)
            if not error.sent:
                reason = _unsent(error)
        finally:
            self._account(budget, sent_at, answer, reason, counted=counted)
            self._turn.release()
        return reason, answer, said

    async def _turn_to_send(self, budget: Budget) -> None:
        while True:
            await self._transport.authorize()
            await self._turn.acquire()
            slot = budget.earliest(now := self._now())
            if slot.at <= now:
                return
            self._turn.release()
            logger.info("waiting %.1f s: %s", (slot.at - now) / 1_000_000, slot.why)
            await sleep_until(slot.at, self._now)

    def _account(
        self, budget: Budget, sent_at: int, answer: HttpAnswer | None, reason: AnswerClass, *, counted: bool
    ) -> None:
        now = self._now()
        if answer is not None and (date := read_date(answer.date)) is not None:
            budget.observe_date(sent_at=sent_at, received_at=now, date=date)
        if answer is not None and reason is AnswerClass.THROTTLED:
            budget.throttled(now, parse_retry_after(answer.retry_after))
        else:
            budget.answered(now, counted=counted)


def _unsent(error: TransportError) -> AnswerClass:
    """What it means that a request, or the one for its token, did not get out."""
    return AnswerClass.CANNOT_BE_SENT if error.permanent else AnswerClass.NOT_SENT
