"""One YAML file for everything that can be set: the simulator's settings, and how it is served."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from kibo_simulator.faults import FaultError, PlannedFault, read_faults
from kibo_simulator.faults.reading import Operations
from kibo_simulator.files.yaml_conversion import converted
from kibo_simulator.files.yaml_places import YamlDocument, read_yaml
from kibo_simulator.settings import Settings, SettingsError


class ServeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How a simulator is served: the flags of ``serve``, by the same names; absent ones keep the flags' defaults."""

    host: str | None = None
    port: Annotated[int, Meta(ge=0, le=65_535)] | None = None
    data: str | None = None
    inventory: tuple[str, ...] | None = None
    journal: str | None = None
    snapshot: str | None = None
    snapshots: str | None = None
    clock: str | None = None
    tls: bool | None = None
    tls_dir: str | None = None
    tls_name: tuple[str, ...] | None = None
    sftp_port: Annotated[int, Meta(ge=0, le=65_535)] | None = None
    sftp_key: str | None = None
    control_token: Annotated[str, Meta(min_length=1)] | None = None
    end_with_stdin: bool | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a configuration file says.

    ``values`` are the settings as they stand in it, faults aside, and ``places`` the file and line of each by path;
    ``document`` makes errors that name a place of the file.
    """

    settings: Settings
    serve: ServeSettings
    values: dict[str, Any]
    places: dict[str, str]
    document: YamlDocument


def read_configuration(file: Path, *, operations: Operations | None = None) -> Configuration:
    """Read and check a configuration file; ``operations`` tells the names that faults may use.

    Raises:
        YamlFileError: with line, column, path and what is accepted.
    """
    document = read_yaml(file)
    if not isinstance(document.value, dict):
        raise document.error("$", "expected a map of settings")
    values: dict[str, Any] = dict(document.value)
    serve = values.pop("serve", {})
    faults = placed_faults(document, values.pop("faults", []), "$.faults", operations)
    settings = converted(document, values, Settings)
    try:
        settings.validate()
    except SettingsError as error:
        raise document.error(error.path, error.message) from None
    settings = msgspec.structs.replace(settings, faults=faults)
    told = converted(document, serve, ServeSettings, "$.serve")
    places = {path.removeprefix("$."): f"{file}:{line}" for path, (line, _) in document.places.items()}
    return Configuration(settings, told, values, places, document)


def read_fault_file(file: Path, *, operations: Operations | None = None) -> tuple[PlannedFault, ...]:
    """Read and check a file of faults, YAML or JSON.

    Raises:
        YamlFileError: with line, column, path and what is accepted.
    """
    document = read_yaml(file, what="fault document")
    return placed_faults(document, document.value, "$", operations)


def placed_faults(
    document: YamlDocument, value: Any, root: str, operations: Operations | None
) -> tuple[PlannedFault, ...]:
    """The faults at a place of a document.

    Raises:
        Exception: the document's own, with line, column, path and what is accepted.
    """
    try:
        return read_faults(value, operations=operations)
    except FaultError as error:
        raise document.error(error.path.replace("$", root, 1), error.message) from None
