"""Export settings and their deliveries as JSON; passwords come in and never go out."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from kibo_simulator.store.export_settings import DeliveryKind, ExportDelivery, ExportSettings
from kibo_simulator.web.base_wire import BaseRequest, Name, RecordId, Text, kibo_name
from kibo_simulator.web.wire import Whole

Port = Annotated[int, Meta(ge=1, le=65_535)]
Numbers = Annotated[list[Whole], Meta(max_length=100_000)]
Tags = Annotated[dict[str, str | None], Meta(max_length=100)]
ProductMapping = Literal["SWAP_PART_NUMBER_WITH_UPC", "SWAP_SKU_WITH_UPC"]


class FtpDelivery(Struct, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """Delivery to an SFTP server."""

    name: Name
    ftp_server: Name
    ftp_port: Port
    ftp_directory: Text
    number: RecordId | None = field(name="exportSettingsFTPID", default=None)
    active: bool | None = None
    ftp_directory_control_file: Text | None = None
    ftp_user: Text | None = None
    ftp_password: Text | None = None
    delivery_class: Text | None = None
    control_file: Text | None = None
    control_file_email: Text | None = None
    remote_file_name: Text | None = None
    control_file_name: Text | None = None
    endpoint: Text | None = None
    environment: Text | None = None

    def __repr__(self) -> str:
        # The password must not get into a traceback by way of the usual repr.
        return f"FtpDelivery(name={self.name!r})"


class S3Delivery(Struct, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """Delivery to an S3 bucket."""

    name: Name
    region: Name
    bucket: Name
    number: RecordId | None = field(name="exportSettingsS3ID", default=None)
    active: bool | None = None


class GcsDelivery(Struct, rename="camel", frozen=True, kw_only=True, omit_defaults=True):
    """Delivery to a Google Cloud Storage bucket; Kibo spells the bucket's name in two ways and one is needed."""

    name: Name
    gcs_bucket: Name | None = None
    gcs_bucket_too: Name | None = field(name="gcs_bucket", default=None)
    number: RecordId | None = field(name="exportSettingsGcsID", default=None)
    active: bool | None = None


Delivery = FtpDelivery | S3Delivery | GcsDelivery


class ExportSettingsBody(Struct, rename=kibo_name, frozen=True, kw_only=True, omit_defaults=True):
    """What is exported, how, and where to."""

    name: Name
    file_format: Literal["XML", "CSV"]
    export_type: Literal["AGGREGATE", "LOCATION"]
    ftp_information: Annotated[list[FtpDelivery], Meta(max_length=100)] | None = None
    s3_information: Annotated[list[S3Delivery], Meta(max_length=100)] | None = None
    gcs_information: Annotated[list[GcsDelivery], Meta(max_length=100)] | None = None
    only_send_available: bool | None = None
    only_send_active_locations: bool | None = None
    export_single_file: bool | None = None
    safety_stock: Literal["SAFETY_STOCK_MAX", "SAFETY_STOCK_MIN", "SAFETY_STOCK_AVG", "SAFETY_STOCK_SUM"] | None = None
    floor: Literal["FLOOR_MAX", "FLOOR_MIN", "FLOOR_AVG", "FLOOR_SUM"] | None = None
    ltd: Literal["LTD_MAX", "LTD_MIN", "LTD_AVG", "LTD_SUM"] | None = None
    file_name: Text | None = None
    shorten_filename: bool | None = None
    include_attributes: bool | None = None
    zip_files: bool | None = None
    zip_file_name: Text | None = None
    untransformed_file_name: Text | None = None
    untransformed_zip_file_name: Text | None = None
    location_group_ids: Numbers | None = None
    site_ids: Numbers | None = None
    direct_ship: bool | None = None
    pickup: bool | None = None
    transfer: bool | None = None
    product_mapping: ProductMapping | None = None
    is_classic: bool | None = None
    ignore_negative_inventory_locations: bool | None = None
    tags: Tags | None = None

    def of_kind(self, kind: DeliveryKind) -> "list[Delivery] | None":
        """The deliveries of one kind, None when the body does not speak of them."""
        found: dict[DeliveryKind, Any] = {
            "ftp": self.ftp_information,
            "s3": self.s3_information,
            "gcs": self.gcs_information,
        }
        chosen: list[Delivery] | None = found[kind]
        return chosen


class CreateExportRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST export/create``."""

    export_settings: ExportSettingsBody


class UpdateExportRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST export/update``; the number is only needed to give the settings another name."""

    export_settings: ExportSettingsBody
    export_settings_id: RecordId | None = None


class FtpRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST export/ftp/create`` and ``update``."""

    export_settings_name: Name
    delivery: FtpDelivery = field(name="exportSettingsFTP")


class S3Request(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST export/s3/create`` and ``update``."""

    export_settings_name: Name
    delivery: S3Delivery = field(name="exportSettingsS3")


class GcsRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST export/gcs/create`` and ``update``."""

    export_settings_name: Name
    delivery: GcsDelivery = field(name="exportSettingsGcs")


DeliveryRequest = FtpRequest | S3Request | GcsRequest


class RunExportRequest(BaseRequest, rename="camel", frozen=True, kw_only=True):
    """Body of ``POST export``: which settings, by name or number, and optionally which of their deliveries."""

    export_settings_name: Text | None = None
    export_settings_ftp_name: Text | None = field(name="exportSettingsFTPName", default=None)
    export_settings_s3_name: Text | None = field(name="exportSettingsS3Name", default=None)
    export_settings_gcs_name: Text | None = None
    development: bool | None = None
    export_settings_id: RecordId | None = None
    export_settings_ftp_id: RecordId | None = None


class KindNames(Struct, frozen=True):
    """How bodies call one kind of delivery: the list in the settings, a delivery's name, number and own object."""

    listed: str
    name: str
    number: str
    body: str


KINDS: dict[DeliveryKind, KindNames] = {
    "ftp": KindNames("ftpInformation", "exportSettingsFTPName", "exportSettingsFTPID", "exportSettingsFTP"),
    "s3": KindNames("s3Information", "exportSettingsS3Name", "exportSettingsS3ID", "exportSettingsS3"),
    "gcs": KindNames("gcsInformation", "exportSettingsGcsName", "exportSettingsGcsID", "exportSettingsGcs"),
}


def settings_document(settings: ExportSettingsBody) -> str:
    """What settings say without their deliveries, as it is stored."""
    plain = msgspec.structs.replace(settings, ftp_information=None, s3_information=None, gcs_information=None)
    return msgspec.json.encode(plain).decode()


def delivery_document(delivery: Delivery) -> tuple[str, str | None]:
    """What a delivery says, as it is stored, and its password apart from it."""
    if isinstance(delivery, FtpDelivery):
        open_part = msgspec.structs.replace(delivery, ftp_password=None, number=None)
        return msgspec.json.encode(open_part).decode(), delivery.ftp_password or None
    if isinstance(delivery, GcsDelivery):
        bucket = delivery.gcs_bucket or delivery.gcs_bucket_too
        delivery = msgspec.structs.replace(delivery, gcs_bucket=bucket, gcs_bucket_too=None)
    return msgspec.json.encode(msgspec.structs.replace(delivery, number=None)).decode(), None


def settings_body(settings: ExportSettings, deliveries: list[ExportDelivery]) -> dict[str, Any]:
    """Settings with their deliveries as ExportSettings; deliveries carry their numbers and no password."""
    body: dict[str, Any] = msgspec.json.decode(settings.document)
    for kind, names in KINDS.items():
        body[names.listed] = [
            {"exportSettingsID": settings.id, names.number: delivery.id} | msgspec.json.decode(delivery.document)
            for delivery in deliveries
            if delivery.kind == kind
        ]
    return body
