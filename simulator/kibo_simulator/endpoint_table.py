"""Tells which endpoints there are, made from the routes, for the page in docs and ``kibo-simulator endpoints``."""

import re
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import msgspec

from kibo_simulator.rate_limits import LimitsDocument, RateLimiter
from kibo_simulator.web.openapi import plain_path
from kibo_simulator.web.operations import Operation, inventory_paths

DEVIATIONS: Final[dict[str, str]] = {
    "authenticate": "A form-encoded body is taken as well as JSON.",
    "getTenant": "`domain` is empty over plain HTTP, so that Kibo's own SDKs stay with the host they were given.",
    "queryInventory": "Without `items` it lists `requestLocation.locationCode`, page by page. "
    "Products that are not there are left out of the answer.",
    "getInventory": "`items` holds part numbers, else UPCs, else SKUs. Pages by `pageSize` and `startIndex` too.",
    "aggregateInventory": "Rows carry `futureInventory` where it was asked for.",
    "queryRealtimeInventory": "Shares the pool of the inventory calls.",
    "refresh": "Items it does not name stay as they are (`refresh_zero_missing`); negative quantities are refused.",
    "syncRefresh": "As refresh.",
    "smartRefresh": "As refresh. Up to 25 items are done at once.",
    "smartAdjust": "Up to 25 items are done at once.",
    "delete": "Totals are numbers and `jobIDs` is a list of numbers; the published types are all boolean.",
    "deleteItems": "Totals are numbers and `jobIDs` is a list of numbers; the published types are all boolean.",
    "deleteFutureInventory": "Totals are numbers and `jobIDs` is a list of numbers; the published types are all "
    "boolean. Done at once: its jobs have ended when it answers. Both dates may be absent.",
    "getJobs": "Pages by `limit`, or by `pageSize` and `startIndex`; all fifteen types can be asked for. "
    "No job: an empty list (`empty_job_list`). `owner` is not read.",
    "allocate": "`tenantID` and `locationID` are not needed; `locationCode` names the location.",
    "deallocate": "`tenantID` and `locationID` are not needed. Answers with the job, as `allocate` does.",
    "fulfill": "`tenantID` and `locationID` are not needed. Answers with the job, as `allocate` does.",
    "blockAssignment": "`tenantID` is not needed, nor the undefined `itemIdentifiers`.",
    "getOrderItemInformation": "`locationCode` is a text; its published type is a number.",
    "adjustFutureDate": "Done at once: its job, which has no type, has ended when it answers.",
    "redistribute": "One job for each active location that holds stock, none without percentages to go by.",
    "deleteOldInventory": "One job for each active location; the answer names the first.",
    "deleteOldInventoryAllSilos": "One silo. One job for each active location; the answer names the first.",
    "getLocation": "A code that no location has is looked for among the groups: Kibo publishes one path for both.",
    "updateTag": "A stray `}` after the value, as in the published path, is overlooked.",
    "getTag": "A stray `}` after the value, as in the published path, is overlooked.",
    "deleteTag": "A stray `}` after the value, as in the published path, is overlooked.",
    "getBins": "`bins` is a list of bins whose names are texts; the published types are an object and a number. "
    "`locationCode` serves in place of `locationID`.",
    "updateBin": "`binID` and `locationCode` may be absent from the body.",
    "getExportSettings": "Passwords are never told.",
    "createExportSettings": "`ftpInformation` may be absent where S3 or Google Cloud Storage is told. "
    "A name that is taken: 409 (`name_taken`).",
    "updateExportSettings": "`exportSettingsID` is only needed to give the settings another name.",
    "createExportSettingsGCS": "The bucket is `gcsBucket` or `gcs_bucket`.",
    "updateExportSettingsGCS": "The bucket is `gcsBucket` or `gcs_bucket`.",
    "getFetchConfig": "Passwords are never told. The first configuration's fields stand beside `items` as well.",
    "saveFetchConfig": "`ftp…` fields are only needed for SFTP.",
    "updateTenantSiloConfig": "The numbers are kept; how many jobs run at a time is `jobs.workers`.",
    **dict.fromkeys(
        ("getBatchJobItems", "getBatchJobItem"), "`status` is the HTTP status that a direct call would have had."
    ),
    **dict.fromkeys(
        ("listBatchJobItems", "readBatchJobItem"), "Kibo publishes the POST only; its guide reads like a GET."
    ),
    "createBatchJob": "The name is `name` or `jobName`. `status` can only be Ready.",
    "performBatchAction": "The case of the action does not matter. An action that the status does not allow: 409 "
    "(`batch.illegal_action`).",
    "deleteBatchJob": "A job that is Pending or Running: 409.",
    "getProducts": "`filter` knows `productCode` with `eq`, `sw` and `cont`; `responseGroups` and `q` are not read.",
    "getProductsV1": "`filter` knows `productCode` with `eq`, `sw` and `cont`; `responseGroups` and `q` are not read.",
    "addProduct": "Needs a code and a name (`catalog.name_required`); product types and attributes need not exist.",
    "addProductV1": "Needs a code and a name (`catalog.name_required`); product types and attributes need not exist.",
    **dict.fromkeys(
        ("bulkAddPriceListEntries", "bulkUpdatePriceListEntries", "bulkDeletePriceListEntries"),
        "`publishEvents` and `invalidateCache` are accepted and mean nothing here. In a job each entry is an item.",
    ),
    **dict.fromkeys(("getProduct", "getProductV1"), "`responseGroups` is not read."),
    "updateProductProperty": "`allowSyscalcValueUpdates` means nothing here: no values are calculated.",
    "getPriceLists": "`filter` and `sortBy` are not read.",
    "getPriceListEntries": "`filter` and `sortBy` are not read.",
    "deletePriceList": "One with entries: 409 without `cascadeDeleteEntries`.",
    "invalidateCache": "Nothing to do: no answer comes from a cache.",
}
"""Where an operation differs from what Kibo publishes, or does less; names in backticks are fields and settings."""

