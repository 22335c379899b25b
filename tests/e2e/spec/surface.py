"""The description of our own API, narrowed to a small world: few names and numbers, so that calls meet each other.

Bodies drawn from the types alone would nearly all be refused, as they name locations and products that are not there.
Wrong values need no help: Schemathesis breaks every rule of a description on purpose.
"""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from kibo_simulator.version import __version__
from kibo_simulator.web.application import OPERATIONS
from kibo_simulator.web.openapi import openapi_document

INVENTORY: Final = "/api/commerce/inventory/v5/inventory"
CLIENT: Final = {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"}
MOST_ELEMENTS: Final = 3
KEPT: Final = "kept"
"""A name that no call says, for what is to stay."""

OPEN: Final = "open"
"""A batch job that nobody starts, so that it takes items all the time."""

_NAMES: Final = ("a", "b")
_DATES: Final = ("2026-05-01T00:00:00Z", "2020-09-28T12:00:00-0500")
_WORDS: Final[tuple[tuple[tuple[object, ...], str], ...]] = (
    (
        ("WH-001", "ST-0001"),
        "locationCode locationCodes locationWhitelist locationBlacklist locationPriorityList requestLocation",
    ),
    (("WH-001", "a"), "code"),
    (
        _NAMES,
        (
            "locationGroupCode tagValue name value delivery binName exportSettingsFTPName "
            "exportSettingsS3Name exportSettingsGcsName lockName cartID cartItemID cacheKey searchTerm gcsBucket "
            "ftpServer ftpUsername ftpPassword ftpRemotePath region bucket"
        ),
    ),
    ((KEPT, "a"), "exportSettingsName"),
    (_DATES, "futureDate deliveryDate futureStartDate futureEndDate deliveryDateBefore deliveryDateAfter"),
    ((1,), "quantity percent"),
    ((1, 2), "orderID orderItemID shipmentID shipmentIDs bin_id job_id future_id config_id currencyID pageNum page"),
    (
        (None, 1, 2),
        (
            "locationID binID binTypeID binStatusID fetchFileConfigID exportSettingsID exportSettingsId "
            "exportSettingsFTPID exportSettingsFtpId exportSettingsS3ID exportSettingsGcsID tagID"
        ),
    ),
    (("A-1", "B.*"), "partNumber"),
    (("036000291452",), "upc"),
    (("A-1-M",), "sku"),
    (("ANY", "ALL"), "type"),
    (("REFRESH", "DELETE"), "types"),
    (("60601", "78701"), "postalCode"),
    ((10, 20), "limit pageSize perPage"),
    ((12, 24), "months"),
    ((1001,), "tenant_id tenantID"),
    ((KEPT, "a"), "batch_code product productCode price_list priceListCode"),
    ((OPEN,), "batchJobCode"),
    (("tenant~color",), "attribute attributeFQN"),
    (("USD",), "currency currencyCode"),
    (("Start", "Cancel", "Reset"), "action"),
    (("Catalog",), "domain"),
    (("Ready",), "status"),
    (("Waiting",), "processingStatus"),
    (("Products",), "resourceType"),
    (("2026-05-01T00:00:00Z",), "startDate scheduledDate"),
    (("2026-06-01T00:00:00Z",), "endDate"),
    (("productCode eq a",), "filter"),
    (("productCode asc",), "sortBy"),
    ((True,), "active cascadeDeleteEntries"),
    (("sample.app",), "client_id applicationId"),
    (("sample-secret",), "client_secret sharedSecret"),
)
WORDS: Final = {name: values for values, names in _WORDS for name in names.split()}
"""The few values of each field, parameter and segment of a path that has any."""

_PRODUCT: Final = "productCode content price properties isTaxable productTypeId upc packageWeight"
_SHORTENED: Final = {
    "ProductRequest": f"{_PRODUCT} localizedContent",
    "ProductV1Request": _PRODUCT,
    "PriceListEntryRequest": "priceListCode productCode currencyCode startDate endDate msrp priceEntries",
}
"""Bodies with dozens of fields that are all read alike: a case for each would take longer than all others together."""

_WANTED: Final = {
    "partNumber", "locationCode", "orderID", "orderItemID", "shipmentID", "currencyID", "exportSettingsName", "name",
    "tagValue", "gcsBucket", "ftpServer", "ftpUsername", "ftpPassword", "ftpRemotePath", "productCode", "content",
    "productName", "values", "priceListCode", "currencyCode", "priceEntries", "listPrice", "code", "domain",
}  # fmt: skip
"""Fields without which a body mostly means nothing, although its type lets them be absent."""


def small_world(found: Mapping[str, str]) -> dict[str, Any]:
    """The OpenAPI document of the simulator with the values of `WORDS`, those found out by `prepare`, short lists."""
    document = openapi_document(OPERATIONS, __version__)
    narrowed = _narrowed(document, WORDS | {name: (value,) for name, value in found.items()})
    assert isinstance(narrowed, dict)
    for name, kept in _SHORTENED.items():
        schema = narrowed["components"]["schemas"][name]
        schema["properties"] = {field: schema["properties"][field] for field in kept.split()}
        schema["required"] = sorted(set(schema["required"]) & schema["properties"].keys())
    # What answers look like is not for us to change.
    narrowed["components"]["schemas"]["Error"] = document["components"]["schemas"]["Error"]
    return narrowed


def _narrowed(part: Any, words: Mapping[str, tuple[object, ...]]) -> Any:
    if isinstance(part, list):
        return [_narrowed(each, words) for each in part]
    if not isinstance(part, dict):
        return part
    if part.get("in") in {"path", "query"} and part["name"] in words:
        return {**part, "schema": _one_of(part["schema"], words[part["name"]])}
    changed = {key: _narrowed(value, words) for key, value in part.items()}
    if changed.get("type") == "array":
        changed["minItems"] = 1
        changed["maxItems"] = min(changed.get("maxItems", MOST_ELEMENTS), MOST_ELEMENTS)
    properties = changed.get("properties")
    if isinstance(properties, dict):
        changed["properties"] = {
            name: _one_of(schema, words[name]) if name in words else _tagged(schema) if name == "tags" else schema
            for name, schema in properties.items()
        }
        changed["required"] = sorted({*changed.get("required", ()), *(_WANTED & properties.keys())})
    return changed


def _one_of(schema: Mapping[str, Any], values: tuple[object, ...]) -> dict[str, Any]:
    """The schema with its texts, numbers or elements taken from ``values``, without null unless that is one of them."""
    if "anyOf" in schema:
        return _one_of(next(each for each in schema["anyOf"] if each.get("type") != "null"), values)
    if "enum" in schema:
        return {"enum": [value for value in values if value in schema["enum"]] or schema["enum"]}
    if schema.get("type") == "array":
        return {**schema, "items": _one_of(schema["items"], values)}
    if schema.get("type") in {"string", "integer", "boolean"}:
        texts = schema["type"] == "string"
        return {"enum": [str(value) if texts else value for value in values]}
    return dict(schema)


def _tagged(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Tags of a category that nobody deletes; lists of tags are left alone."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [_tagged(each) for each in schema["anyOf"]]}
    if schema.get("type") == "object":
        return {"type": "object", "properties": {KEPT: {"enum": list(_NAMES)}}, "additionalProperties": False}
    return dict(schema)


def prepare(url: str) -> tuple[str, dict[str, str]]:
    """Put something behind the words; an access token of the sample tenant, and words that only it can know."""
    tokens = _post(url, "/api/platform/applications/authtickets/oauth", CLIENT)
    token: str = tokens["access_token"]
    v1 = "/api/commerce/inventory/v1"
    for name in (KEPT, *_NAMES):
        tags = [{"tagValue": value} for value in _NAMES]
        _post(url, f"{v1}/tagCategory", {"name": name, "tags": tags}, token)
    for code in WORDS["locationCode"]:
        kept = {"partNumber": KEPT, "quantity": 1_000}
        expected = {**kept, "deliveryDate": _DATES[0]}
        here = {"partNumber": "A-1", "upc": "036000291452", "sku": "A-1-M", "quantity": 1_000, "tags": {KEPT: "a"}}
        _post(url, f"{INVENTORY}/sync-refresh", {"locationCode": code, "items": [kept, expected, here]}, token)
        held = {**kept, "cartID": "a", "cartItemID": "a", "locationCode": code}
        _post(url, f"{INVENTORY}/allocate", {"items": [held], "runSynchronous": True}, token)
    for name, delivery in (("a", "a"), (KEPT, KEPT)):
        settings = {
            "name": name,
            "fileFormat": "CSV",
            "exportType": "LOCATION",
            "ftpInformation": [
                {"name": delivery, "ftpServer": "ftp.example.com", "ftpPort": 22, "ftpDirectory": "/"},
            ],
            "s3Information": [{"name": delivery, "region": "us-east-1", "bucket": "a"}],
            "gcsInformation": [{"name": delivery, "gcsBucket": "a"}],
        }
        _post(url, f"{v1}/export/create", {"exportSettings": settings}, token)
    return token, {"refreshToken": tokens["refresh_token"], "correlation_id": _catalog(url, token)}


def _catalog(url: str, token: str) -> str:
    """A product with a property and a price, and batch jobs; the correlation id of the only item of the kept one."""
    catalog = "/api/commerce/catalog/admin"
    product = {"productCode": KEPT, "content": {"productName": KEPT}}
    named = {"attributeFQN": "tenant~color", "values": [{"value": "red"}]}
    price = {"productCode": KEPT, "currencyCode": "USD", "priceEntries": [{"listPrice": 1}]}
    _post(url, f"{catalog}/products", {**product, "properties": [named]}, token)
    _post(url, f"{catalog}/pricelists", {"priceListCode": KEPT, "name": KEPT}, token)
    _post(url, f"{catalog}/pricelists/{KEPT}/entries", {**price, "startDate": _DATES[0]}, token)
    for code in (KEPT, OPEN):
        _post(url, "/api/platform/data/batchJob", {"code": code, "name": code, "domain": "Catalog"}, token)
    _post(url, f"{catalog}/products?batchJobCode={KEPT}", product, token)
    items = _post(url, f"/api/platform/data/batchJob/actions/{KEPT}/items", {}, token)["items"]
    return str(items[0]["correlationId"])


def _post(url: str, path: str, body: Any, token: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url + path, data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)
