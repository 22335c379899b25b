"""Tag categories and tags, as a client keeps them."""

from typing import Any

import pytest

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.settings import InventorySettings, TagSettings

from .conftest import V1, Bench, MakeBench
from .neighbours import dump, fault, other_tenant

ALL = f"{V1}/tagCategory"
TABLES = ("tag_categories", "tags")


async def channel(bench: Bench, *tags: dict[str, Any]) -> Any:
    """Add a category called channel."""
    reply = await bench.send("POST", ALL, {"name": "channel", "tags": list(tags)})
    assert reply.status == 200, reply.body
    return reply.body


def told(category: Any) -> list[tuple[str, bool, int | None]]:
    """Value, standing and percentage of each tag."""
    return [(tag["tagValue"], tag["isDefault"], tag.get("percent")) for tag in category["tags"]]


async def test_a_category_is_read_back_and_its_first_tag_is_the_default(bench: Bench) -> None:
    """Facts on tags: the first value is the default; a percentage that was not given is left out."""
    added = await channel(bench, {"tagValue": "Web"}, {"tagValue": "Store"})
    one = (await bench.send("GET", f"{ALL}/channel")).body
    listed = (await bench.send("GET", ALL)).body
    tag = (await bench.send("GET", f"{ALL}/channel/tag/Store")).body

    assert one == added
    assert listed == [added]
    assert tag == added["tags"][1]
    assert (added["name"], added["deletion_job_ids"], told(added)) == (
        "channel",
        [],
        [("Web", True, None), ("Store", False, None)],
    )
    assert (added["created"], tag["created"], tag["updated"]) == ("2026-03-02T05:00:00.000Z",) * 3


async def test_tags_are_added_changed_and_deleted_one_by_one(bench: Bench) -> None:
    """A new default takes the place of the old one; deleting the default passes it to the oldest left."""
    await channel(bench)
    first = (await bench.send("POST", f"{ALL}/channel/tag", {"tagValue": "Web"})).body
    second = (await bench.send("POST", f"{ALL}/channel/tag", {"tagValue": "Store", "isDefault": True})).body
    bench.wait(60)
    renamed = (await bench.send("PUT", f"{ALL}/channel/tag/Web", {"tagValue": "Online", "percent": 30})).body
    middle = (await bench.send("GET", f"{ALL}/channel")).body
    without = (await bench.send("PUT", f"{ALL}/channel/tag/Online", {"percent": None})).body
    deleted = (await bench.send("DELETE", f"{ALL}/channel/tag/Store")).body
    left = (await bench.send("PUT", f"{ALL}/channel/tag/Online", {"percent": 100})).body

    assert (first["isDefault"], second["isDefault"]) == (True, True)
    assert told(middle) == [("Online", False, 30), ("Store", True, None)]
    assert (renamed["tagID"], renamed["created"], renamed["updated"]) == (
        first["tagID"],
        "2026-03-02T05:00:00.000Z",
        "2026-03-02T05:01:00.000Z",
    )
    assert middle["tags"][1]["updated"] == "2026-03-02T05:00:00.000Z"
    assert deleted == {"deleted": 1}
    assert "percent" not in without
    assert (left["isDefault"], left["percent"]) == (True, 100)


async def test_deleting_a_tag_may_not_leave_percentages_short(bench: Bench) -> None:
    """When all that is left has percentages and they do not sum to 100, the deletion is refused."""
    await channel(bench, {"tagValue": "Web", "percent": 60}, {"tagValue": "Store", "percent": 40})
    before = dump(bench, *TABLES)
    reply = await bench.send("DELETE", f"{ALL}/channel/tag/Store")

    assert fault(reply) == (400, "VALIDATION_ERROR", "$.percent")
    assert dump(bench, *TABLES) == before


async def test_a_category_is_given_another_list_of_tags(bench: Bench) -> None:
    """PUT replaces the list: named tags keep number and default, others are deleted, new ones are added."""
    before = await channel(bench, {"tagValue": "Web"}, {"tagValue": "Store"}, {"tagValue": "Mail"})
    store, mail = before["tags"][1], before["tags"][2]
    change = {
        "name": "outlet",
        "tags": [
            {"tagValue": "App", "percent": 20},
            {"tagID": mail["tagID"], "tagValue": "Catalogue", "percent": 30},
            {"tagValue": "Store", "percent": 50, "isDefault": True},
        ],
    }
    after = (await bench.send("PUT", f"{ALL}/channel", change)).body
    again = (await bench.send("PUT", f"{ALL}/outlet", {"tags": [{"tagValue": v} for v in ("App", "Store")]})).body
    gone = await bench.send("GET", f"{ALL}/channel")

    assert after["tagCategoryID"] == before["tagCategoryID"]
    assert sorted(told(after)) == [("App", False, 20), ("Catalogue", False, 30), ("Store", True, 50)]
    assert {tag["tagValue"]: tag["tagID"] for tag in after["tags"]} | {"App": 0} == {
        "Store": store["tagID"],
        "Catalogue": mail["tagID"],
        "App": 0,
    }
    assert gone.status == 404
    assert fault(await bench.send("PUT", f"{ALL}/outlet", {"tags": [{"tagValue": "App"}]})) == (
        400,
        "VALIDATION_ERROR",
        "$.tags",
    )
    assert again["errorCode"] == "VALIDATION_ERROR"


