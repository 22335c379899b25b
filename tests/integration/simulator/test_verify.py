"""``POST /_simulator/verify`` over HTTP: what clients did, asked as a test would."""

import msgspec

from kibo_simulator import SampleSettings, Settings
from kibo_simulator.rate_limits import UNLIMITED
from kibo_simulator.settings import BoundSettings

from .conftest import Bench, MakeBench
from .neighbours import fault

ITEMS = [{"partNumber": "TNT-1001-BLK-S"}, {"partNumber": "JKT-1000-BLK-S"}]


async def test_questions_are_answered_with_the_entries_that_matter(bench: Bench) -> None:
    """How many calls, how large, how far apart: yes or no, and the closest entries with the reason."""
    for items in (ITEMS[:1], ITEMS, ITEMS[:1]):
        await bench.delete_items(items)
        bench.wait(4)
    dry = {"operation": "deleteItems", "summary": {"dryRun": True}}
    live = {"operation": "deleteItems", "summary": {"dryRun": False}}
    questions = [
        {
            "name": "live",
            "match": live,
            "expect": {"count": 3, "each": {"items": {"atMost": 1}}, "apart": {"atLeast": 4}},
        },
        {"name": "dry", "match": dry, "expect": {"total": {"items": 4}}},
    ]
    answer = (await bench.send("POST", "/_simulator/verify", {"questions": questions})).body

    assert (False, "no", 4, 0) == (answer["ok"], answer["verdict"], answer["examined"], answer["dropped"])
    assert [("live", "count", "yes"), ("live", "each", "no"), ("live", "apart", "yes"), ("dry", "count", "no")] == [
        (check["name"], check["expectation"], check["verdict"]) for check in answer["checks"][:4]
    ]
    assert ["items is 2, expected at most 1"] == [entry["reason"] for entry in answer["checks"][1]["entries"]]
    assert "dryRun is false, expected true" == answer["checks"][3]["entries"][0]["reason"]
    assert 4 == len(bench.simulator.journal)


async def test_a_bounded_journal_does_not_miscount(make_bench: MakeBench) -> None:
    """What was dropped makes a count inconclusive, unless the question is about later entries only."""
    bounds = BoundSettings(journal_entries=2)
    bench = await make_bench(Settings(limits=UNLIMITED, sample=SampleSettings(locations=2, products=10), bounds=bounds))
    for _ in range(3):
        await bench.delete_items(ITEMS[:1], dryRun=True)
    ask = [{"match": {"operation": "deleteItems"}, "expect": {"count": count}} for count in (2, 1)]
    ask.append({"match": {"since": 2}, "expect": {"count": 2}})
    answer = (await bench.send("POST", "/_simulator/verify", {"questions": ask})).body

    assert (2, 2) == (answer["examined"], answer["dropped"])
    assert ["inconclusive", "no", "yes"] == [check["verdict"] for check in answer["checks"]]


async def test_wrong_questions_are_refused_with_their_place(bench: Bench) -> None:
    """400 with the JSON path, whether the shape or the sense is wrong."""
    shape = await bench.send("POST", "/_simulator/verify", {"questions": [{"expect": {"cuont": 1}}]})
    sense = await bench.send("POST", "/_simulator/verify", {"questions": [{"expect": {"count": {}}}]})
    nothing = await bench.send("POST", "/_simulator/verify", msgspec.json.encode({"questions": []}))

    assert (400, "VALIDATION_ERROR", "$.questions[0].expect") == fault(shape)
    assert (400, "VALIDATION_ERROR", "$.questions[0].expect.count") == fault(sense)
    assert (400, "VALIDATION_ERROR", "$.questions") == fault(nothing)
