"""Looks at drop points when their time has come, takes what is ready, and tidies up after it (T-3, FI-1).

Everything happens at instants on the agenda. One look is one action in steps; each file is a transaction of its own.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from kibo_simulator.agenda import Agenda, Entry
from kibo_simulator.drop_points.point import DropPoint, DropPointError
from kibo_simulator.files.file_log import DropEntry, FileEventKind, FileLog
from kibo_simulator.files.packages import ImportFileError
from kibo_simulator.files.pickup_plan import Take, plan_pickup
from kibo_simulator.files.schedules import last_due, next_due
from kibo_simulator.importing.fetch_places import ARCHIVE, NOTHING, FetchPlace, default_place, is_active, places_of
from kibo_simulator.importing.importer import Importer
from kibo_simulator.settings import FileSettings
from kibo_simulator.steps import Steps
from kibo_simulator.store.database import Database
from kibo_simulator.store.fetch_files import FetchFileStore
from kibo_simulator.store.file_batches import FileBatchStore
from kibo_simulator.store.tenants import TenantStore

_IMPORTED: Final = "imported"
_Key = tuple[int, str]


class FilePickup:
    """The schedule of looks at one drop point, and what the last look saw."""

    def __init__(
        self,
        settings: FileSettings,
        database: Database,
        agenda: Agenda,
        now: Callable[[], int],
        tenants: TenantStore,
        batches: FileBatchStore,
        importer: Importer,
        drop: DropPoint,
        log: FileLog,
    ) -> None:
        self._settings = settings
        self._database = database
        self._agenda = agenda
        self._now = now
        self._tenants = tenants
        self._configs = FetchFileStore(database.connection)
        self._batches = batches
        self._importer = importer
        self._drop = drop
        self._log = log
        self._entry: Entry | None = None
        self._before: dict[_Key, dict[str, DropEntry]] = {}
        self._told: set[tuple[str, str, str]] = set()

    def plan(self, now: int) -> None:
        """Put the next look on the agenda, in place of one that is there."""
        if self._entry is not None:
            self._agenda.cancel(self._entry)
        self._entry = None
        if self._settings.fetch_cron:
            due = next_due(self._settings.fetch_cron, now, self._settings.cron_zone)
            self._entry = self._agenda.schedule(due, self.look)

    def places(self, tenant_id: int) -> list[FetchPlace]:
        """Where files are fetched from for a tenant."""
        configs = self._configs.every(tenant_id)
        if not configs and self._settings.default_fetch:
            return [default_place(tenant_id, self._settings)]
        return [place for config in configs for place in places_of(config) if is_active(place)]

    def look(self, at: int) -> Iterator[None]:
        """Look at every place of every tenant, and take what is ready."""
        tenants = [tenant.id for tenant in self._tenants.every()]
        found = False
        for tenant_id in tenants:
            for place in self.places(tenant_id):
                found |= yield from self._visit(place, frozenset(tenants), at)
                yield
        self._check_room(at)
        self._plan_after(at, idle=not found)

    def _plan_after(self, at: int, *, idle: bool) -> None:
        # Files come from outside, so never at an instant that has passed: looks that would find nothing are left out.
        ahead = self._now()
        self.plan(at)
        if idle and self._entry is not None and self._entry.at < ahead:
            last = last_due(self._settings.fetch_cron, ahead, self._settings.cron_zone)
            self.plan(max(at, last - 1))

    def _visit(self, place: FetchPlace, tenants: frozenset[int], at: int) -> Steps[bool]:
        """Returns whether anything lies there."""
        key = (place.tenant_id, place.folder)
        try:
            entries = self._drop.listing(place.folder)
        except DropPointError as error:
            self._warn(at, place, "", str(error))
            return False
        self._log.seen(at, place.folder, entries)
        known = {DropEntry(*row[:3]): row[3] for row in self._batches.finished(place.tenant_id, place.folder)}
        self._forget_gone(place, entries, list(known))
        plan = plan_pickup(
            entries,
            place.pickup_rules(self._settings, tenants),
            before=self._before.get(key, {}),
            finished=frozenset(known),
        )
        self._before[key] = {entry.name: entry for entry in entries}
        for oddity in plan.odd:
            self._tell(at, place, oddity.entry, oddity.reason)
        for entry in entries:
            if known.get(entry) == _IMPORTED and place.action != NOTHING:
                # Imported before, but something kept it from being tidied away.
                self._tidy(place, [entry.name], at)
        for take in plan.taken:
            yield from self._take(place, take, at)
        self._check_pile(place, entries, at)
        return bool(entries)

    def _take(self, place: FetchPlace, take: Take, at: int) -> Steps[None]:
        name = take.entry.name
        tenant_id = place.tenant_id
        self._log.note(at, "taken", folder=place.folder, name=name, tenant=tenant_id, size=take.entry.size)
        refusal = ""
        with tempfile.TemporaryDirectory(prefix="kibo-import-") as folder:
            try:
                path = self._drop.fetch(place.folder, name, Path(folder))
                with self._database.transaction():
                    done = yield from self._importer.importing(place, take.kind, path, name, at)
                    self._finish(place, take.entry, _IMPORTED)
                said = f"{done.rows:,} rows, {done.problems:,} bad, jobs {_span(done.job_ids)}"
                self._log.note(at, "imported", folder=place.folder, name=name, tenant=tenant_id, message=said)
            except ImportFileError as error:
                refusal = str(error)
            except DropPointError as error:
                refusal = str(error)
        if refusal:
            with self._database.transaction():
                self._importer.refuse(tenant_id, take.kind, name, refusal, at)
                self._finish(place, take.entry, "refused")
            self._log.note(at, "refused", folder=place.folder, name=name, tenant=tenant_id, message=refusal)
        elif place.action != NOTHING:
            self._tidy(place, [name, *(trigger.name for trigger in take.triggers)], at)

    def _finish(self, place: FetchPlace, entry: DropEntry, outcome: str) -> None:
        self._batches.finish(place.tenant_id, place.folder, entry.name, entry.size, entry.written, outcome)

    def _tidy(self, place: FetchPlace, names: list[str], at: int) -> None:
        """Archive or delete what was read, as the configuration says."""
        archiving = place.action == ARCHIVE
        try:
            if archiving:
                self._drop.archive(place.folder, names, place.archive)
            else:
                self._drop.delete(place.folder, names)
        except DropPointError as error:
            self._warn(at, place, names[0], f"cannot be tidied away: {error}")
            return
        with self._database.transaction():
            self._batches.forget(place.tenant_id, place.folder, names[0])
        what: FileEventKind = "archived" if archiving else "deleted"
        message = f"to {place.archive}" if archiving else ""
        self._log.note(at, what, folder=place.folder, name=names[0], tenant=place.tenant_id, message=message)

    def _forget_gone(self, place: FetchPlace, entries: list[DropEntry], known: list[DropEntry]) -> None:
        present = {entry.name for entry in entries}
        gone = [entry.name for entry in known if entry.name not in present]
        if gone:
            with self._database.transaction():
                for name in gone:
                    self._batches.forget(place.tenant_id, place.folder, name)

    # -- what should be known -------------------------------------------------------------------------------------

    def _tell(self, at: int, place: FetchPlace, entry: DropEntry, reason: str) -> None:
        mark = (place.folder, f"{entry.name}:{entry.size}:{entry.written}", reason)
        if mark not in self._told:
            self._remember(mark)
            self._log.note(
                at, "skipped", folder=place.folder, name=entry.name, tenant=place.tenant_id, size=entry.size,
                message=reason,
            )  # fmt: skip

    def _warn(self, at: int, place: FetchPlace | None, name: str, message: str) -> None:
        folder, tenant = (place.folder, place.tenant_id) if place else ("", 0)
        mark = (folder, name, message)
        if mark not in self._told:
            self._remember(mark)
            self._log.note(at, "warned", folder=folder, name=name, tenant=tenant, message=message)

    def _remember(self, mark: tuple[str, str, str]) -> None:
        if len(self._told) >= self._settings.log_entries:
            self._told.clear()
        self._told.add(mark)

    def _check_pile(self, place: FetchPlace, entries: list[DropEntry], at: int) -> None:
        """The guide: files must not pile up; archives are to be cleaned."""
        most = self._settings.pile_up
        for folder, count in ((place.folder, len(entries)), (place.archive, self._count(place.archive))):
            message = f"more than {most:,} files lie in {folder}; clean it up"
            if count > most:
                self._warn(at, place, "", message)
            else:
                self._told.discard((place.folder, "", message))

    def _count(self, folder: str) -> int:
        try:
            return len(self._drop.listing(folder))
        except DropPointError:
            return 0

    def _check_room(self, at: int) -> None:
        """The guide: low disk space must be noticed before it stops deliveries."""
        try:
            free = self._drop.free_bytes()
        except DropPointError as error:
            self._warn(at, None, "", str(error))
            return
        least = self._settings.disk_low_bytes
        message = f"less than {least:,} bytes are free at the drop point"
        if free is not None and free < least:
            self._warn(at, None, "", message)
        else:
            self._told.discard(("", "", message))


def _span(job_ids: tuple[int, ...]) -> str:
    if not job_ids:
        return "none"
    return str(job_ids[0]) if len(job_ids) == 1 else f"{job_ids[0]} to {job_ids[-1]}"
