"""A tenant's life in one hour: every operation of the published file is called, with bodies that mean something.

The calls build on each other, so they are made once and in order; what came back is kept for the tests to look at.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from tests.integration.simulator.conftest import Bench, Reply

INVENTORY = "/api/commerce/inventory/v5/inventory"
V1 = "/api/commerce/inventory/v1"
CODE = "SPEC-1"
SHIRT = {"partNumber": "SPEC-SHIRT", "upc": "036000291452", "sku": "SPEC-SHIRT-M"}
MUG = {"partNumber": "SPEC-MUG"}
LAMP = {"upc": "042100005264"}
FTP = {"name": "ftp-1", "ftpServer": "ftp.example.com", "ftpPort": 22, "ftpDirectory": "/out", "active": True,
       "ftpDirectoryControlFile": "/done", "ftpUser": "kibo", "ftpPassword": "not-told", "deliveryClass": "sftp",
       "controlFile": "yes", "controlFileEmail": "ops@example.com", "remoteFileName": "stock.csv",
       "controlFileName": "stock.done", "endpoint": "inventory", "environment": "test"}  # fmt: skip
S3 = {"name": "s3-1", "region": "us-east-1", "bucket": "stock", "active": True}
GCS = {"name": "gcs-1", "gcsBucket": "stock", "active": False}
EXPORT = {"name": "nightly", "fileFormat": "CSV", "exportType": "LOCATION", "ftpInformation": [FTP],
          "s3Information": [S3], "gcsInformation": [GCS], "safetyStock": "SAFETY_STOCK_MAX", "floor": "FLOOR_MIN",
          "ltd": "LTD_AVG", "fileName": "stock", "zipFiles": True}  # fmt: skip
FETCH = {"active": True, "lockName": "fetch", "ftpServer": "ftp.example.com", "ftpUsername": "kibo",
         "ftpPassword": "not-told", "ftpRemotePath": "/in", "postProcessAction": 1, "emailList": "ops@example.com",
         "refreshEnabled": True, "refreshFileDescription": "REFRESH", "updateEnabled": True,
         "updateFileDescription": "UPDATE", "ftpPort": 22, "ftpRemotePathArchive": "/old", "region": "us-east-1",
         "bucket": "stock", "s3Path": "in", "archiveBucket": "old", "s3ArchivePath": "old", "gcsBucket": "stock",
         "gcsPath": "in", "gcsArchivePath": "old", "useControlFile": True, "multipleFiles": False,
         "zeroOutNegatives": True, "fieldNameMap": ["LocationCode", "UPC", "Quantity"], "ignoreExtraFields": True,
         "blankQuantityIsZero": True, "csvDelimiter": ";", "productMapping": "SWAP_SKU_WITH_UPC"}  # fmt: skip
HERE = {"locationCode": CODE, "locationName": "Specimen Street", "tenantID": 1001, "active": True, "directShip": True,
        "pickup": True, "express": False, "includeInLocationExport": True, "includeInAggregate": True,
        "transferEnabled": True, "postalCode": "78701", "countryCode": "US", "latitude": 30.27, "longitude": -97.74,
        "wmsEnabled": False}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call of a published operation, and what came of it."""

    operation: str
    request: Any
    reply: Reply


@dataclass(slots=True)
class Story:
    """The calls so far."""

    bench: Bench
    exchanges: list[Exchange] = field(default_factory=list)

    async def call(
        self, operation: str, body: Any = None, *, query: Mapping[str, Any] | None = None, **segments: object
    ) -> Any:
        """Call an operation of the file, named by method and path; the body of the answer."""
        method, _, path = operation.partition(" ")
        for name, value in segments.items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        assert "{" not in path, path
        reply = await self.bench.send(method, path + (f"?{urlencode(query, doseq=True)}" if query else ""), body)
        self.exchanges.append(Exchange(operation, body, reply))
        return reply.body

    async def aside(self, method: str, path: str, body: Any = None) -> Any:
        """Call something that the file does not have, to prepare a call that it has."""
        reply = await self.bench.send(method, path, body)
        assert reply.status == 200, reply.body
        return reply.body


async def tell(bench: Bench) -> list[Exchange]:
    """Live through the hour; every exchange in order, refusals last."""
    story = Story(bench)
    await _places(story)
    await _tags(story)
    await _stock(story)
    await _orders(story)
    await _bins(story)
    await _exports(story)
    await _fetching(story)
    await _upkeep(story)
    await _deletions(story)
    await _refusals(story)
    return story.exchanges