async def test_a_list_passes_the_default_on_only_when_it_says_so(bench: Bench) -> None:
    """Without a word about defaults the old one stays; a tag that asks for it takes it from the one that had it."""
    await channel(bench, {"tagValue": "Web"}, {"tagValue": "Store", "isDefault": True})
    names = [{"tagValue": "Web"}, {"tagValue": "Store"}]
    silent = (await bench.send("PUT", f"{ALL}/channel", {"tags": names})).body
    told_web = (await bench.send("PUT", f"{ALL}/channel", {"tags": [names[0] | {"isDefault": True}, names[1]]})).body

    assert told(silent) == [("Web", False, None), ("Store", True, None)]
    assert told(told_web) == [("Web", True, None), ("Store", False, None)]


async def test_a_value_that_was_given_up_can_be_taken_in_the_same_list(bench: Bench) -> None:
    """A tag renamed by its number is not the one that the list then names by its old value."""
    before = await channel(bench, {"tagValue": "Web"})
    tags = [{"tagID": before["tags"][0]["tagID"], "tagValue": "Online"}, {"tagValue": "Web"}]
    after = (await bench.send("PUT", f"{ALL}/channel", {"tags": tags})).body

    assert told(after) == [("Online", True, None), ("Web", False, None)]
    assert after["tags"][0]["tagID"] == before["tags"][0]["tagID"] != after["tags"][1]["tagID"]


async def test_a_category_can_be_copied(bench: Bench) -> None:
    """The body of one category makes another: numbers in it are those of other tags and are passed over."""
    original = await channel(bench, {"tagValue": "Web"}, {"tagValue": "Store"})
    copy = await bench.send("POST", ALL, original | {"name": "copy"})

    assert (copy.status, told(copy.body)) == (200, told(original))
    assert {tag["tagID"] for tag in copy.body["tags"]}.isdisjoint({tag["tagID"] for tag in original["tags"]})


async def test_renaming_alone_keeps_the_tags(bench: Bench) -> None:
    """A PUT without tags leaves them as they are."""
    before = await channel(bench, {"tagValue": "Web"})
    after = (await bench.send("PUT", f"{ALL}/channel", {"name": "outlet"})).body

    assert after == before | {"name": "outlet"}


async def test_a_deleted_category_is_gone_with_its_tags(bench: Bench) -> None:
    """DELETE answers with a count; a second one finds nothing."""
    await channel(bench, {"tagValue": "Web"})
    first = await bench.send("DELETE", f"{ALL}/channel")
    second = await bench.send("DELETE", f"{ALL}/channel")

    assert first.body == {"deleted": 1}
    assert fault(second) == (404, "ITEM_NOT_FOUND", "tagCategoryName")
    assert dump(bench, *TABLES) == {"tag_categories": [], "tags": []}


async def test_the_stray_brace_of_the_published_path_does_no_harm(bench: Bench) -> None:
    """Facts, section 2: the specification's path of a tag ends in a second closing brace."""
    await channel(bench, {"tagValue": "Web"})
    reply = await bench.send("GET", f"{ALL}/channel/tag/Web}}")

    assert (reply.status, reply.body["tagValue"]) == (200, "Web")


async def test_only_so_many_categories_and_tags(bench: Bench) -> None:
    """Facts on tags: 3 categories and 6 values by default."""
    names = [(await bench.send("POST", ALL, {"name": name})).status for name in ("a", "b", "c")]
    fourth = await bench.send("POST", ALL, {"name": "d"})
    values = [(await bench.send("POST", f"{ALL}/a/tag", {"tagValue": value})).status for value in "123456"]
    seventh = await bench.send("POST", f"{ALL}/a/tag", {"tagValue": "7"})
    at_once = await bench.send("PUT", f"{ALL}/b", {"tags": [{"tagValue": str(number)} for number in range(7)]})

    assert (names, values) == ([200] * 3, [200] * 6)
    assert fault(fourth) == (400, "VALIDATION_ERROR", "$")
    assert fault(seventh) == (400, "VALIDATION_ERROR", "$")
    assert fault(at_once) == (400, "VALIDATION_ERROR", "$.tags")


