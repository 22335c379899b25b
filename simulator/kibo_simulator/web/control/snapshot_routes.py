"""The whole state in hand: saved under a name, gone back to, carried elsewhere, and reset (D-2)."""

from os import fstat
from pathlib import Path
from typing import Final

from aiohttp import web
from msgspec import Struct

from kibo_simulator.files.location_export import InventoryFileError
from kibo_simulator.moment import Moment
from kibo_simulator.snapshots import Snapshot
from kibo_simulator.store.database import Database
from kibo_simulator.store.images import ImageError
from kibo_simulator.timestamps import iso_microseconds
from kibo_simulator.web.beside import beside
from kibo_simulator.web.control.clock_routes import ClockBody, announced
from kibo_simulator.web.control.route import ControlCall, ControlParameter, ControlRoute
from kibo_simulator.web.control.shelf_refusals import shelf_refusals
from kibo_simulator.web.errors import ApiError

SQLITE: Final = "application/vnd.sqlite3"

_BYTES_AT_ONCE: Final = 1 << 18


class SnapshotRequest(Struct, forbid_unknown_fields=True):
    """Body of ``POST snapshots``: the name to save under, and whether one of that name may go."""

    name: str
    replace: bool = False


class SnapshotBody(Struct, rename="camel"):
    """A snapshot: its size, the simulated instant it was taken at, the program's version and the tenants in it.

    ``fault`` says why a file cannot be used; then the rest is null.
    """

    name: str
    bytes: int
    at: str | None
    program: str | None
    tenants: tuple[int, ...]
    fault: str | None


class ShelfBody(Struct, rename="camel"):
    """All snapshots; ``folder`` is null when they go with the simulator."""

    folder: str | None
    snapshots: list[SnapshotBody]


class DeletedBody(Struct):
    """What was deleted."""

    deleted: str


async def list_snapshots(call: ControlCall[None]) -> ShelfBody:
    """Every snapshot on the shelf."""
    shelf = call.simulator.snapshots
    with shelf_refusals():
        found = await beside(shelf.every)
    return ShelfBody(str(shelf.folder) if shelf.folder else None, [_body(snapshot) for snapshot in found])


async def get_snapshot(call: ControlCall[None]) -> SnapshotBody:
    """One snapshot."""
    with shelf_refusals():
        return _body(await beside(lambda: call.simulator.snapshots.get(call.path["name"])))


async def save_snapshot(call: ControlCall[SnapshotRequest]) -> SnapshotBody:
    """Save the state under a name; it stands still until the copy is made, and only the copying takes time."""
    simulator = call.simulator
    wanted = call.body
    with shelf_refusals():
        simulator.snapshots.check_room(wanted.name, replace=wanted.replace)
        moment = simulator.moment()
        tables = simulator.database.connection
        return _body(
            await beside(lambda: simulator.snapshots.take(wanted.name, tables, moment, replace=wanted.replace))
        )


async def restore_snapshot(call: ControlCall[None]) -> ClockBody:
    """Go on from a snapshot, all or nothing."""
    simulator = call.simulator
    name = call.path["name"]

    def prepare() -> tuple[Database, Moment]:
        with simulator.snapshots.opened(name) as (image, moment):
            return simulator.prepared(image), moment

    with shelf_refusals():
        async with call.gate.turn:
            await call.gate.advance()
            old = simulator.adopt(*await beside(prepare))
            await beside(old.close)
            return announced(simulator)


async def reset(call: ControlCall[None]) -> ClockBody:
    """Begin again as freshly started, all or nothing."""
    simulator = call.simulator
    try:
        async with call.gate.turn:
            await call.gate.advance()
            old = simulator.adopt(*await beside(simulator.fresh))
            await beside(old.close)
            return announced(simulator)
    except (ImageError, InventoryFileError) as error:
        raise ApiError(409, "CONFLICT", f"what this simulator began with is not there any more: {error}") from None


