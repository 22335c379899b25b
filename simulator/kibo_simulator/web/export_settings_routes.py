"""Export settings: what is exported for a tenant, and where to."""

from collections.abc import Sequence

import msgspec

from kibo_simulator.store.export_settings import (
    DeliveryKind,
    ExportDelivery,
    ExportSettings,
    ExportSettingsStore,
)
from kibo_simulator.web.base_wire import base_body, listed, missing
from kibo_simulator.web.errors import ApiError, Fault, validation_error
from kibo_simulator.web.export_settings_wire import (
    KINDS,
    CreateExportRequest,
    Delivery,
    ExportSettingsBody,
    GcsDelivery,
    RunExportRequest,
    UpdateExportRequest,
    delivery_document,
    settings_body,
    settings_document,
)
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, inventory_paths
from kibo_simulator.web.wire import decode

_create = msgspec.json.Decoder(CreateExportRequest)
_update = msgspec.json.Decoder(UpdateExportRequest)
_run = msgspec.json.Decoder(RunExportRequest)


def exports(call: Call) -> ExportSettingsStore:
    """The tenant's way to stored settings."""
    return ExportSettingsStore(call.simulator.database.connection)


def settings_named(call: Call, name: str, path: str, *, status: int = 400) -> ExportSettings:
    """The tenant's settings with this name.

    Raises:
        ApiError: there are none.
    """
    settings = exports(call).named(call.tenant_id, name)
    if settings is None:
        raise missing(path, f"export settings {name[:60]!r}", status=status)
    return settings


def name_taken(call: Call, path: str, what: str) -> ApiError:
    """What is said when a name is in use: 409, or 400 by the setting ``exports.name_taken``."""
    status = 409 if call.simulator.settings.exports.name_taken == "conflict" else 400
    message = f"there is {what} already"
    return ApiError(status, "JOB_ALREADY_EXISTS", f"{path}: {message}", (Fault(path, message),))


def check_delivery(delivery: Delivery, path: str) -> None:
    """What the types of a delivery cannot say.

    Raises:
        ApiError: 400 that names the place.
    """
    if isinstance(delivery, GcsDelivery) and not (delivery.gcs_bucket or delivery.gcs_bucket_too):
        raise validation_error(f"{path}.gcsBucket", "is needed")


# -- reading ----------------------------------------------------------------------------------------------------------


def get_exports(call: Call) -> Answer:
    """All settings of the tenant, or those with one name."""
    name = call.text("exportSettingsName")
    store = exports(call)
    found = [settings for settings in store.every(call.tenant_id) if name in {None, settings.name}]
    rows = [{"exportSettings": settings_body(settings, store.deliveries(settings.id))} for settings in found]
    return Answer(listed(call, rows, "such export settings"))


# -- writing ----------------------------------------------------------------------------------------------------------


def create_export(call: Call) -> Answer:
    """Add settings with their deliveries, under a name that is free."""
    body = decode(_create, call.body).export_settings
    _check(body)
    if all(not body.of_kind(kind) for kind in KINDS):
        lists = ", ".join(names.listed for names in KINDS.values())
        raise validation_error("$.exportSettings.ftpInformation", f"needs a delivery in one of {lists}")
    store = exports(call)
    if store.named(call.tenant_id, body.name) is not None:
        raise name_taken(call, "$.exportSettings.name", f"an export {body.name[:60]!r}")
    settings_id = store.add(call.tenant_id, body.name, settings_document(body))
    answer = {"exportSettingsName": body.name}
    for kind, names in KINDS.items():
        deliveries = body.of_kind(kind)
        if deliveries:
            _put_deliveries(store, settings_id, kind, deliveries)
            answer[names.name] = deliveries[0].name
    return Answer(answer)


def update_export(call: Call) -> Answer:
    """Replace settings; a kind of delivery that the body does not speak of stays as it is."""
    request = decode(_update, call.body)
    body = request.export_settings
    _check(body)
    store = exports(call)
    if request.export_settings_id is None:
        settings = settings_named(call, body.name, "$.exportSettings.name", status=404)
    else:
        numbered = store.get(call.tenant_id, request.export_settings_id)
        if numbered is None:
            raise missing("$.exportSettingsID", f"export settings {request.export_settings_id}", status=404)
        settings = numbered
        if body.name != settings.name and store.named(call.tenant_id, body.name) is not None:
            raise name_taken(call, "$.exportSettings.name", f"an export {body.name[:60]!r}")
    store.update(settings.id, body.name, settings_document(body))
    for kind in KINDS:
        deliveries = body.of_kind(kind)
        if deliveries is not None:
            _put_deliveries(store, settings.id, kind, deliveries)
    return Answer(base_body() | {"tenantID": call.tenant_id, "name": body.name})