async def _places(story: Story) -> None:
    await story.call(f"POST {V1}/location", HERE)
    await story.call(f"GET {V1}/location")
    await story.call(f"GET {V1}/location/{{locationCode}}", locationCode=CODE)
    group = {"locationGroupCode": "SPEC-GROUP", "name": "Specimens", "siteIds": [1], "locationCodes": [CODE]}
    await story.aside("POST", "/api/commerce/admin/locationGroups", group)
    await story.call(f"GET {V1}/locationGroup")
    await story.call(f"GET {V1}/location/{{locationGroupCode}}", locationGroupCode="SPEC-GROUP")


async def _tags(story: Story) -> None:
    category = f"{V1}/tagCategory/{{tagCategoryName}}"
    tags = [{"tagValue": "web", "isDefault": True, "percent": 60}, {"tagValue": "store", "percent": 40}]
    await story.aside("POST", f"{V1}/tagCategory", {"name": "channel", "tags": tags})
    await story.aside("POST", f"{V1}/tagCategory", {"name": "season", "tags": [{"tagValue": "any"}]})
    await story.call(f"POST {category}/tag", {"tagValue": "summer"}, tagCategoryName="season")
    one = f"{category}/tag/{{tagValue}}"
    await story.call(f"GET {one}", tagCategoryName="channel", tagValue="web")
    await story.call(f"PUT {one}", {"tagValue": "winter"}, tagCategoryName="season", tagValue="summer")
    await story.call(f"DELETE {one}", tagCategoryName="season", tagValue="winter")
    await story.call(f"GET {V1}/tagCategory")
    await story.call(f"GET {category}", tagCategoryName="channel")
    await story.call(f"PUT {category}", {"name": "period"}, tagCategoryName="season")
    await story.call(f"DELETE {category}", tagCategoryName="period")


async def _stock(story: Story) -> None:
    full = {**SHIRT, "quantity": 20, "LTD": 1.5, "floor": 1, "safetyStock": 2, "retailPrice": 9.99, "currencyID": 1,
            "inventoryLocatorName": "A-1", "attributes": ["new"], "tags": {"channel": "web"}}  # fmt: skip
    later = {**SHIRT, "quantity": 8, "deliveryDate": "2026-05-01T00:00:00Z", "externalID": "PO-1",
             "tags": {"channel": "web"}}  # fmt: skip
    lamp = {**LAMP, "quantity": 1, "lotCode": "L-1", "condition": "new", "serialNumber": "S-1",
            "date": "2026-04-01T00:00:00Z", "externalID": "PO-2"}  # fmt: skip
    items = [full, later, {**MUG, "quantity": 5}, lamp]
    job = await story.call(f"POST {INVENTORY}/refresh", {"locationCode": CODE, "items": items})
    story.bench.wait(10)
    await story.call(f"GET {V1}/queue/{{jobID}}", jobID=job["jobID"])
    await story.call(f"POST {INVENTORY}/adjust", {"locationCode": CODE, "items": [{**MUG, "quantity": -1}]})
    await story.call(f"GET {V1}/queue", query={"locationCode": CODE, "types": ["REFRESH", "ADJUST"], "limit": 5})
    story.bench.wait(10)
    await story.call(f"GET {INVENTORY}", query={"requestLocation": CODE, "includeNegativeInventory": "true"})
    near = {"postalCode": "78701", "unit": "MILES", "latitude": 30.0, "longitude": -97.0, "radius": 100}
    found = await story.call(
        f"POST {INVENTORY}",
        {"type": "ANY", "items": [SHIRT, MUG], "requestLocation": near, "includeFutureInventory": True},
    )
    assert [len(row.get("futureInventory", ())) for row in found] == [1, 0]
    future = found[0]["futureInventory"][0]["futureInventoryID"]
    await story.call(
        "PUT /api/adjustFutureDate/{futureInventoryID}",
        {"futureDate": "2026-05-02T00:00:00Z"},
        futureInventoryID=future,
    )
    await story.call(
        f"POST {INVENTORY}/aggregate",
        {"items": [SHIRT], "tags": {"channel": "web"}, "includeFutureInventory": "futureAndCurrent"},
    )


