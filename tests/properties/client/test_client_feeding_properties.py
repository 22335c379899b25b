"""Every item is added once, whatever becomes of answers and of the process (C28, RT-5)."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kibo_client.batch_jobs.feeding import (
    Add,
    Added,
    Began,
    Counted,
    FeedEvent,
    Feeding,
    Finished,
    Look,
    Lost,
    Refused,
    Sending,
)
from kibo_client.batch_jobs.items import FeedItem, FeedRequest, requests_of
from kibo_client.batch_jobs.journal import header_of, open_feed_journal
from kibo_client.errors import JournalError

FATES = ("fine", "fine", "fine", "arrives unanswered", "is lost", "crash before", "crash after")


class Server:
    """A job that counts what arrives, and items that it does not like."""

    def __init__(self, before: int, hated: frozenset[str]) -> None:
        self.before = before
        self.hated = hated
        self.arrived: Counter[str] = Counter()

    @property
    def items(self) -> int:
        """How many items are in the job."""
        return self.before + self.arrived.total()

    def take(self, items: list[FeedItem]) -> bool:
        """Take all items of a request, or none."""
        codes = [item.body["productCode"] for item in items]
        if self.hated.intersection(codes):
            return False
        self.arrived.update(codes)
        return True


class Crash(Exception):  # noqa: N818 - what happens is a crash
    """The process dies."""


def outcome(server: Server, feed: list[FeedItem], request: FeedRequest, fate: str) -> FeedEvent:
    """What the client learns of a request."""
    items = [feed[index] for index in request.items]
    if fate == "crash before":
        raise Crash
    if fate == "is lost":
        return Lost("nothing came")
    taken = server.take(items)
    if fate == "crash after":
        raise Crash
    if fate == "arrives unanswered":
        return Lost("nothing came")
    return Added() if taken else Refused(400, "not liked")


def live(feeding: Feeding, server: Server, feed: list[FeedItem], fates: list[str], write: list[FeedEvent]) -> None:
    """Let a feeding run, from crash to end or crash."""

    def record(event: FeedEvent) -> None:
        write.append(event)
        feeding.record(event)

    if feeding.under_way:
        record(Lost("interrupted"))
    while not isinstance(step := feeding.next_step(), Finished):
        match step:
            case Look():
                record(Counted(server.items) if feeding.began else Began(server.items))
            case Add(request):
                record(Sending())
                record(outcome(server, feed, request, fates.pop() if fates else "fine"))


@given(
    feed=st.lists(
        st.builds(
            FeedItem,
            st.sampled_from(["Products", "Pricelistentries"]),
            st.sampled_from(["add", "delete"]),
            st.integers(0, 1_000).map(lambda n: {"productCode": f"P{n}"}),
        ),
        min_size=1,
        max_size=30,
    ),
    hated=st.frozensets(st.integers(0, 1_000).map(lambda n: f"P{n}"), max_size=3),
    size=st.integers(1, 7),
    before=st.integers(0, 5),
    fates=st.lists(st.sampled_from(FATES), max_size=40),
)
@settings(max_examples=150, deadline=None)
@example(
    [FeedItem("Products", "add", {"productCode": "P0"})], frozenset(), 1, 0, ["arrives unanswered", *["is lost"] * 7]
)
def test_every_item_is_added_once(
    feed: list[FeedItem], hated: frozenset[str], size: int, before: int, fates: list[str]
) -> None:
    """Answers get lost before and after the server has acted, and the process dies at any point: nothing is doubled."""
    server = Server(before, hated)
    events: list[FeedEvent] = []
    while True:
        feeding = Feeding(feed, requests_of(feed, size))
        for event in events:
            feeding.record(event)
        try:
            live(feeding, server, feed, fates, events)
        except Crash:
            continue
        break

    report = feeding.report()
    wanted = Counter(item.body["productCode"] for item in feed if item.body["productCode"] not in hated)
    if report.stopped is None:
        assert wanted == server.arrived
        assert {left.item.body["productCode"] for left in report.left_out} <= hated
    else:
        assert not server.arrived - wanted
    assert report.added == server.arrived.total()
    assert len(feed) == report.added + len(report.left_out)


@given(counted=st.integers(1, 9))
@settings(max_examples=20, deadline=None)
def test_somebody_else_at_the_same_job_stops_the_feeding(counted: int) -> None:
    """When the count is neither the old one nor that with the lost request, nobody can tell what arrived."""
    feed = [FeedItem("Products", "delete", {"productCode": "a"})] * 2
    feeding = Feeding(feed, requests_of(feed, 1))
    for event in (Began(5), Sending(), Lost("nothing came"), Counted(5 + counted)):
        feeding.record(event)

    report = feeding.report()
    assert (counted == 1) == (report.stopped is None)
    assert [left.reason.partition(":")[0] for left in report.left_out] == (
        [] if counted == 1 else ["nobody knows whether it was added", "not added"]
    )


def test_a_journal_is_only_good_for_its_own_feed() -> None:
    """Same feed, job, tenant and size: it goes on; anything else is refused, and a cut line is dropped."""
    feed = [FeedItem("Products", "delete", {"productCode": "a"})]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        header = header_of(feed, tenant=1, code="job", size=5)
        journal, events = open_feed_journal(path, header)
        journal.append(Began(3))
        journal.close()
        with path.open("ab") as file:
            file.write(b'{"type":"send')
        journal, again = open_feed_journal(path, header)
        journal.close()

        assert ([], [Began(3)]) == (events, again)
        for other in (
            header_of(feed, tenant=2, code="job", size=5),
            header_of(feed, tenant=1, code="other", size=5),
            header_of(feed, tenant=1, code="job", size=6),
            header_of(feed * 2, tenant=1, code="job", size=5),
        ):
            with pytest.raises(JournalError, match="belongs to another feed, job, tenant or batch size"):
                open_feed_journal(path, other)
