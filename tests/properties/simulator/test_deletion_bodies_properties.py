"""A deletion of UPCs is read in a shorter way, and means what it means when it is read as any deletion."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.web.deletion_routes import delete_items
from kibo_simulator.web.errors import ApiError
from kibo_simulator.web.operations import Call

TENANT = 7
KNOWN = 12
PIECES = ["nothing has this", "", "0", "00.", "^0", "[", "é", "x" * 513]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A few products at two locations."""
    made = Simulator(Settings(sample=SampleSettings(tenant=TENANT, locations=2, products=KNOWN)))
    yield made
    made.close()


def answer(simulator: Simulator, body: dict[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """What a deletion answers, or how it is refused, and what the journal learns of it."""
    call = Call(
        simulator=simulator, tenant_id=TENANT, now=0, path={}, query={}, body=msgspec.json.encode(body), secure=False
    )
    try:
        steps = delete_items(call)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                said = msgspec.json.decode(end.value.encoded())
                break
    except ApiError as error:
        said = (error.status, error.code, error.message)
    details = call.details[0](call.details[1]) if call.details else {}
    return said, call.summary, details


@given(
    st.lists(st.sampled_from([*range(KNOWN), *PIECES]), max_size=6),
    st.fixed_dictionaries(
        {},
        optional={
            "explicit": st.booleans(),
            "locationCodes": st.sampled_from([None, [], ["ST-0001"], ["nowhere"], "ST-0001"]),
            "allLocations": st.booleans(),
            "tags": st.sampled_from([None, {}, {"channel": "web"}]),
            "unknown": st.just(1),
        },
    ),
)
def test_upcs_mean_the_same_read_in_either_way(
    simulator: Simulator, chosen: list[int | str], options: dict[str, Any]
) -> None:
    """Counts, details, refusals with their paths, and the journal's hashes (J-1, J-2, I-6, J-10)."""
    # The products as the sample numbered them; texts stand for themselves.
    held = {record.product_id: record.upc for record in simulator.stock.records(TENANT)}
    upcs = [list(held.values())[text] if isinstance(text, int) else text for text in chosen]
    body = {"dryRun": True, **options}

    short = answer(simulator, {**body, "items": [{"upc": upc} for upc in upcs]})
    # A field that is nothing makes it any deletion.
    usual = answer(simulator, {**body, "items": [{"upc": upc, "sku": None} for upc in upcs]})

    event("refused" if isinstance(short[0], tuple) else f"deletes {short[0]['totalProductsDeleted'] > 0}")
    assert short == usual
