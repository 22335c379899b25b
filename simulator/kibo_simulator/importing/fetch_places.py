"""Where a tenant's files are fetched from and how they are read: stored configurations, JSON at the edge."""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from msgspec import Struct, field

from kibo_simulator.files.import_rows import ImportKind, ProductMapping, ReadingRules
from kibo_simulator.files.pickup_plan import PickupRules
from kibo_simulator.settings import FileSettings
from kibo_simulator.store.fetch_files import FetchFileConfig

Channel = Literal["ftp", "s3", "gcs"]
NOTHING, ARCHIVE, DELETE = 0, 1, 2
"""What becomes of a file that was read; Kibo publishes no list of its numbers."""


class FetchDocument(Struct, rename="camel", frozen=True, kw_only=True):
    """A fetch configuration as it was sent; what is absent has a default of ours where Kibo's is not known."""

    active: bool = True
    post_process_action: int = ARCHIVE
    refresh_enabled: bool = True
    update_enabled: bool = True
    refresh_file_description: str = ""
    update_file_description: str = ""
    ftp_server: str = ""
    ftp_username: str = ""
    ftp_port: int = 22
    ftp_remote_path: str = ""
    ftp_remote_path_archive: str = ""
    gcs_bucket: str = ""
    gcs_path: str = ""
    gcs_archive_path: str = ""
    region: str = ""
    bucket: str = ""
    s3_path: str = field(name="s3Path", default="")
    archive_bucket: str = ""
    s3_archive_path: str = field(name="s3ArchivePath", default="")
    use_control_file: bool = True
    multiple_files: bool = True
    zero_out_negatives: bool = False
    field_name_map: tuple[str, ...] = ()
    ignore_extra_fields: bool = False
    blank_quantity_is_zero: bool = False
    csv_delimiter: str = ","
    product_mapping: ProductMapping | None = None


_decoder = msgspec.json.Decoder(FetchDocument)
_PLAIN: Final = FetchDocument()


@dataclass(frozen=True, slots=True)
class FetchPlace:
    """One folder or bucket that is looked at for one tenant.

    Attributes:
        tenant_id: whose files.
        config_id: the configuration that says so; 0 for the folders that are there without one.
        channel: what kind of drop point the configuration means.
        folder: where files arrive; with a bucket, its name comes first.
        archive: where they go when they have been read.
        server: host and port, for SFTP.
        user: who logs in there.
    """

    tenant_id: int
    config_id: int
    channel: Channel
    folder: str
    archive: str
    server: tuple[str, int] = ("", 22)
    user: str = ""
    region: str = ""
    document: FetchDocument = _PLAIN

    @property
    def action(self) -> int:
        """What becomes of a file that was read."""
        return self.document.post_process_action

    def pickup_rules(self, settings: FileSettings, known_tenants: frozenset[int]) -> PickupRules:
        """Which names and triggers count here."""
        told = self.document
        return PickupRules(
            tenant_id=self.tenant_id,
            known_tenants=known_tenants,
            use_trigger=told.use_control_file,
            refresh=told.refresh_enabled,
            update=told.update_enabled,
            refresh_text=told.refresh_file_description,
            update_text=told.update_file_description,
            one_at_a_time=not told.multiple_files,
            triggers=settings.triggers,
            zone=settings.name_zone,
        )

    def reading_rules(self, kind: ImportKind, settings: FileSettings, tag_names: tuple[str, ...]) -> ReadingRules:
        """How files are read here."""
        told = self.document
        return ReadingRules(
            kind=kind,
            tag_names=tag_names,
            field_name_map=told.field_name_map,
            ignore_extra_fields=told.ignore_extra_fields,
            blank_quantity_is_zero=told.blank_quantity_is_zero,
            product_mapping=told.product_mapping,
            upc_required=settings.upc_required,
            negative_refresh="zero" if told.zero_out_negatives else "error",
            attribute_separator=settings.attribute_separator,
            delimiter=told.csv_delimiter,
            ragged=settings.ragged,
            positional=settings.positional,
        )


def places_of(config: FetchFileConfig) -> list[FetchPlace]:
    """The places that a configuration names, whether it is active or not."""
    told = msgspec.json.decode(config.document)
    document = _decoder.decode(msgspec.json.encode({name: value for name, value in told.items() if value is not None}))
    tenant_id, number = config.tenant_id, config.id
    places: list[FetchPlace] = []
    if document.ftp_server:
        inbox = document.ftp_remote_path
        archive = document.ftp_remote_path_archive or f"{inbox.rstrip('/')}/archive"
        server = (document.ftp_server, document.ftp_port)
        places.append(
            FetchPlace(tenant_id, number, "ftp", inbox, archive, server, document.ftp_username, document=document)
        )
    if document.bucket:
        inbox = _joined(document.bucket, document.s3_path)
        archive = _joined(
            document.archive_bucket or document.bucket, document.s3_archive_path or f"{document.s3_path}/archive"
        )
        places.append(FetchPlace(tenant_id, number, "s3", inbox, archive, region=document.region, document=document))
    if document.gcs_bucket:
        inbox = _joined(document.gcs_bucket, document.gcs_path)
        archive = _joined(document.gcs_bucket, document.gcs_archive_path or f"{document.gcs_path}/archive")
        places.append(FetchPlace(tenant_id, number, "gcs", inbox, archive, document=document))
    return places


def default_place(tenant_id: int, settings: FileSettings) -> FetchPlace:
    """The folders that are looked at for a tenant without any configuration."""
    return FetchPlace(tenant_id, 0, "ftp", settings.inbox, settings.archive)


def is_active(place: FetchPlace) -> bool:
    """Whether the place is looked at."""
    return place.document.active


def _joined(bucket: str, path: str) -> str:
    inner = path.strip("/")
    return f"{bucket}/{inner}" if inner else bucket
