"""What lies at the drop points and what became of it: the evidence for how files are sent (FI-1, FI-2)."""

import asyncio
from typing import Any

from msgspec import Struct

from kibo_simulator.files.file_log import DroppedFile, FileEvent
from kibo_simulator.timestamps import iso_microseconds
from kibo_simulator.web.control.route import ControlCall, ControlParameter, ControlRoute
from kibo_simulator.web.errors import ApiError


class FilesAnswer(Struct, rename="camel"):
    """The drop point, its newest files and events, and how many events are gone for want of room."""

    drop: str | None
    files: list[dict[str, Any]]
    events: list[dict[str, Any]]
    dropped: int


def get_files(call: ControlCall[None]) -> FilesAnswer:
    """Files and events as they stand."""
    simulator = call.simulator
    drop = simulator.files.drop
    return FilesAnswer(
        drop=None if drop is None else drop.name,
        files=[_file_body(file) for file in simulator.file_log.files()],
        events=[_event_body(event) for event in simulator.file_log.since(call.whole("since") or 0)],
        dropped=simulator.file_log.dropped,
    )


async def fetch_now(call: ControlCall[None]) -> FilesAnswer:
    """Look at all drop points at once, whatever the schedule."""
    pickup = call.simulator.files.pickup
    if pickup is None:
        raise ApiError(409, "VALIDATION_ERROR", "there is no drop point; start the simulator with --drop DIR")
    for _ in pickup.look(call.simulator.clock.now()):
        await asyncio.sleep(0)
    return get_files(call)


def _file_body(file: DroppedFile) -> dict[str, Any]:
    return {
        "folder": file.folder,
        "name": file.name,
        "size": file.size,
        "appearedAt": iso_microseconds(file.appeared_at),
        "completeAt": iso_microseconds(file.complete_at),
        "written": iso_microseconds(file.written),
        "exact": file.exact,
        "takenAt": None if file.taken_at is None else iso_microseconds(file.taken_at),
        "outcome": file.outcome,
    }


def _event_body(event: FileEvent) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": iso_microseconds(event.at),
        "tenant": event.tenant,
        "folder": event.folder,
        "name": event.name,
        "what": event.what,
        "size": event.size,
        "message": event.message,
    }


_SINCE = ControlParameter("since", "Only events with a higher number.", "whole")

ROUTES = (
    ControlRoute(
        method="GET",
        path="/files",
        name="getFiles",
        summary="Shows the files seen at the drop points, what became of them, and what happened there.",
        handle=get_files,
        answers=FilesAnswer,
        query=(_SINCE,),
    ),
    ControlRoute(
        method="POST",
        path="/files/fetch",
        name="fetchFiles",
        summary="Looks at the drop points now, whatever the schedule, and picks up what is ready.",
        handle=fetch_now,
        answers=FilesAnswer,
        query=(_SINCE,),
        refuses=(409,),
    ),
)
