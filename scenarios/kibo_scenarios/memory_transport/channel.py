"""One direction of a connection: bytes wait in one queue until their time, so they cannot overtake each other.

Rules of this file:
1. Everything travels in one queue: bytes, the end of the stream, a reset. Whatever is due waits for its turn.
2. At most one delivery is scheduled, and it is a callback of its own: nobody is called from inside a write.
3. A receiver that has paused gets neither bytes nor the end; a reset reaches it nevertheless.
4. Bytes count against the sender until they are delivered, so a slow receiver makes the sender pause.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from kibo_scenarios.memory_transport.links import Dice, Harm, Link, Path
from kibo_scenarios.virtual_time import Appointment, VirtualTimeLoop

_SECOND_US = 1_000_000
LARGEST_DELIVERY = 256 * 1024
"""As much as asyncio's socket transport reads at once."""


class Signal(Enum):
    """What can travel besides bytes."""

    END = "end of stream"
    RESET = "reset"


_END, _RESET = Signal.END, Signal.RESET


class Receiver(Protocol):
    """The end of the connection that a channel delivers to, or comes from."""

    @property
    def reading_paused(self) -> bool:
        """Whether bytes must wait."""

    def is_closing(self) -> bool:
        """Whether bytes come too late."""

    def receive(self, data: bytes) -> None:
        """Take bytes."""

    def receive_end(self) -> None:
        """Take the end of the stream."""

    def receive_reset(self) -> None:
        """Take the news that the connection is broken."""

    def send_reset(self) -> None:
        """Tell the other end that its bytes came too late."""

    def bytes_left(self) -> None:
        """Take the news that bytes of this end have been delivered or dropped."""


@dataclass(slots=True)
class Conversation:
    """How far the exchanges on a connection have come, as both channels see it."""

    link: Link
    exchange: int = 0
    answered: bool = True

    def request_bytes(self) -> None:
        """Note that bytes reach the server."""
        if self.answered:
            self.exchange += 1
            self.answered = False

    def answer_bytes(self) -> Harm | None:
        """Note that bytes are about to reach the client; give the harm that befalls them instead, if any."""
        if self.link.cut_exchange == self.exchange:
            return self.link.cut
        self.answered = True
        return None


class _InMicroseconds:
    """The clock of a loop that counts in seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @property
    def now_us(self) -> int:
        return round(self._loop.time() * _SECOND_US)

    def call_at_us(self, when_us: int, callback: Callable[[], object]) -> asyncio.TimerHandle:
        return self._loop.call_at(when_us / _SECOND_US, callback)


class Channel:
    """Carries bytes from one end to the other, with the delay and the fault of its path."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, path: Path, conversation: Conversation, *, answers: bool, dice: Dice
    ) -> None:
        self._loop = loop
        self._time = loop if isinstance(loop, VirtualTimeLoop) else _InMicroseconds(loop)
        self._path = path
        self._conversation = conversation
        self._answers = answers
        self._dice = dice
        # Without a delay everything is due when it is sent, and the clock need not be read: a tenth of all the time.
        self._instant = path.latency_us == 0
        # Most links delay everything alike.
        self._fixed_us = path.latency_us if isinstance(path.latency_us, int) else None
        # On most links nothing can go wrong, and then nobody need count how far the exchanges have come.
        self._sound = path.fault is None and conversation.link.cut_exchange is None
        self._queue: deque[tuple[int, bytes | Signal]] = deque()
        self._handle: asyncio.Handle | Appointment | None = None
        self._harmed: Harm | None = None
        self._delivered = 0
        self.waiting_bytes = 0
        self.source: Receiver
        self.target: Receiver

    def __repr__(self) -> str:
        harm = f", {self._harmed.value}" if self._harmed else ""
        return f"<Channel {self._delivered} bytes delivered, {self.waiting_bytes} waiting{harm}>"

    def send(self, item: bytes | Signal) -> None:
        """Put bytes or a signal on the way."""
        if self._harmed is Harm.END:
            return
        if isinstance(item, bytes):
            self.waiting_bytes += len(item)
        elif item is _RESET:
            self.clear()
        if self._instant:
            self._queue.append((0, item))
            if self._handle is None:
                self.schedule(0)
            return
        now_us = self._time.now_us
        fixed_us = self._fixed_us
        due_us = now_us + (self._path.delay_us(self._dice) if fixed_us is None else fixed_us)
        self._queue.append((due_us, item))
        if self._handle is None:
            self.schedule(now_us)

    def clear(self) -> None:
        """Forget what is under way."""
        self._queue.clear()
        self.waiting_bytes = 0
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def schedule(self, now_us: int | None = None) -> None:
        """Arrange the next delivery, unless one is arranged or nothing arrives any more; `now_us` saves a look."""
        if self._handle is not None or not self._queue or self._harmed is Harm.VANISH:
            return
        due_us = self._queue[0][0]
        if self._instant or due_us <= (self._time.now_us if now_us is None else now_us):
            self._handle = self._loop.call_soon(self._deliver)
        else:
            self._handle = self._time.call_at_us(due_us, self._deliver)

    def _deliver(self) -> None:
        self._handle = None
        item = self._queue[0][1]
        target = self.target
        if item is _RESET:
            self.clear()
            target.receive_reset()
        elif target.reading_paused:
            return
        elif item is _END:
            self._queue.popleft()
            target.receive_end()
        elif target.is_closing():
            self.clear()
            target.send_reset()
            self.source.bytes_left()
        else:
            self._deliver_bytes()
        if self._queue:
            self.schedule()

    def _deliver_bytes(self) -> None:
        room = LARGEST_DELIVERY
        if not self._sound:
            harm, room = self._harm_ahead()
            if harm is not None and room == 0:
                self._suffer(harm)
                return
            if not self._answers:
                self._conversation.request_bytes()
        data = self._take(min(room, LARGEST_DELIVERY))
        size = len(data)
        self._delivered += size
        self.target.receive(data)
        # Receiving may have reset the connection, and then nothing is waiting any more.
        self.waiting_bytes = max(0, self.waiting_bytes - size)
        self.source.bytes_left()

    def _harm_ahead(self) -> tuple[Harm | None, int]:
        """Tell which harm lies ahead and how many bytes may still pass before it."""
        if self._answers:
            cut = self._conversation.answer_bytes()
            if cut is not None:
                return cut, 0
        if self._path.fault is None:
            return None, LARGEST_DELIVERY
        return self._path.fault.harm, self._path.fault.after_bytes - self._delivered

    def _take(self, most: int) -> bytes:
        """Take the bytes that are due, joined, and split where `most` ends; the first that wait here are."""
        if len(self._queue) == 1 and isinstance(first := self._queue[0][1], bytes) and len(first) <= most:
            self._queue.popleft()
            return first
        now_us = 0 if self._instant else self._time.now_us
        taken: list[bytes] = []
        size = 0
        while self._queue and size < most:
            due_us, item = self._queue[0]
            if due_us > now_us or not isinstance(item, bytes):
                break
            if size + len(item) > most:
                self._queue[0] = (due_us, item[most - size :])
                item = item[: most - size]
            else:
                self._queue.popleft()
            taken.append(item)
            size += len(item)
        return taken[0] if len(taken) == 1 else b"".join(taken)

    def _suffer(self, harm: Harm) -> None:
        self._harmed = harm
        if harm is Harm.RESET:
            self.source.receive_reset()
            self.target.receive_reset()
        elif harm is Harm.END:
            self.clear()
            self.target.receive_end()
            self.source.bytes_left()
