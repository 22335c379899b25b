"""The rules that a client of the Kibo inventory APIs is graded by: one small pure function each, over `Evidence`."""

from kibo_scenarios.rules.catalogue import FAMILIES, RULES, RULES_BY_ID, Rule, select
from kibo_scenarios.rules.verdict import Finding, Level, Outcome, Verdict

__all__ = ["FAMILIES", "RULES", "RULES_BY_ID", "Finding", "Level", "Outcome", "Rule", "Verdict", "select"]
