"""The calls of Kibo's inventory API as data: method, path, what is sent, what comes back, and what repeating it does.

`KiboClient.call` makes any of them. They are a table and not methods, so that the whole API costs one line a call.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kibo_client.models import (
    AdjustRequest,
    AggregateQuery,
    AggregateRecord,
    BinMade,
    BinPage,
    Deleted,
    DeletePreview,
    DeletionScope,
    InventoryQuery,
    InventoryRecord,
    Job,
    JobStarted,
    Location,
    LocationGroup,
    NewBin,
    Nothing,
    OrderRequest,
    RefreshRequest,
    ShipmentQuery,
    SmartAnswer,
)
from kibo_client.retry import Effect

Body = TypeVar("Body")
Given_co = TypeVar("Given_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[Body, Given_co]):
    """One call of the API.

    Attributes:
        name: What it is called in Kibo's specification.
        method: The HTTP method.
        path: The path, with its variables in braces.
        sends: The type of its body; `Nothing` if it has none.
        gives: The type of its answer.
        effect: What happens when it is carried out twice, which decides whether it may be repeated (RT-5).
    """

    name: str
    method: str
    path: str
    sends: type[Body]
    gives: type[Given_co]
    effect: Effect = Effect.NONE


_V5 = "/api/commerce/inventory/v5/inventory"
_V1 = "/api/commerce/inventory/v1"
_JSON = dict[str, Any]

LOOK_UP = Call("queryInventory", "POST", _V5, InventoryQuery, list[InventoryRecord])
AGGREGATE = Call("aggregateInventory", "POST", f"{_V5}/aggregate", AggregateQuery, list[AggregateRecord])

REFRESH = Call("refresh", "POST", f"{_V5}/refresh", RefreshRequest, JobStarted, Effect.ABSOLUTE)
ADJUST = Call("adjust", "POST", f"{_V5}/adjust", AdjustRequest, JobStarted, Effect.RELATIVE)
SMART_REFRESH = Call("smartRefresh", "POST", f"{_V5}/smart-refresh", RefreshRequest, SmartAnswer, Effect.ABSOLUTE)
SMART_ADJUST = Call("smartAdjust", "POST", f"{_V5}/smart-adjust", AdjustRequest, SmartAnswer, Effect.RELATIVE)
PREVIEW_DELETE = Call("delete", "POST", f"{_V5}/delete", DeletePreview, DeletionScope)
REDISTRIBUTE = Call("redistribute", "POST", f"{_V5}/redistribute", Nothing, list[Job], Effect.RELATIVE)

ALLOCATE = Call("allocate", "POST", f"{_V5}/allocate", OrderRequest, Job, Effect.RELATIVE)
DEALLOCATE = Call("deallocate", "POST", f"{_V5}/deallocate", OrderRequest, Job, Effect.RELATIVE)
FULFILL = Call("fulfill", "POST", f"{_V5}/fulfill", OrderRequest, Job, Effect.RELATIVE)
SHIPMENT_ALLOCATIONS = Call(
    "shipmentInventoryAllocations", "POST", f"{_V5}/shipmentInventoryAllocations", ShipmentQuery, _JSON
)

GET_JOB = Call("getJob", "GET", f"{_V1}/queue/{{jobID}}", Nothing, Job)
GET_JOBS = Call("getJobs", "GET", f"{_V1}/queue", Nothing, list[Job])

GET_LOCATIONS = Call("getLocations", "GET", f"{_V1}/location", Nothing, list[Location])
GET_LOCATION = Call("getLocation", "GET", f"{_V1}/location/{{code}}", Nothing, Location)
GET_LOCATION_GROUPS = Call("getLocationGroups", "GET", f"{_V1}/locationGroup", Nothing, list[LocationGroup])

GET_TAG_CATEGORIES = Call("getTagCategories", "GET", f"{_V1}/tagCategory", Nothing, list[_JSON])
CREATE_TAG_CATEGORY = Call("createTagCategory", "POST", f"{_V1}/tagCategory", _JSON, _JSON, Effect.RELATIVE)
GET_TAG_CATEGORY = Call("getTagCategory", "GET", f"{_V1}/tagCategory/{{name}}", Nothing, _JSON)
UPDATE_TAG_CATEGORY = Call("updateTagCategory", "PUT", f"{_V1}/tagCategory/{{name}}", _JSON, _JSON, Effect.ABSOLUTE)
DELETE_TAG_CATEGORY = Call(
    "deleteTagCategory", "DELETE", f"{_V1}/tagCategory/{{name}}", Nothing, Deleted, Effect.ABSOLUTE
)
CREATE_TAG = Call("createTag", "POST", f"{_V1}/tagCategory/{{name}}/tag", _JSON, _JSON, Effect.RELATIVE)
GET_TAG = Call("getTag", "GET", f"{_V1}/tagCategory/{{name}}/tag/{{value}}", Nothing, _JSON)
DELETE_TAG = Call("deleteTag", "DELETE", f"{_V1}/tagCategory/{{name}}/tag/{{value}}", Nothing, Deleted, Effect.ABSOLUTE)

GET_BINS = Call("getBins", "GET", f"{_V1}/bin", Nothing, BinPage)
CREATE_BIN = Call("createBin", "POST", f"{_V1}/bin", NewBin, BinMade, Effect.RELATIVE)
GET_BIN_TYPES = Call("getBinTypes", "GET", f"{_V1}/bin/binTypes", Nothing, list[_JSON])
GET_BIN_STATUSES = Call("getBinStatuses", "GET", f"{_V1}/bin/binStatuses", Nothing, list[_JSON])

GET_FETCH_FILE_CONFIGS = Call("getFetchFileConfigs", "GET", f"{_V1}/config/fetchfile", Nothing, _JSON)
GET_EXPORT_SETTINGS = Call("getExportSettings", "GET", f"{_V1}/export", Nothing, list[_JSON])
RUN_EXPORT = Call("runExport", "POST", f"{_V1}/export", _JSON, _JSON, Effect.RELATIVE)


def any_call(method: str, path: str, *, effect: Effect = Effect.RELATIVE) -> Call[dict[str, Any], Any]:
    """A call that is not in the table, as plain JSON; after an unknown outcome it is repeated only if `effect` lets it.

    Args:
        method: The HTTP method.
        path: The path from /api on, with variables in braces.
        effect: What happens when it is carried out twice.
    """
    return Call(path.rpartition("/")[2], method, path, dict[str, Any], Any, effect)
