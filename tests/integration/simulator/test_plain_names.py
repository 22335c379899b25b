"""Names and codes with control characters are refused where they enter: no terminal, log or table ever sees them."""

from typing import Any
from urllib.parse import quote

import pytest

from .conftest import V1, V5, Bench

CONTROL = "/_simulator"
ESCAPE = "a\x1b[2Jb"
ITEM = {"quantity": 1}
LOCATION = {"locationName": "L", "active": True, "directShip": True, "pickup": True}


@pytest.mark.parametrize(
    ("method", "path", "body", "place"),
    [
        ("POST", f"{CONTROL}/tenants", {"name": ESCAPE}, "$.name"),
        ("POST", f"{CONTROL}/tenants", {"clientId": ESCAPE}, "$.clientId"),
        ("PUT", f"{CONTROL}/tenants/1001/applications/{quote(ESCAPE)}", {}, "clientId"),
        ("POST", f"{CONTROL}/faults", {"name": ESCAPE, "effect": {"kind": "reset"}}, "$.name"),
        ("POST", f"{CONTROL}/inventory", f"LocationCode,PartNumber,OnHand\nWH-001,{ESCAPE},1\n", "$:2"),
        ("POST", f"{CONTROL}/inventory", f"LocationCode,PartNumber,OnHand\n{ESCAPE},A,1\n", "$:2"),
        ("POST", f"{CONTROL}/inventory", 'LocationCode,PartNumber,OnHand\nWH-001,"A\nB",1\n', "$:3"),
        ("POST", f"{CONTROL}/inventory", '{"locationCode": "WH-001", "sku": "\\u001b", "onHand": 1}\n', "$:1"),
        ("POST", f"{V1}/location", LOCATION | {"locationCode": ESCAPE}, "$.locationCode"),
        ("POST", "/api/commerce/admin/locationGroups", {"locationGroupCode": ESCAPE}, "$.locationGroupCode"),
        (
            "POST",
            f"{V5}/refresh",
            {"locationCode": "WH-001", "items": [ITEM | {"upc": "1"}, ITEM | {"upc": ESCAPE}]},
            "$.items[1].upc",
        ),
        (
            "POST",
            f"{V5}/adjust",
            {"locationCode": "WH-001", "items": [ITEM | {"partNumber": "A", "sku": ESCAPE}]},
            "$.items[0].sku",
        ),
    ],
)
async def test_a_control_character_is_refused_by_its_place(
    bench: Bench, method: str, path: str, body: Any, place: str
) -> None:
    """400 VALIDATION_ERROR names the place and the character by its number; nothing is kept of it."""
    before = bench.dump()
    reply = await bench.send(method, path, body)
    tenants = (await bench.send("GET", f"{CONTROL}/tenants")).body

    assert (reply.status, reply.body["errorCode"]) == (400, "VALIDATION_ERROR")
    assert reply.body["message"].startswith(f"{place}: ")
    assert "has the control character U+00" in reply.body["message"]
    assert (bench.dump(), [tenant["clientIds"] for tenant in tenants]) == (before, [["sample.app"]])


async def test_a_product_code_is_plain(bench: Bench) -> None:
    """The catalog refuses it in its own words."""
    body = {"productCode": ESCAPE, "content": {"productName": "P"}}
    reply = await bench.send("POST", "/api/commerce/catalog/admin/products", body)

    assert (reply.status, "no control characters" in reply.body["message"]) == (400, True)


async def test_a_snapshot_is_not_named_so(bench: Bench) -> None:
    """D-2: names of snapshots are plain words; a line end behind one is none of them."""
    replies = [await bench.send("POST", f"{CONTROL}/snapshots", {"name": name}) for name in ("one\n", ESCAPE)]

    assert [reply.status for reply in replies] == [400, 400]
    assert (await bench.send("GET", f"{CONTROL}/snapshots")).body["snapshots"] == []