def delete_export(call: Call) -> Answer:
    """Delete settings and all their deliveries."""
    settings = settings_named(call, call.path["name"], "exportSettingsName")
    exports(call).delete(settings.id)
    return Answer({"deleted": 1})


def _check(body: ExportSettingsBody) -> None:
    for kind, names in KINDS.items():
        seen: set[str] = set()
        for index, delivery in enumerate(body.of_kind(kind) or ()):
            path = f"$.exportSettings.{names.listed}[{index}]"
            check_delivery(delivery, path)
            if delivery.name in seen:
                raise validation_error(f"{path}.name", f"{delivery.name[:60]!r} is in the list twice")
            seen.add(delivery.name)


def _put_deliveries(
    store: ExportSettingsStore, settings_id: int, kind: DeliveryKind, deliveries: Sequence[Delivery]
) -> None:
    """Make these the deliveries of one kind; one that keeps its name keeps its number and, unless told, its secret."""
    stored = {delivery.name: delivery for delivery in store.deliveries(settings_id, kind)}
    for name in stored.keys() - {delivery.name for delivery in deliveries}:
        store.delete_delivery(stored[name].id)
    for delivery in deliveries:
        document, secret = delivery_document(delivery)
        if delivery.name in stored:
            store.update_delivery(stored[delivery.name].id, name=delivery.name, document=document, secret=secret)
        else:
            store.add_delivery(settings_id, kind, name=delivery.name, document=document, secret=secret)


# -- running ----------------------------------------------------------------------------------------------------------


def run_export(call: Call) -> Answer:
    """Run an export now: one job, for all its active deliveries or for those that are named."""
    request = decode(_run, call.body)
    if not call.simulator.settings.exports.on_demand:
        raise ApiError(400, "VALIDATION_ERROR", "exports run on their schedule only (exports.on_demand is off)")
    settings = _asked_for(call, request)
    deliveries = exports(call).deliveries(settings.id)
    named: dict[DeliveryKind, str | None] = {
        "ftp": request.export_settings_ftp_name,
        "s3": request.export_settings_s3_name,
        "gcs": request.export_settings_gcs_name,
    }
    for kind, name in named.items():
        if name and not _has(deliveries, kind, name):
            raise missing(f"$.{KINDS[kind].name}", f"{kind} delivery {name[:60]!r} in {settings.name[:60]!r}")
    number = request.export_settings_ftp_id
    if number is not None and all(delivery.id != number or delivery.kind != "ftp" for delivery in deliveries):
        raise missing("$.exportSettingsFtpId", f"ftp delivery {number} in {settings.name[:60]!r}")
    chosen = [
        delivery.id
        for delivery in deliveries
        if named[delivery.kind] == delivery.name or (delivery.kind == "ftp" and delivery.id == number)
    ]
    job_id = call.simulator.files.export(call.tenant_id, settings.id, chosen, call.now)
    call.job_ids = (job_id,)
    return Answer({"exportInventoryJobResponses": [{"exportSettingsID": settings.id, "jobID": job_id}]})


def _has(deliveries: Sequence[ExportDelivery], kind: DeliveryKind, name: str) -> bool:
    return any(delivery.kind == kind and delivery.name == name for delivery in deliveries)


def _asked_for(call: Call, request: RunExportRequest) -> ExportSettings:
    if request.export_settings_name:
        settings = settings_named(call, request.export_settings_name, "$.exportSettingsName")
        if request.export_settings_id not in {None, settings.id}:
            raise validation_error("$.exportSettingsId", f"{settings.name[:60]!r} has number {settings.id}")
        return settings
    if request.export_settings_id is None:
        raise validation_error("$.exportSettingsName", "is needed")
    numbered = exports(call).get(call.tenant_id, request.export_settings_id)
    if numbered is None:
        raise missing("$.exportSettingsId", f"export settings {request.export_settings_id}")
    return numbered


_EXPORT = inventory_paths("/export", "v1")

OPERATIONS = (
    Operation("getExportSettings", "GET", _EXPORT, get_exports, reads=True, query=(Parameter("exportSettingsName"),)),
    Operation("runExport", "POST", _EXPORT, run_export, request=RunExportRequest),
    Operation(
        "createExportSettings",
        "POST",
        inventory_paths("/export/create", "v1"),
        create_export,
        request=CreateExportRequest,
    ),
    Operation(
        "updateExportSettings",
        "POST",
        inventory_paths("/export/update", "v1"),
        update_export,
        request=UpdateExportRequest,
    ),
    Operation("deleteExportSettings", "DELETE", inventory_paths("/export/{name}", "v1"), delete_export),
)
