"""Kills a simulator again and again under concurrent clients, and examines it each time it comes back."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import aiohttp

from .beliefs import Beliefs, DurabilityError
from .caller import Caller
from .examination import Examination
from .lives import LifeError, Nursery, Points, nursery, start_for_real
from .workload import Workload
from .world import prepare

# How many answers, statements or commits a life may last at most; drawn from, so that short lives are frequent.
_FAR = {"from outside": (12, 60, 200), "at a statement": (40, 400, 1_500), "after a commit": (6, 30, 100)}
_TIMEOUT = aiohttp.ClientTimeout(total=20)


@dataclass(slots=True)
class Tally:
    """How often a simulator was killed, and what had been acknowledged by then."""

    kills: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    happened: int = 0

    def __str__(self) -> str:
        kills = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kills.items()))
        seen = ", ".join(f"{count} {what}" for what, count in self.acknowledged.most_common())
        return (
            f"{self.kills.total()} kills ({kills}); {self.acknowledged.total()} acknowledged ({seen}); "
            f"{self.unanswered} writes unanswered, {self.happened} of them had happened"
        )


@asynccontextmanager
async def _caller(url: str, beliefs: Beliefs, answered: "_Countdown") -> AsyncIterator[Caller]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(url, connector=connector, timeout=_TIMEOUT) as session:
        yield Caller(session, beliefs, answered)


class _Countdown:
    """Is called at every answer and tells when so many have come since it began."""

    def __init__(self, answers: int) -> None:
        self._left = answers
        self._begun = False
        self.over = asyncio.Event()

    def begin(self) -> None:
        """Count from now on."""
        self._begun = True

    def __call__(self) -> None:
        self._left -= self._begun
        if self._begun and not self._left:
            self.over.set()


class Campaign:
    """One data file, its lives and deaths."""

    def __init__(self, folder: Path, seed: int, flaw: str = "") -> None:
        self._folder = folder
        self._seed = seed
        self._flaw = flaw
        self._flags = prepare(folder)
        self._beliefs = Beliefs()
        self.tally = Tally()

    async def run(self, kills: int) -> None:
        """Kill so many times, and examine after the last one as well.

        Raises:
            DurabilityError: the seed and the number of the life are in its message.
        """
        async with nursery(self._folder / "simulators.log") as simulators:
            life = 0
            while self.tally.kills.total() < kills:
                life += 1
                random = Random(f"{self._seed} {life}")
                try:
                    await self._live(simulators, random, life)
                except (DurabilityError, LifeError) as error:
                    raise DurabilityError(f"KIBO_KILL_SEED={self._seed}, life {life}: {error}") from error
        await self._live_for_real()
        self.tally.acknowledged = self._beliefs.acknowledged

    async def _live(self, nursery: Nursery, random: Random, life: int) -> None:
        """Start, examine, work, kill."""
        if random.random() < 0.1:
            # A start is killed too: what it does to the file must be as harmless when it is cut off.
            born = await nursery.start(self._flags, die_at=random.randint(1, 60), armed=True, flaw=self._flaw)
            if not born.url:
                self.tally.kills["while starting"] += 1
                return
            await nursery.kill()
            self.tally.kills["when just started"] += 1
        kind = random.choice(("from outside", "at a statement", "after a commit"))
        by_itself = kind != "from outside"
        points: Points = "commit" if kind == "after a commit" else "statement"
        die_at = random.randint(1, random.choice(_FAR[kind]))
        born = await nursery.start(self._flags, die_at=die_at if by_itself else 0, points=points, flaw=self._flaw)
        countdown = _Countdown(0)
        async with _caller(born.url, self._beliefs, countdown) as caller:
            self.tally.happened += await Examination(caller, self._beliefs).run()
        pauses = random.randint(0, 12)
        countdown = _Countdown(0 if by_itself else die_at)
        begin = nursery.toggle if by_itself else countdown.begin
        async with _caller(born.url, self._beliefs, countdown) as caller:
            striking = asyncio.create_task(self._strike(nursery, countdown, pauses))
            try:
                await Workload(caller, self._beliefs, f"{self._seed} {life}", begin).run()
            finally:
                # Everybody is done: either because of the blow, or without it.
                if not countdown.over.is_set():
                    striking.cancel()
                await asyncio.wait((striking,))
            if not striking.cancelled():
                striking.result()
        await nursery.kill()
        self.tally.kills[kind] += 1
        self.tally.unanswered += sum(writer.in_flight is not None for writer in self._beliefs.writers)

    @staticmethod
    async def _strike(nursery: Nursery, countdown: _Countdown, pauses: int) -> None:
        await countdown.over.wait()
        for _ in range(pauses):
            # Others go on sending and receiving meanwhile, so that the blow falls anywhere in the server's work.
            await asyncio.sleep(0)
        await nursery.kill()

    async def _live_for_real(self) -> None:
        """The installed command reads the same file, is examined, and stops when asked."""
        process, url = await start_for_real(self._flags, self._folder / "simulators.log")
        try:
            async with _caller(url, self._beliefs, _Countdown(0)) as caller:
                await Examination(caller, self._beliefs).run()
        finally:
            process.send_signal(signal.SIGTERM)
            code = await process.wait()
        if code:
            raise DurabilityError(f"expected exit code 0 after SIGTERM, got {code}")
