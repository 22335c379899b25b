"""Every kind of work that a job can carry, how it is stored, and who carries it out (J-8)."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import msgspec

from kibo_simulator.drop_points.talks import Talk
from kibo_simulator.exporting.export_work import Exporter, ExportWork
from kibo_simulator.file_work import FileWork, FileWorker
from kibo_simulator.order_work import (
    AllocateWork,
    DeallocateWork,
    FulfillWork,
    OrderWorker,
    WorkFailedError,
)
from kibo_simulator.pending_sweep import PendingSweep
from kibo_simulator.steps import Steps, finish
from kibo_simulator.stock.records import NO_RECORDS, RecordSet
from kibo_simulator.stock_work import AdjustWork, DeleteWork, RefreshWork, StockWorker
from kibo_simulator.store.bins import BinStore
from kibo_simulator.store.database import Database
from kibo_simulator.store.holds import HoldStore
from kibo_simulator.store.stock import StockStore
from kibo_simulator.upkeep_work import PurgeWork, RedistributeWork, UpkeepWorker

Work = (
    RefreshWork
    | AdjustWork
    | DeleteWork
    | AllocateWork
    | DeallocateWork
    | FulfillWork
    | RedistributeWork
    | PurgeWork
    | FileWork
    | ExportWork
)

Outcome: TypeAlias = tuple[list[str], tuple[str, ...]]
"""Why work failed, nothing if it did not; and what there is to say of work that succeeded."""

_decoder: msgspec.msgpack.Decoder[Work] = msgspec.msgpack.Decoder(Work)


def encode_work(work: Work) -> bytes:
    """The work as it is stored with its jobs."""
    return msgspec.msgpack.encode(work)


def decode_work(body: bytes) -> Work:
    """What `encode_work` wrote."""
    return _decoder.decode(body)


class JobWorker:
    """Carries out any work at one location, wholly or not at all."""

    __slots__ = (
        "_bins", "_database", "_exporter", "_files", "_holds", "_orders", "_stock", "_stock_worker", "_sweep",
        "_upkeep",
    )  # fmt: skip

    def __init__(
        self,
        database: Database,
        stock: StockStore,
        holds: HoldStore,
        bins: BinStore,
        stock_worker: StockWorker,
        orders: OrderWorker,
        upkeep: UpkeepWorker,
        sweep: PendingSweep,
        files: FileWorker,
        exporter: Exporter,
    ) -> None:
        self._database = database
        self._stock = stock
        self._holds = holds
        self._bins = bins
        self._stock_worker = stock_worker
        self._orders = orders
        self._upkeep = upkeep
        self._sweep = sweep
        self._files = files
        self._exporter = exporter

    def size(self, location_id: int, work: Work, meant: RecordSet) -> int:
        """How many records the work is about to touch (J-6); ``meant`` are those a deletion means."""
        if isinstance(work, DeleteWork):
            return self._stock.count_held(location_id, meant)
        if isinstance(work, RedistributeWork | PurgeWork):
            return self._stock.count_at(location_id)
        if isinstance(work, FileWork):
            return work.count
        if isinstance(work, ExportWork):
            return 0
        return len(work.items)

    def apply(self, tenant_id: int, location_id: int, work: Work, now: int, meant: RecordSet = NO_RECORDS) -> list[str]:
        """Carry the work out without pausing; messages mean that it failed and touched nothing (J-8)."""
        return finish(self.applying(tenant_id, location_id, work, now, meant))

    def applying(
        self, tenant_id: int, location_id: int, work: Work, now: int, meant: RecordSet = NO_RECORDS
    ) -> Steps[list[str]]:
        """The same in steps; nobody else may change anything in between."""
        try:
            with self._database.savepoint():
                if isinstance(work, DeleteWork):
                    self._stock.delete(location_id, meant)
                elif isinstance(work, RefreshWork | AdjustWork):
                    yield from self._stock_worker.applying(tenant_id, location_id, work, now)
                elif isinstance(work, RedistributeWork | PurgeWork):
                    self._upkeep.apply(tenant_id, location_id, work, now)
                elif isinstance(work, FileWork):
                    yield from self._files.applying(tenant_id, location_id, work, now)
                else:
                    # Exports have no location and go their own way.
                    assert not isinstance(work, ExportWork)
                    self._orders.apply(tenant_id, work, now)
                if isinstance(work, DeleteWork | PurgeWork):
                    # What orders and bins say of records that are gone goes with them.
                    self._holds.drop_orphans(location_id)
                    self._bins.sweep(location_id)
        except WorkFailedError as error:
            return list(error.messages)
        self._sweep.plan(now)
        return []

    @property
    def delivers_later(self) -> bool:
        """Whether exports are delivered by courier, so that their jobs end when he is back."""
        return self._exporter.talks.by_courier

    def exporting(self, tenant_id: int, work: ExportWork, now: int) -> Steps[Outcome]:
        """Carry out an export in steps; its drop points answer on the spot."""
        if self.delivers_later:
            return ["exports to remote drop points need jobs.mode timed"], ()
        self._exporter.talks.at = now
        return (yield from self._exporter.talks.inline(self._exported(tenant_id, work, now)))

    def exporting_beside(
        self, tenant_id: int, work: ExportWork, now: int, settle: Callable[[Outcome, int], None]
    ) -> Iterator[None]:
        """Write an export in steps and hand it over; ``settle`` is told of its end and the instant of it."""

        def beside() -> Talk[None]:
            outcome = yield from self._exported(tenant_id, work, now)
            settle(outcome, self._exporter.talks.at)

        return self._exporter.talks.go(beside(), now)

    def _exported(self, tenant_id: int, work: ExportWork, now: int) -> Talk[Outcome]:
        try:
            return [], (yield from self._exporter.exporting(tenant_id, work, now))
        except WorkFailedError as error:
            return list(error.messages), ()

    def forget(self, work: Work) -> None:
        """No job needs the work any more: drop what is kept for it elsewhere."""
        if isinstance(work, FileWork):
            self._files.forget(work)
