"""Reading feeds for batch jobs and writing their failures: what is read back is what was written."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_client.batch_jobs import FeedFileError, FeedItem, read_feed, write_failures
from kibo_client.batch_jobs.api import BatchItem
from kibo_client.batch_jobs.items import requests_of
from kibo_client.batch_jobs.report import matched
from kibo_client.batch_jobs.watching import Watch
from kibo_client.units import SECOND

CSV = """\
resource,action,productCode,productName,price,isTaxable,attributeFQN,values,priceListCode,currencyCode,listPrice
Products,add,TENT-1,"Tent, two persons",199.95,TRUE,,,,,
products,Update,TENT-2,Tent,200,false,,,,,

ProductProperty,add,TENT-1,,,,tenant~colour,red | green,,,
Pricelistentries,update,TENT-1,,,,,,spring,USD,179
Products,delete,TENT-3,,,,,,,,
"""


def feed(tmp_path: Path, text: str, name: str = "feed.csv") -> list[FeedItem]:
    """What is read from a text."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_feed(path)


def test_csv_becomes_bodies(tmp_path: Path) -> None:
    """Each column has its place in the body; empty cells are not there; lines are counted as editors do."""
    items = feed(tmp_path, CSV)

    assert [
        FeedItem(
            "Products",
            "add",
            {
                "productCode": "TENT-1",
                "content": {"productName": "Tent, two persons"},
                "price": {"price": 199.95},
                "isTaxable": True,
            },
            2,
        ),
        FeedItem(
            "Products",
            "update",
            {"productCode": "TENT-2", "content": {"productName": "Tent"}, "price": {"price": 200}, "isTaxable": False},
            3,
        ),
        FeedItem(
            "ProductProperty",
            "add",
            {
                "productCode": "TENT-1",
                "attributeFQN": "tenant~colour",
                "values": [{"value": "red"}, {"value": "green"}],
            },
            5,
        ),
        FeedItem(
            "Pricelistentries",
            "update",
            {
                "productCode": "TENT-1",
                "priceListCode": "spring",
                "currencyCode": "USD",
                "priceEntries": [{"listPrice": 179}],
            },
            6,
        ),
        FeedItem("Products", "delete", {"productCode": "TENT-3"}, 7),
    ] == items


def test_json_lines_are_taken_as_they_are(tmp_path: Path) -> None:
    """The body is sent as it stands; what was written as an error is overlooked."""
    line = '{"resource": "Products", "action": "add", "body": {"productCode": "a", "x": [1]}, "error": "was wrong"}\n'

    assert [FeedItem("Products", "add", {"productCode": "a", "x": [1]}, 1)] == feed(tmp_path, line, "f.jsonl")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: a column 'resource' is needed"),
        ("resource,action\n", "has no items"),
        ("action,productCode\n", ":1: a column 'resource' is needed"),
        ("resource,action,colour\n", ":1: column 'colour' is not known"),
        ("resource,action,price,price\n", ":1: column 'price' is there twice"),
        ("resource,action\nOrders,add\n", ":2: resource 'Orders' is none of Products"),
        ("resource,action\nProducts,drop\n", ":2: action 'drop' is none of add"),
        ("resource,action\nProducts,delete\n", ":2: productCode is needed to delete in Products"),
        ("resource,action,listPrice\nProducts,add,1\n", ":2: column 'listPrice' means nothing for Products"),
        ("resource,action,productCode,price\nProducts,add,a,cheap\n", ":2: price 'cheap' is not a number"),
        ("resource,action,productCode,productTypeId\nProducts,add,a,1.5\n", ":2: productTypeId '1.5' is not a whole"),
        ("resource,action,productCode,isTaxable\nProducts,add,a,maybe\n", ":2: isTaxable 'maybe' is not true or false"),
        ("resource,action\nProducts,add,a\n", ":2: has 3 cells under 2 columns"),
        ('resource,action\nProducts,"add\n', "is not CSV"),
        ("{\n", ":1: is not JSON"),
        ('{"resource":"Products"}\n', ":1: expected an object with resource, action and body"),
        ('{"resource":"Products","action":"add","body":{},"more":1}\n', ":1: 'more' is not known"),
    ],
)
def test_a_feed_that_cannot_be_meant_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """File and line, and what is accepted."""
    with pytest.raises(FeedFileError) as refused:
        feed(tmp_path, text)

    assert said in str(refused.value)


