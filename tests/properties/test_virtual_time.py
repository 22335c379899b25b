"""Whatever the program, virtual time is never early and memory delivers everything in order."""

from __future__ import annotations

import asyncio
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.memory_transport import Link, Path, Uniform, join
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual

delays = st.one_of(
    st.floats(min_value=0, max_value=1e6),
    st.sampled_from([0.0, 0.1, 0.2, 0.3, 5.0, 15.0, 60.0, 900.0, 3_600.0]),
)
seeds = st.one_of(st.none(), st.integers(min_value=0, max_value=2**32))


@given(st.lists(st.tuples(delays, delays), max_size=30), seeds)
@settings(deadline=None)
def test_timers_are_never_early_and_in_order(plan: list[tuple[float, float]], seed: int | None) -> None:
    """A timer fires within a microsecond after its time, no sooner, and the clock never goes back."""

    async def main(loop: VirtualTimeLoop) -> list[tuple[int, Fraction, int]]:
        fired: list[tuple[int, Fraction, int]] = []

        async def wait(number: int, before: float, asked: float) -> None:
            await asyncio.sleep(before)
            due_us = loop.now_us + Fraction(asked) * 1_000_000
            loop.call_later(asked, lambda: fired.append((number, due_us, loop.now_us)))

        async with asyncio.TaskGroup() as group:
            for number, (before, asked) in enumerate(plan):
                group.create_task(wait(number, before, asked))
        await asyncio.sleep(2e6)
        return fired

    fired = run_virtual(main, start_us=0, seed=seed)
    noise = Fraction(2, 100)
    wrong = [
        (number, float(due_us), at_us)
        for number, due_us, at_us in fired
        if not due_us - noise <= at_us <= due_us + 1 + noise
    ]

    assert wrong == []
    assert sorted(range(len(plan))) == sorted(number for number, _, _ in fired)
    assert [at_us for _, _, at_us in fired] == sorted(at_us for _, _, at_us in fired)


@given(st.lists(st.sampled_from([1.0, 2.0, 2.5]), max_size=20))
@settings(deadline=None)
def test_equal_times_keep_their_order(asked: list[float]) -> None:
    """Without a seed, timers run in the order of a stable sort by time."""

    async def main(loop: VirtualTimeLoop) -> list[int]:
        order: list[int] = []
        for number, seconds in enumerate(asked):
            loop.call_later(seconds, order.append, number)
        await asyncio.sleep(3)
        return order

    assert run_virtual(main, start_us=0) == sorted(range(len(asked)), key=asked.__getitem__)


class Listener(asyncio.Protocol):
    """Collects what arrives, and checks the manners of its transport."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.data = bytearray()
        self.events: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Keep the bytes."""
        assert self.events[-1:] != ["end"]
        assert self.transport.is_reading()
        self.data += data

    def eof_received(self) -> None:
        """Note the end."""
        self.events.append("end")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the loss."""
        self.events.append("lost" if exc is None else type(exc).__name__)

    def pause_writing(self) -> None:
        """Note the pause."""
        self.events.append("pause")

    def resume_writing(self) -> None:
        """Note that it is over."""
        self.events.append("resume")


@given(
    pieces=st.lists(st.tuples(st.integers(1, 150_000), st.sampled_from([0.0, 0.001, 0.5])), max_size=12),
    pauses=st.lists(st.tuples(st.sampled_from([0.0, 0.0005, 0.01, 0.6]), st.booleans()), max_size=8),
    latency=st.sampled_from([0, 1, 50_000, Uniform(0, 100_000)]),
    seed=seeds,
)
@settings(deadline=None)
def test_delivery_is_complete_and_in_order(
    pieces: list[tuple[int, float]],
    pauses: list[tuple[float, bool]],
    latency: int | Uniform,
    seed: int | None,
) -> None:
    """Any chunks over any delay to a reader that pauses at will arrive whole, then the end, then the loss."""

    async def main(loop: VirtualTimeLoop) -> tuple[bytes, Listener, Listener]:
        near, far = Listener(), Listener()
        dice = (loop.random("there"), loop.random("back"))
        join(loop, near, far, link=Link(to_server=Path(latency)), dice=dice)
        sent = bytearray()

        async def write() -> None:
            for number, (size, wait) in enumerate(pieces):
                piece = bytes([number]) * size
                near.transport.write(piece)
                sent.extend(piece)
                await asyncio.sleep(wait)
            near.transport.close()

        async def interrupt() -> None:
            for wait, pause in pauses:
                await asyncio.sleep(wait)
                (far.transport.pause_reading if pause else far.transport.resume_reading)()
            far.transport.resume_reading()

        await asyncio.gather(write(), interrupt())
        await asyncio.sleep(10)
        return bytes(sent), near, far

    sent, near, far = run_virtual(main, start_us=0, seed=seed)
    flow = near.events[:-1]

    assert far.data == sent
    assert far.events == ["end", "lost"]
    assert near.events[-1] == "lost"
    assert flow == (["pause", "resume"] * len(flow))[: len(flow)]
