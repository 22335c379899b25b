"""What happens in the simulation, as it happens: requests, jobs, moves of the clock, restrictions."""

from typing import Any, Final

import msgspec
from aiohttp import web

from kibo_simulator.announcements import KINDS, Announcement, Listener
from kibo_simulator.journal import JournalEntry
from kibo_simulator.rate_limits import PoolStatus
from kibo_simulator.store.jobs import JobRow
from kibo_simulator.web.control.limit_routes import pool_body
from kibo_simulator.web.control.route import ControlCall, ControlParameter, ControlRoute
from kibo_simulator.web.errors import validation_error
from kibo_simulator.web.wire import job_body

MOST_WAITING: Final = 10_000
"""How many events may wait for one reader; when it is slower still, the oldest go and it is told how many."""

EVENT_STREAM: Final = "text/event-stream"


async def get_events(call: ControlCall[None]) -> web.StreamResponse:
    """Server-sent events until the reader goes."""
    named = call.text("kinds")
    kinds = KINDS if named is None else tuple(named.split(","))
    for kind in kinds:
        if kind not in KINDS:
            raise validation_error("kinds", f"expected some of {', '.join(KINDS)}, got {kind[:40]!r}")
    with call.streams.open(call.request) as stream:
        response = web.StreamResponse(headers={"Content-Type": EVENT_STREAM, "Cache-Control": "no-store"})
        await response.prepare(call.request)
        listener = Listener(kinds, MOST_WAITING, stream.wake)
        detach = call.simulator.announcer.add(listener)
        try:
            await response.write(b": listening\n\n")
            while True:
                news = await stream.next()
                if news == "over":
                    break
                lost, waiting = listener.take()
                pieces = [_event("lost", {"lost": lost})] if lost else []
                pieces += map(_announced, waiting)
                await response.write(b"".join(pieces) or b": nothing new\n\n")
        finally:
            detach()
        await response.write_eof()
    return response


def _announced(announcement: Announcement) -> bytes:
    content: Any = announcement.content
    match content:
        case JournalEntry():
            content = content.to_wire()
        case JobRow():
            content = job_body(content)
        case PoolStatus():
            content = pool_body(content)
    return _event(announcement.kind, content)


def _event(name: str, data: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))


ROUTES = (
    ControlRoute(
        method="GET",
        path="/events",
        name="getEvents",
        summary="Tells what happens, as it happens: requests, changes of jobs, moves of the clock, restrictions.",
        handle=get_events,
        media=(EVENT_STREAM,),
        query=(ControlParameter("kinds", "Only these, separated by commas: journal, job, clock, limit."),),
        refuses=(503,),
        turn=False,
    ),
)
