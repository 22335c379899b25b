"""A badge: one small SVG that says how many rules a client kept, of those that could be judged."""

from collections.abc import Sequence
from html import escape
from typing import Final

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.result import Conclusion
from kibo_scenarios.rules import Verdict

_LABEL: Final = "Kibo API rules"
_COLOURS: Final = {
    Conclusion.PASSED: "#1a7f4b",
    Conclusion.FAILED: "#b3192c",
    Conclusion.NOTHING_CONCLUDED: "#6b7484",
}
#: For rules that are broken without failing a run: recommendations, and what a baseline lets pass.
_BROKEN: Final = "#8a6100"
#: Width of a letter at 11 px, about; the text is fitted to its room by the browser.
_LETTER: Final = 6.6


def to_badge(assessments: Sequence[Assessment]) -> bytes:
    """Return the badge of these runs: a rule is kept when no run breaks it and at least one had the opportunity."""
    worst = next(
        one
        for one in (Conclusion.FAILED, Conclusion.NOTHING_CONCLUDED, Conclusion.PASSED)
        if any(assessment.conclusion is one for assessment in assessments)
    )
    verdicts: dict[str, set[Verdict]] = {}
    for assessment in assessments:
        for grade in assessment.result.grades:
            verdicts.setdefault(grade.rule.id, set()).add(grade.verdict)
    judged = [said for said in verdicts.values() if said & {Verdict.PASS, Verdict.FAIL}]
    kept = sum(Verdict.FAIL not in said for said in judged)
    if worst is Conclusion.NOTHING_CONCLUDED:
        return _badge("inconclusive", _COLOURS[worst])
    colour = _COLOURS[worst] if worst is Conclusion.FAILED or kept == len(judged) else _BROKEN
    return _badge(f"{kept} of {len(judged)} kept", colour)


def _badge(value: str, colour: str) -> bytes:
    left, right = round(len(_LABEL) * _LETTER) + 12, round(len(value) * _LETTER) + 12
    title = escape(f"{_LABEL}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<clipPath id="r"><rect width="{left + right}" height="20" rx="3"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="20" fill="#3b4252"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/></g>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">'
        f'<text x="{left / 2:g}" y="14" textLength="{left - 12}">{escape(_LABEL)}</text>'
        f'<text x="{left + right / 2:g}" y="14" textLength="{right - 12}">{escape(value)}</text></g></svg>\n'
    ).encode()
