"""The stock of a tenant as a whole: dumped record by record (I-1)."""

import asyncio
import io
from itertools import islice

import msgspec
from aiohttp import web

from kibo_simulator.files.location_export import write_location_export
from kibo_simulator.web.control.route import NDJSON, TENANT, ControlCall, ControlParameter, ControlRoute
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
)
