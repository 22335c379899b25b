"""Fetch-file configurations as JSON; passwords come in and never go out."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, field

from kibo_simulator.store.fetch_files import FetchFileConfig
from kibo_simulator.timestamps import iso_milliseconds
from kibo_simulator.web.base_wire import BaseRequest, Name, RecordId, Text, kibo_name
from kibo_simulator.web.export_settings_wire import Port, ProductMapping

Action = Annotated[int, Meta(ge=0, le=2)]
"""What becomes of a file that was read: 0 nothing, 1 it is archived, 2 it is deleted. Kibo publishes no list."""


class FetchFileRequest(BaseRequest, rename=kibo_name, frozen=True, kw_only=True, omit_defaults=True):
    """Body of ``POST config/fetchfile``: a new configuration, or with its number one that exists."""

    active: bool
    lock_name: Name
    post_process_action: Action
    number: RecordId | None = field(name="fetchFileConfigID", default=None)
    email_list: Text | None = None
    refresh_enabled: bool | None = None
    refresh_file_description: Text | None = None
    update_enabled: bool | None = None
    update_file_description: Text | None = None
    ftp_server: Text | None = None
    ftp_username: Text | None = None
    ftp_password: Text | None = None
    ftp_port: Port | None = None
    ftp_remote_path: Text | None = None
    ftp_remote_path_archive: Text | None = None
    gcs_bucket: Text | None = None
    gcs_path: Text | None = None
    gcs_archive_path: Text | None = None
    region: Text | None = None
    bucket: Text | None = None
    s3_path: Text | None = None
    archive_bucket: Text | None = None
    s3_archive_path: Text | None = None
    use_control_file: bool | None = None
    multiple_files: bool | None = None
    zero_out_negatives: bool | None = None
    test_ftp_configs: bool | None = field(name="testFTPConfigs", default=None)
    field_name_map: Annotated[list[Text], Meta(max_length=1_000)] | None = None
    ignore_extra_fields: bool | None = None
    blank_quantity_is_zero: bool | None = None
    csv_delimiter: Annotated[str, Meta(min_length=1, max_length=1, pattern=r'^[^"\r\n\0]')] | None = None
    product_mapping: ProductMapping | None = None

    def __repr__(self) -> str:
        # The password must not get into a traceback by way of the usual repr.
        return f"FetchFileRequest(number={self.number!r}, lock_name={self.lock_name!r})"


_NOT_STORED: dict[str, Any] = {
    "number": None,
    "ftp_password": None,
    "location_code": None,
    "user_id": None,
    "page_size": None,
    "page_num": None,
    "sort_by": None,
}


def config_document(request: FetchFileRequest) -> str:
    """What a configuration says, as it is stored, without its password."""
    return msgspec.json.encode(msgspec.structs.replace(request, **_NOT_STORED)).decode()


def config_body(config: FetchFileConfig) -> dict[str, Any]:
    """A configuration as GetFetchFileConfigItem."""
    document: dict[str, Any] = msgspec.json.decode(config.document)
    return {
        "fetchFileConfigID": config.id,
        "tenantID": config.tenant_id,
        "lastModified": iso_milliseconds(config.modified),
        "exportAfterRefresh": False,
    } | document
