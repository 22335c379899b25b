"""What stored export settings and deliveries say of files: JSON at the edge, Python names inside."""

from typing import Literal

import msgspec
from msgspec import Struct, field

from kibo_simulator.store.export_settings import ExportDelivery


class ExportDocument(Struct, rename="camel", frozen=True, kw_only=True):
    """Export settings without their deliveries; what is absent has Kibo's default or none."""

    name: str
    file_format: Literal["XML", "CSV"]
    export_type: Literal["AGGREGATE", "LOCATION"]
    only_send_available: bool = False
    only_send_active_locations: bool = False
    export_single_file: bool = True
    safety_stock: str = "SAFETY_STOCK_SUM"
    floor: str = "FLOOR_SUM"
    ltd: str = "LTD_SUM"
    file_name: str = ""
    shorten_filename: bool = False
    include_attributes: bool = False
    zip_files: bool = True
    zip_file_name: str = ""
    location_group_ids: tuple[int, ...] = field(name="locationGroupIDs", default=())
    site_ids: tuple[int, ...] = field(name="siteIDs", default=())
    direct_ship: bool = False
    pickup: bool = False
    transfer: bool = False
    product_mapping: Literal["SWAP_PART_NUMBER_WITH_UPC", "SWAP_SKU_WITH_UPC"] | None = None
    ignore_negative_inventory_locations: bool = False
    tags: dict[str, str | None] = {}


class DeliveryDocument(Struct, rename="camel", frozen=True, kw_only=True):
    """A delivery of any kind: an SFTP server and its folder, or a bucket."""

    name: str
    active: bool = True
    ftp_server: str = ""
    ftp_port: int = 22
    ftp_user: str = ""
    ftp_directory: str = ""
    ftp_directory_control_file: str = ""
    remote_file_name: str = ""
    control_file_name: str = ""
    region: str = ""
    bucket: str = ""
    gcs_bucket: str = ""

    @property
    def folder(self) -> str:
        """Where the file goes: a folder, or a bucket as one."""
        return self.ftp_directory or self.bucket or self.gcs_bucket


_export = msgspec.json.Decoder(ExportDocument)
_delivery = msgspec.json.Decoder(DeliveryDocument)


def read_export(document: str) -> ExportDocument:
    """What export settings say; an explicit null counts as absent."""
    return _export.decode(_without_nulls(document))


def read_delivery(delivery: ExportDelivery) -> DeliveryDocument:
    """What a delivery says."""
    return _delivery.decode(_without_nulls(delivery.document))


def _without_nulls(document: str) -> bytes:
    told = msgspec.json.decode(document)
    return msgspec.json.encode({name: value for name, value in told.items() if value is not None})