async def download_snapshot(call: ControlCall[None]) -> web.StreamResponse:
    """The file of a snapshot."""
    with shelf_refusals():
        file = await beside(lambda: call.simulator.snapshots.path(call.path["name"]).open("rb"))
    with file:
        response = web.StreamResponse(headers={"Content-Type": SQLITE})
        response.content_length = fstat(file.fileno()).st_size
        await response.prepare(call.request)
        while chunk := await beside(lambda: file.read(_BYTES_AT_ONCE)):
            await response.write(chunk)
        await response.write_eof()
    return response


async def upload_snapshot(call: ControlCall[bytes]) -> SnapshotBody:
    """Take a file that was downloaded elsewhere onto the shelf."""
    shelf = call.simulator.snapshots
    name = call.path["name"]
    replace = call.flag("replace")
    with shelf_refusals():
        await beside(lambda: shelf.check_room(name, replace=replace))
        with shelf.new_part() as part:
            await _receive(call.request, part, shelf.most_bytes)
            return _body(await beside(lambda: shelf.receive(name, part, replace=replace)))


async def _receive(request: web.Request, part: Path, most_bytes: int) -> None:
    """Write a body to a file as it comes, up to a bound."""
    received = 0
    with part.open("wb") as file:
        async for chunk in request.content.iter_chunked(_BYTES_AT_ONCE):
            received += len(chunk)
            if received > most_bytes:
                raise ApiError(413, "VALIDATION_ERROR", f"the snapshot is larger than {most_bytes} bytes")
            file.write(chunk)


async def delete_snapshot(call: ControlCall[None]) -> DeletedBody:
    """Delete a snapshot; the running state does not depend on any."""
    name = call.path["name"]
    with shelf_refusals():
        await beside(lambda: call.simulator.snapshots.remove(name))
    return DeletedBody(name)


def _body(snapshot: Snapshot) -> SnapshotBody:
    return SnapshotBody(
        name=snapshot.name,
        bytes=snapshot.size,
        at=None if snapshot.at is None else iso_microseconds(snapshot.at),
        program=snapshot.program,
        tenants=snapshot.tenants,
        fault=snapshot.fault,
    )


ROUTES = (
    ControlRoute(
        method="GET",
        path="/snapshots",
        name="listSnapshots",
        summary="Lists the snapshots that are kept.",
        handle=list_snapshots,
        answers=ShelfBody,
        turn=False,
    ),
    ControlRoute(
        method="POST",
        path="/snapshots",
        name="saveSnapshot",
        summary="Saves the whole state under a name.",
        handle=save_snapshot,
        request=SnapshotRequest,
        answers=SnapshotBody,
        status=201,
        refuses=(409,),
    ),
    ControlRoute(
        method="GET",
        path="/snapshots/{name}",
        name="getSnapshot",
        summary="Tells what is known of a snapshot.",
        handle=get_snapshot,
        answers=SnapshotBody,
        turn=False,
    ),
    ControlRoute(
        method="DELETE",
        path="/snapshots/{name}",
        name="deleteSnapshot",
        summary="Deletes a snapshot.",
        handle=delete_snapshot,
        answers=DeletedBody,
        turn=False,
    ),
    ControlRoute(
        method="GET",
        path="/snapshots/{name}/file",
        name="downloadSnapshot",
        summary="Hands over a snapshot as a file.",
        handle=download_snapshot,
        media=(SQLITE,),
        turn=False,
    ),
    ControlRoute(
        method="PUT",
        path="/snapshots/{name}/file",
        name="uploadSnapshot",
        summary="Takes the file of a snapshot that was made elsewhere.",
        handle=upload_snapshot,
        request=bytes,
        accepts=(SQLITE,),
        streamed=True,
        answers=SnapshotBody,
        query=(ControlParameter("replace", "Whether a snapshot of that name may go; false when absent.", "flag"),),
        turn=False,
        refuses=(409,),
    ),
    ControlRoute(
        method="POST",
        path="/snapshots/{name}/restore",
        name="restoreSnapshot",
        summary="Goes on from a snapshot, clock and all; the journal begins anew.",
        handle=restore_snapshot,
        answers=ClockBody,
        turn=False,
    ),
    ControlRoute(
        method="POST",
        path="/reset",
        name="reset",
        summary="Begins again as freshly started; the journal begins anew.",
        handle=reset,
        answers=ClockBody,
        turn=False,
        refuses=(409,),
    ),
)
