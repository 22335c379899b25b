"""A tenant's workers, and the call that drops a cache entry."""

from typing import Any

import pytest

from .conftest import V1, Bench
from .neighbours import dump, fault, other_tenant

SILO = f"{V1}/silo/siloConfig"


async def test_workers_are_stored_one_by_one(bench: Bench) -> None:
    """What is not told stays; another tenant starts where everyone starts."""
    first = (await bench.send("POST", SILO, {"tenantID": 1001, "batchWorkers": 4})).body
    second = (await bench.send("POST", SILO, {"nonBatchWorkers": 2, "eventSenderWorkers": 3})).body
    theirs = (await (await other_tenant(bench)).send("POST", SILO, {})).body

    assert first == {
        "siloID": 1,
        "name": first["name"],
        "description": first["description"],
        "usable": True,
        "additonalTenantsAllowed": True,
        "batchWorkers": 4,
        "eventSenderWorkers": 1,
        "nonBatchWorkers": 1,
        "isolateNonBatchJobs": False,
        "tenantID": 1001,
    }
    assert second == first | {"nonBatchWorkers": 2, "eventSenderWorkers": 3}
    assert (theirs["tenantID"], theirs["batchWorkers"]) == (2002, 1)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"tenantID": 2002}, "$.tenantID"),
        ({"batchWorkers": -1}, "$.batchWorkers"),
        ({"nonBatchWorkers": "2"}, "$.nonBatchWorkers"),
        ([], "$"),
    ],
)
async def test_wrong_workers_name_the_place_and_are_not_stored(bench: Bench, body: Any, path: str) -> None:
    """A refused configuration leaves no trace."""
    reply = await bench.send("POST", SILO, body)

    assert fault(reply) == (400, "VALIDATION_ERROR", path)
    assert dump(bench, "silo_configs") == {"silo_configs": []}


@pytest.mark.parametrize("path", ["/api/cache/invalidate", "/cache/invalidate", "/api/cache/invalidate/"])
async def test_a_cache_key_is_dropped(bench: Bench, path: str) -> None:
    """Facts, section 2: the path has no inventory prefix; the answer is a message."""
    reply = await bench.send("POST", path, {"cacheKey": "locations"})

    assert (reply.status, list(reply.body)) == (200, ["message"])


@pytest.mark.parametrize("body", [{}, {"cacheKey": ""}, {"cacheKey": None}])
async def test_dropping_nothing_is_refused(bench: Bench, body: dict[str, Any]) -> None:
    """Without a key: 400, with the ``error`` that the published shape has."""
    reply = await bench.send("POST", "/api/cache/invalidate", body)

    assert (reply.status, reply.body["error"]) == (400, "VALIDATION_ERROR")
    assert "cacheKey" in reply.body["message"]
