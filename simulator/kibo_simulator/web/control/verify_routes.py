"""Questions about the journal: how many calls of a kind there were, how large, how far apart, in what order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct

from kibo_simulator.journal.questions import QuestionError, Questions
from kibo_simulator.timestamps import iso_microseconds
from kibo_simulator.web.control.route import ControlCall, ControlRoute
from kibo_simulator.web.errors import validation_error

if TYPE_CHECKING:
    from kibo_simulator.journal.verdicts import Check, Finding


class FindingBody(Struct, rename="camel"):
    """An entry that shows why the answer is no, and the reason."""

    seq: int
    at: str
    method: str
    path: str
    operation: str | None
    status: int
    summary: dict[str, Any]
    reason: str


class CheckBody(Struct, rename="camel"):
    """The answer to one expectation; ``more`` says how many entries beside the shown ones show a no."""

    name: str
    expectation: str
    expected: str
    actual: str
    matched: int
    ok: bool
    verdict: Literal["yes", "no", "inconclusive"]
    entries: list[FindingBody]
    more: int


class VerifyBody(Struct, rename="camel"):
    """The answer to all questions; ``ok`` is true only when every verdict is yes.

    ``examined`` entries were looked at, and ``dropped`` ones were gone because the journal is bounded.
    """

    ok: bool
    verdict: Literal["yes", "no", "inconclusive"]
    examined: int
    dropped: int
    checks: list[CheckBody]


async def verify(call: ControlCall[Questions]) -> VerifyBody:
    """Answer questions about the journal as it is at this moment."""
    # How questions are answered is only read by those who have one: serving begins sooner.
    from kibo_simulator.journal.verification import answered, understood, verdict_of  # noqa: PLC0415

    try:
        asked = understood(call.body, call.operations)
    except QuestionError as error:
        raise validation_error(error.path, error.message) from None
    journal = call.simulator.journal
    extract, dropped = journal.extract(), journal.dropped
    steps = answered(asked, extract)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            checks: list[Check] = end.value
            break
        await asyncio.sleep(0)
    verdict = verdict_of(checks)
    return VerifyBody(
        verdict == "yes", verdict, len(extract.entries), dropped, [_check_body(check) for check in checks]
    )


def _check_body(check: Check) -> CheckBody:
    return CheckBody(
        name=check.name,
        expectation=check.expectation,
        expected=check.expected,
        actual=check.actual,
        matched=check.matched,
        ok=check.verdict == "yes",
        verdict=check.verdict,
        entries=[_finding_body(finding) for finding in check.findings],
        more=check.more,
    )


def _finding_body(finding: Finding) -> FindingBody:
    entry = finding.entry
    return FindingBody(
        seq=entry.seq,
        at=iso_microseconds(entry.at),
        method=entry.method,
        path=entry.path,
        operation=entry.operation,
        status=entry.status,
        summary=entry.summary,
        reason=finding.reason,
    )


ROUTES = (
    ControlRoute(
        method="POST",
        path="/verify",
        name="verify",
        summary="Answers questions about the journal with yes, no and the closest entries, or that it cannot be told.",
        handle=verify,
        request=Questions,
        answers=VerifyBody,
        turn=False,
    ),
)
