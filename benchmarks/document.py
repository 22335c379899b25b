"""Writes what was measured into docs/benchmarks.md, between markers, and the plots beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.outcome import Section

DOCUMENT = Path("docs/benchmarks.md")
PLOTS = Path("docs/figures")
OPENING = """\
# Benchmarks

`make bench` measures everything below; `python -m benchmarks --docs` also rewrites this page. Each figure stands
beside a peer or a floor measured in the same run: times of another machine differ, ratios hardly. What is between two
markers is generated.
"""


def markers(name: str) -> tuple[str, str]:
    """The lines between which a part of the document is generated."""
    return f"<!-- begin: {name} -->", f"<!-- end: {name} -->"


def replaced(document: str, name: str, content: str) -> str:
    """Return the document with a part renewed, or added at its end.

    Raises:
        ValueError: One marker of the part is there without the other.
    """
    begin, end = markers(name)
    part = f"{begin}\n{content.strip()}\n{end}"
    if begin not in document and end not in document:
        return f"{document.rstrip()}\n\n{part}\n"
    before, found, rest = document.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the markers of {name!r} are not a pair")
    return before + part + after


def section_text(section: Section, machine: Mapping[str, str]) -> str:
    """A section as Markdown, with what it was measured on."""
    plots = [f"![{section.title}](figures/{name})" for name in section.plots]
    tables = [table.to_markdown() for table in section.tables]
    measured_on = "Measured on " + "; ".join(f"{key.lower()}: {value}" for key, value in machine.items()) + "."
    return "\n\n".join([f"## {section.title}", section.method, *plots, *tables, measured_on])


def write(sections: Sequence[Section], machine: Mapping[str, str], root: Path) -> list[Path]:
    """Renew these sections in the document under a folder, leave others as they are; return the files written.

    Raises:
        ValueError: The document's markers are broken; nothing was written.
    """
    path = root / DOCUMENT
    document = path.read_text(encoding="utf-8") if path.exists() else OPENING
    for section in sections:
        document = replaced(document, section.name, section_text(section, machine))
    plots = {root / PLOTS / name: svg for section in sections for name, svg in section.plots.items()}
    for file, text in {path: document, **plots}.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return [path, *plots]
