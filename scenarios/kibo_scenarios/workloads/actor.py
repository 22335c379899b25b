"""Carries out the wishes of one client: paces, sends, waits where it is told to, and notes how each was settled."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from kibo_scenarios.lines import Lines, NoAnswerError
from kibo_scenarios.moments import SECOND
from kibo_scenarios.pace import Clock
from kibo_scenarios.workloads.access import OAUTH, login_body
from kibo_scenarios.workloads.budget_share import BudgetShare
from kibo_scenarios.workloads.clients import Client
from kibo_scenarios.workloads.conduct import (
    NO_TOKEN,
    REFUSED,
    RENEWAL_PAUSE,
    UNAUTHORIZED,
    Move,
    Restriction,
    move_after,
    pause_after,
    renewal_due,
)
from kibo_scenarios.workloads.settled import Settled
from kibo_scenarios.workloads.wishes import Wish


class _Token(msgspec.Struct):
    access_token: str
    expires_in: float = 0.0


class Actor:
    """One client of a load scenario.

    Args:
        name: What the scenario calls it; also its application.
        client: How it behaves.
        secret: Of its application.
        lines: To the API.
        share: Its part of the budget; None when it does not pace itself.
        clock: The wall clock.
        note: Is told of each wish that is settled.
    """

    def __init__(
        self,
        name: str,
        client: Client,
        *,
        secret: str,
        lines: Lines,
        share: BudgetShare | None,
        clock: Clock,
        note: Callable[[Settled], None],
    ) -> None:
        self._name = name
        self._client = client
        self._secret = secret
        self._lines = lines
        self._share = share
        self._now = clock.wall_us
        self._until = clock.until
        self._note = note
        self._restriction = Restriction()
        self._one_alone = asyncio.Lock()
        self._token = ""
        self._renew_from = 0
        self._renewing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<Actor {self._name}>"

    async def live(self, wishes: Iterator[Wish], begin: int) -> None:
        """Settle all wishes, as many at a time as there are workers; instants count from ``begin``."""
        async with asyncio.TaskGroup() as beside:
            keeper = beside.create_task(self._keep_token())
            async with asyncio.TaskGroup() as group:
                for _ in range(self._client.workers):
                    group.create_task(self._work(wishes, begin))
            keeper.cancel()

    async def _keep_token(self) -> None:
        """Renew the token before it expires, so that no request is spent on finding out that it has."""
        while True:
            await self._until(self._renew_from)
            if self._renew_from <= self._now():
                if self._token:
                    await self._renew(self._token, spoilt=False)
                # The first is fetched by whoever needs it, and where none is to be had now it is asked for again.
                self._renew_from = max(self._renew_from, self._now() + RENEWAL_PAUSE)

    async def _work(self, wishes: Iterator[Wish], begin: int) -> None:
        for wish in wishes:
            await self._until(begin + wish.at)
            await self._settle(wish, begin + wish.at)

    async def _settle(self, wish: Wish, wished: int) -> None:
        status, attempt, given_up = 0, 0, True
        while attempt < self._client.attempts:
            attempt += 1
            status = await self._send_in_turn(wish)
            move = move_after(status, wish, self._client)
            if move is Move.LATER:
                await asyncio.sleep(pause_after(attempt) / SECOND)
            elif move is not Move.AGAIN:
                given_up = move is Move.LET_GO
                break
        self._note(Settled(self._name, wish.operation, wished, self._now(), max(0, status), attempt, given_up))

    async def _send_in_turn(self, wish: Wish) -> int:
        """Send when restriction and budget let the next request go; return the status, `NO_TOKEN` if nothing was sent.

        After a 429 one alone finds out whether the restriction is over.
        """
        while True:
            if self._restriction.until > self._now():
                await self._until(self._restriction.until)
            if not (self._token or await self._renew("")):
                return NO_TOKEN
            if self._restriction.doubted:
                async with self._one_alone:
                    if self._restriction.doubted:
                        await self._turn()
                        if self._token:
                            return await self._send(wish)
                continue
            await self._turn()
            if self._token and not self._restriction.doubted:
                return await self._send(wish)

    async def _turn(self) -> None:
        """Wait until restriction and budget let the next request go."""
        while True:
            now = self._now()
            if self._restriction.until > now:
                await self._until(self._restriction.until)
                now = self._now()
            if self._share is None:
                return
            turn = self._share.take(now)
            if turn > now:
                await self._until(turn)
                now = self._now()
            if self._restriction.until <= now:
                return

    async def _send(self, wish: Wish) -> int:
        """Return the status; 0 when there was no answer. Nothing is awaited before the request leaves."""
        token = self._token
        try:
            status, told, _ = await self._lines.ask(wish.method, wish.path, wish.body, token)
        except NoAnswerError:
            return 0
        self._restriction.answered(status, told, self._now())
        if status == UNAUTHORIZED:
            await self._renew(token)
        return status

    async def _renew(self, stale: str, *, spoilt: bool = True) -> str:
        """A token other than the stale one; empty when none is to be had now, or the stale one if it is not spoilt."""
        async with self._renewing:
            if self._token != stale:
                return self._token
            if spoilt:
                self._token = ""
            with suppress(NoAnswerError, msgspec.MsgspecError):
                answer = await self._lines.ask("POST", OAUTH, msgspec.json.encode(login_body(self._name, self._secret)))
                if answer.status < REFUSED:
                    token = msgspec.json.decode(answer.body, type=_Token)
                    self._token, self._renew_from = token.access_token, renewal_due(self._now(), token.expires_in)
            return self._token
