"""The journal in hand: what clients did, request by request."""

from aiohttp import web
from msgspec import Struct

from kibo_simulator.web.control.route import NDJSON, ControlCall, ControlParameter, ControlRoute


class Cleared(Struct):
    """How many entries were forgotten."""

    cleared: int


def get_journal(call: ControlCall[None]) -> web.StreamResponse:
    """The journal as NDJSON; ``X-Journal-Dropped`` says how many entries are gone."""
    call.text("format")
    journal = call.simulator.journal
    lines = journal.ndjson(call.whole("since") or 0, call.whole("limit"))
    return web.Response(
        body=b"".join(lines),
        headers={"Content-Type": NDJSON, "X-Journal-Dropped": str(journal.dropped)},
    )


def clear_journal(call: ControlCall[None]) -> Cleared:
    """Forget all entries; numbering goes on."""
    cleared = len(call.simulator.journal)
    call.simulator.journal.clear()
    return Cleared(cleared)


ROUTES = (
    ControlRoute(
        method="GET",
        path="/journal",
        name="getJournal",
        summary="Lists the requests that clients made, oldest first, a line each.",
        handle=get_journal,
        media=(NDJSON,),
        query=(
            ControlParameter("since", "Only entries with a number above this.", "whole"),
            ControlParameter("limit", "At most so many entries.", "whole"),
            ControlParameter("format", "The form of the answer.", choices=("ndjson",)),
        ),
        turn=False,
    ),
    ControlRoute(
        method="DELETE",
        path="/journal",
        name="clearJournal",
        summary="Forgets all entries; numbering goes on.",
        handle=clear_journal,
        answers=Cleared,
    ),
)
