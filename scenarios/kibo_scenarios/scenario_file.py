"""Reads scenario files, and checks all that can be checked before a run: types, settings, rules, expectations."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from kibo_scenarios.errors import ScenarioFileError, UsageError
from kibo_scenarios.figures import FIGURES
from kibo_scenarios.moments import parse_span, parse_utc
from kibo_scenarios.neighbours import unknown_tenant
from kibo_scenarios.rules import select
from kibo_scenarios.scenario import LONGEST_TIME_LIMIT, Expectation, Operator, Scenario, ScenarioDocument
from kibo_simulator import Settings
from kibo_simulator.configuration import placed_faults
from kibo_simulator.files.yaml_conversion import converted
from kibo_simulator.files.yaml_places import YamlDocument, read_yaml
from kibo_simulator.plain_text import control_in
from kibo_simulator.settings import SettingsError
from kibo_simulator.web.application import OPERATIONS

COMPARISON: Final = re.compile(r"\s*(==|!=|<=|>=|<|>)\s*([0-9]+(?:\.[0-9]+)?)\s*", re.ASCII)
#: These follow from the scenario itself, so that a run has one seed and one beginning.
OWN_SETTINGS: Final = {"seed": "$.seed", "start": "$.start", "faults": "$.faults"}


def read_scenario(file: Path, name: str | None = None) -> Scenario:
    """Read and check a scenario file; errors call it by `name`, or by its path.

    Raises:
        ScenarioFileError: With the line, the column, the path and what is accepted.
    """
    return checked_scenario(read_yaml(file, name, what="scenario", failure=ScenarioFileError))


def checked_scenario(document: YamlDocument) -> Scenario:
    """Check a scenario that was read.

    Raises:
        ScenarioFileError: With the line, the column, the path and what is accepted.
    """
    if isinstance(document.value, dict) and "clients" in document.value:
        raise document.error(
            "$.clients", "is of load scenarios, which kibo-scenarios run takes; nobody is graded there"
        )
    try:
        written = msgspec.convert(document.value, ScenarioDocument)
    except msgspec.ValidationError as error:
        raise document.rejection(str(error)) from None
    check_names(document, written.name, written.title)
    if written.work.adjust_by is not None and written.work.kind != "adjust":
        raise document.error("$.work.adjust_by", "only means something where work.kind is adjust")
    if written.work.adjust_by == 0:
        raise document.error("$.work.adjust_by", "adds nothing; expected a number other than 0")
    if written.work.batch is not None and written.work.kind != "batch-jobs":
        raise document.error("$.work.batch", "only means something where work.kind is batch-jobs")
    if written.work.files is not None and written.work.kind != "files":
        raise document.error("$.work.files", "only means something where work.kind is files")
    for field in ("scheduled", "cancel_after"):
        span = getattr(written.work.batch, field, None)
        if span is not None:
            _parsed(document, f"$.work.batch.{field}", parse_span, span)
    settings = simulator_settings(document, written.simulator)
    if settings.sample is None:
        raise document.error("$.simulator.sample", "a scenario needs the sample tenant: locations and products")
    if written.work.targets.part_numbers is not None and written.work.targets.products != 1:
        raise document.error("$.work.targets.part_numbers", "either products or part_numbers may be given, not both")
    _check_surroundings(document, written, settings)
    if written.work.sent:
        _check_files(document, written, settings)
    start = _parsed(document, "$.start", parse_utc, written.start)
    time_limit = _parsed(document, "$.time_limit", parse_span, written.time_limit)
    if not 0 < time_limit <= LONGEST_TIME_LIMIT:
        raise document.error("$.time_limit", f"expected a span up to 31d, got {written.time_limit}")
    return Scenario(
        name=written.name,
        title=written.title,
        description=written.description.strip(),
        seed=written.seed,
        start=start,
        simulator=written.simulator,
        faults=placed_faults(document, written.faults, "$.faults", operation_names),
        stock=written.stock,
        happenings=written.happenings,
        neighbours=written.neighbours,
        network=written.network,
        client=written.client,
        work=written.work,
        testable=_rules(document, written.testable),
        expectations=_expectations(document, written.expect),
        time_limit=time_limit,
        file=document.file,
    )


def check_names(document: YamlDocument, name: str, title: str) -> None:
    """Refuse a name or title that a terminal would obey.

    Raises:
        ScenarioFileError: There is a control character in it.
    """
    for path, text in (("$.name", name), ("$.title", title)):
        problem = control_in(text)
        if problem is not None:
            raise document.error(path, problem)


def simulator_settings(document: YamlDocument, written: dict[str, Any]) -> Settings:
    """Return the simulator's settings that a scenario has under ``simulator``.

    Raises:
        ScenarioFileError: The simulator does not accept them.
    """
    for key, instead in OWN_SETTINGS.items():
        if key in written:
            raise document.error(f"$.simulator.{key}", f"set {instead} instead; it holds for the whole run")
    settings = converted(document, written, Settings, "$.simulator")
    try:
        return settings.validate()
    except SettingsError as error:
        raise document.error(error.path.replace("$", "$.simulator", 1), error.message) from None


def _check_surroundings(document: YamlDocument, written: ScenarioDocument, settings: Settings) -> None:
    for index, happening in enumerate(written.happenings):
        place = f"$.happenings[{index}]"
        _parsed(document, f"{place}.at", parse_span, happening.at)
        if not happening.close and not happening.clear:
            raise document.error(place, "nothing happens; expected close or clear with locations")
    for index, neighbour in enumerate(written.neighbours):
        place = f"$.neighbours[{index}]"
        begins = _parsed(document, f"{place}.begins", parse_span, neighbour.begins)
        if neighbour.ends is not None and _parsed(document, f"{place}.ends", parse_span, neighbour.ends) <= begins:
            raise document.error(f"{place}.ends", f"expected a span of more than {neighbour.begins}")
    stranger = unknown_tenant(written.neighbours, settings)
    if stranger is not None:
        index, number = stranger
        raise document.error(f"$.neighbours[{index}].tenant", f"{number} is none of $.simulator.tenants")


def _check_files(document: YamlDocument, written: ScenarioDocument, settings: Settings) -> None:
    """Make sure that there is one drop folder, which is the run's, and that feeds come one after the other."""
    for field, given in (("drop", settings.files.drop is not None), ("remote", settings.files.remote)):
        if given:
            raise document.error(f"$.simulator.files.{field}", "leave it out; files are sent to a folder of the run")
    if written.happenings:
        raise document.error("$.happenings", "are counted from a client's first request, and files need none")
    before = 0
    for index, feed in enumerate(written.work.sent):
        place = f"$.work.files[{index}].at"
        at = _parsed(document, place, parse_span, feed.at)
        if at < before:
            raise document.error(place, f"expected a span of at least that of the feed before it, got {feed.at}")
        before = at


