"""The catalog over HTTP: products, properties, price lists with entries and currencies, at once."""

from typing import Any

import pytest

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.settings import CatalogSettings

from .conftest import V5, Bench, MakeBench
from .neighbours import dump, fault, other_tenant

CATALOG = "/api/commerce/catalog/admin"
PRODUCTS = f"{CATALOG}/products"
LISTS = f"{CATALOG}/pricelists"
COLOUR = {"attributeFQN": "tenant~colour", "values": [{"value": "red"}]}
TABLES = ("catalog_products", "price_lists", "price_list_entries", "currencies")


def tent(code: str = "tent", **more: Any) -> dict[str, Any]:
    """A product with a name."""
    return {"productCode": code, "content": {"localeCode": "en-US", "productName": "Tent"}, **more}


def price(code: str = "tent", amount: float = 10, **more: Any) -> dict[str, Any]:
    """A price of it in list L."""
    entries = [{"minQty": 1, "listPrice": amount}]
    return {"priceListCode": "L", "productCode": code, "currencyCode": "USD", "priceEntries": entries, **more}


async def priced(bench: Bench) -> None:
    """A product and a price list."""
    assert 200 == (await bench.send("POST", PRODUCTS, tent())).status
    assert 200 == (await bench.send("POST", LISTS, {"priceListCode": "L", "name": "List"})).status


async def test_a_product_is_read_back_as_it_was_told(bench: Bench) -> None:
    """Every published field is kept; what is unknown is left out."""
    body = tent(price={"price": 20.5}, upc="036000291452", packageWeight={"unit": "kg", "value": 2}, nonsense=1)
    added = (await bench.send("POST", f"{PRODUCTS}/", body)).body
    bench.wait(60)
    read = (await bench.send("GET", f"{PRODUCTS}/tent")).body
    fields = (await bench.send("GET", f"{PRODUCTS}/tent?responseFields=productCode,price(price)")).body

    assert added == read
    assert {name: body[name] for name in body if name != "nonsense"} == {
        name: read.get(name) for name in body if name != "nonsense"
    }
    assert ("nonsense" in read, {"productCode": "tent", "price": {"price": 20.5}}) == (False, fields)


async def test_an_update_replaces_and_a_deletion_takes_the_prices_along(bench: Bench) -> None:
    """What an update does not name is gone; number and date of birth stay."""
    await priced(bench)
    await bench.send("POST", f"{LISTS}/bulkaddentries", [price()])
    before = (await bench.send("GET", f"{PRODUCTS}/tent")).body
    bench.wait(60)
    await bench.send("PUT", f"{PRODUCTS}/tent", tent(upc="036000291452"))
    await bench.send("PUT", f"{PRODUCTS}/tent", {"content": {"productName": "Bivouac"}})
    after = (await bench.send("GET", f"{PRODUCTS}/tent")).body
    await bench.send("DELETE", f"{PRODUCTS}/tent")

    assert ("Bivouac", False) == (after["content"]["productName"], "upc" in after)
    assert before["productSequence"] == after["productSequence"]
    assert ("2026-03-02T05:00:00.000Z", "2026-03-02T05:01:00.000Z") == tuple(after["auditInfo"].values())
    assert 404 == (await bench.send("GET", f"{PRODUCTS}/tent")).status
    assert 0 == (await bench.send("GET", f"{LISTS}/L/entries")).body["totalCount"]


async def test_the_v1_calls_know_one_language_and_keep_the_others(bench: Bench) -> None:
    """Localized content is neither told nor lost by the older calls."""
    french = [{"localeCode": "fr-FR", "productName": "Tente"}]
    await bench.send("POST", PRODUCTS, tent(localizedContent=french))
    old = (await bench.send("GET", f"{CATALOG}/productsV1/tent")).body
    await bench.send("PUT", f"{CATALOG}/productsV1/tent", tent(upc="036000291452"))
    new = (await bench.send("GET", f"{PRODUCTS}/tent")).body
    listed = (await bench.send("GET", f"{CATALOG}/productsV1?filter=productCode%20eq%20tent")).body["items"]

    assert ("localizedContent" in old, french, "036000291452") == (False, new["localizedContent"], new["upc"])
    assert [False] == ["localizedContent" in each for each in listed]


