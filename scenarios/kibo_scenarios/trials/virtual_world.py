"""A simulator and its clients in one process and in virtual time, for one test."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import aiohttp

from kibo_scenarios.evidence import decode_journal
from kibo_scenarios.moments import parse_utc
from kibo_scenarios.pace import TOLERANCE, VIRTUAL, Stage, stage
from kibo_scenarios.trials.verdicts import Trial
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual
from kibo_scenarios.world import journal_lines, pool_limits
from kibo_simulator import Settings, Simulator
from kibo_simulator.web import build_application

_T = TypeVar("_T")

START: Final = "2026-03-02T05:00:00Z"
#: One way, in microseconds.
LATENCY: Final = 25_000


class VirtualWorld:
    """The world of one test: use it by `run`, or in a test that is decorated with ``in_virtual_time``.

    Hours pass in milliseconds: whatever sleeps, sleeps in virtual time. Everything in the world must run on its loop,
    and talk to the simulator by `session` or `connector`.

    Args:
        settings: The simulator's; the sample tenant with the guide's limits when absent.
        start: When time begins; the settings' own start when they have one.
    """

    def __init__(self, settings: Settings | None = None, *, start: str = START) -> None:
        self.settings = settings or Settings()
        if self.settings.sample is None:
            raise ValueError("a virtual world needs the sample tenant")
        self.start = parse_utc(self.settings.start or start)
        self._simulator: Simulator | None = None
        self._stage: Stage | None = None

    def __repr__(self) -> str:
        return f"<VirtualWorld {'of ' + repr(self._simulator) if self._simulator else 'not begun'}>"

    @property
    def simulator(self) -> Simulator:
        """The simulator, for a test that wants to look inside.

        Raises:
            RuntimeError: The world has not begun.
        """
        if self._simulator is None:
            raise RuntimeError("the world begins with run(), or in a test that is decorated with in_virtual_time")
        return self._simulator

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client is told: the names of the official SDK, and KIBO_API_HOST."""
        sample = self.settings.sample
        assert sample is not None
        host = self._place().api_host
        return {
            "KIBO_API_HOST": host,
            "KIBO_AUTH_HOST": host,
            "KIBO_TENANT": str(sample.tenant),
            "KIBO_SITE": str(sample.site),
            "KIBO_CLIENT_ID": sample.client_id,
            "KIBO_SHARED_SECRET": sample.shared_secret,
        }

    def connector(self) -> aiohttp.BaseConnector:
        """A connector to the simulator, for any aiohttp session; the world closes it."""
        return self._place().connect()

    def session(self, **options: Any) -> aiohttp.ClientSession:
        """A client session whose addresses begin at the simulator; close it in the test.

        Args:
            options: Of `aiohttp.ClientSession`.
        """
        options.setdefault("timeout", aiohttp.ClientTimeout(total=None))
        return aiohttp.ClientSession(self._place().api_host, connector=self.connector(), **options)

    async def token(self, session: aiohttp.ClientSession) -> str:
        """An access token for the sample tenant.

        Raises:
            aiohttp.ClientResponseError: The simulator refused.
        """
        told = self.environment
        body = {"client_id": told["KIBO_CLIENT_ID"], "client_secret": told["KIBO_SHARED_SECRET"]}
        async with session.post("/api/platform/applications/authtickets/oauth", json=body) as answer:
            answer.raise_for_status()
            token: str = (await answer.json())["access_token"]
            return token

    def run(self, main: Callable[["VirtualWorld"], Awaitable[_T]]) -> _T:
        """Run ``main`` with this world to its end and return its result; a world is run once.

        Raises:
            RuntimeError: The world has been run before.
        """
        if self._simulator is not None:
            raise RuntimeError("a world is run once; make another one")

        async def lived(loop: VirtualTimeLoop) -> _T:
            self._simulator = simulator = Simulator(self.settings, wall=loop.wall_us)
            async with stage(VIRTUAL, build_application(simulator), latency=LATENCY) as self._stage:
                return await main(self)

        return run_virtual(lived, start_us=self.start, seed=self.settings.seed)

    def trial(self) -> Trial:
        """What the test left behind, to be graded."""
        limits = pool_limits(self.settings)
        trip = self._place().round_trip
        journal = decode_journal(journal_lines(self.simulator))
        return Trial(journal=journal, limits=limits, tolerance=TOLERANCE, round_trip=trip)

    def close(self) -> None:
        """Let the simulator go; once is enough."""
        if self._simulator is not None:
            self._simulator.close()

    def _place(self) -> Stage:
        if self._stage is None:
            raise RuntimeError("the world begins with run(), or in a test that is decorated with in_virtual_time")
        return self._stage
