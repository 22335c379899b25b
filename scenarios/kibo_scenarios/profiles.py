"""Finds profiles: the ones that come with the package, by name, and anybody's own, by file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from kibo_scenarios.errors import ScenarioFileError, UsageError
from kibo_scenarios.moments import HOUR, format_span, parse_span
from kibo_scenarios.profile import GUIDE, LEVEL_NAMES, OFF_PEAK_HOURS_UTC, Count, Hour, Level, Profile
from kibo_scenarios.rules import RULES, RULES_BY_ID
from kibo_simulator.files.yaml_places import YamlDocument, read_yaml

#: What the guide recommends weighs as much as what it demands, and waste may fail a run (with ``--strict``).
STRICT: Final = msgspec.structs.replace(
    GUIDE,
    name="strict",
    levels={
        rule.id: Level.SHOULD if rule.efficiency else Level.MUST
        for rule in RULES
        if rule.level in {Level.SHOULD, Level.EFFICIENCY}
    },
)

PROFILES: Final[Mapping[str, Profile]] = {"guide": GUIDE, "strict": STRICT}

_LEVELS: Final = {name: level for level, name in LEVEL_NAMES.items()}
_LONGEST: Final = 24 * HOUR


class Thresholds(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The figures that a profile file may set, as `Profile` has them; spans are text such as ``8s``."""

    delete_items_maximum: Count | None = None
    delete_items_recommended: Count | None = None
    adjust_items_maximum: Count | None = None
    refresh_items_maximum: Count | None = None
    refresh_items_recommended: Count | None = None
    submission_spacing: str | None = None
    poll_spacing: str | None = None
    poll_spacing_grown: str | None = None
    retry_after_default: str | None = None
    retry_wait: str | None = None
    attempts_maximum: Count | None = None
    token_lifetime: str | None = None
    budget_share: Annotated[float, Meta(gt=0, le=1)] | None = None
    batch_overhead: Annotated[float, Meta(ge=1, le=1000)] | None = None
    off_peak_hours_utc: tuple[Hour, Hour] | None = None


class ProfileDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A profile as its file spells it."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    extends: Literal["guide", "strict"] = "guide"
    region: Literal["us", "eu"] | None = None
    levels: dict[str, str] = {}
    thresholds: Thresholds = Thresholds()


def find_profile(name_or_file: str) -> Profile:
    """Return a packaged profile by its name, or the one in a file.

    Raises:
        UsageError: There is neither; the message lists the names.
        ScenarioFileError: The file is no profile; says the line, the column and what is accepted.
    """
    if name_or_file in PROFILES:
        return PROFILES[name_or_file]
    if name_or_file.endswith((".yaml", ".yml")) or "/" in name_or_file or Path(name_or_file).is_file():
        return read_profile(Path(name_or_file), name_or_file)
    raise UsageError(f"no profile is called {name_or_file!r}: expected a YAML file, or one of {', '.join(PROFILES)}")


def read_profile(file: Path, name: str | None = None) -> Profile:
    """Read and check a profile file; errors call it by `name`, or by its path.

    Raises:
        ScenarioFileError: With the line, the column, the path and what is accepted.
    """
    document = read_yaml(file, name, what="profile", failure=ScenarioFileError)
    try:
        written = msgspec.convert(document.value, ProfileDocument)
    except msgspec.ValidationError as error:
        raise document.rejection(str(error)) from None
    base = PROFILES[written.extends]
    changes: dict[str, Any] = {"name": written.name, "levels": {**base.levels, **_levels(document, written.levels)}}
    if written.region is not None:
        changes["off_peak_hours_utc"] = OFF_PEAK_HOURS_UTC[written.region]
    for key, value in msgspec.structs.asdict(written.thresholds).items():
        if value is not None:
            place = f"$.thresholds.{key}"
            changes[key] = _span(document, place, value) if isinstance(value, str) else value
    if written.region is not None and written.thresholds.off_peak_hours_utc is not None:
        raise document.error("$.region", "either region or thresholds.off_peak_hours_utc may be given, not both")
    return msgspec.structs.replace(base, **changes)


def _levels(document: YamlDocument, written: Mapping[str, str]) -> dict[str, Level]:
    for rule_id, level in written.items():
        if rule_id not in RULES_BY_ID:
            known = ", ".join(RULES_BY_ID)
            raise document.error(f"$.levels.{rule_id}", f"unknown rule; expected one of {known}")
        if level not in _LEVELS:
            known = ", ".join(_LEVELS)
            raise document.error(f"$.levels.{rule_id}", f"unknown level {level!r}; expected one of {known}")
    return {rule_id: _LEVELS[level] for rule_id, level in written.items()}


def _span(document: YamlDocument, place: str, text: str) -> int:
    try:
        span = parse_span(text)
    except ValueError as error:
        raise document.error(place, str(error)) from None
    if not 0 < span <= _LONGEST:
        raise document.error(place, f"expected a span of more than nothing and at most {format_span(_LONGEST)}")
    return span