@pytest.mark.parametrize(
    ("body", "status", "path"),
    [
        ({"content": {"productName": "x"}}, 400, "$.productCode"),
        ({"productCode": "x"}, 400, "$.content.productName"),
        (tent("a/b"), 400, "$.productCode"),
        (tent(price={"price": -1}), 400, "$.price.price"),
        (tent(price={"price": "1"}), 400, "$.price.price"),
        (tent(properties=[{"attributeFQN": "colour", "values": []}]), 400, "$.properties[0].attributeFQN"),
        (tent(properties=[COLOUR, COLOUR]), 400, "$.properties[1].attributeFQN"),
        (tent("there"), 409, "$.productCode"),
    ],
)
async def test_a_product_that_cannot_be_meant_is_refused(bench: Bench, body: Any, status: int, path: str) -> None:
    """The error names the place, and nothing is stored."""
    await bench.send("POST", PRODUCTS, tent("there"))
    before = dump(bench, *TABLES)
    reply = await bench.send("POST", PRODUCTS, body)

    assert (status, path) == (fault(reply)[0], fault(reply)[2])
    assert before == dump(bench, *TABLES)


async def test_products_are_listed_by_code(bench: Bench) -> None:
    """Page by page, up and down, those whose code is, starts with or contains a text."""
    for code in ("zz-1", "zz-2", "a-zz"):
        await bench.send("POST", PRODUCTS, tent(code))

    async def codes(query: str) -> list[str]:
        return [each["productCode"] for each in (await bench.send("GET", f"{PRODUCTS}?{query}")).body["items"]]

    assert ["zz-2", "zz-1"] == await codes("filter=productCode%20sw%20zz&sortBy=productCode%20desc")
    assert ["zz-1"] == await codes("filter=productCode%20cont%20zz&startIndex=1&pageSize=1")
    assert ["zz-2"] == await codes("filter=productCode%20eq%20zz-2")
    assert (400, "VALIDATION_ERROR", "filter") == fault(await bench.send("GET", f"{PRODUCTS}?filter=upc%20eq%201"))


async def test_the_sample_tenants_products_are_in_its_catalog(bench: Bench) -> None:
    """A fresh catalog holds what inventory holds, with code and UPC."""
    page = (await bench.send("GET", f"{PRODUCTS}?pageSize=200")).body
    records = {record.part_number: record.upc for record in bench.simulator.stock_records(1001)}

    assert records == {each["productCode"]: each["upc"] for each in page["items"]}


async def test_properties_come_and_go(bench: Bench) -> None:
    """Added, replaced and deleted on their product; each refusal has its own status."""
    await bench.send("POST", PRODUCTS, tent())
    where = f"{PRODUCTS}/tent/Properties"
    added = await bench.send("POST", where, COLOUR)
    twice = await bench.send("POST", where, COLOUR)
    bare = await bench.send("POST", where, {"attributeFQN": "tenant~size"})
    changed = await bench.send("PUT", f"{where}/tenant~COLOUR", {"values": [{"value": "blue"}]})
    read = (await bench.send("GET", f"{where}/tenant~colour")).body
    gone = await bench.send("DELETE", f"{where}/tenant~colour")
    missing = await bench.send("DELETE", f"{where}/tenant~colour")
    nowhere = await bench.send("POST", f"{PRODUCTS}/nothing/Properties", COLOUR)

    assert (200, 409, 400, 200, 200, 404, 404) == tuple(
        reply.status for reply in (added, twice, bare, changed, gone, missing, nowhere)
    )
    assert COLOUR | {"values": [{"value": "blue"}]} == read == changed.body
    assert [] == (await bench.send("GET", where)).body


async def test_a_bulk_call_takes_all_or_none(bench: Bench) -> None:
    """One entry that cannot be made undoes the others; the error names each."""
    await priced(bench)
    before = dump(bench, "price_list_entries")
    reply = await bench.send("POST", f"{LISTS}/bulkaddentries", [price(), price("nothing"), price(amount=-1)])

    assert (404, "ITEM_NOT_FOUND", "$[1].productCode") == fault(reply)
    assert ["$[1].productCode", "$[2].priceEntries[0].listPrice"] == [
        each["additionalErrorData"][0]["value"] for each in reply.body["items"]
    ]
    assert before == dump(bench, "price_list_entries")


