"""Measures the simulator as it is served beside bare handlers, round by round, and what it takes to start."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import msgspec

from benchmarks.outcome import Figure, Section, Target, at_least, at_most, figures_table, missed_figures
from benchmarks.serving.child import Child, as_installed, served
from benchmarks.serving.sender import Sender, message
from kibo_simulator import Settings, Simulator
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.web import build_application

# Limits are on, but so high that they never bite: their cost is measured, not their effect.
GENEROUS = {"pools": [{"route": "/api/commerce/inventory/*", "rpm": 10**9, "rph": 10**9}]}
OAUTH = "/api/platform/applications/authtickets/oauth"
QUEUE = "/api/commerce/inventory/v1/queue/1"
DELETION = "/api/commerce/inventory/v5/inventory/deleteItems"
ROUNDS = 7
GETS = 1_200
POSTS = 160
STARTS = 5
METHOD = """\
`kibo-simulator serve` and a bare aiohttp server each run in a process of their own; a client of ready-made bytes over
four connections asks them in turn. What is compared is the processor time of the *server's* process for each request
(the median over the rounds), which neither the client's cost nor a busy machine distorts much. The ratio is bare ÷
simulator: 1 would be as cheap as the floor. The simulator checks the token, counts against limits that never bite, and
writes its journal. Starts are counted by processor time too."""


@dataclass(frozen=True, slots=True)
class Party:
    """A server, connections to it, and the request that it is measured with."""

    server: Child
    sender: Sender
    request: bytes

    def cost_us(self, times: int) -> float:
        """Send the request so many times and return the server's processor time for each, in microseconds."""
        before = self.server.cpu_ns()
        self.sender.repeat(self.request, times)
        return (self.server.cpu_ns() - before) / times / 1_000


@contextmanager
def _sender(child: Child) -> Iterator[Sender]:
    sender = Sender(child)
    try:
        yield sender
    finally:
        sender.close()


def _deletion(items: list[str], **options: object) -> bytes:
    return json.dumps({"items": [{"upc": upc} for upc in items], **options}).encode()


def _call(child: Child, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
    connection = HTTPConnection(child.host, child.port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers))
        return connection.getresponse().read()
    finally:
        connection.close()


def _products(simulator: Child) -> list[str]:
    lines = _call(simulator, "GET", "/_simulator/inventory?format=jsonl", {}).splitlines()
    return sorted({msgspec.json.decode(line)["upc"] for line in lines})


def requests(rounds: int) -> list[Figure]:
    """Measure the two requests that matter, each beside its floor.

    Raises:
        UnavailableError: The machine does not tell a process the time of another.
    """
    with ExitStack() as stack:
        limits = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "limits.json"
        limits.write_text(json.dumps(GENEROUS), encoding="utf-8")
        simulator = stack.enter_context(
            served("-m", "kibo_simulator.cli", "serve", "--port", "0", "--limits", str(limits))
        )
        ours = stack.enter_context(_sender(simulator))
        credentials = json.dumps({"client_id": "sample.app", "client_secret": "sample-secret"}).encode()
        answer = _call(simulator, "POST", OAUTH, {"Content-Type": "application/json"}, credentials)
        token = {"Authorization": f"Bearer {msgspec.json.decode(answer)['access_token']}"}
        typed = {**token, "Content-Type": "application/json"}
        products = _products(simulator)
        # The last product goes, so that there is a job to ask for; what is asked for in the dry runs stays.
        _call(simulator, "POST", DELETION, typed, _deletion(products[-1:]))
        same_bytes = _call(simulator, "GET", QUEUE, token)
        floor = stack.enter_context(served("-m", "benchmarks.serving.floor", same_bytes.hex()))
        bare = stack.enter_context(_sender(floor))
        kept = products[:-1][:500]
        body = _deletion([*kept, *(f"{number:012d}" for number in range(500 - len(kept)))], dryRun=True)
        figures = _beside(
            Party(simulator, ours, message("GET", QUEUE, token)),
            {"fixed bytes": Party(floor, bare, message("GET", "/fixed", {}))},
            what="GET queue/{id}: limits, token, journal",
            target=at_least(0.70),
            times=GETS,
            rounds=rounds,
        )
        return figures + _beside(
            Party(simulator, ours, message("POST", DELETION, typed, body)),
            {
                "msgspec.json.decode": Party(floor, bare, message("POST", "/msgspec", typed, body)),
                "json.loads": Party(floor, bare, message("POST", "/json", typed, body)),
            },
            what="deleteItems dry run, 500 exact items",
            target=at_least(0.25),
            times=POSTS,
            rounds=rounds,
        )


def _beside(
    ours: Party, floors: Mapping[str, Party], *, what: str, target: Target, times: int, rounds: int
) -> list[Figure]:
    """Measure one request beside its floors; the target is that of the first floor, the stricter one."""
    parties = [ours, *floors.values()]
    for party in parties:
        party.sender.repeat(party.request, times // 4)
    # Interleaved, so that a change of the processor's speed meets all alike.
    costs = [[party.cost_us(times) for party in parties] for _ in range(rounds)]
    value, *least = (statistics.median(column) for column in zip(*costs, strict=True))
    return [
        Figure(
            what=what,
            value=value,
            unit="µs",
            peer=f"aiohttp, {peer}",
            peer_value=peer_value,
            target=None if index else target,
            inverse=True,
        )
        for index, (peer, peer_value) in enumerate(zip(floors, least, strict=True))
    ]


def starting() -> list[Figure]:
    """Measure how soon the program serves, and how soon a simulator is there inside a process."""
    ready, importing = _least(_until_ready), _least(_importing)
    return [
        Figure(
            what="start to ready line",
            value=ready * 1e3,
            unit="ms",
            peer="import aiohttp.web",
            peer_value=importing * 1e3,
            target=at_most(2),
        ),
        Figure(what="fresh simulator, sample tenant", value=_least(_world) * 1e3, unit="ms", target=at_most(5)),
    ]


def run(*, quick: bool = False) -> Section:
    """Measure requests and starts."""
    figures = [*requests(3 if quick else ROUNDS), *starting()]
    return Section(
        name="serving",
        title="Serving: what a request costs the simulator",
        method=METHOD,
        tables=(figures_table("Processor time of the server, and start-up", figures),),
        data=[figure.to_json() for figure in figures],
        missed=missed_figures(figures),
    )


def _least(measurement: Callable[[], float]) -> float:
    # The least disturbed of several: starting has no other noise than that of the machine.
    return min(measurement() for _ in range(STARTS))


def _until_ready() -> float:
    with served("-m", "kibo_simulator.cli", "serve", "--port", "0") as child:
        return child.cpu_ns() / 1e9


def _importing() -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", "import aiohttp.web"], check=True, env=as_installed())
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _world() -> float:
    begun = time.process_time()
    simulator = Simulator(Settings(limits=UNLIMITED))
    build_application(simulator)
    took = time.process_time() - begun
    simulator.close()
    return took
