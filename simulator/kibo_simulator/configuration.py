"""One YAML file for everything that can be set: the simulator's settings, and how it is served."""

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from kibo_simulator.faults import FaultError, PlannedFault, read_faults
from kibo_simulator.faults.reading import Operations
from kibo_simulator.files.yaml_places import YamlDocument, read_yaml
from kibo_simulator.rate_limits import LimitsError
from kibo_simulator.settings import Settings


class ServeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How a simulator is served: the flags of ``serve``, by the same names; absent ones keep the flags' defaults."""

    host: str | None = None
    port: int | None = None
    data: str | None = None
    inventory: tuple[str, ...] | None = None
    journal: str | None = None
    clock: str | None = None
    tls: bool | None = None
    sftp_port: int | None = None


class Configuration(Struct, frozen=True):
    """What a configuration file says."""

    settings: Settings
    serve: ServeSettings


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
    try:
        settings = msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        raise document.rejection(str(error)) from None
    try:
        settings.limits.validate()
    except LimitsError as error:
        raise document.error(error.path.replace("$", "$.limits", 1), str(error).partition(": ")[2]) from None
    settings = msgspec.structs.replace(settings, faults=faults)
    try:
        return Configuration(settings, msgspec.convert(serve, ServeSettings))
    except msgspec.ValidationError as error:
        raise document.rejection(str(error), "$.serve") from None


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