def operation_names() -> frozenset[str]:
    """Return the names of all operations, as journals have them."""
    return frozenset(operation.name for operation in OPERATIONS)


def _parsed(document: YamlDocument, path: str, parse: Callable[[str], int], text: str) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise document.error(path, str(error)) from None


def _rules(document: YamlDocument, ids: tuple[str, ...]) -> tuple[str, ...]:
    for index, rule_id in enumerate(ids):
        try:
            select([rule_id])
        except UsageError as error:
            raise document.error(f"$.testable[{index}]", str(error)) from None
    return tuple(dict.fromkeys(ids))


def _expectations(document: YamlDocument, written: dict[str, str | tuple[str, ...]]) -> tuple[Expectation, ...]:
    expectations = []
    for figure, comparisons in written.items():
        if figure not in FIGURES:
            known = ", ".join(FIGURES)
            raise document.error(f"$.expect.{figure}", f"unknown figure; expected one of {known}")
        for text in (comparisons,) if isinstance(comparisons, str) else comparisons:
            match = COMPARISON.fullmatch(text)
            if match is None:
                message = f"expected a comparison such as '== 0' or '>= 1', got {text!r}"
                raise document.error(f"$.expect.{figure}", message)
            expectations.append(Expectation(figure, cast("Operator", match[1]), float(match[2])))
    return tuple(expectations)
