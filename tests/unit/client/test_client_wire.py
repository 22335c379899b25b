"""Kibo's JSON, as documented and as typed in its published schema."""

import json

import pytest

from kibo_client.batching import Item, full_batches
from kibo_client.events import Accepted, FaultyItem, FaultyLocation, FoundProduct, JobSeen, JobsListed, ScopeFound
from kibo_client.identifiers import Identifier, Kind
from kibo_client.job_book import JobBook
from kibo_client.polling import PollSchedule
from kibo_client.targets import Product
from kibo_client.wire import (
    Unreadable,
    delete_items_body,
    read_acceptance,
    read_date,
    read_error,
    read_faults,
    read_job,
    read_jobs,
    read_moment,
    read_scope,
    read_token,
)


def test_a_dry_run_asks_for_everything_and_a_live_run_for_nothing() -> None:
    """WF-1: the two bodies differ in nothing but these two flags."""
    item = Item(Identifier(Kind.PART_NUMBER, "A.1"), (Product("A.1", None, None),), frozenset({"S", "N"}))
    (batch,) = full_batches([item], 500)
    scope = {"locationCodes": ["N", "S"], "items": [{"partNumber": "^A[.]1$"}]}

    assert json.loads(delete_items_body(batch, dry_run=True)) == {"dryRun": True, "explicit": True, **scope}
    assert json.loads(delete_items_body(batch, dry_run=False)) == {"dryRun": False, "explicit": False, **scope}


def test_an_explicit_scope_is_read() -> None:
    """Products with their locations, and the number of records."""
    body = {
        "totalInventoryEntriesDeleted": 2,
        "itemsDeleted": [{"itemIdentifier": {"upc": "1"}, "locationCodes": ["A", "B"], "productID": 5}],
        "jobIDs": [],
    }

    assert read_scope(json.dumps(body).encode()) == ScopeFound((FoundProduct(None, "1", None, ("A", "B")),), 2)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, ScopeFound((), 0)),
        ({"totalInventoryEntriesDeleted": False, "itemsDeleted": []}, ScopeFound((), 0)),
        ({"totalInventoryEntriesDeleted": 7, "itemsDeleted": [{"productID": 5}]}, ScopeFound(None, 7)),
        ({"totalInventoryEntriesDeleted": True, "itemsDeleted": []}, ScopeFound((), 1 << 62)),
    ],
)
def test_a_scope_without_detail_is_told_apart_from_an_empty_one(body: object, expected: ScopeFound) -> None:
    """The documented boolean variant, and totals without names."""
    assert read_scope(json.dumps(body).encode()) == expected


def test_job_ids_are_read_and_a_boolean_means_they_are_missing() -> None:
    """C8: ids are never made up."""
    assert [read_acceptance(body) for body in (b'{"jobIDs":[3,4]}', b'{"jobIDs":true}', b"{}")] == [
        Accepted((3, 4)),
        Accepted(None),
        Accepted(None),
    ]


def test_a_job_is_read() -> None:
    """Moments in ISO 8601, with and without a colon in the offset; COMPLETED means SUCCESS."""
    body = (
        b'[{"jobID":9,"status":"FAILED","locationCode":"A","messages":["no"],"added":"2026-03-02T05:00:00.500Z",'
        b'"started":"2026-03-02T05:00:01Z","finished":"2026-03-02T00:00:03-0500"},{"jobID":8,"status":"COMPLETED"}]'
    )

    assert read_jobs(body) == JobsListed(
        (JobSeen(9, "FAILED", "A", ("no",), 1772427600_500_000, 2_000_000), JobSeen(8, "SUCCESS"))
    )
    assert read_job(b'{"jobID":8,"status":"PENDING"}') == JobSeen(8, "PENDING")


def test_of_known_jobs_only_what_may_be_new_is_read() -> None:
    """JB-3: 1 is known to have ended, 2 to be waiting, 3 has ended since it was last seen; nobody knows 4."""
    book = JobBook(PollSchedule(patience=1))
    book.take(0, (1, 2, 3), 0)
    book.give_up((1,), "ended")
    stamps = {"added": "2026-01-01T00:00:00Z", "started": "2026-01-01T00:00:01Z", "finished": "2026-01-01T00:00:03Z"}
    statuses = {1: "COMPLETED", 2: "PENDING", 3: "COMPLETED", 4: "SUCCESS"}
    body = [{"jobID": n, "status": status, "locationCode": "N", **stamps} for n, status in statuses.items()]
    jobs = read_jobs(json.dumps(body).encode(), known=book).jobs
    added = read_moment(stamps["added"])

    assert jobs[:2] == (JobSeen(1, "SUCCESS", "N"), JobSeen(2, "PENDING", "N"))
    assert jobs[2:] == tuple(JobSeen(n, "SUCCESS", "N", (), added, 2_000_000) for n in (3, 4))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"jobIDs":["x"]}', b"[]", b"\xff\xfe"])
def test_what_is_not_documented_is_unreadable(body: bytes) -> None:
    """A malformed body is an answer of its own kind, never a crash."""
    with pytest.raises(Unreadable):
        read_acceptance(body)


def test_a_token_does_not_show_itself() -> None:
    """Secrets are never in representations."""
    assert "t0ken" not in repr(read_token(b'{"access_token":"t0ken","expires_in":3600}'))


def test_errors_are_put_on_one_line() -> None:
    """Both documented envelopes, and none at all."""
    assert [
        read_error(b'{"errorCode":"VALIDATION_ERROR","message":"too\\nmany"}'),
        read_error(b'{"error":"NOT_FOUND","message":"no such job"}'),
        read_error(b""),
        read_error(b"<html>"),
    ] == ["VALIDATION_ERROR: too many", "NOT_FOUND: no such job", "", ""]


def test_dates_are_read_or_left() -> None:
    """A Date header in microseconds; nonsense is nothing."""
    assert read_date("Mon, 02 Mar 2026 05:00:00 GMT") == 1772427600_000_000
    assert [read_date(None), read_date("soon"), read_moment("soon"), read_moment(None)] == [None] * 4


def test_the_places_that_a_refusal_names_are_read() -> None:
    """C15: each place once, in the server's words; what is no place of a request is none."""
    items = [
        {"errorCode": "X", "message": "no such\nplace", "additionalErrorData": [{"name": "P", "value": value}]}
        for value in ("$.locationCodes[3]", "$.locationCodes[3]", "$.items[12].upc", "$.dryRun", 7, None)
    ]
    body = json.dumps({"errorCode": "LOCATION_NOT_FOUND", "message": "whole", "items": items}).encode()
    silent = b'{"errorCode":"E","items":[{"additionalErrorData":[{"value":"$.items[0]"}]}]}'

    assert read_faults(body) == (FaultyLocation(3, "X: no such place"), FaultyItem(12, "X: no such place"))
    assert [read_faults(body) for body in (silent, b"", b"<html>", b'{"items":7}', b'{"message":"no"}')] == [
        (FaultyItem(0, "E"),),
        (),
        (),
        (),
        (),
    ]
