"""Sends the requests of a replay file to a fresh simulator at the same instants; tells what differs (T-4)."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from kibo_scenarios.replay_file import Closing, Exchange, ReplayFile, body_text, parsed
from kibo_scenarios.replay_world import open_world
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

ABSENT: Final = "nothing"
"""How a value is shown that one side has and the other has not."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a replay went another way.

    Attributes:
        exchange: Number of the exchange, from 1; 0 for the stock at the end.
        request: Instant, method and path, or what else is compared.
        place: ``status``, ``Retry-After`` or the JSON path in the answer.
        recorded: What the file says.
        replayed: What came now.
    """

    exchange: int
    request: str
    place: str
    recorded: str
    replayed: str

    def __str__(self) -> str:
        return f"{self.request}: {self.place}: recorded {self.recorded}, replayed {self.replayed}"


def replay(recorded: ReplayFile) -> tuple[Difference, ...]:
    """Run a file again in virtual time; empty when everything came out the same."""
    again = rerun(recorded)
    differences = [
        difference
        for number, pair in enumerate(zip(recorded.exchanges, again.exchanges, strict=True), start=1)
        for difference in _compare(number, *pair)
    ]
    if recorded.closing is not None and again.closing is not None:
        differences += _compare_stock(recorded.closing, again.closing)
    return tuple(differences)


def rerun(recorded: ReplayFile) -> ReplayFile:
    """Send the requests of a file again, each at its instant, and return them with the answers that came now."""

    async def main(loop: VirtualTimeLoop) -> ReplayFile:
        async with open_world(recorded.opening, loop) as world:
            for exchange in recorded.exchanges:
                pause = exchange.sent_at - loop.wall_us()
                if pause > 0:
                    await asyncio.sleep(pause / 1_000_000)
                await world.send(exchange.method, exchange.path, exchange.headers, body_text(exchange.body))
            return world.recording()

    return run_virtual(main, start_us=recorded.opening.started_at, seed=None)


def _compare(number: int, recorded: Exchange, replayed: Exchange) -> Iterator[Difference]:
    request = f"{recorded.at} {recorded.method} {recorded.path}"
    if recorded.status != replayed.status:
        yield Difference(number, request, "status", str(recorded.status), str(replayed.status))
    if recorded.retry_after != replayed.retry_after:
        pair = (recorded.retry_after or ABSENT, replayed.retry_after or ABSENT)
        yield Difference(number, request, "Retry-After", *pair)
    before, after = body_text(recorded.answer), body_text(replayed.answer)
    if before != after:
        places = list(unequal(parsed(before), parsed(after)))
        # Equal values in another order or spelling are a difference too: answers are the same to the byte.
        for place, old, new in places or [("$", before, after)]:
            yield Difference(number, request, place, old, new)


def unequal(old: Any, new: Any, path: str = "$") -> Iterator[tuple[str, str, str]]:
    """JSON path and both values for each place where two JSON values differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            yield from unequal(old.get(name, ABSENT), new.get(name, ABSENT), f"{path}.{name}")
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (side[index] if index < len(side) else ABSENT for side in (old, new))
            yield from unequal(before, after, f"{path}[{index}]")
    elif old != new or type(old) is not type(new):
        yield path, _shown(old), _shown(new)


def _shown(value: Any) -> str:
    text = value if value is ABSENT else repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _compare_stock(recorded: Closing, replayed: Closing) -> Iterator[Difference]:
    for index, (place, old, new) in enumerate(unequal(list(recorded.stock), list(replayed.stock))):
        if index == 20:
            yield Difference(0, "stock at the end", place, "…", "and more that differs")
            return
        yield Difference(0, "stock at the end", place, old, new)
