"""A journal that is read where it lies tells the same as its lines."""

from contextlib import suppress
from operator import attrgetter
from typing import Any

import aiohttp
import msgspec

from kibo_scenarios.evidence import JournalEntry, decode_journal
from kibo_scenarios.own_journal import OwnJournal
from kibo_scenarios.trials.virtual_world import VirtualWorld
from kibo_scenarios.world import journal_lines
from kibo_simulator import Settings, read_faults

INVENTORY = "/api/commerce/inventory/v5/inventory"
QUEUE = "/api/commerce/inventory/v1/queue"
FAULTS = [
    {"match": {"operation": "aggregateInventory"}, "effect": {"kind": "throttle", "retry_after": 60}},
    {"match": {"operation": "queryInventory"}, "effect": {"kind": "lost_answer"}},
    {"match": {"operation": "getJob"}, "effect": {"kind": "retry_after", "retry_after": "soon"}},
]
SETTINGS: dict[str, Any] = {
    "sample": {"locations": 3, "products": 9},
    "limits": {"pools": [{"route": "/api/commerce/inventory/*", "rpm": 9, "rph": 400}]},
}


def calls(code: str, sku: str) -> list[tuple[str, str, Any]]:
    """One of each kind that leaves something else in the journal, until the limit is reached and beyond."""
    item = {"sku": sku, "quantity": 1}
    return [
        ("GET", f"{INVENTORY}?requestLocation={code}&items={sku}%20&access_token=hush", None),
        ("POST", INVENTORY, {"type": "ANY", "items": [item]}),
        ("POST", f"{INVENTORY}/aggregate", {"items": [item]}),
        ("POST", f"{INVENTORY}/adjust", {"locationCode": code, "items": [item, item]}),
        ("POST", f"{INVENTORY}/deleteItems", {"allLocations": True, "dryRun": True, "items": [{"sku": sku}]}),
        ("POST", f"{INVENTORY}/deleteItems", {"allLocations": True, "explicit": True, "items": [{"sku": sku}]}),
        ("GET", f"{QUEUE}/1", None),
        ("GET", f"{QUEUE}?limit=9", None),
        ("POST", f"{INVENTORY}/adjust", {"locationCode": code}),
        ("GET", "/api/commerce/nowhere", None),
        ("GET", f"{QUEUE}/2", None),
        ("GET", f"{QUEUE}/2", None),
    ]


def test_evidence_is_the_same_whether_or_not_it_was_written_down() -> None:
    """Requests of all kinds, refused, failed, lost and throttled ones among them; and it comes piece by piece."""
    faults = read_faults(FAULTS)
    world = VirtualWorld(msgspec.structs.replace(msgspec.convert(SETTINGS, Settings), faults=faults))
    found: list[JournalEntry] = []

    async def main(_: VirtualWorld) -> OwnJournal:
        own = OwnJournal(world.simulator.journal)
        record = next(iter(world.simulator.stock_records(world.settings.sample.tenant)))  # type: ignore[union-attr]
        async with world.session() as session:
            headers = {"Authorization": f"Bearer {await world.token(session)}"}
            for method, path, body in calls(record.location_code, str(record.sku)):
                with suppress(aiohttp.ClientError):
                    async with session.request(method, path, json=body, headers=headers) as answer:
                        await answer.read()
                found.extend(own.news())
        return own

    own = world.run(main)
    written = decode_journal(own)

    assert journal_lines(world.simulator) == tuple(own)
    assert sorted(written, key=attrgetter("seq")) == found
    assert len(found) == len(own) == 13
    assert {200, 400, 404, 429} <= {entry.status for entry in found}
    assert any(entry.response_lost for entry in found)
    assert any(entry.listed for entry in found)
    assert any(entry.summary.item_hashes for entry in found)
    assert not own.news()
    world.close()
