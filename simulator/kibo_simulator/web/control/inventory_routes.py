"""The stock of a tenant as a whole: dumped record by record, and set from a file (I-1)."""

import asyncio
import io
from itertools import islice
from typing import Literal

import msgspec
from aiohttp import web
from msgspec import Struct

from kibo_simulator.files.location_export import InventoryFileError, write_location_export
from kibo_simulator.tenant_care import stocked
from kibo_simulator.web.beside import stepping
from kibo_simulator.web.control.route import NDJSON, TENANT, ControlCall, ControlParameter, ControlRoute
from kibo_simulator.web.errors import validation_error
from kibo_simulator.web.lookup_wire import record_body

_RECORDS_AT_ONCE = 500


async def dump_inventory(call: ControlCall[None]) -> web.StreamResponse:
    """All records of a tenant: JSON lines, or a Location Export with ``format=csv``."""
    tenant_id = call.tenant()
    wanted = call.text("format") or "jsonl"
    content_type = NDJSON if wanted == "jsonl" else "text/csv; charset=utf-8"
    response = web.StreamResponse(headers={"Content-Type": content_type})
    await response.prepare(call.request)
    records = call.simulator.stock_records(tenant_id)
    header = wanted == "csv"
    while chunk := list(islice(records, _RECORDS_AT_ONCE)) or header:
        if wanted == "csv":
            file = io.StringIO()
            write_location_export(chunk if isinstance(chunk, list) else (), file, header=header)
            header = False
            text = file.getvalue().encode()
        else:
            assert isinstance(chunk, list)
            text = b"".join(msgspec.json.encode(record_body(record, tenant_id)) + b"\n" for record in chunk)
        await response.write(text)
        # Writing waits only when the reader is slow; others must have their turn in any case.
        await asyncio.sleep(0)
    await response.write_eof()
    return response


class StockedBody(Struct):
    """How many records were set."""

    records: int


async def seed_inventory(call: ControlCall[bytes]) -> StockedBody:
    """Set records from JSON lines or a Location Export, all of them or none."""
    tenant_id = call.tenant()
    mode: Literal["merge", "replace"] = "replace" if call.text("mode") == "replace" else "merge"
    try:
        text = call.body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = call.body[: error.start].count(b"\n") + 1
        raise validation_error(f"$:{line}", "this is not UTF-8 text") from None
    try:
        return StockedBody(await stepping(stocked(call.simulator, tenant_id, text, mode)))
    except InventoryFileError as error:
        raise validation_error(f"$:{error.line}", error.message) from None


ROUTES = (
    ControlRoute(
        method="GET",
        path="/inventory",
        name="dumpInventory",
        summary="Dumps all records of a tenant, as JSON lines or as a Location Export.",
        handle=dump_inventory,
        media=(NDJSON, "text/csv"),
        query=(
            TENANT,
            ControlParameter("format", "The form of the dump; jsonl when absent.", choices=("jsonl", "csv")),
        ),
    ),
    ControlRoute(
        method="POST",
        path="/inventory",
        name="seedInventory",
        summary="Sets the records of a tenant from JSON lines or a Location Export, all or none.",
        handle=seed_inventory,
        request=bytes,
        accepts=(NDJSON, "text/csv"),
        answers=StockedBody,
        query=(
            TENANT,
            ControlParameter(
                "mode",
                "Whether records that are not named stay or go; merge when absent.",
                choices=("merge", "replace"),
            ),
        ),
    ),
)