PARTIAL: Final = frozenset({"updateTenantSiloConfig"})
"""Operations that check and keep what they are told, but less comes of it than of Kibo's: `DEVIATIONS` says what."""

_CLAUSES: Final = re.compile(r" \((?:[A-Z]+-\d+(?:, | to )?)+\)")
_INVENTORY: Final = "/api/commerce/inventory"
_PREAMBLE: Final = f"""\
# Endpoints

Made from the routes by `kibo-simulator endpoints --format md`.

- **status**: *full* means that the call works on the simulated tenant's state, with the effects and errors of Kibo's.
  *partial* means that less comes of it than of Kibo's; the last column says what.
- **pool**: *inventory* is `{_INVENTORY}/*`, by default 50 requests a minute and 200 an hour, shared by all endpoints
  in it; *catalog* is `/api/commerce/catalog/*` and *platform* `/api/platform/*`, each by default 500 a minute and
  10,000 an hour; *none* is not limited by default; *none, open* needs no access token either.
- **deviations**: where the answer is not what Kibo publishes. Names in parentheses are settings.

A slash at the end of a path is overlooked, and so is an empty query value.
"""
_POOLS: Final = {
    f"{_INVENTORY}/*": "inventory",
    "/api/commerce/catalog/*": "catalog",
    "/api/platform/*": "platform",
}
_SECTIONS: Final = (
    (
        _INVENTORY,
        f"""\
## Under {_INVENTORY}

Each path is also served with the other version (`v1` for `v5`), and with `/api` before the version.
""",
    ),
    ("", "## Elsewhere\n"),
)
_COLUMNS: Final = ("method", "path", "operation", "status", "pool", "what it does", "deviations")


class Endpoint(msgspec.Struct, frozen=True, rename="camel"):
    """One row: an operation at its canonical path.

    ``also`` are further paths beside the usual spellings of an inventory path; ``pool`` is the route of the default
    limits, None when there is no limit; ``token`` tells whether an access token is needed; ``complete`` is false for
    those in `PARTIAL`.
    """

    operation: str
    method: str
    path: str
    also: tuple[str, ...]
    pool: str | None
    token: bool
    complete: bool
    does: str
    deviation: str | None


def endpoints(operations: Sequence[Operation]) -> list[Endpoint]:
    """The rows of ``operations``, in their order."""
    limiter = RateLimiter(LimitsDocument())
    return [_endpoint(operation, limiter) for operation in operations]


def as_json(rows: Sequence[Endpoint]) -> str:
    """The rows as a JSON array."""
    return as_text(rows)


def as_text(value: object) -> str:
    """A value as JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def as_markdown(rows: Sequence[Endpoint]) -> str:
    """The rows as the page in docs."""
    parts = [_PREAMBLE]
    left = list(rows)
    for prefix, heading in _SECTIONS:
        inside = [row for row in left if row.path.startswith(prefix + "/")]
        left = [row for row in left if row not in inside]
        lines = [heading, _line(_COLUMNS), _line(["---"] * len(_COLUMNS))]
        parts.append("\n".join(lines + [_line(_cells(row, prefix)) for row in inside]) + "\n")
    return "\n".join(parts)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _cells(row: Endpoint, prefix: str) -> tuple[str, ...]:
    return (
        row.method,
        ", ".join(f"`{path.removeprefix(prefix)}`" for path in (row.path, *row.also)),
        row.operation,
        "full" if row.complete else "partial",
        _POOLS[row.pool] if row.pool else "none" if row.token else "none, open",
        row.does,
        row.deviation or "",
    )


def _endpoint(operation: Operation, limiter: RateLimiter) -> Endpoint:
    first, *others = (plain_path(path) for path in operation.paths)
    usual = set(_spellings(operation.paths))
    pool = None if operation.open or operation.unlimited else limiter.pool_for(0, operation.pool_path or first)
    return Endpoint(
        operation=operation.name,
        method=operation.method,
        path=first,
        also=tuple(path for path in others if path not in usual),
        pool=pool.limit.route if pool else None,
        token=not operation.open,
        complete=operation.name not in PARTIAL,
        does=_does(operation),
        deviation=DEVIATIONS.get(operation.name),
    )


def _spellings(paths: Iterable[str]) -> Iterable[str]:
    """The other three spellings of each inventory path whose four spellings are all there."""
    known = list(paths)
    for path in known:
        for version in ("v5", "v1"):
            stem = f"/api/commerce/inventory/{version}"
            four = inventory_paths(path.removeprefix(stem), version)
            if path.startswith(stem + "/") and path == four[0] and set(four) <= set(known[known.index(path) :]):
                yield from (plain_path(other) for other in four[1:])


def _does(operation: Operation) -> str:
    handle = operation.handle
    text = (handle.func if isinstance(handle, partial) else handle).__doc__
    assert text, f"the handler of {operation.name} has no docstring"
    # The pages are for users: they have no list of clauses, and know only Markdown.
    return _CLAUSES.sub("", text.strip().partition("\n")[0]).replace("``", "`")
