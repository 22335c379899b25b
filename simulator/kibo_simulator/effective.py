"""What is in force when a configuration file, the environment, flags and a snapshot all have their say.

Flags go before the environment, that before the file, that before the snapshot a simulator begins with, and that before
the defaults. Each value knows who said it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from kibo_simulator.faults import PlannedFault
from kibo_simulator.rate_limits import LimitsDocument
from kibo_simulator.settings import Settings, SettingsError

if TYPE_CHECKING:
    # Reading YAML is slow to import and rarely asked for.
    from kibo_simulator.configuration import Configuration

SECRET_NAMES: Final = frozenset({"shared_secret", "control_token"})
MASK: Final = "********"
DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Told:
    """A value that a flag or a variable of the environment gave, and which."""

    value: Any
    by: str


@dataclass
class Layers:
    """Settings under construction: plain values, and who said each, by path without ``$``."""

    values: dict[str, Any] = field(default_factory=dict)
    said_by: dict[str, str] = field(default_factory=dict)

    def lay(self, values: Mapping[str, Any], by: Mapping[str, str] | str) -> None:
        """Put values over those below; maps are joined, everything else is replaced."""
        for path, value in _leaves(values, ""):
            self.set(path, value, by if isinstance(by, str) else _nearest(by, path))

    def set(self, path: str, value: Any, by: str) -> None:
        """Put one value over the one below."""
        *outer, last = path.split(".")
        inner = self.values
        for name in outer:
            if not isinstance(inner.get(name), dict):
                inner[name] = {}
            inner = inner[name]
        inner[last] = value
        for known in [known for known in self.said_by if known.startswith(f"{path}.")]:
            del self.said_by[known]
        self.said_by[path] = by


@dataclass(frozen=True, slots=True)
class Effective:
    """Settings in force, and who said each value, by path; what is not listed is a default."""

    settings: Settings
    said_by: Mapping[str, str]

    def rows(self) -> Iterator[tuple[str, Any, str]]:
        """Path, value and origin of everything that can be set; secrets are masked."""
        for path, value in _leaves(msgspec.to_builtins(self.settings), ""):
            yield path, masked(path, value), _nearest(self.said_by, path)


def effective(
    configuration: "Configuration | None",
    snapshot: Settings | None,
    told: Mapping[str, Told],
    faults: tuple[PlannedFault, ...] | None,
) -> Effective:
    """Join what everybody says.

    Args:
        configuration: what the file says, checked by itself already.
        snapshot: the settings of the snapshot that is begun with.
        told: what flags and environment say: seed, start, auth, drop, limits, sample (two numbers), inventory.
        faults: those of ``--faults``, read already.

    Raises:
        SettingsError: they cannot be meant together.
    """
    layers = Layers()
    if snapshot is not None:
        layers.lay(msgspec.to_builtins(snapshot), "snapshot")
    if configuration is not None:
        layers.lay(configuration.values, configuration.places)
    sized = layers.values.get("sample", {})
    if sized is None and told.keys() & {"sample", "inventory"}:
        layers.set("sample", {}, DEFAULT)
    if "inventory" in told:
        layers.set("sample.locations", 0, told["inventory"].by)
        layers.set("sample.products", 0, told["inventory"].by)
    for name, paths in _PATHS.items():
        if name in told:
            given = told[name]
            value = msgspec.to_builtins(given.value) if isinstance(given.value, LimitsDocument) else given.value
            for path, part in zip(paths, value if len(paths) > 1 else (value,), strict=True):
                if isinstance(part, dict):
                    layers.values.pop(path, None)
                layers.set(path, part, given.by)
    try:
        settings = msgspec.convert(layers.values, Settings)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at ")
        raise _attributed(SettingsError(path.strip("`") or "$", message), layers.said_by) from None
    if faults is None and configuration is not None and configuration.settings.faults:
        faults = configuration.settings.faults
    elif faults is not None:
        layers.said_by["faults"] = told["faults"].by
    if faults is not None:
        settings = msgspec.structs.replace(settings, faults=faults)
    try:
        settings.validate()
    except SettingsError as error:
        raise _attributed(error, layers.said_by) from None
    return Effective(settings, layers.said_by)


_PATHS: Final[dict[str, tuple[str, ...]]] = {
    "seed": ("seed",),
    "start": ("start",),
    "auth": ("access.auth",),
    "drop": ("files.drop",),
    "limits": ("limits",),
    "sample": ("sample.locations", "sample.products"),
}
"""Which settings a flag of ``serve`` sets."""

SETTING_FLAGS: Final = frozenset({*_PATHS, "faults"})


def masked(path: str, value: Any) -> Any:
    """A value as it may be shown: secrets in it are not."""
    if path.rpartition(".")[2] in SECRET_NAMES:
        return None if value is None else MASK
    if isinstance(value, dict):
        return {name: masked(name, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [masked("", inner) for inner in value]
    return value


def _leaves(values: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        inner = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value:
            yield from _leaves(value, inner)
        else:
            yield inner, value


def _attributed(error: SettingsError, said_by: Mapping[str, str]) -> SettingsError:
    """The error with who said what is wrong, in words."""
    by = _nearest(said_by, error.path.removeprefix("$").removeprefix(".").partition("[")[0])
    return SettingsError(error.path, f"{error.message} (from {by})")


def _nearest(said_by: Mapping[str, str], path: str) -> str:
    """Who said a value, or the whole that it is a part of."""
    while path:
        if path in said_by:
            return said_by[path]
        path = path.rpartition(".")[0]
    return DEFAULT


__all__ = ["DEFAULT", "MASK", "SETTING_FLAGS", "Effective", "Told", "effective", "masked"]
