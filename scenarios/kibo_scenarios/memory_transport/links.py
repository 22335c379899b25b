"""What a link between two ends does to the bytes it carries: delay, and faults, as plain values.

A link is chosen for each new connection (`Links`), so that a scenario can script "the third connection loses its
first answer". Random delays and choices draw from dice handed in, and are therefore reproducible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol, Self


class Dice(Protocol):
    """The part of `random.Random` that links and their choosers may use."""

    def randint(self, low: int, high: int, /) -> int:
        """Draw a whole number between two bounds, both included."""

    def random(self) -> float:
        """Draw a number from 0 to just below 1."""


@dataclass(frozen=True, slots=True)
class Uniform:
    """A delay drawn evenly between two bounds, in microseconds, both included."""

    low_us: int
    high_us: int

    def __post_init__(self) -> None:
        if not 0 <= self.low_us <= self.high_us:
            raise ValueError(f"a delay needs 0 <= low <= high, not {self.low_us} and {self.high_us}")


class Harm(Enum):
    """How a direction of a link fails."""

    RESET = "reset"
    """Both ends lose the connection at once, with ConnectionResetError; bytes under way are lost."""
    VANISH = "vanish"
    """A black hole: nothing arrives any more, not even the end, and the sender is not told."""
    END = "end"
    """The receiver sees an orderly end of stream; what the sender writes afterwards is dropped."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A harm that strikes the first byte after `after_bytes` have been delivered."""

    harm: Harm
    after_bytes: int = 0

    def __post_init__(self) -> None:
        if self.after_bytes < 0:
            raise ValueError(f"a fault cannot strike after {self.after_bytes} bytes")


@dataclass(frozen=True, slots=True)
class Path:
    """One direction of a link. Bytes stay in order whatever the delay draws.

    Attributes:
        latency_us: Delay of each write in microseconds, fixed or drawn.
        fault: What goes wrong on the way, if anything.
    """

    latency_us: int | Uniform = 0
    fault: Fault | None = None

    def __post_init__(self) -> None:
        if isinstance(self.latency_us, int) and self.latency_us < 0:
            raise ValueError(f"a delay cannot be {self.latency_us} microseconds")

    def delay_us(self, dice: Dice) -> int:
        """Give the delay of the next write."""
        if isinstance(self.latency_us, int):
            return self.latency_us
        return dice.randint(self.latency_us.low_us, self.latency_us.high_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Both directions of one connection.

    Attributes:
        to_server: The way of the requests.
        to_client: The way of the answers.
        refused: Nobody accepts: connecting fails with ConnectionRefusedError.
        cut_exchange: Number, from 1, of the exchange on this connection whose answer meets `cut` before its first
            byte arrives. The server has seen the whole request by then and has acted on it. An exchange begins with
            the first bytes to the server after bytes to the client: one request and its answer, without pipelining.
        cut: What happens to that answer.
    """

    to_server: Path = field(default_factory=Path)
    to_client: Path = field(default_factory=Path)
    refused: bool = False
    cut_exchange: int | None = None
    cut: Harm = Harm.RESET

    @classmethod
    def delayed(cls, latency_us: int | Uniform) -> Self:
        """Make a sound link with the same delay in each direction."""
        return cls(to_server=Path(latency_us), to_client=Path(latency_us))

    @classmethod
    def refusing(cls) -> Self:
        """Make a link that cannot be opened."""
        return cls(refused=True)

    @classmethod
    def black_hole(cls) -> Self:
        """Make a link that opens, and delivers nothing in either direction."""
        return cls(to_server=Path(0, Fault(Harm.VANISH)), to_client=Path(0, Fault(Harm.VANISH)))

    @classmethod
    def reset_after_request_bytes(cls, count: int) -> Self:
        """Make a link that is reset once the server has received `count` bytes."""
        return cls(to_server=Path(0, Fault(Harm.RESET, count)))

    @classmethod
    def reset_after_answer_bytes(cls, count: int) -> Self:
        """Make a link that is reset once the client has received `count` bytes."""
        return cls(to_client=Path(0, Fault(Harm.RESET, count)))

    @classmethod
    def half_closed_after_answer_bytes(cls, count: int) -> Self:
        """Make a link on which the client sees the end of the stream after `count` bytes."""
        return cls(to_client=Path(0, Fault(Harm.END, count)))

    @classmethod
    def cut_before_answer(cls, exchange: int = 1, harm: Harm = Harm.RESET) -> Self:
        """Make a link that delivers a request and loses its answer: the submit of unknown outcome."""
        return cls(cut_exchange=exchange, cut=harm)


@dataclass(frozen=True, slots=True)
class Opening:
    """A connection about to be opened, for a chooser of links.

    Attributes:
        number: Counts the connections of the network from 0, refused ones included.
        host: Where to.
        port: Where to.
        at_us: Loop time in microseconds.
        dice: Random numbers of this connection alone.
    """

    number: int
    host: str
    port: int
    at_us: int
    dice: Dice


Links = Link | Sequence[Link] | Callable[[Opening], Link]
"""One link for all connections, one for each of the first connections (the others are sound), or a chooser."""


def choose_link(links: Links, opening: Opening) -> Link:
    """Give the link of a new connection."""
    if isinstance(links, Link):
        return links
    if callable(links):
        return links(opening)
    return links[opening.number] if opening.number < len(links) else Link()
