"""The one clock of a simulator: real, scaled or moved by hand, and never backwards (T-1, T-2).

The clock owns no source of time of its own. It is given one (the machine's, or a virtual event loop's) and maps
it onto simulated time, so that everything above it stays a function of its inputs.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Literal

ClockMode = Literal["real", "scaled", "manual"]

LATEST = 253_370_764_800_000_000
"""The year 9999: beyond it there are no ISO 8601 dates, so no clock is moved there."""


class ClockError(ValueError):
    """An order that the clock cannot follow: backwards, or at a speed that is not positive."""


class Clock:
    """Maps a source of microseconds onto simulated microseconds since the Unix epoch.

    In mode ``real`` simulated time runs as fast as the source, in ``scaled`` at ``speed`` times that, and in
    ``manual`` it stands still until `advance` or `set_now` is called.
    """

    __slots__ = ("_anchor_simulated", "_anchor_source", "_latest", "_mode", "_source", "_speed", "_watchers")

    def __init__(
        self,
        source: Callable[[], int],
        *,
        mode: ClockMode = "real",
        speed: float = 1.0,
        start: int | None = None,
    ) -> None:
        self._source = source
        self._watchers: list[Callable[[], None]] = []
        self._anchor_source = source()
        self._anchor_simulated = self._anchor_source if start is None else start
        self._latest = self._anchor_simulated
        self._mode: ClockMode = mode
        self._speed = Fraction(1)
        self.set_mode(mode, speed)

    def __repr__(self) -> str:
        return f"<Clock {self._mode} x{float(self._speed):g} at {self._latest}>"

    @property
    def mode(self) -> ClockMode:
        """How the clock moves at present."""
        return self._mode

    @property
    def speed(self) -> float:
        """Simulated seconds per second of the source; 0 when the clock is moved by hand."""
        return 0.0 if self._mode == "manual" else float(self._speed)

    def now(self) -> int:
        """The simulated instant; never earlier than one it has told before (T-2)."""
        if self._mode == "manual":
            return self._latest
        elapsed = self._source() - self._anchor_source
        if self._mode == "scaled":
            elapsed = int(elapsed * self._speed)
        instant = self._anchor_simulated + elapsed
        if instant < self._latest:
            return self._latest
        self._latest = instant
        return instant

    def source_now(self) -> int:
        """The instant by the source, whatever the mode: the ``realAt`` of the journal."""
        return self._source()

    def source_until(self, instant: int) -> int | None:
        """Microseconds of the source until simulated time has come to ``instant``: 0 when it has.

        None while the clock is moved by hand: then nobody knows.
        """
        left = instant - self.now()
        if left <= 0:
            return 0
        return None if self._mode == "manual" else max(1, math.ceil(left / self._speed))

    @contextmanager
    def watched(self, moved: Callable[[], None]) -> Iterator[None]:
        """Call ``moved`` whenever the clock jumps or changes how it moves, as long as the context lasts."""
        self._watchers.append(moved)
        try:
            yield
        finally:
            self._watchers.remove(moved)

    def set_mode(self, mode: ClockMode, speed: float = 1.0) -> None:
        """Change how the clock moves from this instant on; time itself does not jump (T-2).

        Raises:
            ClockError: the speed is not a positive, finite number.
        """
        if not 0 < speed < float("inf"):
            raise ClockError(f"the clock's speed must be a positive number, not {speed:g}")
        now = self.now()
        self._mode = mode
        self._speed = Fraction(speed).limit_denominator(1_000_000) if mode == "scaled" else Fraction(1)
        if self._speed <= 0:
            raise ClockError(f"the clock's speed must be a positive number, not {speed:g}")
        self._anchor(now)

    def set_now(self, instant: int) -> None:
        """Move to ``instant``, which must not lie in the past, and go on from there in the same mode.

        Raises:
            ClockError: the instant is earlier than now, or later than `LATEST`.
        """
        self._jump(instant - self.now())

    def advance(self, duration: int) -> int:
        """Jump ``duration`` microseconds ahead in any mode and return the new instant.

        Raises:
            ClockError: the duration is negative.
        """
        self.now()
        return self._jump(duration)

    def reach(self, instant: int) -> int:
        """Move to ``instant`` unless time has come that far by itself; return the new instant.

        Raises:
            ClockError: the instant is later than `LATEST`.
        """
        return self._jump(max(0, instant - self.now()))

    def _jump(self, duration: int) -> int:
        # The clock may run on while one decides where to: the jump is made from the last instant it told.
        instant = self._latest + duration
        if duration < 0:
            raise ClockError(f"the clock never moves backwards: asked for {duration} microseconds")
        if instant > LATEST:
            raise ClockError("the clock does not go beyond the year 9998")
        self._anchor(instant)
        return instant

    def _anchor(self, instant: int) -> None:
        self._anchor_source = self._source()
        self._anchor_simulated = instant
        self._latest = instant
        for moved in self._watchers:
            moved()
