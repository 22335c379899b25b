"""The faults of one simulator: the plan that decides, and its place in the database (D-1)."""

from collections.abc import Collection, Iterable, Sequence

import msgspec

from kibo_simulator.faults import (
    MOST_FAULTS,
    FaultError,
    FaultPlan,
    ItemFacts,
    JobFacts,
    LoadedFault,
    Place,
    PlannedFault,
    RequestFacts,
    Use,
)
from kibo_simulator.faults.checks import check_fault
from kibo_simulator.faults.plan import Count
from kibo_simulator.faults.window import Window, window_of
from kibo_simulator.store.database import Database
from kibo_simulator.store.faults import FaultRow, FaultStore


class FaultBook:
    """Puts faults down and takes them out, decides by them, and keeps what was counted.

    Decisions about requests are made in memory: a request was met even if its effect is undone. ``changed`` says that
    `save` has something to write. Decisions about jobs and items are written at once and undone with them.
    """

    __slots__ = ("_database", "_seed", "changed", "plan", "store")

    def __init__(self, database: Database, seed: int) -> None:
        self._database = database
        self._seed = seed
        self.store = FaultStore(database.connection)
        self.plan = FaultPlan()
        self.changed = False
        database.on_rollback(self._undo_jobs)

    def __repr__(self) -> str:
        return f"<FaultBook {self.plan!r}>"

    def load(self) -> None:
        """Take over what the database says, for a data file or after its content was exchanged."""
        self.plan = FaultPlan()
        self.changed = False
        for row in self.store.rows():
            planned = msgspec.json.decode(row.body, type=PlannedFault)
            fault = LoadedFault(row.position, row.id, planned, Window(row.since, row.until), self._seed)
            self.plan.add(fault)
            self._take_over(fault, row)

    def configure(self, faults: Sequence[PlannedFault], now: int) -> None:
        """Put down what the configuration says, unless that was done before (D-1).

        Raises:
            FaultError: with the JSON path of what cannot be meant.
        """
        told = msgspec.json.encode(faults).decode()
        if self._database.meta("faults configured") == told:
            return
        for index, fault in enumerate(faults):
            check_fault(fault, f"$[{index}]")
        with self._database.transaction():
            self.remove([fault.id for fault in self.plan])
            self.add(faults, now)
            self._database.set_meta("faults configured", told)

    def add(self, faults: Sequence[PlannedFault], now: int) -> list[str]:
        """Put faults down, all or none, behind those in force; their ids.

        Raises:
            FaultError: an id is taken, a window cannot be meant, or there would be too many.
        """
        if len(self.plan) + len(faults) > MOST_FAULTS:
            raise FaultError("$", f"there would be more than {MOST_FAULTS:,} faults")
        position = self.store.next_position()
        rows = []
        taken = {fault.id for fault in self.plan} | {fault.id for fault in faults if fault.id is not None}
        for index, fault in enumerate(faults):
            path = f"$[{index}]"
            if fault.id is not None and fault.id in self.plan:
                raise FaultError(f"{path}.id", f"there is a fault {fault.id} already")
            number = position + index
            fault_id = fault.id or _free_id(number, taken)
            taken.add(fault_id)
            rows.append((number, fault_id, fault, window_of(fault.match, now, path)))
        with self._database.transaction():
            for number, fault_id, fault, window in rows:
                body = msgspec.json.encode(fault)
                self.store.add(FaultRow(number, fault_id, body, window.since, window.until, 0, None, "[]"))
        for number, fault_id, fault, window in rows:
            self.plan.add(LoadedFault(number, fault_id, fault, window, self._seed))
        return [fault_id for _, fault_id, _, _ in rows]

    def remove(self, fault_ids: Collection[str]) -> None:
        """Take faults out; whoever holds jobs because of them must let them go."""
        with self._database.transaction():
            self.store.remove(fault_ids)
        self.plan.remove(fault_ids)

    def for_request(self, place: Place, facts: RequestFacts, now: int) -> Use | None:
        """The fault that a request meets at a place, counted."""
        self.changed = True
        return self.plan.for_request(place, facts, now)

    def for_job(self, facts: JobFacts, now: int) -> Use | None:
        """The fault that a job meets as it begins, counted in the transaction of whoever calls."""
        use = self.plan.for_job(facts, now)
        if use is not None:
            self.plan[use.fault_id].jobs.append(facts.job_id)
        self._write(fault for fault in self.plan if fault.place is Place.JOB)
        return use

    def for_item(self, facts: ItemFacts, now: int) -> Use | None:
        """The fault that a try of an item meets, counted in the transaction of whoever calls."""
        use = self.plan.for_item(facts, now)
        self._write(fault for fault in self.plan if fault.place is Place.ITEM)
        return use

    def save(self) -> None:
        """Write the counts that have changed since the last time, in the transaction of whoever calls."""
        if self.changed:
            self.changed = False
            self._write(self.plan)

    def _undo_jobs(self) -> None:
        """Something was undone: what the database says of jobs and items is true again."""
        if self.plan.on_jobs or self.plan.on_items:
            for row in self.store.rows():
                if row.id in self.plan and self.plan[row.id].place >= Place.JOB:
                    self._take_over(self.plan[row.id], row)

    def _take_over(self, fault: LoadedFault, row: FaultRow) -> None:
        fault.uses, fault.last_use = row.uses, row.last_use
        fault.jobs.clear()
        fault.jobs.extend(msgspec.json.decode(row.jobs, type=list[int]))
        fault.counts = {key: Count(seen, uses) for key, seen, uses in self.store.counts(row.id)}
        fault.changed.clear()

    def _write(self, faults: Iterable[LoadedFault]) -> None:
        for fault in faults:
            if not fault.changed:
                continue
            self.store.save_counts(
                [(fault.id, key, fault.counts[key].seen, fault.counts[key].uses) for key in sorted(fault.changed)]
            )
            self.store.save_use(fault.id, fault.uses, fault.last_use, msgspec.json.encode(list(fault.jobs)).decode())
            fault.changed.clear()


def _free_id(number: int, taken: Collection[str]) -> str:
    """``fault-3`` for the third one, or what is still free."""
    fault_id = f"fault-{number}"
    while fault_id in taken:
        fault_id += "x"
    return fault_id
