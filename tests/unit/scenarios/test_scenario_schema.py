"""The JSON Schema of scenario files: as committed, true to what is read, and no laxer about typical mistakes."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.library import packaged
from kibo_scenarios.scenario_file import read_scenario
from kibo_scenarios.scenario_schema import scenario_schema
from kibo_scenarios.workloads import read_any

COMMITTED = Path(__file__).parents[3] / "schema/scenario.schema.json"
VALIDATOR = jsonschema_rs.validator_for(scenario_schema())
PLAIN: dict[str, Any] = {"name": "plain", "title": "Plain"}


def test_the_committed_schema_is_what_the_program_prints() -> None:
    """``kibo-scenarios schema > schema/scenario.schema.json`` would change nothing."""
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == json.loads(json.dumps(scenario_schema()))


@pytest.mark.parametrize("name", sorted(packaged()))
def test_every_packaged_scenario_keeps_to_the_schema(name: str) -> None:
    """What the program ships, an editor accepts."""
    document = YAML(typ="safe", pure=True).load(packaged()[name])

    assert list(VALIDATOR.iter_errors(json.loads(json.dumps(document, default=str)))) == []


@pytest.mark.parametrize(
    "mistake",
    [
        {"titel": "misspelt"},
        {"name": "Not A Name"},
        {"seed": -1},
        {"simulator": {"seed": 5}},
        {"simulator": {"limits": {"pools": [{"route": "/x", "rmp": 5}]}}},
        {"simulator": {"jobs": {"mode": "sometimes"}}},
        {"client": {"spacing_s": 1}},
        {"client": {"rpm": "many"}},
        {"work": {"targets": {"products": 2}}},
        {"testable": ["XX-1"]},
        {"expect": {"throtled": "== 0"}},
        {"expect": {"throttled": "about 0"}},
        {"faults": [{"effect": {"kind": "earthquake"}}]},
    ],
    ids=json.dumps,
)
def test_typical_mistakes_are_refused_by_schema_and_program_alike(mistake: dict[str, Any], tmp_path: Path) -> None:
    """Whoever checks first, the mistake is found; without it the file is right."""
    file = tmp_path / "scenario.yaml"
    file.write_text(json.dumps(PLAIN), encoding="utf-8")
    read_scenario(file)
    assert VALIDATOR.is_valid(PLAIN)

    file.write_text(json.dumps(PLAIN | mistake), encoding="utf-8")
    with pytest.raises(ScenarioFileError):
        read_scenario(file)
    assert not VALIDATOR.is_valid(PLAIN | mistake)


LOAD: dict[str, Any] = {
    "name": "load",
    "title": "Load",
    "clients": {"shop": {"kind": "lookups", "stages": [{"for": "1h", "rate": 5}]}},
    "thresholds": {"latency{client:shop}": ["p(95) < 200ms", {"is": "max < 1m", "abort_on_fail": True}]},
}


@pytest.mark.parametrize(
    "mistake",
    [
        {"client": {"rpm": 5}},
        {"testable": ["TH-1"]},
        {"clients": {}},
        {"clients": {"shop": {"kind": "lookup"}}},
        {"clients": {"Shop": LOAD["clients"]["shop"]}},
        {"clients": {"shop": {**LOAD["clients"]["shop"], "share": 2}}},
        {"clients": {"shop": {**LOAD["clients"]["shop"], "every": "5s"}}},
        {"clients": {"shop": {"kind": "lookups", "stages": [{"for": "1h", "rate": -5}]}}},
        {"clients": {"night": {"kind": "refreshes", "at": ["25:00"]}}},
        {"changes": [{"at": "1h", "limits": {"pools": [{"route": "/x", "rmp": 5}]}}]},
        {"thresholds": {"latencies": "max < 1m"}},
        {"thresholds": {"latency": "quick"}},
        {"thresholds": {"latency": {"is": "quick"}}},
        {"simulator": {"faults": []}},
    ],
    ids=json.dumps,
)
def test_the_same_holds_for_load_scenarios(mistake: dict[str, Any], tmp_path: Path) -> None:
    """A file with clients is measured by the other half of the schema."""
    file = tmp_path / "load.yaml"
    file.write_text(json.dumps(LOAD), encoding="utf-8")
    read_any(file)
    assert VALIDATOR.is_valid(LOAD)

    file.write_text(json.dumps(LOAD | mistake), encoding="utf-8")
    with pytest.raises(ScenarioFileError):
        read_any(file)
    assert not VALIDATOR.is_valid(LOAD | mistake)
