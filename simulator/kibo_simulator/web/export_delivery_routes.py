"""The deliveries of export settings, one at a time: SFTP servers, S3 and Google Cloud Storage buckets."""

from functools import partial
from typing import Any, Final

import msgspec

from kibo_simulator.store.export_settings import DeliveryKind, ExportDelivery
from kibo_simulator.web.base_wire import base_body, missing
from kibo_simulator.web.export_settings_routes import check_delivery, exports, name_taken, settings_named
from kibo_simulator.web.export_settings_wire import (
    KINDS,
    Delivery,
    DeliveryRequest,
    FtpRequest,
    GcsRequest,
    S3Request,
    delivery_document,
)
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.wire import decode

_REQUESTS: Final[dict[DeliveryKind, type[msgspec.Struct]]] = {"ftp": FtpRequest, "s3": S3Request, "gcs": GcsRequest}
_DECODERS: Final[dict[DeliveryKind, msgspec.json.Decoder[Any]]] = {
    kind: msgspec.json.Decoder(request) for kind, request in _REQUESTS.items()
}


def _request(kind: DeliveryKind, call: Call) -> DeliveryRequest:
    request: DeliveryRequest = decode(_DECODERS[kind], call.body)
    check_delivery(request.delivery, f"$.{KINDS[kind].body}")
    return request


def create_delivery(kind: DeliveryKind, call: Call) -> Answer:
    """Add a delivery to settings that exist, under a name that is free among those of its kind."""
    request = _request(kind, call)
    settings = settings_named(call, request.export_settings_name, "$.exportSettingsName")
    delivery = request.delivery
    if any(stored.name == delivery.name for stored in exports(call).deliveries(settings.id, kind)):
        raise name_taken(call, f"$.{KINDS[kind].body}.name", f"a {kind} delivery {delivery.name[:60]!r}")
    document, secret = delivery_document(delivery)
    exports(call).add_delivery(settings.id, kind, name=delivery.name, document=document, secret=secret)
    return Answer({"exportSettingsName": settings.name, KINDS[kind].name: delivery.name})


def update_delivery(kind: DeliveryKind, call: Call) -> Answer:
    """Replace a delivery, named by its number or else by its name; without a new password it keeps the old one."""
    request = _request(kind, call)
    settings = settings_named(call, request.export_settings_name, "$.exportSettingsName", status=404)
    names = KINDS[kind]
    delivery = request.delivery
    deliveries = exports(call).deliveries(settings.id, kind)
    stored = _meant(deliveries, delivery)
    if stored is None:
        field = "name" if delivery.number is None else names.number
        raise missing(f"$.{names.body}.{field}", f"such {kind} delivery in {settings.name[:60]!r}", status=404)
    if any(other.name == delivery.name and other.id != stored.id for other in deliveries):
        raise name_taken(call, f"$.{names.body}.name", f"a {kind} delivery {delivery.name[:60]!r}")
    document, secret = delivery_document(delivery)
    exports(call).update_delivery(stored.id, name=delivery.name, document=document, secret=secret)
    return Answer(
        base_body()
        | {
            "tenantID": call.tenant_id,
            "exportSettingsID": settings.id,
            "exportSettingsName": settings.name,
            names.number: stored.id,
            names.name: delivery.name,
        }
    )


def _meant(deliveries: list[ExportDelivery], delivery: Delivery) -> ExportDelivery | None:
    if delivery.number is not None:
        return next((stored for stored in deliveries if stored.id == delivery.number), None)
    return next((stored for stored in deliveries if stored.name == delivery.name), None)


def delete_deliveries(kind: DeliveryKind, call: Call) -> Answer:
    """Delete one delivery, or without its name all of the kind."""
    settings = settings_named(call, call.path["name"], "exportSettingsName")
    name = call.path.get("delivery")
    gone = [stored for stored in exports(call).deliveries(settings.id, kind) if name in {None, stored.name}]
    if name is not None and not gone:
        raise missing(KINDS[kind].name, f"{kind} delivery {name[:60]!r} in {settings.name[:60]!r}")
    for stored in gone:
        exports(call).delete_delivery(stored.id)
    return Answer({"deleted": len(gone)})


def _operations(kind: DeliveryKind, spelled: str) -> tuple[Operation, ...]:
    return (
        Operation(
            f"createExportSettings{spelled}",
            "POST",
            inventory_paths(f"/export/{kind}/create", "v1"),
            partial(create_delivery, kind),
            request=_REQUESTS[kind],
        ),
        Operation(
            f"updateExportSettings{spelled}",
            "POST",
            inventory_paths(f"/export/{kind}/update", "v1"),
            partial(update_delivery, kind),
            request=_REQUESTS[kind],
        ),
        Operation(
            f"deleteExportSettings{spelled}",
            "DELETE",
            (
                *inventory_paths(f"/export/{kind}/{{name}}/{{delivery}}", "v1"),
                *inventory_paths(f"/export/{kind}/{{name}}", "v1"),
            ),
            partial(delete_deliveries, kind),
        ),
    )


OPERATIONS = (*_operations("ftp", "FTP"), *_operations("s3", "S3"), *_operations("gcs", "GCS"))