async def test_the_caps_can_be_set(make_bench: MakeBench) -> None:
    """``tags.categories`` and ``tags.values`` say how many there may be."""
    bench = await make_bench(Settings(limits=UNLIMITED, tags=TagSettings(categories=1, values=1)))
    statuses = [(await bench.send("POST", ALL, {"name": name})).status for name in ("a", "b")]
    tags = [(await bench.send("POST", f"{ALL}/a/tag", {"tagValue": value})).status for value in "12"]

    assert (statuses, tags) == ([200, 400], [200, 400])


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "", {}, (400, "VALIDATION_ERROR", "$.name")),
        ("POST", "", {"name": "channel"}, (400, "VALIDATION_ERROR", "$.name")),
        ("POST", "", {"name": 5}, (400, "VALIDATION_ERROR", "$.name")),
        ("POST", "", {"name": "x", "tags": [{}]}, (400, "VALIDATION_ERROR", "$.tags[0].tagValue")),
        (
            "POST",
            "",
            {"name": "x", "tags": [{"tagValue": "a"}, {"tagValue": "a"}]},
            (400, "VALIDATION_ERROR", "$.tags[1].tagValue"),
        ),
        (
            "POST",
            "",
            {"name": "x", "tags": [{"tagValue": "a", "isDefault": True}, {"tagValue": "b", "isDefault": True}]},
            (400, "VALIDATION_ERROR", "$.tags[1].isDefault"),
        ),
        ("POST", "", {"name": "x", "tags": [{"tagValue": "a", "percent": 99}]}, (400, "VALIDATION_ERROR", "$.tags")),
        ("PUT", "/nothing", {"name": "x"}, (400, "ITEM_NOT_FOUND", "tagCategoryName")),
        ("PUT", "/channel", {"name": "size"}, (400, "VALIDATION_ERROR", "$.name")),
        ("PUT", "/channel", {"name": "x", "tags": [{"tagID": 99}]}, (400, "ITEM_NOT_FOUND", "$.tags[0].tagID")),
        ("POST", "/nothing/tag", {"tagValue": "a"}, (400, "ITEM_NOT_FOUND", "tagCategoryName")),
        ("POST", "/channel/tag", {}, (400, "VALIDATION_ERROR", "$.tagValue")),
        ("POST", "/channel/tag", {"tagValue": "Web"}, (400, "VALIDATION_ERROR", "$.tagValue")),
        ("POST", "/channel/tag", {"tagValue": "a", "percent": 101}, (400, "VALIDATION_ERROR", "$.percent")),
        ("PUT", "/channel/tag/Web", {"isDefault": False}, (400, "VALIDATION_ERROR", "$.isDefault")),
        ("PUT", "/channel/tag/Web", {"percent": 50}, (400, "VALIDATION_ERROR", "$.percent")),
        ("PUT", "/channel/tag/Mail", {"percent": 50}, (400, "ITEM_NOT_FOUND", "tagValue")),
        ("GET", "/nothing", None, (404, "ITEM_NOT_FOUND", "tagCategoryName")),
        ("GET", "/channel/tag/Mail", None, (404, "ITEM_NOT_FOUND", "tagValue")),
        ("DELETE", "/channel/tag/Mail", None, (404, "ITEM_NOT_FOUND", "tagValue")),
    ],
)
async def test_a_wrong_tag_call_names_the_place_and_changes_nothing(
    bench: Bench, method: str, path: str, body: Any, expected: tuple[int, str, str]
) -> None:
    """A refused call leaves categories and tags as they were."""
    await channel(bench, {"tagValue": "Web"})
    await bench.send("POST", ALL, {"name": "size"})
    before = dump(bench, *TABLES)
    reply = await bench.send(method, ALL + path, body)

    assert fault(reply) == expected
    assert dump(bench, *TABLES) == before


async def test_tenants_do_not_see_each_others_tags(bench: Bench) -> None:
    """D-3: the same name may be used by two tenants, and each sees its own."""
    mine = await channel(bench, {"tagValue": "Web"})
    other = await other_tenant(bench)
    before = (await other.send("GET", ALL)).body
    theirs = await channel(other, {"tagValue": "Store"})

    assert before == []
    assert (await bench.send("GET", ALL)).body == [mine]
    assert (await other.send("GET", ALL)).body == [theirs]


async def test_an_empty_list_can_be_not_found(make_bench: MakeBench) -> None:
    """``empty_lists: not_found`` answers as the specification has it."""
    bench = await make_bench(
        Settings(
            limits=UNLIMITED, sample=SampleSettings(locations=1), inventory=InventorySettings(empty_lists="not_found")
        )
    )
    empty = (await bench.send("GET", ALL)).status
    await channel(bench)

    assert (empty, (await bench.send("GET", ALL)).status) == (404, 200)
