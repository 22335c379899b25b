"""The JSON Schema of scenario files, made from the types that read them, for editors and other tools.

It says what types can say. What needs the whole file, or the simulator's own checks, `scenario_file` finds.
"""

from typing import Any, Final

import msgspec

from kibo_scenarios.figures import FIGURES
from kibo_scenarios.rules import RULES
from kibo_scenarios.scenario import ScenarioDocument
from kibo_scenarios.scenario_file import COMPARISON, OWN_SETTINGS
from kibo_simulator import PlannedFault, Settings

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE: Final = "#/$defs/{name}"


def scenario_schema() -> dict[str, Any]:
    """Return the schema of a scenario file."""
    (document, settings, fault), components = msgspec.json.schema_components(
        (ScenarioDocument, Settings, PlannedFault), ref_template=_REFERENCE
    )
    definitions = {name: components[name] for name in sorted(components)}
    scenario = definitions.pop(_name(document))
    simulator = definitions[_name(settings)]
    # These follow from the scenario itself.
    simulator["properties"] = {
        name: value for name, value in simulator["properties"].items() if name not in OWN_SETTINGS
    }
    comparison = {"type": "string", "pattern": f"^{COMPARISON.pattern}$"}
    scenario["properties"] |= {
        "simulator": settings,
        "faults": {"type": "array", "items": fault},
        "testable": {"type": "array", "items": {"enum": [rule.id for rule in RULES]}},
        "expect": {
            "type": "object",
            "propertyNames": {"enum": list(FIGURES)},
            "additionalProperties": {"anyOf": [comparison, {"type": "array", "items": comparison}]},
        },
    }
    return {"$schema": DIALECT, "$defs": definitions, **scenario, "title": "Scenario of kibo-scenarios"}


def _name(reference: dict[str, Any]) -> str:
    return str(reference["$ref"]).rpartition("/")[2]
