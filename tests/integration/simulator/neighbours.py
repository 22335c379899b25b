"""What the tests of settings-like calls share: a second tenant, and the place an error names."""

from typing import Any

from kibo_simulator.stock.records import Location

from .conftest import Bench, Reply

TENANT = 1001
OTHER = 2002


async def other_tenant(bench: Bench) -> Bench:
    """The same simulator seen by another tenant."""
    bench.simulator.add_tenant(OTHER, site=2, name="Other", client_id="other.app", shared_secret="other-secret")
    other = Bench(bench.simulator, bench.http, bench.now)
    login = await other.send(
        "POST",
        "/api/platform/applications/authtickets/oauth",
        {"client_id": "other.app", "client_secret": "other-secret", "grant_type": "client_credentials"},
    )
    other.headers = {"Authorization": f"Bearer {login.body['access_token']}"}
    return other


def fault(reply: Reply) -> tuple[int, str, str]:
    """Status, code and the first place that an error names."""
    return reply.status, reply.body["errorCode"], reply.body["items"][0]["additionalErrorData"][0]["value"]


def location(bench: Bench, code: str) -> Location:
    """A location of the sample tenant."""
    found = bench.simulator.stock.location(TENANT, code)
    assert found is not None
    return found


def dump(bench: Bench, *tables: str) -> dict[str, list[Any]]:
    """Every row of some tables, to show that nothing was stored."""
    execute = bench.simulator.database.connection.execute
    return {table: execute(f"SELECT * FROM {table}").fetchall() for table in tables}
