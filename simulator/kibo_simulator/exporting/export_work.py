"""The job of an export: its file is written when the job ends, from the stock of that moment, and then delivered."""

import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import IO, Final

import msgspec

from kibo_simulator.drop_points.point import DropPoint, DropPointError
from kibo_simulator.drop_points.talks import Talk, Talks
from kibo_simulator.exporting.documents import DeliveryDocument, ExportDocument, read_delivery, read_export
from kibo_simulator.exporting.export_rows import export_rows, locations_exported
from kibo_simulator.files.file_log import FileLog
from kibo_simulator.files.import_names import stamp_of
from kibo_simulator.files.inventory_export import ExportRow, ExportShape, export_pieces
from kibo_simulator.order_work import WorkFailedError
from kibo_simulator.settings import FileSettings
from kibo_simulator.store.export_settings import ExportSettingsStore
from kibo_simulator.store.places import PlaceStore
from kibo_simulator.store.stock import StockStore

_LONGEST_NAME: Final = 200
_UNSAFE: Final = str.maketrans(dict.fromkeys('/\\:*?"<>|\0', "_"))

NO_DROP_POINT: Final = "there is no drop point; start the simulator with --drop DIR"


class ExportWork(msgspec.Struct, frozen=True, tag="export"):
    """Export by these settings to these of their deliveries; none named means all that are active."""

    settings_id: int
    delivery_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file that was written and waits for its delivery."""

    name: str
    path: Path


class Exporter:
    """Writes exports and delivers them; every method is one step of a caller's transaction."""

    __slots__ = ("_log", "_open", "_places", "_settings", "_stock", "_store", "talks")

    def __init__(
        self,
        settings: FileSettings,
        stock: StockStore,
        places: PlaceStore,
        store: ExportSettingsStore,
        open_point: Callable[[DeliveryDocument, int], DropPoint | None],
        talks: Talks,
        log: FileLog,
    ) -> None:
        self._settings = settings
        self._stock = stock
        self._places = places
        self._store = store
        self._open = open_point
        self.talks = talks
        self._log = log

    def exporting(self, tenant_id: int, work: ExportWork, now: int) -> Talk[tuple[str, ...]]:
        """Write the stock of this moment and deliver it; returns what there is to say.

        Raises:
            WorkFailedError: settings or deliveries are gone, or a drop point refuses.
        """
        settings = self._store.get(tenant_id, work.settings_id)
        if settings is None:
            raise WorkFailedError("ITEM_NOT_FOUND: the export settings have been deleted")
        document = read_export(settings.document)
        deliveries = [
            (delivery.id, read_delivery(delivery))
            for delivery in self._store.deliveries(settings.id)
            if not work.delivery_ids or delivery.id in work.delivery_ids
        ]
        active = [(number, delivery) for number, delivery in deliveries if delivery.active]
        if not active:
            raise WorkFailedError("ITEM_NOT_FOUND: the export has no active delivery")
        opened = [(delivery, self._open(delivery, number)) for number, delivery in active]
        said: list[str] = []
        with tempfile.TemporaryDirectory(prefix="kibo-export-") as folder:
            files = yield from self._written(tenant_id, document, Path(folder), now)
            for delivery, drop in opened:
                if drop is None:
                    raise WorkFailedError(NO_DROP_POINT)
                yield from self._deliver(drop, tenant_id, delivery, files, said)
        return tuple(said)

    def _written(self, tenant_id: int, document: ExportDocument, folder: Path, now: int) -> Talk[list[ExportFile]]:
        locations = locations_exported(tenant_id, document, self._stock, self._places)
        rows = export_rows(document, locations, self._stock)
        stem = _stem(document, now, self._settings.name_zone)
        if document.export_single_file or document.export_type == "AGGREGATE":
            file = yield from self._write(document, rows, folder, stem)
            return [file]
        files: list[ExportFile] = []
        present = (row for row in rows if row is not None)
        for code, own in groupby(present, lambda row: row.location_code):
            file = yield from self._write(document, own, folder, f"{stem}_{_safe(code)}")
            files.append(file)
            yield None
        return files

    def _write(
        self, document: ExportDocument, rows: Iterator[ExportRow | None], folder: Path, stem: str
    ) -> Talk[ExportFile]:
        settings = self._settings
        extra = ("Attributes",) if document.include_attributes and "Attributes" not in settings.export_columns else ()
        shape = ExportShape(
            columns=settings.export_columns + extra,
            root=settings.xml_root,
            location=settings.xml_location,
            item=settings.xml_item,
        )
        inner = f"{stem}.{document.file_format.lower()}"
        outer = f"{_safe(document.zip_file_name) or stem}.zip" if document.zip_files else inner
        path = folder / outer
        with ExitStack() as stack:
            stream: IO[bytes]
            if document.zip_files:
                archive = stack.enter_context(zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1))
                # The same stock at the same instant makes the same bytes (T-4).
                stream = stack.enter_context(archive.open(_member(inner), "w", force_zip64=True))
            else:
                stream = stack.enter_context(path.open("wb"))
            for piece in export_pieces(rows, document.file_format, document.export_type, shape):
                if piece:
                    stream.write(piece)
                yield None
        return ExportFile(outer, path)

    def _deliver(
        self,
        drop: DropPoint,
        tenant_id: int,
        delivery: DeliveryDocument,
        files: Sequence[ExportFile],
        said: list[str],
    ) -> Talk[None]:
        folder = delivery.folder
        try:
            for file in files:
                wanted = (
                    _safe(delivery.remote_file_name) if delivery.remote_file_name and len(files) == 1 else file.name
                )
                name: str = yield partial(drop.deliver, folder, wanted, file.path)
                said.append(f"delivered {name} to {folder} ({delivery.name})")
                size = file.path.stat().st_size
                self._log.note(
                    self.talks.at,
                    "exported",
                    folder=folder,
                    name=name,
                    tenant=tenant_id,
                    size=size,
                    message=delivery.name,
                )
                if self._settings.export_trigger:
                    # Whoever waits for the trigger must find the data whole.
                    trigger = _safe(delivery.control_file_name) or f"{name}.done"
                    yield partial(drop.deliver, delivery.ftp_directory_control_file or folder, trigger, None)
        except DropPointError as error:
            raise WorkFailedError(f"delivery {delivery.name}: {error}") from error


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _stem(document: ExportDocument, now: int, zone: str) -> str:
    name = _safe(document.file_name or document.name)
    return name if document.shorten_filename else f"{name}_{stamp_of(now, zone)}"


def _safe(name: str) -> str:
    """A text as part of a file name: nothing in it points elsewhere or hides the file."""
    return name.translate(_UNSAFE).lstrip(".")[:_LONGEST_NAME]
