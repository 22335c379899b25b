"""Looks at drop points when their time has come, takes what is ready, and tidies up after it (T-3, FI-1).

Everything happens at instants on the agenda. One look is one action in steps; each file is a transaction of its own.
"""

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from kibo_simulator.agenda import Agenda, Entry
from kibo_simulator.drop_points.point import DropPoint, DropPointError
from kibo_simulator.drop_points.talks import Talk, Talks
from kibo_simulator.files.file_log import DropEntry, FileEventKind, FileLog
from kibo_simulator.files.packages import ImportFileError
from kibo_simulator.files.pickup_plan import Take, plan_pickup
from kibo_simulator.files.schedules import last_due, next_due
from kibo_simulator.importing.fetch_places import ARCHIVE, NOTHING, FetchPlace, default_place, is_active, places_of
from kibo_simulator.importing.importer import Importer
from kibo_simulator.importing.reach import Reach
from kibo_simulator.settings import FileSettings
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
        configs: FetchFileStore,
        batches: FileBatchStore,
        importer: Importer,
        reach: Reach,
        talks: Talks,
        log: FileLog,
    ) -> None:
        self._settings = settings
        self._database = database
        self._agenda = agenda
        self._now = now
        self._tenants = tenants
        self._configs = configs
        self._batches = batches
        self._importer = importer
        self._reach = reach
        self._talks = talks
        self._log = log
        self._talking: set[_Key] = set()
        self._moved = False
        self._entry: Entry | None = None
        self._before: dict[_Key, dict[str, DropEntry]] = {}
        self._told: set[tuple[str, str, str]] = set()

    def plan(self, now: int) -> None:
        """Put the next look on the agenda, in place of one that is there."""
        self.stop()
        if self._settings.fetch_cron:
            due = next_due(self._settings.fetch_cron, now, self._settings.cron_zone)
            self._entry = self._agenda.schedule(due, self.look)

    @property
    def next_look(self) -> int | None:
        """When drop points are looked at next by themselves, microseconds since the epoch; None for never."""
        return None if self._entry is None else self._entry.at

    def stop(self) -> None:
        """Take the next look off the agenda."""
        if self._entry is not None:
            self._agenda.cancel(self._entry)
        self._entry = None

    def places(self, tenant_id: int) -> list[FetchPlace]:
        """Where files are fetched from for a tenant."""
        configs = self._configs.every(tenant_id)
        if not configs and self._settings.default_fetch and not self._settings.remote:
            return [default_place(tenant_id, self._settings)]
        return [place for config in configs for place in places_of(config) if is_active(place)]

    def look(self, at: int) -> Iterator[None]:
        """Look at every place of every tenant, and take what is ready; remote ones answer later."""
        # First, so that whatever befalls this look there is another.
        self.plan(at)
        tenants = frozenset(tenant.id for tenant in self._tenants.every())
        self._moved = False
        for tenant_id in sorted(tenants):
            for place in self.places(tenant_id):
                if (place.tenant_id, place.folder) not in self._talking:
                    yield from self._talks.go(self._visit(place, tenants), at)
                yield
        if not self._moved and not self._talks.by_courier:
            self._leave_out(at)

    def _leave_out(self, at: int) -> None:
        """Nothing has moved, and files come from outside: looks at instants that have passed would find the same."""
        ahead = self._now()
        if self._entry is not None and self._entry.at < ahead:
            last = last_due(self._settings.fetch_cron, ahead, self._settings.cron_zone)
            self.plan(max(at, last - 1))

    def _visit(self, place: FetchPlace, tenants: frozenset[int]) -> Talk[None]:
        key = (place.tenant_id, place.folder)
        self._talking.add(key)
        try:
            drop = self._reach.for_place(place)
            entries: list[DropEntry] = yield partial(drop.listing, place.folder)
            yield from self._pick_up(place, drop, entries, tenants)
            yield from self._check_room(place, drop, entries)
        except DropPointError as error:
            self._warn(place, "", str(error))
        finally:
            self._talking.discard(key)

    def _pick_up(
        self, place: FetchPlace, drop: DropPoint, entries: list[DropEntry], tenants: frozenset[int]
    ) -> Talk[None]:
        key = (place.tenant_id, place.folder)
        self._log.seen(self._talks.at, place.folder, entries)
        known = {DropEntry(*row[:3]): row[3] for row in self._batches.finished(place.tenant_id, place.folder)}
        self._forget_gone(place, entries, list(known))
        plan = plan_pickup(
            entries,
            place.pickup_rules(self._settings, tenants),
            before=self._before.get(key, {}),
            finished=frozenset(known),
        )
        present = {entry.name: entry for entry in entries}
        self._moved |= bool(plan.taken) or present != self._before.get(key, {})
        self._before[key] = present
        for oddity in plan.odd:
            self._tell(place, oddity.entry, oddity.reason)
        for entry in entries:
            if known.get(entry) == _IMPORTED and place.action != NOTHING:
                # Imported before, but something kept it from being tidied away.
                yield from self._tidy(place, drop, [entry.name])
        for take in plan.taken:
            yield from self._take(place, drop, take)

    def _take(self, place: FetchPlace, drop: DropPoint, take: Take) -> Talk[None]:
        name = take.entry.name
        tenant_id = place.tenant_id
        self._note(place, "taken", name, size=take.entry.size)
        with tempfile.TemporaryDirectory(prefix="kibo-import-") as folder:
            try:
                path: Path = yield partial(drop.fetch, place.folder, name, Path(folder))
            except DropPointError as error:
                # It lies there still, and is tried again at the next look.
                self._warn(place, name, str(error))
                return
            at = self._talks.at
            try:
                with self._database.transaction():
                    done = yield from self._importer.importing(place, take.kind, path, name, at)
                    self._finish(place, take.entry, _IMPORTED)
            except ImportFileError as error:
                with self._database.transaction():
                    self._importer.refuse(tenant_id, take.kind, name, str(error), at)
                    self._finish(place, take.entry, "refused")
                self._note(place, "refused", name, message=str(error))
                return
        self._note(
            place, "imported", name, message=f"{done.rows:,} rows, {done.problems:,} bad, jobs {_span(done.job_ids)}"
        )
        if place.action != NOTHING:
            yield from self._tidy(place, drop, [name, *(trigger.name for trigger in take.triggers)])

    def _finish(self, place: FetchPlace, entry: DropEntry, outcome: str) -> None:
        self._batches.finish(place.tenant_id, place.folder, entry.name, entry.size, entry.written, outcome)

    def _tidy(self, place: FetchPlace, drop: DropPoint, names: list[str]) -> Talk[None]:
        """Archive or delete what was read, as the configuration says."""
        archiving = place.action == ARCHIVE
        try:
            if archiving:
                yield partial(drop.archive, place.folder, names, place.archive)
            else:
                yield partial(drop.delete, place.folder, names)
        except DropPointError as error:
            self._warn(place, names[0], f"cannot be tidied away: {error}")
            return
        with self._database.transaction():
            self._batches.forget(place.tenant_id, place.folder, names[0])
        for name in names[1:]:
            self._log.settle(place.folder, name, "archived" if archiving else "deleted")
        if archiving:
            self._note(place, "archived", names[0], message=f"to {place.archive}")
        else:
            self._note(place, "deleted", names[0])

    def _forget_gone(self, place: FetchPlace, entries: list[DropEntry], known: list[DropEntry]) -> None:
        present = {entry.name for entry in entries}
        gone = [entry.name for entry in known if entry.name not in present]
        if gone:
            with self._database.transaction():
                for name in gone:
                    self._batches.forget(place.tenant_id, place.folder, name)

    # -- what should be known -------------------------------------------------------------------------------------

    def _note(
        self, place: FetchPlace, what: FileEventKind, name: str, *, size: int | None = None, message: str = ""
    ) -> None:
        self._log.note(
            self._talks.at, what, folder=place.folder, name=name, tenant=place.tenant_id, size=size, message=message
        )

    def _tell(self, place: FetchPlace, entry: DropEntry, reason: str) -> None:
        mark = (place.folder, f"{entry.name}:{entry.size}:{entry.written}", reason)
        if mark not in self._told:
            self._remember(mark)
            self._note(place, "skipped", entry.name, size=entry.size, message=reason)

    def _warn(self, place: FetchPlace, name: str, message: str) -> None:
        mark = (place.folder, name, message)
        if mark not in self._told:
            self._remember(mark)
            self._note(place, "warned", name, message=message)

    def _remember(self, mark: tuple[str, str, str]) -> None:
        if len(self._told) >= self._settings.log_entries:
            self._told.clear()
        self._told.add(mark)

    def _check_room(self, place: FetchPlace, drop: DropPoint, entries: list[DropEntry]) -> Talk[None]:
        """The guide: files must not pile up, and low disk space must be noticed before it stops deliveries."""
        most, least = self._settings.pile_up, self._settings.disk_low_bytes
        archived: list[DropEntry] = yield partial(drop.listing, place.archive)
        for folder, count in ((place.folder, len(entries)), (place.archive, len(archived))):
            message = f"more than {most:,} files lie in {folder}; clean it up"
            self._warn_while(place, message, bad=count > most)
        free: int | None = yield drop.free_bytes
        message = f"less than {least:,} bytes are free at the drop point"
        self._warn_while(place, message, bad=free is not None and free < least)

    def _warn_while(self, place: FetchPlace, message: str, *, bad: bool) -> None:
        """Say it once, and again when it comes back after it was well."""
        if bad:
            self._warn(place, "", message)
        else:
            self._told.discard((place.folder, "", message))


def _span(job_ids: tuple[int, ...]) -> str:
    if not job_ids:
        return "none"
    return str(job_ids[0]) if len(job_ids) == 1 else f"{job_ids[0]} to {job_ids[-1]}"
