"""The journal in hand: what clients did, request by request, so far or as it happens."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct

from kibo_simulator.journal import JournalEntry
from kibo_simulator.journal.har import har
from kibo_simulator.journal.matching import Matcher
from kibo_simulator.journal.questions import Match, QuestionError
from kibo_simulator.journal.ring import line
from kibo_simulator.web.control.route import JSON, NDJSON, ControlCall, ControlParameter, ControlRoute
from kibo_simulator.web.errors import validation_error

_ENTRIES_AT_ONCE: Final = 200
_STATUS: Final = re.compile(r"[1-5]xx|[0-9]{1,3}")


class JournalStatus(Struct, rename="camel"):
    """What the journal holds.

    ``first`` and ``last`` are numbers of entries, null when there is none. ``dropped`` entries are gone because of the
    bounds, since the journal was last cleared. ``file`` is where entries are kept besides, and ``unwritten`` how many
    could not be written there.
    """

    entries: int
    first: int | None
    last: int | None
    dropped: int
    file: str | None
    unwritten: int


class Cleared(Struct):
    """How many entries were forgotten."""

    cleared: int


async def get_journal(call: ControlCall[None]) -> web.StreamResponse:
    """The entries that are asked for; ``X-Journal-Dropped`` says how many are gone that should be among them."""
    journal = call.simulator.journal
    matcher = _matcher(call)
    limit = call.whole("limit")
    form = call.text("format") or "ndjson"
    if call.flag("follow"):
        if form != "ndjson":
            raise validation_error("format", "only ndjson can be followed")
        return await _follow(call, matcher, limit)
    dropped = journal.dropped_after(matcher.since)
    portions = _portions(journal.held(matcher.since), matcher, limit)
    base = f"{call.request.scheme}://{call.request.host}"
    pieces = (
        (b"".join(map(line, portion)) for portion in portions) if form == "ndjson" else har(portions, base, dropped)
    )
    headers = {"Content-Type": NDJSON if form == "ndjson" else JSON, "X-Journal-Dropped": str(dropped)}
    response = web.StreamResponse(headers=headers)
    await response.prepare(call.request)
    for piece in pieces:
        if piece:
            await response.write(piece)
        # Writing waits only when the reader is slow; others must have their turn in any case.
        await asyncio.sleep(0)
    await response.write_eof()
    return response


async def _follow(call: ControlCall[None], matcher: Matcher, limit: int | None) -> web.StreamResponse:
    """Entries as they are written, until the reader goes; who is too slow is told how many were dropped meanwhile."""
    journal = call.simulator.journal
    with call.streams.open(call.request) as stream:
        response = web.StreamResponse(headers={"Content-Type": NDJSON, "Cache-Control": "no-store"})
        await response.prepare(call.request)
        history, position, given = journal.histories, matcher.since, 0
        detach = journal.attach(lambda _: stream.wake())
        try:
            while limit is None or given < limit:
                if history != journal.histories:
                    history, position = journal.histories, 0
                if lost := journal.dropped_after(position):
                    position = journal.first - 1
                    await response.write(msgspec.json.encode({"lost": lost}) + b"\n")
                    continue
                portion = journal.held(position, _ENTRIES_AT_ONCE)
                if not portion:
                    if await stream.next() == "over":
                        break
                    continue
                position = portion[-1].seq
                lines = [line(entry) for entry in portion if matcher.matches(entry)]
                lines = lines if limit is None else lines[: limit - given]
                given += len(lines)
                if lines:
                    await response.write(b"".join(lines))
                await asyncio.sleep(0)
        finally:
            detach()
        await response.write_eof()
    return response


def clear_journal(call: ControlCall[None]) -> Cleared:
    """Forget all entries; numbering goes on, and a file keeps what it has."""
    cleared = len(call.simulator.journal)
    call.simulator.journal.clear()
    return Cleared(cleared)


def journal_status(call: ControlCall[None]) -> JournalStatus:
    """How much the journal holds, and what is missing from it."""
    journal, file = call.simulator.journal, call.simulator.journal_file
    return JournalStatus(
        entries=len(journal),
        first=journal.first if journal else None,
        last=journal.position if journal else None,
        dropped=journal.dropped,
        file=str(file.path) if file else None,
        unwritten=file.unwritten if file else 0,
    )


def _matcher(call: ControlCall[None]) -> Matcher:
    operation, status = call.text("operation"), call.text("status")
    statuses = [] if status is None else status.split(",")
    for text in statuses:
        if not _STATUS.fullmatch(text):
            raise validation_error("status", f"expected numbers or classes such as 4xx, got {text[:40]!r}")
    match = Match(
        method=call.text("method"),
        path=call.text("path"),
        operation=tuple(operation.split(",")) if operation else None,
        tenant=call.whole("tenant"),
        status=tuple(int(text) if text.isdigit() else text for text in statuses) or None,
        since=call.whole("since") or 0,
    )
    try:
        return Matcher(match, "$", call.operations)
    except QuestionError as error:
        raise validation_error("operation", error.message) from None


def _portions(entries: Sequence[JournalEntry], matcher: Matcher, limit: int | None) -> Iterator[Sequence[JournalEntry]]:
    """The entries that are asked for out of so many at a time, whether any of those are or not."""
    left = len(entries) if limit is None else limit
    for start in range(0, len(entries), _ENTRIES_AT_ONCE):
        if not left:
            return
        found = [entry for entry in entries[start : start + _ENTRIES_AT_ONCE] if matcher.matches(entry)][:left]
        left -= len(found)
        yield found


ROUTES = (
    ControlRoute(
        method="GET",
        path="/journal",
        name="getJournal",
        summary="Lists the requests that clients made, oldest first, so far or as they come.",
        handle=get_journal,
        media=(NDJSON, JSON),
        query=(
            ControlParameter("since", "Only entries with a number above this.", "whole"),
            ControlParameter("limit", "At most so many entries.", "whole"),
            ControlParameter("tenant", "Only requests of this tenant.", "whole"),
            ControlParameter("operation", "Only these operations, separated by commas."),
            ControlParameter("status", "Only these statuses or classes such as 4xx, separated by commas."),
            ControlParameter("method", "Only this method."),
            ControlParameter("path", "Only paths like this; a star is any text, a question mark any character."),
            ControlParameter("format", "NDJSON, a line an entry, or an HTTP Archive.", choices=("ndjson", "har")),
            ControlParameter("follow", "Go on with new entries until the reader goes.", "flag"),
        ),
        refuses=(503,),
        turn=False,
    ),
    ControlRoute(
        method="DELETE",
        path="/journal",
        name="clearJournal",
        summary="Forgets all entries; numbering goes on, and a file keeps what it has.",
        handle=clear_journal,
        answers=Cleared,
    ),
    ControlRoute(
        method="GET",
        path="/journal/status",
        name="getJournalStatus",
        summary="Tells how much the journal holds, how many entries were dropped, and where they are kept.",
        handle=journal_status,
        answers=JournalStatus,
        turn=False,
    ),
)
