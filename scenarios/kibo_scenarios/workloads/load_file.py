"""Reads load scenarios, and tells them from scenarios of a single client; whatever is wrong is found before a run."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from kibo_scenarios.errors import ScenarioFileError, UsageError
from kibo_scenarios.library import packaged
from kibo_scenarios.moments import parse_span, parse_utc
from kibo_scenarios.scenario import LONGEST_TIME_LIMIT, Scenario
from kibo_scenarios.scenario_file import check_names, checked_scenario, operation_names, simulator_settings
from kibo_scenarios.thresholds import Threshold, ThresholdError, parse_expression, parse_selector
from kibo_scenarios.thresholds.expression import Selector
from kibo_scenarios.workloads.clients import AnyClient, BulkDelete, OpenClient, Orders, Polls, Refreshes
from kibo_scenarios.workloads.load_scenario import (
    NAME,
    LimitChange,
    LoadDocument,
    LoadScenario,
    Promise,
    Promises,
)
from kibo_scenarios.workloads.measurements import KNOWN_OF_UNKNOWN, UNKNOWN
from kibo_simulator import LimitsDocument, Settings
from kibo_simulator.configuration import placed_faults
from kibo_simulator.files.yaml_places import YamlDocument, read_yaml


def find_any(name_or_file: str) -> Scenario | LoadScenario:
    """Return a packaged scenario of either kind by its name, or the one in a file.

    Raises:
        UsageError: There is neither; the message lists the names.
        ScenarioFileError: The file is no scenario.
    """
    return checked_any(find_document(name_or_file))


def find_document(name_or_file: str) -> YamlDocument:
    """Return the document of a packaged scenario by its name, or the one in a file; it is not checked yet.

    Raises:
        UsageError: There is neither; the message lists the names.
        ScenarioFileError: The file cannot be read, or is not YAML.
    """
    known = packaged()
    if name_or_file in known:
        return read_yaml(known[name_or_file], what="scenario", failure=ScenarioFileError)
    if name_or_file.endswith((".yaml", ".yml")) or "/" in name_or_file or Path(name_or_file).is_file():
        return read_yaml(Path(name_or_file), name_or_file, what="scenario", failure=ScenarioFileError)
    raise UsageError(f"no scenario is called {name_or_file!r}: expected a file, or one of {', '.join(known)}")


def read_any(file: Path, name: str | None = None) -> Scenario | LoadScenario:
    """Read and check a scenario of either kind; one with ``clients`` is a load scenario.

    Raises:
        ScenarioFileError: With the line, the column, the path and what is accepted.
    """
    return checked_any(read_yaml(file, name, what="scenario", failure=ScenarioFileError))


def checked_any(document: YamlDocument) -> Scenario | LoadScenario:
    """Check a scenario of either kind that was read.

    Raises:
        ScenarioFileError: With the line, the column, the path and what is accepted.
    """
    if not isinstance(document.value, dict) or "clients" not in document.value:
        return checked_scenario(document)
    return load_scenario(document)


def load_scenario(document: YamlDocument) -> LoadScenario:
    """Check a load scenario.

    Raises:
        ScenarioFileError: With the line, the column, the path and what is accepted.
    """
    try:
        written = msgspec.convert(document.value, LoadDocument)
    except msgspec.ValidationError as error:
        # Of the values of a map msgspec does not say which it means.
        for key, kind in (("clients", AnyClient), ("thresholds", Promises)):
            _convert_each(document, key, kind)
        raise document.rejection(str(error)) from None
    check_names(document, written.name, written.title)
    settings = simulator_settings(document, written.simulator)
    if settings.sample is None or not settings.sample.locations * settings.sample.products:
        raise document.error("$.simulator.sample", "a scenario needs the sample tenant: locations and products")
    if UNKNOWN in written.clients:
        raise document.error(f"$.clients.{UNKNOWN}", "this name stands for requests whose client is not known")
    for name, client in written.clients.items():
        _check_client(document, f"$.clients.{name}", client, settings)
    time_limit = _span(document, "$.time_limit", written.time_limit)
    if not 0 < time_limit <= LONGEST_TIME_LIMIT:
        raise document.error("$.time_limit", f"expected a span up to 31d, got {written.time_limit}")
    return LoadScenario(
        name=written.name,
        title=written.title,
        description=written.description.strip(),
        seed=written.seed,
        start=_parsed(document, "$.start", parse_utc, written.start),
        simulator=written.simulator,
        faults=placed_faults(document, written.faults, "$.faults", operation_names),
        network=written.network,
        clients=written.clients,
        changes=tuple(_changes(document, written)),
        thresholds=tuple(_thresholds(document, written)),
        time_limit=time_limit,
        file=document.file,
    )


def _convert_each(document: YamlDocument, key: str, kind: Any) -> None:
    values = document.value.get(key)
    for name, value in values.items() if isinstance(values, dict) else ():
        path = f"$.{key}.{name}"
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise document.rejection(str(error), path) from None
        if key == "clients" and NAME.fullmatch(name) is None:
            raise document.error(path, "names have small letters and digits, with single hyphens in between")


def _check_client(document: YamlDocument, path: str, client: AnyClient, settings: Settings) -> None:
    tenants = {tenant.tenant: tenant for _, tenant in settings.every_tenant()}
    if client.tenant is not None and client.tenant not in tenants:
        known = ", ".join(map(str, tenants))
        raise document.error(f"{path}.tenant", f"there is no tenant {client.tenant}; expected one of {known}")
    spans = {f"{path}.starts": client.starts}
    match client:
        case Polls():
            spans |= {f"{path}.every": client.every, f"{path}.for": client.lasts}
        case Refreshes():
            spans[f"{path}.for"] = client.lasts
        case BulkDelete():
            if client.share is not None:
                raise document.error(f"{path}.share", "this client is told its limits in plan.rpm and plan.rph")
            if client.tenant is not None:
                raise document.error(f"{path}.tenant", "a bulk deletion is the sample tenant's")
        case OpenClient():
            for index, stage in enumerate(client.stages):
                spans[f"{path}.stages[{index}].for"] = stage.lasts
            for index, burst in enumerate(client.bursts):
                spans |= {f"{path}.bursts[{index}].at": burst.at, f"{path}.bursts[{index}].within": burst.within}
            if not client.stages and not client.bursts:
                raise document.error(path, "wants nothing: it needs stages or bursts")
    if isinstance(client, Orders):
        spans[f"{path}.fulfil_after"] = client.fulfil_after
    for place, text in spans.items():
        if _span(document, place, text) > LONGEST_TIME_LIMIT:
            raise document.error(place, f"expected a span up to 31d, got {text}")


def _changes(document: YamlDocument, written: LoadDocument) -> Iterator[LimitChange]:
    changes = []
    for index, change in enumerate(written.changes):
        path = f"$.changes[{index}]"
        try:
            limits = msgspec.convert(change.limits, LimitsDocument).validate()
        except msgspec.ValidationError as error:
            raise document.rejection(str(error), f"{path}.limits") from None
        except ValueError as error:
            place, _, message = str(error).partition(": ")
            raise document.error(place.replace("$", f"{path}.limits", 1), message) from None
        changes.append(LimitChange(_span(document, f"{path}.at", change.at), limits))
    yield from sorted(changes, key=lambda change: change.at)


def _thresholds(document: YamlDocument, written: LoadDocument) -> Iterator[Threshold]:
    for key, told in written.thresholds.items():
        path = f"$.thresholds.{key}"
        try:
            selector = _selector(key, written)
        except ThresholdError as error:
            raise document.error(path, str(error)) from None
        promises = told if isinstance(told, tuple) else (told,)
        for index, one in enumerate(promises):
            promise = one if isinstance(one, Promise) else Promise(holds=one)
            place = f"{path}[{index}]" if isinstance(told, tuple) else path
            try:
                expression = parse_expression(promise.holds, selector.metric)
            except ThresholdError as error:
                raise document.error(place, str(error)) from None
            yield Threshold(selector, expression, promise.reason, promise.abort_on_fail)


def _selector(key: str, written: LoadDocument) -> Selector:
    selector = parse_selector(key)
    client, operation = selector.labels.get("client"), selector.labels.get("operation")
    if client == UNKNOWN and selector.metric.name not in KNOWN_OF_UNKNOWN:
        known = ", ".join(sorted(KNOWN_OF_UNKNOWN))
        raise ThresholdError(f"of the client {UNKNOWN!r} there are only {known}")
    if client not in {None, UNKNOWN, *written.clients}:
        raise ThresholdError(f"there is no client {client!r}; expected one of {', '.join(written.clients)}")
    if operation is not None and operation not in operation_names():
        raise ThresholdError(f"there is no operation {operation!r}; kibo-simulator endpoints lists them")
    return selector


def _span(document: YamlDocument, path: str, text: str) -> int:
    return _parsed(document, path, parse_span, text)


def _parsed(document: YamlDocument, path: str, parse: Callable[[str], int], text: str) -> int:
    try:
        return parse(text)
    except ValueError as error:
        raise document.error(path, str(error)) from None
