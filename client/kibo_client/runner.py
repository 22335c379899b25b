"""The loop around any operation: ask its machine what to do, do it, and tell the machine what came of it (C8).

One loop serves every kind of bulk work. What differs is the machine, which decides, and `ask`, which carries one
request out. Each event is in the journal before it counts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

import anyio

from kibo_client.budget import Budget, Slot
from kibo_client.clock import sleep_until
from kibo_client.errors import CredentialsRefusedError
from kibo_client.events import Action, Answer, Answered, Confirmed, Done, Event, Failed, Request, Scope, Sent, Wait
from kibo_client.report import Progress
from kibo_client.retry import KNOCKS, AnswerClass, backoff
from kibo_client.run_journal import RunJournal
from kibo_client.transport import Transport, TransportError

OnEvent: TypeAlias = Callable[[Event | Wait], None]
Confirm: TypeAlias = Callable[[Scope], Awaitable[bool]]
Ask: TypeAlias = Callable[[Request], Awaitable[tuple[Answer, int | None]]]


class Machine(Protocol):
    """An operation as a state machine: it decides, without I/O."""

    budget: Budget

    def next_action(self, now: int) -> Action:
        """What to do now."""

    def record(self, event: Event) -> None:
        """Take note of something that happened."""

    def progress(self, now: int) -> Progress:
        """Where it stands."""

    @property
    def under_way(self) -> Request | None:
        """The request that was sent and has not been answered."""

    @property
    def anything_submitted(self) -> bool:
        """Whether anything that changes the server's state may have reached it."""


class Runner:
    """Runs one operation to its end, or until it is asked to stop.

    Args:
        machine: What decides.
        ask: Carries out one request of the machine's.
        transport: For tokens.
        now: The clock.
        turn: Held while a request is under way: whoever else spends the same budget waits for it.
        on_event: Told everything that happens.
        confirm: Asked once, with the whole scope; None means yes.
    """

    def __init__(
        self,
        machine: Machine,
        ask: Ask,
        transport: Transport,
        now: Callable[[], int],
        turn: anyio.Lock,
        on_event: OnEvent | None,
        confirm: Confirm | None,
    ) -> None:
        self._machine = machine
        self._ask = ask
        self._transport = transport
        self._now = now
        self._turn = turn
        self._on_event = on_event
        self._confirm = confirm
        self._journal: RunJournal | None = None
        self._knocks = 0
        self._stopping = False
        self._idle: anyio.CancelScope | None = None

    def resume(self, journal: RunJournal, events: list[Event]) -> None:
        """Replay what a journal holds; a request without an outcome has an unknown one."""
        self._journal = journal
        for event in events:
            self._machine.record(event)
        if self._machine.under_way is not None:
            lost = Failed(AnswerClass.UNKNOWN, 0, "the run was interrupted before the answer", 0.0)
            self._record(Answered(self._now(), lost))

    def stop(self) -> bool:
        """Send nothing any more; True if an answer is being waited for, which is taken in first."""
        self._stopping = True
        if self._idle is None:
            return True
        self._idle.cancel()
        return False

    async def to_the_end(self) -> bool:
        """Do one thing after another until nothing is left to do; False if it was stopped before."""
        while not self._stopping:
            match action := self._machine.next_action(self._now()):
                case Done():
                    return True
                case Wait():
                    await self._wait(action)
                case Scope():
                    await self._have_confirmed(action)
                case _:
                    await self._send(action)
        return isinstance(self._machine.next_action(self._now()), Done)

    def close(self) -> None:
        """Close the journal, if any."""
        if self._journal is not None:
            self._journal.close()

    async def _wait(self, wait: Wait) -> None:
        self._tell(wait)
        with anyio.CancelScope() as self._idle:
            await sleep_until(wait.until, self._now)
        self._idle = None

    async def _have_confirmed(self, scope: Scope) -> None:
        agreed = self._confirm is None
        if self._confirm is not None:
            with anyio.CancelScope() as self._idle:
                agreed = await self._confirm(scope)
            self._idle = None
        if not self._stopping:
            self._record(Confirmed(self._now(), agreed))

    async def _send(self, request: Request) -> None:
        await self._authorize()
        async with self._turn:
            slot: Slot = self._machine.budget.earliest(now := self._now())
            if slot.at > now or self._stopping:
                # Somebody else had the turn and has spent what there was: ask again what to do.
                return
            self._record(Sent(now, request))
            try:
                answer, date = await self._ask(request)
            except BaseException:
                # Whoever uses the budget next must not think that this request is still under way.
                self._machine.budget.answered(self._now(), counted=False)
                raise
            self._record(Answered(self._now(), answer, date))
        self._give_up_if_unreachable()

    async def _authorize(self) -> None:
        """Have a token; failures of a run that is well under way are left to the call that needs it."""
        while not self._stopping:
            try:
                await self._transport.authorize()
            except TransportError:
                self._give_up_if_unreachable()
                if self._transport.unreachable is None or self._machine.anything_submitted:
                    # The call to come tries again and accounts for the failure.
                    return
                await self._wait(Wait(self._now() + backoff(self._knocks, 0.0), "the host cannot be reached yet"))
            except CredentialsRefusedError:
                if not self._machine.anything_submitted:
                    raise
                return
            else:
                return

    def _give_up_if_unreachable(self) -> None:
        """End a run that has submitted nothing, and whose host has never answered: an address is more likely wrong."""
        trouble = self._transport.unreachable
        if trouble is None or self._machine.anything_submitted:
            return
        self._knocks += 1
        if trouble.permanent or self._knocks >= KNOCKS:
            raise trouble

    def _record(self, event: Event) -> None:
        if self._journal is not None:
            self._journal.append(event)
        self._machine.record(event)
        self._tell(event)

    def _tell(self, event: Event | Wait) -> None:
        if self._on_event is not None:
            self._on_event(event)
