"""Opens the drop folder that the settings name, and whatever remote drop point a configuration means."""

from pathlib import Path
from typing import Literal

from kibo_simulator.drop_points.local_folder import LocalFolder
from kibo_simulator.drop_points.point import DropPoint, DropPointError
from kibo_simulator.settings import FileSettings


def open_drop_folder(settings: FileSettings) -> LocalFolder | None:
    """The drop folder, with the folders that are there without any configuration; None when there is none.

    Raises:
        DropPointError: the folder cannot be used.
    """
    if settings.drop is None:
        return None
    folder = Path(settings.drop)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        drop = LocalFolder(folder)
        for inside in (settings.inbox, settings.archive, settings.outbox) if settings.default_fetch else ():
            drop.place(inside).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DropPointError(settings.drop, error.strerror or str(error)) from error
    return drop


def open_sftp_point(settings: FileSettings, host: str, port: int, user: str, password: str | None) -> DropPoint:
    """An account at an SFTP server.

    Raises:
        DropPointError: there is nothing to log in with.
    """
    from kibo_simulator.drop_points.sftp_point import SftpPoint  # noqa: PLC0415  # few reach out; all start

    if not user or not password:
        raise DropPointError(f"sftp://{host}:{port}", "needs a user and a password")
    return SftpPoint(
        host=host,
        port=port,
        user=user,
        password=password,
        known_hosts=settings.sftp_known_hosts,
        timeout_s=settings.remote_timeout_s,
        largest_bytes=settings.largest_bytes,
    )


def open_bucket_point(settings: FileSettings, cloud: Literal["s3", "gcs"], region: str) -> DropPoint:
    """The buckets of a cloud, by the credentials of the environment."""
    from kibo_simulator.drop_points.bucket_point import BucketPoint  # noqa: PLC0415  # few reach out; all start

    return BucketPoint(
        cloud=cloud,
        region=region,
        endpoint=settings.object_endpoint,
        timeout_s=settings.remote_timeout_s,
        largest_bytes=settings.largest_bytes,
    )
