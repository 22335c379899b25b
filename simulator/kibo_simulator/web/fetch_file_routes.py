"""Fetch-file configurations: where a tenant's import files are picked up and how they are read."""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from kibo_simulator.drop_points.point import DropPointError
from kibo_simulator.store.fetch_files import FetchFileStore
from kibo_simulator.web.base_wire import base_body, listed, missing, path_number
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.fetch_file_wire import FetchFileRequest, config_body, config_document
from kibo_simulator.web.operations import Answer, Call, Operation, inventory_paths
from kibo_simulator.web.wire import decode

_save = msgspec.json.Decoder(FetchFileRequest)

_NEEDED: Final = {
    "SFTP": (
        ("ftpServer", "ftp_server"),
        ("ftpUsername", "ftp_username"),
        ("ftpPassword", "ftp_password"),
        ("ftpRemotePath", "ftp_remote_path"),
    ),
    "S3": (("region", "region"), ("bucket", "bucket")),
    "GCS": (("gcsBucket", "gcs_bucket"),),
}
"""What each channel cannot do without. Kibo's description asks for all of SFTP's always, its guide not for GCS."""

_TELLING: Final = {
    "SFTP": ("ftp_server", "ftp_username", "ftp_password", "ftp_port", "ftp_remote_path", "ftp_remote_path_archive"),
    "S3": ("region", "bucket", "s3_path", "archive_bucket", "s3_archive_path"),
    "GCS": ("gcs_bucket", "gcs_path", "gcs_archive_path"),
}
"""Fields that show that a channel is meant."""


def _configs(call: Call) -> FetchFileStore:
    return FetchFileStore(call.simulator.database.connection)


def get_configs(call: Call) -> Answer:
    """All configurations, as ``items``; the fields of the first stand beside it for readers of the older shape."""
    rows = listed(call, [config_body(config) for config in _configs(call).every(call.tenant_id)], "fetch-file configs")
    first = rows[0] if rows else {}
    return Answer(first | {"items": rows})


def save_config(call: Call) -> Answer:
    """Add a configuration, or replace the one with the number given; a password that is not told again stays."""
    request = decode(_save, call.body)
    configs = _configs(call)
    if request.number is not None and configs.get(call.tenant_id, request.number) is None:
        raise missing("$.fetchFileConfigID", f"fetch-file config {request.number}")
    has_secret = request.number is not None and configs.secret(request.number) is not None
    _check_channels(request, has_secret=has_secret)
    document, secret = config_document(request), request.ftp_password or None
    if request.number is None:
        configs.add(call.tenant_id, document, secret=secret, now=call.now)
    else:
        configs.update(request.number, document, secret=secret, now=call.now)
    return Answer(base_body())


def _check_channels(request: FetchFileRequest, *, has_secret: bool) -> None:
    meant = [channel for channel, fields in _TELLING.items() if any(getattr(request, field) for field in fields)]
    if not meant:
        raise validation_error("$.ftpServer", "needs somewhere to fetch from: ftpServer, bucket or gcsBucket")
    for channel in meant:
        for name, field in _NEEDED[channel]:
            if not getattr(request, field) and not (field == "ftp_password" and has_secret):
                raise validation_error(f"$.{name}", f"is needed for {channel}")


def delete_config(call: Call) -> Answer:
    """Delete a configuration; ``deleted`` tells whether there was one."""
    config_id = path_number(call, "config_id", "fetchFileConfigID")
    return Answer({"deleted": _configs(call).delete(call.tenant_id, config_id)})


async def look_there(call: Call) -> None:
    """List the places of a configuration, before anybody's turn: remote ones answer when they like."""
    config = _configs(call).get(call.tenant_id, path_number(call, "config_id", "fetchFileConfigID"))
    if config is None:
        return
    try:
        calls = call.simulator.files.connections(config)
        if call.simulator.courier is None:
            call.prepared = [connection() for connection in calls]
        else:
            call.prepared = [await asyncio.to_thread(connection) for connection in calls]
    except DropPointError as error:
        raise ApiError(500, "UNEXPECTED_ERROR", f"the drop point cannot be listed: {error}") from None


def test_connection(call: Call) -> Answer:
    """What lies where a configuration fetches from, and in its archive."""
    config_id = path_number(call, "config_id", "fetchFileConfigID")
    config = _configs(call).get(call.tenant_id, config_id)
    if config is None:
        raise missing("fetchFileConfigID", f"fetch-file config {config_id}")
    answer: dict[str, Sequence[str]] = dict.fromkeys(
        ("ftpFiles", "ftpArchiveFiles", "gcsFiles", "gcsArchiveFiles", "s3Files", "s3ArchiveFiles"), ()
    )
    for found in call.prepared or ():
        answer[f"{found.channel}Files"] = found.names
        answer[f"{found.channel}ArchiveFiles"] = found.archived
    return Answer(answer)


_ALL = inventory_paths("/config/fetchfile", "v1")
_ONE = inventory_paths("/config/fetchfile/{config_id}", "v1")
_TEST = inventory_paths("/config/fetchfile/testConnection/{config_id}", "v1")

OPERATIONS = (
    Operation("getFetchConfig", "GET", _ALL, get_configs, reads=True),
    Operation("saveFetchConfig", "POST", _ALL, save_config, request=FetchFileRequest),
    Operation("deleteFetchConfig", "DELETE", _ONE, delete_config),
    Operation("testConnection", "GET", _TEST, test_connection, reads=True, before=look_there),
)
