"""Plays one client's part on a worker, with Locust's session and in greenlets: waits, sends, notes how it went.

What is decided here is decided by `kibo_scenarios.workloads`, as in every other run of a load scenario.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import gevent
from gevent.lock import RLock
from locust import HttpUser
from locust.clients import HttpSession

from kibo_scenarios.locust_users.messages import Exchange, Outcome, Role, retry_after
from kibo_scenarios.locust_users.splitting import taken
from kibo_scenarios.moments import SECOND
from kibo_scenarios.workloads.access import OAUTH, login_body
from kibo_scenarios.workloads.budget_share import BudgetShare
from kibo_scenarios.workloads.conduct import (
    NO_TOKEN,
    REFUSED,
    TOO_MANY,
    UNAUTHORIZED,
    Move,
    Restriction,
    move_after,
    pause_after,
)
from kibo_scenarios.workloads.wishes import Wish

_LOGIN: Final = "authenticate"
#: Simulated seconds after which an answer is not waited for any longer, and the least of the machine's.
_LONGEST_ANSWER: Final = 300.0
_SHORTEST_PATIENCE: Final = 5.0


class Watch(Protocol):
    """The clock of a run."""

    speed: float

    def now(self) -> int:
        """Return the simulated wall clock, microseconds since the epoch."""


class Part:
    """What a worker does of one client; all its users share budget, restriction and token.

    Args:
        name: What the scenario calls the client.
        role: How it behaves, and what this worker does of it.
        wishes: Of the whole client.
        begin: When its life begins; instants of wishes count from it.
        application: Id and secret of its application.
        watch: The clock.
        note: Is told of every request and of every wish that is settled.
        warn: Is told until when a restriction holds, each time that this part is refused.
    """

    def __init__(
        self,
        name: str,
        role: Role,
        wishes: Iterator[Wish],
        *,
        begin: int,
        application: tuple[str, str],
        watch: Watch,
        note: Callable[[Exchange | Outcome], None],
        warn: Callable[[str, int], None],
    ) -> None:
        self.name = name
        self.begun = 0
        self._client = role.client
        self._wishes = taken(wishes, role.part)
        self._begin = begin
        self._application = application
        self._watch = watch
        self._note = note
        self._warn = warn
        paced = role.client.share is not None
        self._share = BudgetShare(role.part.per_minute, role.part.per_hour) if paced else None
        self._patience = max(_SHORTEST_PATIENCE, _LONGEST_ANSWER / watch.speed)
        self._restriction = Restriction()
        self._one_alone = RLock()
        self._token = ""
        self._renewing = RLock()

    def __repr__(self) -> str:
        return f"<Part of {self.name}>"

    def play(self, user: HttpUser) -> bool:
        """Settle the next wish; return whether there was one."""
        session: HttpSession = user.client
        wish = next(self._wishes, None)
        if wish is None:
            return False
        wished = self._begin + wish.at
        self._until(wished)
        status, attempt, given_up = 0, 0, True
        while attempt < self._client.attempts:
            attempt += 1
            status = self._send_in_turn(session, wish)
            move = move_after(status, wish, self._client)
            if move is Move.LATER:
                self._until(self._watch.now() + pause_after(attempt))
            elif move is not Move.AGAIN:
                given_up = move is Move.LET_GO
                break
        now = self._watch.now()
        self._note(Outcome(self.name, wish.operation, wished, now, max(0, status), attempt, given_up))
        return True

    def warned(self, until: int) -> None:
        """Learn that another part of the same client was refused."""
        self._restriction.told(until)

    def _send_in_turn(self, session: HttpSession, wish: Wish) -> int:
        """Send when restriction and budget let the next request go; return the status, `NO_TOKEN` if nothing was sent.

        After a 429 one alone finds out whether the restriction is over.
        """
        while True:
            self._until(self._restriction.until)
            if not (self._token or self._renew(session, "")):
                return NO_TOKEN
            if self._restriction.doubted:
                with self._one_alone:
                    if self._restriction.doubted:
                        self._turn()
                        if self._token:
                            return self._send(session, wish)
                continue
            self._turn()
            if self._token and not self._restriction.doubted:
                return self._send(session, wish)

    def _turn(self) -> None:
        """Wait until restriction and budget let the next request go."""
        while True:
            self._until(self._restriction.until)
            if self._share is not None:
                self._until(self._share.take(self._watch.now()))
            # It may have been prolonged meanwhile, by a request of this part or of another.
            if self._restriction.until <= self._watch.now():
                return

    def _until(self, instant: int) -> None:
        while (left := instant - self._watch.now()) > 0:
            gevent.sleep(left / SECOND / self._watch.speed)

    def _send(self, session: HttpSession, wish: Wish) -> int:
        """Return the status; 0 when there was no answer."""
        token, started = self._token, self._watch.now()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.begun += 1
        with session.request(
            wish.method,
            wish.path,
            name=f"{self.name} {wish.operation}",
            data=wish.body or None,
            headers=headers,
            catch_response=True,
            allow_redirects=False,
            timeout=self._patience,
        ) as answer:
            status = int(answer.status_code or 0)
            told = str(answer.headers.get("Retry-After", ""))
            if status == TOO_MANY:
                # Throttled is not failed: Locust counts the answer, our report counts the refusal.
                answer.success()
        now = self._watch.now()
        self._note(Exchange(self.name, wish.operation, started, now - started, status, retry_after(told)))
        if status:
            self._restriction.answered(status, told, now)
        if status == TOO_MANY:
            self._warn(self.name, self._restriction.until)
        if status == UNAUTHORIZED:
            self._renew(session, token)
        return status

    def _renew(self, session: HttpSession, stale: str) -> str:
        """A token other than the stale one; empty when none is to be had now."""
        with self._renewing:
            if self._token != stale:
                return self._token
            self._token = ""
            with session.request(
                "POST",
                OAUTH,
                name=f"{self.name} {_LOGIN}",
                json=login_body(*self._application),
                catch_response=True,
                allow_redirects=False,
                timeout=self._patience,
            ) as answer:
                if 0 < int(answer.status_code or 0) < REFUSED:
                    self._token = _token(answer.text)
                    if not self._token:
                        answer.failure("there is no access_token in the answer")
            return self._token


def _token(text: str | None) -> str:
    try:
        return str(json.loads(text or "")["access_token"])
    except (ValueError, KeyError, TypeError):
        return ""


def machine_now() -> int:
    """Return the machine's clock, microseconds since the epoch."""
    return time.time_ns() // 1_000
