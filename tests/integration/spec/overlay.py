"""What is known to be wrong in Kibo's published file, what we tell beyond it, and what we leave out.

Fields are named ``Component.field``. Every entry has a reason, and the tests refuse entries that are not needed.
"""

from typing import Any, Final

_INTEGER: Final = {"type": "integer"}
_INTEGERS: Final = {"type": "array", "items": _INTEGER}
_TEXT: Final = {"type": "string"}
_COPIED: Final = "a number: the type boolean was copied, together with its description, from another field"

PATHS: Final = {
    "/commerce/inventory/v1/tagCategory/{tagCategoryName}/tag/{tagValue}}": (
        "/commerce/inventory/v1/tagCategory/{tagCategoryName}/tag/{tagValue}",
        "a stray brace at the end; both spellings are served",
    ),
}
"""Paths of the file that cannot be meant, each with what is, and why."""

TYPES: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "DeleteItemResponse.totalAuditsDeleted": (_INTEGER, _COPIED),
    "DeleteItemResponse.totalInventoryEntriesDeleted": (_INTEGER, _COPIED),
    "DeleteItemResponse.totalLocationsAffected": (_INTEGER, _COPIED),
    "DeleteItemResponse.totalPickWavesDeleted": (_INTEGER, _COPIED),
    "DeleteItemResponse.totalProductsDeleted": (_INTEGER, _COPIED),
    "DeleteItemResponse.jobIDs": (_INTEGERS, "one id for each location, as the bulk deletion guide has it"),
    "DeleteFutureItemResponse.totalInventoryEntriesDeleted": (_INTEGER, _COPIED),
    "DeleteFutureItemResponse.totalLocationsAffected": (_INTEGER, _COPIED),
    "DeleteFutureItemResponse.totalexternalIDsAffected": (_INTEGER, _COPIED),
    "DeleteFutureItemResponse.jobIDs": (_INTEGERS, "as the other deletions have it"),
    "BinResponseModel.bins": (
        {"type": "array", "items": {"$ref": "#/components/schemas/BinModel"}},
        "described as the bins of a page, but typed as one of them",
    ),
    "BinModel.name": (_TEXT, "bins are created with a text for a name"),
    "OrderItemInformation.locationCode": (_TEXT, "location codes are texts everywhere else"),
    "ProductQuantity.ltd": ({"type": "number"}, "a number with a fraction wherever it is set"),
    "ProductQuantityResponse.ltd": ({"type": "number"}, "a number with a fraction wherever it is set"),
}
"""Fields whose type cannot be meant, each with what is, and why."""

REQUIRED: Final = {
    "ExportSettingsGcs": (["gcsBucket", "name"], "gcs_bucket is required, but the field is spelled gcsBucket"),
    "AllocateItem": (
        ["orderID", "orderItemID", "quantity", "shipmentID"],
        "locationID is required but not declared; locationCode is declared",
    ),
    "AllocateInventoryRequest": (["items"], "tenantID is required but not declared"),
    "BlockAssignmentRequest": (["items"], "tenantID is required but not declared"),
    "BlockAssignmentItem": (["blockAssignment"], "itemIdentifiers is required but not declared; partNumber etc. are"),
    "UpdateExportSettingsRequest": (["exportSettings"], "exportSettingsID is required but not declared"),
}
"""What components require where the file cannot mean what it says."""

ADDED: Final[dict[str, tuple[dict[str, Any], str]]] = {
    **{
        f"InventoryResponse.{name}": ({"type": "string"}, "identifies a granular record; in Kibo's newest SDK")
        for name in ("lotCode", "condition", "serialNumber", "date", "externalID")
    },
    "TagCategory.deletionJobIds": (_INTEGERS, "deletion_job_ids as Kibo's newest SDK spells it"),
    "AggregateResponse.futureInventory": (
        {"$ref": "#/components/schemas/futureInventoryArray"},
        "futureAndCurrent asks for it, and without it nobody could tell the two apart",
    ),
    **{
        f"UpdateExportSettings{kind}Response.{name}": (schema, "each kind tells names or numbers; here all tell both")
        for kind, fields in (
            ("FTP", (("exportSettingsID", _INTEGER), ("exportSettingsFTPID", _INTEGER))),
            ("S3", (("exportSettingsName", _TEXT), ("exportSettingsS3Name", _TEXT))),
            ("GCS", (("exportSettingsName", _TEXT), ("exportSettingsGcsName", _TEXT))),
        )
        for name, schema in fields
    },
}
"""Fields that we tell although the file does not have them."""

MERGED: Final = {
    "GetFetchFileConfigResponse": (
        "GetFetchFileConfigItem",
        "older SDKs expect one configuration where the file has a list: the first one's fields stand beside the list",
    ),
}
"""Components that also have all fields of another one."""

UNSERVED: Final[dict[str, str]] = {}
"""Operations that are not there."""