async def _orders(story: Story) -> None:
    order = {"orderID": 7, "shipmentID": 700, "locationCode": CODE, "tags": {"channel": "web"}}
    first = {**SHIRT, **order, "orderItemID": 70, "quantity": 6}
    awaited = {**SHIRT, **order, "orderItemID": 71, "quantity": 3, "futureDate": "2026-05-02T00:00:00Z"}
    cart = {**MUG, "orderItemID": 72, "orderID": 7, "shipmentID": 700, "locationCode": CODE, "quantity": 1}
    await story.call(f"POST {INVENTORY}/allocate", {"items": [first, awaited], "runSynchronous": True})
    await story.call(f"POST {INVENTORY}/deallocate", {"items": [{**first, "quantity": 1}], "runSynchronous": True})
    await story.call(f"POST {INVENTORY}/fulfill", {"items": [{**first, "quantity": 2}], "runSynchronous": True})
    held = {"cartID": "cart-1", "cartItemID": "line-1"}
    body = {"items": [{**MUG, **held, "locationCode": CODE, "quantity": 1}], "runSynchronous": True}
    await story.aside("POST", f"{INVENTORY}/allocate", body)
    moved = {"orderItemID": 72, "cartItemID": "line-1", "shipmentID": 700}
    await story.call(f"POST {INVENTORY}/transitionCart", {"cartID": "cart-1", "orderID": 7, "items": [moved]})
    await story.call(f"POST {INVENTORY}/fulfill", {"items": [cart]})
    await story.call(
        f"POST {INVENTORY}/blockAssignment", {"locationCode": CODE, "items": [{**MUG, "blockAssignment": True}]}
    )
    await story.call(f"POST {INVENTORY}/getOrderItemInformation", {"orderID": 7, "items": [SHIRT]})
    await story.call(f"POST {INVENTORY}/shipmentInventoryAllocations", {"shipmentIDs": [700]})


async def _bins(story: Story) -> None:
    created = await story.call(
        f"POST {V1}/bin", {"locationCode": CODE, "name": "A-1", "binTypeID": 1, "binStatusID": 1}
    )
    number = created["binID"]
    change = {"binID": number, "locationCode": CODE, "binTypeID": 2}
    await story.call(f"POST {V1}/bin/{{bin_id}}", change, bin_id=number)
    await story.call(f"POST {V1}/bin/updateBins", {"bins": [{**change, "binStatusID": 2}]})
    shirts = {**SHIRT, "quantity": 4, "tags": {"channel": "web"}}
    new = {"partNumber": "SPEC-NEW", "upc": "012345678905", "sku": "SPEC-NEW-S", "quantity": 2}
    bins = [{"binName": "A-1", "products": [shirts]}, {"binName": "B-1", "products": [new]}]
    await story.call(f"POST {V1}/bin/loadInventory", {"locationCode": CODE, "bins": bins})
    await story.call(f"POST {V1}/bin/searchInventory", {"binName": "A", "product": SHIRT, "sortAscending": True})
    (place,) = await story.aside("GET", f"{V1}/location/{CODE}")
    await story.call(f"GET {V1}/bin", query={"locationID": place["locationID"], "perPage": 10, "page": 1})
    await story.call(f"GET {V1}/bin/binTypes")
    await story.call(f"GET {V1}/bin/binStatuses")


async def _exports(story: Story) -> None:
    await story.call(f"POST {V1}/export/create", {"exportSettings": EXPORT})
    await story.call(f"POST {V1}/export/update", {"exportSettings": {**EXPORT, "fileFormat": "XML"}})
    await story.call(f"POST {V1}/export", {"exportSettingsName": "nightly", "exportSettingsS3Name": "s3-1"})
    for kind, field_name, segment, delivery in (
        ("ftp", "exportSettingsFTP", "exportSettingsFTPName", FTP),
        ("s3", "exportSettingsS3", "exportSettingsS3Name", S3),
        ("gcs", "exportSettingsGcs", "exportSettingsGCSName", GCS),
    ):
        body = {"exportSettingsName": "nightly", field_name: {**delivery, "name": "second"}}
        await story.call(f"POST {V1}/export/{kind}/create", body)
        await story.call(f"POST {V1}/export/{kind}/update", body)
        path = f"{V1}/export/{kind}/{{exportSettingsName}}/{{{segment}}}"
        second: dict[str, Any] = {"exportSettingsName": "nightly", segment: "second"}
        await story.call(f"DELETE {path}", **second)
    await story.call(f"DELETE {V1}/export/{{exportSettingsName}}", exportSettingsName="nightly")


async def _fetching(story: Story) -> None:
    await story.call(f"POST {V1}/config/fetchfile", FETCH)
    (stored,) = (await story.call(f"GET {V1}/config/fetchfile"))["items"]
    number = stored["fetchFileConfigID"]
    await story.call(f"GET {V1}/config/fetchfile/testConnection/{{fetchFileConfigID}}", fetchFileConfigID=number)
    await story.call(f"DELETE {V1}/config/fetchfile/{{fetchFileConfigID}}", fetchFileConfigID=number)


