"""The catalogue of rules as a document: Markdown for the docs, JSON for tools, a table for the terminal."""

from collections.abc import Sequence

import msgspec
from rich import box
from rich.console import RenderableType
from rich.table import Table

from kibo_scenarios.profile import LEVEL_NAMES
from kibo_scenarios.rules import FAMILIES, RULES, Rule


def catalogue_table(rules: Sequence[Rule] = RULES) -> RenderableType:
    """Return the rules as a table for the terminal."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("rule", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("requirement", overflow="fold")
    table.add_column("source", overflow="fold")
    for rule in rules:
        table.add_row(rule.id, LEVEL_NAMES[rule.level], rule.requirement, rule.source)
    return table


def catalogue_markdown(rules: Sequence[Rule] = RULES) -> str:
    """Return the rules as a Markdown page."""
    lines = [
        "# Conformance rules",
        "",
        "Each rule is a pure function over the server's journal and the stock before and after a run. Its verdict is",
        "PASS, FAIL, INCONCLUSIVE (the run gave it no opportunity) or NOT APPLICABLE. Level *must* fails a run,",
        "*should* fails it with `--strict`, *efficiency* is a figure with a threshold. C-numbers count the demands of",
        "Kibo's guides on a client. Levels and thresholds are those of the profile `guide`; `--profile` takes others",
        "([reports and profiles](reports.md)).",
    ]
    for prefix, name in FAMILIES.items():
        lines += ["", f"## {name}"]
        for rule in rules:
            if rule.id.startswith(f"{prefix}-"):
                lines += [
                    "",
                    f"### {rule.id} · {LEVEL_NAMES[rule.level]}",
                    "",
                    f"{rule.requirement}.",
                    "",
                    f"- Source: {rule.source}",
                    f"- Needs: {rule.needs}",
                    f"- Remedy: {rule.remedy}",
                ]
    return "\n".join(lines) + "\n"


def catalogue_json(rules: Sequence[Rule] = RULES) -> bytes:
    """Return the rules as indented JSON, with a newline at the end."""
    rows = [
        {
            "id": rule.id,
            "family": rule.family,
            "level": str(rule.level),
            "requirement": rule.requirement,
            "source": rule.source,
            "needs": rule.needs,
            "remedy": rule.remedy,
            "ability": rule.ability,
            "efficiency": rule.efficiency,
        }
        for rule in rules
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n"