async def test_a_bulk_call_may_succeed_in_part(bench: Bench) -> None:
    """Kibo's specification: 206 for some, 409 for none, and what failed is told."""
    await priced(bench)
    partly = f"{LISTS}/bulkaddentries?allowPartialSuccess=true"
    some = await bench.send("POST", partly, [price(), price("nothing")])
    none = await bench.send("POST", partly, [price(), price("nothing")])
    upserted = await bench.send("POST", f"{LISTS}/bulkupdateentries", [price(amount=5), price(startDate="2027-01-01")])
    deleted = await bench.send("POST", f"{LISTS}/bulkdeleteentries", [price()])
    left = (await bench.send("GET", f"{LISTS}/L/entries")).body["items"]

    assert (206, 409, 200, 200) == (some.status, none.status, upserted.status, deleted.status)
    assert (1, 1, "there is no product 'nothing'") == (
        some.body["successCount"],
        some.body["failureCount"],
        some.body["failureDetails"][0]["msg"],
    )
    assert ["2027-01-01T00:00:00.000Z"] == [each["startDate"] for each in left]


async def test_no_more_than_five_thousand_entries_are_taken(bench: Bench) -> None:
    """Kibo's specification: up to 5,000 in one call."""
    reply = await bench.send("POST", f"{LISTS}/bulkupdateentries", [{}] * 5_001)

    assert (400, "VALIDATION_ERROR", "$") == fault(reply)


async def test_a_price_needs_list_product_and_currency(bench: Bench) -> None:
    """Each that is missing is named, and a currency with prices stays."""
    await priced(bench)
    entries = f"{LISTS}/L/entries"
    assert (404, "$.currencyCode") == fault(await bench.send("POST", entries, price(currencyCode="EUR")))[::2]
    assert (404, "$.productCode") == fault(await bench.send("POST", entries, price("nothing")))[::2]
    ends_first = price(startDate="2027-01-02", endDate="2027-01-01")
    assert (400, "$.endDate") == fault(await bench.send("POST", entries, ends_first))[::2]
    assert 200 == (await bench.send("POST", entries, price())).status
    assert (409, "$.currencyCode") == fault(await bench.send("DELETE", f"{CATALOG}/currency/USD"))[::2]
    assert (409, "$.priceListCode") == fault(await bench.send("DELETE", f"{LISTS}/L"))[::2]
    assert 200 == (await bench.send("DELETE", f"{LISTS}/L?cascadeDeleteEntries=true")).status


async def test_tenants_have_catalogs_of_their_own(bench: Bench) -> None:
    """D-3: neither products nor price lists nor currencies of another tenant are there."""
    await priced(bench)
    await bench.send("POST", f"{CATALOG}/currency", {"currencyCode": "EUR"})
    other = await other_tenant(bench)

    assert 404 == (await other.send("GET", f"{PRODUCTS}/tent")).status
    assert 404 == (await other.send("GET", f"{LISTS}/L")).status
    currencies = (await other.send("GET", f"{CATALOG}/currency")).body["items"]
    assert ["USD"] == [each["currencyCode"] for each in currencies]


async def test_inventory_can_be_tied_to_the_catalog(make_bench: MakeBench) -> None:
    """ITEM_NOT_FOUND of Kibo's guide: with ``catalog.tied`` an unknown product is neither looked up nor stocked."""
    sample = SampleSettings(locations=1, products=4)
    bench = await make_bench(Settings(limits=UNLIMITED, sample=sample, catalog=CatalogSettings(tied=True)))
    known = next(bench.simulator.stock_records(1001))
    stock = {
        "locationCode": "WH-001",
        "items": [{"upc": known.upc, "quantity": 1}, {"partNumber": "new", "quantity": 1}],
    }
    refused = await bench.send("POST", f"{V5}/sync-refresh", stock)
    looked_up = await bench.send("POST", V5, {"type": "ANY", "items": [{"partNumber": "new"}]})
    in_query = await bench.send("GET", f"{V5}?items=new&locationCode=WH-001")
    await bench.send("POST", PRODUCTS, tent("new"))
    stocked = await bench.send("POST", f"{V5}/sync-refresh", stock)

    assert (400, "ITEM_NOT_FOUND", "$.items[1]") == fault(refused)
    assert (404, "ITEM_NOT_FOUND", "$.items[0]") == fault(looked_up)
    assert (404, "ITEM_NOT_FOUND", "items[0]") == fault(in_query)
    assert 200 == stocked.status


async def test_a_name_is_not_needed_where_the_setting_says_so(make_bench: MakeBench) -> None:
    """``catalog.name_required`` off: a code is enough."""
    bench = await make_bench(Settings(limits=UNLIMITED, catalog=CatalogSettings(name_required=False)))

    assert 200 == (await bench.send("POST", PRODUCTS, {"productCode": "x"})).status