async def _upkeep(story: Story) -> None:
    await story.call(f"POST {V1}/silo/siloConfig", {"tenantID": 1001, "batchWorkers": 2, "nonBatchWorkers": 1})
    await story.call("POST /api/cache/invalidate", {"cacheKey": "inventory"})
    await story.call(f"DELETE {V1}/deleteOldInventory/{{months}}", months=6)
    await story.call(f"DELETE {V1}/deleteOldInventory/allSilo/{{months}}", months=6)
    story.bench.wait(60)


async def _deletions(story: Story) -> None:
    scope = {"locationCodes": [CODE], "explicit": True}
    span = {"futureStartDate": "2026-01-01T00:00:00Z", "futureEndDate": "2027-01-01T00:00:00Z"}
    for dry_run in (True, False):
        future = {**scope, **span, "dryRun": dry_run, "partNumber": SHIRT["partNumber"]}
        await story.call(f"POST {INVENTORY}/deleteFutureInventory", future)
        await story.call(f"POST {INVENTORY}/delete", {**scope, **MUG, "dryRun": dry_run})
        await story.call(f"POST {INVENTORY}/deleteItems", {**scope, "items": [SHIRT, LAMP], "dryRun": dry_run})
    story.bench.wait(60)


async def _refusals(story: Story) -> None:
    """What cannot be meant, sent to whatever takes a body, a name or a number."""
    nobody: dict[str, Any] = {"locationCode": "NOWHERE", "items": [{**MUG, "quantity": 1}]}
    for what in ("refresh", "adjust"):
        await story.call(f"POST {INVENTORY}/{what}", nobody)
    for what in ("", "/aggregate", "/delete", "/deleteItems", "/deleteFutureInventory", "/getOrderItemInformation",
                 "/allocate", "/deallocate", "/fulfill", "/transitionCart", "/blockAssignment",
                 "/shipmentInventoryAllocations"):  # fmt: skip
        await story.call(f"POST {INVENTORY}{what}", [])
    for what in ("/bin", "/bin/updateBins", "/bin/searchInventory", "/bin/loadInventory", "/export", "/export/create",
                 "/export/update", "/config/fetchfile", "/location", "/silo/siloConfig"):  # fmt: skip
        await story.call(f"POST {V1}{what}", [])
    await story.call(f"POST {V1}/bin/{{bin_id}}", {"binID": 999, "locationCode": CODE}, bin_id=999)
    for kind, field_name, segment, delivery in (
        ("ftp", "exportSettingsFTP", "exportSettingsFTPName", FTP),
        ("s3", "exportSettingsS3", "exportSettingsS3Name", S3),
        ("gcs", "exportSettingsGcs", "exportSettingsGCSName", GCS),
    ):
        for what in ("create", "update"):
            await story.call(f"POST {V1}/export/{kind}/{what}", {"exportSettingsName": "none", field_name: delivery})
        path = f"{V1}/export/{kind}/{{exportSettingsName}}/{{{segment}}}"
        none: dict[str, Any] = {"exportSettingsName": "none", segment: "none"}
        await story.call(f"DELETE {path}", **none)
    await story.call(f"DELETE {V1}/export/{{exportSettingsName}}", exportSettingsName="none")
    await story.call(f"GET {V1}/config/fetchfile/testConnection/{{fetchFileConfigID}}", fetchFileConfigID=999)
    await story.call(f"DELETE {V1}/config/fetchfile/{{fetchFileConfigID}}", fetchFileConfigID="none")
    await story.call(f"DELETE {V1}/deleteOldInventory/{{months}}", months=0)
    await story.call(f"DELETE {V1}/deleteOldInventory/allSilo/{{months}}", months=0)
    await story.call(f"GET {V1}/location/{{locationCode}}", locationCode="NOWHERE")
    await story.call(f"GET {V1}/location/{{locationGroupCode}}", locationGroupCode="NOWHERE")
    await story.call(f"GET {V1}/queue/{{jobID}}", jobID=999_999)
    await story.call(f"GET {V1}/bin", query={"locationID": 999})
    await story.call(f"GET {INVENTORY}", query={"requestLocation": "NOWHERE"})
    category = f"{V1}/tagCategory/{{tagCategoryName}}"
    for method in ("GET", "PUT", "DELETE"):
        body = {"name": "none"} if method == "PUT" else None
        await story.call(f"{method} {category}", body, tagCategoryName="none")
        await story.call(f"{method} {category}/tag/{{tagValue}}", body, tagCategoryName="none", tagValue="none")
    await story.call(f"POST {category}/tag", {"tagValue": "x"}, tagCategoryName="none")
    await story.call("POST /api/cache/invalidate", {})
    await story.call(
        "PUT /api/adjustFutureDate/{futureInventoryID}",
        {"futureDate": "2026-05-02T00:00:00Z"},
        futureInventoryID=999_999,
    )
