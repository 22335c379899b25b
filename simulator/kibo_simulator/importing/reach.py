"""Which drop point a configuration or a delivery means: the drop folder for all of them, or the real ones."""

from kibo_simulator.drop_points.local_folder import LocalFolder
from kibo_simulator.drop_points.opening import open_bucket_point, open_sftp_point
from kibo_simulator.drop_points.point import DropPoint
from kibo_simulator.exporting.documents import DeliveryDocument
from kibo_simulator.importing.fetch_places import FetchPlace
from kibo_simulator.settings import FileSettings
from kibo_simulator.store.export_settings import ExportSettingsStore
from kibo_simulator.store.fetch_files import FetchFileStore


class Reach:
    """Opens drop points; with ``remote`` the real ones, by the credentials that are stored for them.

    Args:
        settings: where the simulator reaches out to.
        folder: the drop folder, None when there is none.
        configs: has the passwords of fetch configurations.
        exports: has the passwords of deliveries.
    """

    __slots__ = ("_configs", "_exports", "_folder", "_settings")

    def __init__(
        self,
        settings: FileSettings,
        folder: LocalFolder | None,
        configs: FetchFileStore,
        exports: ExportSettingsStore,
    ) -> None:
        self._settings = settings
        self._folder = folder
        self._configs = configs
        self._exports = exports

    @property
    def anywhere(self) -> bool:
        """Whether there is any drop point at all."""
        return self._folder is not None or self._settings.remote

    def for_place(self, place: FetchPlace) -> DropPoint:
        """Where files are fetched from.

        Raises:
            DropPointError: there is nothing to log in with.
        """
        if not self._settings.remote:
            assert self._folder is not None
            return self._folder
        if place.channel == "ftp":
            return open_sftp_point(
                self._settings, place.server[0], place.server[1], place.user, self._configs.secret(place.config_id)
            )
        return open_bucket_point(self._settings, place.channel, place.region)

    def for_delivery(self, delivery: DeliveryDocument, number: int) -> DropPoint | None:
        """Where an export is delivered to; None when there is no drop point.

        Raises:
            DropPointError: there is nothing to log in with.
        """
        if not self._settings.remote:
            return self._folder
        if delivery.ftp_server:
            secret = self._exports.secret(number)
            return open_sftp_point(self._settings, delivery.ftp_server, delivery.ftp_port, delivery.ftp_user, secret)
        return open_bucket_point(self._settings, "s3" if delivery.bucket else "gcs", delivery.region)
