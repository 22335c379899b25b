"""The rules that a client of the Kibo inventory APIs is graded by: one small pure function each, over `Evidence`."""

from kibo_scenarios.profile import Level
from kibo_scenarios.rules.catalogue import RULES, RULES_BY_ID, select, with_levels
from kibo_scenarios.rules.rule import FAMILIES, Rule
from kibo_scenarios.rules.verdict import Finding, Outcome, Verdict

__all__ = [
    "FAMILIES",
    "RULES",
    "RULES_BY_ID",
    "Finding",
    "Level",
    "Outcome",
    "Rule",
    "Verdict",
    "select",
    "with_levels",
]
