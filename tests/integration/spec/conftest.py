"""Kibo's published file, if it is at hand, and a story told once against it."""

import asyncio

import pytest
from aiohttp.test_utils import TestClient, TestServer
from tests.integration.simulator.conftest import START, Bench

from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.web import build_application

from .specification import FILE, Specification, locate
from .story import Exchange, tell


@pytest.fixture(scope="session")
def specification() -> Specification:
    """The published file with its corrections; tests that need it are skipped where it is not."""
    path = locate()
    if path is None:
        pytest.skip(f"KIBO_SPEC_DIR does not name a folder with {FILE}")
    return Specification.read(path)


@pytest.fixture(scope="session")
def exchanges() -> list[Exchange]:
    """The whole story, told once to a simulator of its own."""
    return asyncio.run(_tell())


async def _tell() -> list[Exchange]:
    now = [START]
    settings = Settings(limits=UNLIMITED, sample=SampleSettings(locations=2, products=12))
    simulator = Simulator(settings, wall=lambda: now[0])
    async with TestClient(TestServer(build_application(simulator))) as http:
        bench = Bench(simulator, http, now)
        client = {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"}
        login = await bench.send("POST", "/api/platform/applications/authtickets/oauth", client)
        bench.headers = {"Authorization": f"Bearer {login.body['access_token']}"}
        try:
            return await tell(bench)
        finally:
            simulator.close()