def test_what_is_not_text_is_refused(tmp_path: Path) -> None:
    """A file in another encoding, and one that is not there."""
    path = tmp_path / "feed.csv"
    path.write_bytes(b"resource,action\n\xff\xfe\n")

    with pytest.raises(FeedFileError, match="is not UTF-8"):
        read_feed(path)
    with pytest.raises(FeedFileError, match="cannot be read"):
        read_feed(tmp_path / "nothing")


@given(
    bodies=st.lists(
        st.fixed_dictionaries(
            {"productCode": st.text(min_size=1, max_size=5)},
            optional={
                "upc": st.text(max_size=5),
                "isTaxable": st.booleans(),
                "price": st.fixed_dictionaries({"price": st.integers(0, 9) | st.just(0.5)}),
                "odd": st.lists(st.integers(), max_size=2),
            },
        ),
        min_size=1,
        max_size=4,
    ),
    suffix=st.sampled_from([".csv", ".jsonl"]),
)
@settings(max_examples=100, deadline=None)
def test_failures_are_read_back_as_they_were_fed(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[dict[str, object]], suffix: str
) -> None:
    """JSON lines hold anything; CSV holds what it can hold exactly, and refuses the rest."""
    path = tmp_path_factory.mktemp("feed") / f"again{suffix}"
    items = [FeedItem("Products", "add", body) for body in bodies]
    fits = suffix == ".jsonl" or not any("odd" in body for body in bodies)
    try:
        written = write_failures(path, [(item, "because") for item in items])
    except FeedFileError:
        # Blanks and line ends in texts do not fit either.
        if suffix == ".csv":
            return
        raise
    assert fits

    assert len(items) == written
    assert [(item.resource, item.action, item.body) for item in items] == [
        (item.resource, item.action, item.body) for item in read_feed(path)
    ]


def test_prices_go_together_and_everything_else_alone() -> None:
    """Order is kept; prices with one action share a call up to the size."""
    kinds = "PPaaabbP"
    items = [
        FeedItem("Products", "delete", {"productCode": "a/b c"})
        if kind == "P"
        else FeedItem("Pricelistentries", "add" if kind == "a" else "delete", {"productCode": "x"})
        for kind in kinds
    ]
    requests = requests_of(items, 2)

    assert [(0,), (1,), (2, 3), (4,), (5, 6), (7,)] == [request.items for request in requests]
    assert "/api/commerce/catalog/admin/products/a%2Fb%20c" == requests[0].path
    assert ["bulkaddentries", "bulkdeleteentries"] == [requests[n].path.rpartition("/")[2] for n in (2, 4)]


def test_failures_are_found_in_the_feed_by_what_they_name() -> None:
    """Resource, method and names must agree; of several that do, in order; and one that is not there is none."""
    first, second = (FeedItem("Products", "add", {"productCode": "A"}, line) for line in (1, 2))
    price = FeedItem("Pricelistentries", "delete", {"priceListCode": "L", "productCode": "A", "currencyCode": "USD"}, 3)
    told = [
        BatchItem(processing_status="Failed", item_key=key, resource_type=resource, http_method="POST")
        for key, resource in (
            ("a", "Products"),
            ("L/A/USD", "Pricelistentries"),
            ("A", "Products"),
            ("A", "Products"),
        )
    ]

    assert [first, price, second, None] == [failure.fed for failure in matched(told, [first, second, price])]


def test_looks_become_rarer_and_a_date_is_waited_for() -> None:
    """C10: ten seconds at first, then half as much more each time, two minutes at most; nothing before the date."""
    watch = Watch(1_000 * SECOND)
    pending = watch.next_look(0, pending=True)
    waits = [watch.next_look(0, pending=False) // SECOND for _ in range(9)]

    assert 1_010 * SECOND == pending
    assert [10, 15, 22, 33, 50, 75, 113, 120, 120] == waits
