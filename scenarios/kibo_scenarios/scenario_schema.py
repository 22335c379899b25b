"""The JSON Schema of scenario files, made from the types that read them, for editors and other tools.

It says what types can say. What needs the whole file, or the checks of the simulator, is found when the file is read.
"""

import re
from typing import Any, Final

import msgspec

from kibo_scenarios.figures import FIGURES
from kibo_scenarios.rules import RULES
from kibo_scenarios.scenario import ScenarioDocument
from kibo_scenarios.scenario_file import COMPARISON, OWN_SETTINGS
from kibo_scenarios.thresholds import METRICS
from kibo_scenarios.thresholds.expression import EXPRESSION
from kibo_scenarios.workloads.load_scenario import Change, LoadDocument, Promise
from kibo_simulator import LimitsDocument, PlannedFault, Settings

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = "#/$defs/{name}"


def scenario_schema() -> dict[str, Any]:
    """Return the schema of a scenario file; one with ``clients`` is a load scenario."""
    (document, load, settings, fault, limits), components = msgspec.json.schema_components(
        (ScenarioDocument, LoadDocument, Settings, PlannedFault, LimitsDocument), ref_template=_REFERENCE
    )
    definitions = {name: components[name] for name in sorted(components)}
    simulator = definitions[_name(settings)]
    # These follow from the scenario itself.
    simulator["properties"] = {
        name: value for name, value in simulator["properties"].items() if name not in OWN_SETTINGS
    }
    shared = {"simulator": settings, "faults": {"type": "array", "items": fault}}
    definitions[_name(document)]["properties"] |= {
        **shared,
        "testable": {"type": "array", "items": {"enum": [rule.id for rule in RULES]}},
        "expect": {
            "type": "object",
            "propertyNames": {"enum": list(FIGURES)},
            "additionalProperties": _one_or_more({"type": "string", "pattern": f"^{COMPARISON.pattern}$"}),
        },
    }
    comparison = {"type": "string", "pattern": f"^{_plain(EXPRESSION)}$"}
    definitions[Change.__name__]["properties"]["limits"] = limits
    definitions[Promise.__name__]["properties"]["is"] |= comparison
    promise = {"anyOf": [comparison, {"$ref": _REFERENCE.format(name=Promise.__name__)}]}
    definitions[_name(load)]["properties"] |= {
        **shared,
        "thresholds": {
            "type": "object",
            "propertyNames": {"pattern": f"^({'|'.join(METRICS)})(\\{{[^{{}}]*\\}})?$"},
            "additionalProperties": _one_or_more(promise),
        },
    }
    return {
        "$schema": DIALECT,
        "$defs": definitions,
        "title": "Scenario of kibo-scenarios",
        "type": "object",
        "if": {"required": ["clients"]},
        "then": load,
        "else": document,
    }


def _one_or_more(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "array", "items": schema}]}


def _plain(pattern: re.Pattern[str]) -> str:
    """Return a pattern as JavaScript has it: its groups have no names."""
    return re.sub(r"\?P<\w+>", "", pattern.pattern)


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
