"""Writes docs/flawed-clients.md from the matrix: ``python -m tests.conformance.page``."""

from pathlib import Path
from typing import Final

from kibo_scenarios.rules import RULES

from .matrix import FLAWED, GOOD, GOOD_OTHERS, OTHERS

PAGE: Final = Path(__file__).parents[2] / "docs" / "flawed-clients.md"
ALL: Final = {**{row.name: row.rules for row in FLAWED}, **OTHERS}
_HEAD: Final = """\
# Flawed clients

Would the rules notice? The test suite lets these clients loose on small worlds, by real HTTP or a real drop folder, in
virtual time. Each is a plain client with one defect; it must break exactly the rules that are named, and no other. Good
clients meet the same worlds, and must break none. Every [rule](rules.md) is broken by at least one.

This page is made from the tests that do so.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_table(), "", *_good()]) + "\n"


def _table() -> list[str]:
    lines = ["## What each breaks", "", "| the client | breaks |", "|---|---|"]
    lines += [f"| {name} | {', '.join(_in_order(rules))} |" for name, rules in ALL.items()]
    lines += ["", "## Who breaks each rule", "", "| rule | requirement | broken by the client that |", "|---|---|---|"]
    for rule in RULES:
        names = "; ".join(name for name, broken in ALL.items() if rule.id in broken)
        lines.append(f"| {rule.id} | {rule.requirement} | {names} |")
    return lines


def _good() -> list[str]:
    return [
        "## What good clients survive",
        "",
        *(f"- {row.name}" for row in GOOD),
        *(f"- {name}" for name in GOOD_OTHERS),
    ]


def _in_order(rules: frozenset[str]) -> list[str]:
    order = {rule.id: place for place, rule in enumerate(RULES)}
    return sorted(rules, key=order.__getitem__)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
