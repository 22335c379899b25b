"""The exchange of files as a whole: looks and exports on their schedules, exports on demand, what lies where (T-3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hmac import compare_digest

from kibo_simulator.agenda import Agenda, Entry
from kibo_simulator.drop_points.local_folder import LocalFolder
from kibo_simulator.drop_points.point import DropPoint
from kibo_simulator.exporting.documents import read_delivery
from kibo_simulator.exporting.export_work import ExportWork
from kibo_simulator.files.schedules import next_due
from kibo_simulator.importing.fetch_places import Channel, FetchPlace, places_of
from kibo_simulator.importing.importer import NOWHERE
from kibo_simulator.importing.pickup import FilePickup
from kibo_simulator.importing.reach import Reach
from kibo_simulator.job_runner import JobRunner
from kibo_simulator.settings import FileSettings
from kibo_simulator.store.database import Database
from kibo_simulator.store.export_settings import ExportSettingsStore
from kibo_simulator.store.fetch_files import FetchFileConfig, FetchFileStore
from kibo_simulator.store.tenants import TenantStore


@dataclass(frozen=True, slots=True)
class Connection:
    """What was found where a configuration fetches from: names in the folder and in its archive."""

    channel: Channel
    names: tuple[str, ...]
    archived: tuple[str, ...]


class FileExchange:
    """Everything about files that happens by itself or is asked for."""

    def __init__(
        self,
        settings: FileSettings,
        database: Database,
        agenda: Agenda,
        tenants: TenantStore,
        exports: ExportSettingsStore,
        configs: FetchFileStore,
        runner: JobRunner,
        drop: LocalFolder | None,
        reach: Reach,
    ) -> None:
        self._settings = settings
        self._database = database
        self._agenda = agenda
        self._tenants = tenants
        self._exports = exports
        self._configs = configs
        self._reach = reach
        self._runner = runner
        self.drop = drop
        self.pickup: FilePickup | None = None
        self._entry: Entry | None = None

    def __repr__(self) -> str:
        return f"<FileExchange {self.drop!r}>"

    @property
    def advice(self) -> str:
        """What somebody who starts a simulator should know of its drop folder, in one line."""
        name, due, zone = (
            "" if self.drop is None else self.drop.name,
            self._settings.fetch_cron,
            self._settings.cron_zone,
        )
        inbox = f"{name}/{self._settings.inbox}" if self._settings.default_fetch else name
        return f"files dropped in {inbox} are picked up " + (f"at {due} ({zone})" if due else "when told to")

    def plan(self, now: int) -> None:
        """Put the next look and the next export on the agenda, in place of those that are there."""
        self.stop()
        if self.pickup is None:
            return
        self.pickup.plan(now)
        if self._settings.export_cron:
            due = next_due(self._settings.export_cron, now, self._settings.cron_zone)
            self._entry = self._agenda.schedule(due, self._export_all)

    @property
    def next_look(self) -> int | None:
        """When drop points are looked at next by themselves, microseconds since the epoch; None for never."""
        return None if self.pickup is None else self.pickup.next_look

    def stop(self) -> None:
        """Take the next look and the next export off the agenda: from now on nothing happens by itself."""
        if self.pickup is not None:
            self.pickup.stop()
        if self._entry is not None:
            self._agenda.cancel(self._entry)
        self._entry = None

    def export(self, tenant_id: int, settings_id: int, delivery_ids: Sequence[int], now: int) -> int:
        """Enqueue an export and return its job."""
        (job_id,) = self._runner.enqueue(
            tenant_id,
            [NOWHERE],
            job_type="",
            work=ExportWork(settings_id, tuple(delivery_ids)),
            item_count=None,
            now=now,
        )
        return job_id

    def admits(self, user: str, password: str) -> bool:
        """Whether a fetch configuration or a delivery of any tenant logs in as this user with this password."""
        if not user or not password:
            return False
        for tenant in self._tenants.every():
            for config in self._configs.every(tenant.id):
                told = self._configs.secret(config.id)
                if told and any(place.user == user for place in places_of(config)) and _equal(told, password):
                    return True
            for settings in self._exports.every(tenant.id):
                for delivery in self._exports.deliveries(settings.id, "ftp"):
                    told = self._exports.secret(delivery.id)
                    if told and read_delivery(delivery).ftp_user == user and _equal(told, password):
                        return True
        return False

    def connections(self, config: FetchFileConfig) -> list[Callable[[], Connection]]:
        """For each place that a configuration fetches from a call that says what lies there.

        The calls may take long where drop points are remote, and raise `DropPointError`.
        """
        return (
            [partial(_listed, self._reach.for_place(place), place) for place in places_of(config)]
            if self.pickup
            else []
        )

    def _export_all(self, at: int) -> None:
        with self._database.transaction():
            for tenant in self._tenants.every():
                for settings in self._exports.every(tenant.id):
                    self.export(tenant.id, settings.id, (), at)
        self._entry = None
        due = next_due(self._settings.export_cron, at, self._settings.cron_zone)
        self._entry = self._agenda.schedule(due, self._export_all)


def _listed(drop: DropPoint, place: FetchPlace) -> Connection:
    names = tuple(entry.name for entry in drop.listing(place.folder))
    archived = tuple(entry.name for entry in drop.listing(place.archive))
    return Connection(place.channel, names, archived)


def _equal(one: str, other: str) -> bool:
    return compare_digest(one.encode(), other.encode())
