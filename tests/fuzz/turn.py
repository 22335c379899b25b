"""One turn of one campaign: a function of its name, its seed and its size, so that a failure can be had again."""

import time
import traceback
from dataclasses import dataclass

from tests.fuzz.campaigns import Campaign
from tests.properties.world.machine import WorldMachine


@dataclass(frozen=True, slots=True)
class Turn:
    """What to run; ``str`` gives the form that the command line takes."""

    campaign: str
    seed: int
    examples: int

    def __str__(self) -> str:
        return f"{self.campaign}:{self.seed}:{self.examples}"


@dataclass(frozen=True, slots=True)
class Failure:
    """A property that does not hold: in one line, in full, and for a world the recording of it."""

    summary: str
    details: str
    recording: bytes | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn came to."""

    turn: Turn
    done: int
    seconds: float
    failure: Failure | None


def play(campaign: Campaign, turn: Turn) -> Outcome:
    """Run a turn to its end or to the first property that does not hold."""
    began = time.perf_counter()
    WorldMachine.forget()
    failure = None
    done = 0
    try:
        done = campaign.run(turn.seed, turn.examples)
    except Exception as error:  # noqa: BLE001 - whatever comes out of a property is a finding
        place = traceback.extract_tb(error.__traceback__)[-1]
        # A bare assert says nothing by itself: its line does.
        said = (str(error) or place.line or "").partition("\n")[0]
        summary = f"{type(error).__name__}: {said}"
        last = WorldMachine.last
        recording = None
        if last is not None:
            closing = last.closing
            note = f"found by python -m tests.fuzz --turn {turn}: {summary}"
            noted = type(last)(last.opening, last.exchanges, closing and type(closing)(closing.stock, note))
            recording = b"".join(noted.lines())
        failure = Failure(summary, "".join(traceback.format_exception(error)), recording)
    return Outcome(turn, done, time.perf_counter() - began, failure)