NEVER_TOLD: Final[dict[str, str]] = {
    **{
        f"{component}.{name}": "Kibo's own rows leave it out; it is for the answer as a whole"
        for component in (
            "InventoryResponse",
            "AggregateResponse",
            "OrderItemInformation",
            "OrderItemInformationEvent",
        )
        for name in ("success", "messages", "numResults")
    },
    **{
        f"{component}.{name}": "there are no audits, nor products of locations with numbers of their own"
        for component in ("ProductQuantity", "ProductQuantityResponse")
        for name in ("auditID", "auditProductID", "tenantLocProductID")
    },
    "ProductQuantity.name": "the bin's name, which is told beside the products as binName",
    "ProductQuantityResponse.name": "the bin's name, which is told beside the products as binName",
    "OrderItemInformation.binID": "holds are on records, not on bins",
    "JobQueueResponse.numResults": "says nothing about one job",
    "JobQueueResponse.originalFilename": "for jobs that come from files",
    "GetFetchFileConfigItem.ftpPassword": "a secret that was told is not told back",
    "GetFetchFileConfigItem.postImportExportId": "cannot be set by any call of the file",
    "GetFetchFileConfigItem.postImportFtpId": "cannot be set by any call of the file",
}
"""Fields of the file's answers that we never tell."""

_WRONG_BODY: Final = "the file has 200 and 500 only, but a body that cannot be meant is the client's mistake"
STATUSES: Final[dict[tuple[str, int], str]] = {
    (f"POST /api/commerce/inventory/v5/inventory/{name}", 400): _WRONG_BODY
    for name in (
        "allocate",
        "blockAssignment",
        "deallocate",
        "fulfill",
        "shipmentInventoryAllocations",
        "transitionCart",
    )
}
"""Statuses that we refuse with although the file does not list them for the operation."""

_COMPUTED: Final = "part of the answer; the request shares the component"
UNREAD: Final[dict[str, str]] = {
    **{
        f"{component}.{name}": "of the base of all requests; this one has no pages, no order and no user"
        for component in (
            "AdjustRequest",
            "AggregateRequest",
            "AllocateInventoryRequest",
            "BlockAssignmentRequest",
            "OrderItemInformationRequest",
            "RefreshRequest",
            "TransitionCartRequest",
        )
        for name in ("pageNum", "pageSize", "sortBy", "userID")
    },
    **{
        f"{component}.locationCode": "of the base of all requests; this one asks about more than one location"
        for component in ("AggregateRequest", "OrderItemInformationRequest", "TransitionCartRequest")
    },
    "InventoryRequest.locationCode": "of the base of all requests; requestLocation.locationCode is read",
    "InventoryRequest.sortBy": "of the base of all requests; sortByEnum is read",
    "InventoryRequest.userID": "of the base of all requests; there are no users",
    **{
        f"RequestLocation.{name}": "coordinates and postal codes are read; there are no address books and no maps"
        for name in ("addressID", "addressLine1", "city", "customerID", "phone", "state")
    },
    **{
        f"{component}.binID": "bins are filled by loading them"
        for component in ("AdjustItem", "RefreshItem", "AllocateItem")
    },
    **{
        f"AllocateInventoryRequest.{name}": "for the choice of locations, which Kibo's order routing makes"
        for name in ("autoAssign", "orderDate", "orderWeight")
    },
    "AllocateItem.holdBlockAssignment": "blockAssignment decides; nothing blocks or unblocks by itself",
    "AllocateItem.inventoryID": "the record is found by location, identifiers and tags",
    "AllocateItem.previousOrderItemID": "holds do not move from one order item to another",
    "AllocateItem.reservationID": "there are no reservations",
    "AllocateItem.ucpOrderID": "a name of the order in another system",
    "BlockAssignmentItem.holdBlockAssignment": "blockAssignment decides; nothing blocks or unblocks by itself",
    "BlockAssignmentItem.quantity": "a product is blocked as a whole",
    **{
        f"ExportSettings{kind}.exportSettingsID": "the settings are named by the request"
        for kind in ("FTP", "Gcs", "S3")
    },
    "GET /api/commerce/inventory/v1/queue ?owner": "jobs have no owner here",
    "InventoryTag.created": _COMPUTED,
    "InventoryTag.updated": _COMPUTED,
    "TagCategory.created": _COMPUTED,
    "TagCategory.deletionJobIds": _COMPUTED,
    "TagCategory.deletion_job_ids": _COMPUTED,
    "TagCategory.tagCategoryID": "the path names the category",
    **{
        f"ProductQuantity.{name}": _COMPUTED
        for name in (
            "allocated",
            "auditID",
            "auditProductID",
            "available",
            "binID",
            "floor",
            "inventoryID",
            "ltd",
            "name",
            "onHand",
            "pending",
            "safetystock",
            "tenantLocProductID",
        )
    },
    **{
        f"TransitionCartItem.{name}": "the hold is found by its cart item, wherever it is"
        for name in ("futureDate", "locationCode", "transitionItemID")
    },
}
"""Fields of bodies, and query parameters, that are accepted but mean nothing here."""
