"""What the jobs of a picked-up file do to stock: its rows for one location, all or nothing (J-6 to J-8, J-12)."""

from collections.abc import Iterator

import msgspec

from kibo_simulator.order_work import WorkFailedError
from kibo_simulator.steps import Steps
from kibo_simulator.stock_work import QuantityItem, StockWorker
from kibo_simulator.store.bins import BinStore
from kibo_simulator.store.file_batches import FileBatchStore
from kibo_simulator.store.stock import StockStore


class FileWork(msgspec.Struct, frozen=True, tag="file"):
    """The rows of a file for one location.

    Attributes:
        batch_id: where the rows are kept; 0 when there are none.
        count: how many there are.
        adding: an Update adds, a Refresh sets.
        zero_missing: whether a Refresh zeroes what it does not name (I-2).
        floor_at_zero: whether a result below 0 becomes 0 (zeroOutNegatives).
        notes: what the job has to say though it succeeds.
        failures: why nothing is to be done at all.
    """

    batch_id: int
    count: int
    adding: bool
    zero_missing: bool = False
    floor_at_zero: bool = False
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


class FileRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row as it waits: an item, and the bin it lies in (0 for none)."""

    item: QuantityItem
    bin_id: int = 0


_decoder = msgspec.msgpack.Decoder(list[FileRow])


def encode_rows(rows: list[FileRow]) -> bytes:
    """Rows as they are kept."""
    return msgspec.msgpack.encode(rows)


class FileWorker:
    """Carries out the work of files; every method is one step of a caller's transaction."""

    __slots__ = ("_batches", "_bins", "_stock", "_worker")

    def __init__(self, stock: StockStore, bins: BinStore, batches: FileBatchStore, worker: StockWorker) -> None:
        self._stock = stock
        self._bins = bins
        self._batches = batches
        self._worker = worker

    def applying(self, tenant_id: int, location_id: int, work: FileWork, now: int) -> Steps[None]:
        """Set or add the rows at their location, in steps.

        Raises:
            WorkFailedError: the file was judged bad when it was read.
        """
        if work.failures:
            raise WorkFailedError(*work.failures)
        yield from self._worker.applying_items(
            tenant_id,
            location_id,
            self._items(tenant_id, work),
            now,
            adding=work.adding,
            zero_missing=work.zero_missing,
            floor_at_zero=work.floor_at_zero,
        )

    def forget(self, work: FileWork) -> None:
        """The job has ended: its rows are needed no more."""
        self._batches.drop_rows(work.batch_id)

    def _items(self, tenant_id: int, work: FileWork) -> Iterator[QuantityItem]:
        for piece in self._batches.rows(work.batch_id):
            for row in _decoder.decode(piece):
                yield row.item
                # By now the item is in stock.
                if row.bin_id:
                    self._put_in_bin(tenant_id, row, adding=work.adding)

    def _put_in_bin(self, tenant_id: int, row: FileRow, *, adding: bool) -> None:
        product_id = self._stock.product_for_write(tenant_id, row.item.wanted)
        variant_id = self._stock.variant_for_write(product_id, row.item.variant)
        held = self._bins.quantity(row.bin_id, product_id, variant_id) if adding else 0
        self._bins.put(row.bin_id, product_id, variant_id, max(0, held + row.item.quantity))
