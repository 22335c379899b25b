"""The report as JUnit XML, for continuous integration: what fails a run is a failure there, and nothing else is.

A rule without opportunity is a skipped test, an opportunity that the scenario promised and that did not come an error.
A breach that does not fail the run (an S rule without ``--strict``, an efficiency rule, a known failure) is skipped
too, and says so: JUnit has no warnings.
"""

import re
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Final

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.grading import Grade
from kibo_scenarios.moments import SECOND
from kibo_scenarios.result import CLIENT_FAILURE
from kibo_scenarios.rules import Verdict

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(assessments: Sequence[Assessment]) -> bytes:
    """Return one test suite per run, with a test for each rule, each expectation, and the client's own end."""
    document = JUnitXml("kibo-scenarios")
    for assessment in assessments:
        result = assessment.result
        suite = TestSuite(_text(f"{result.client} · {result.scenario.name}"))
        suite.add_property("profile", result.evidence.profile.name)
        suite.add_property("time", result.pace)
        suite.add_property("simulatedSeconds", f"{result.span / SECOND:g}")
        suite.add_property("safety", str(assessment.safety))
        suite.add_property("efficiency", str(assessment.efficiency))
        suite.add_testcases(list(_cases(assessment)))
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    stream = BytesIO()
    document.write(stream, pretty=True)
    return stream.getvalue()


def _cases(assessment: Assessment) -> Iterable[TestCase]:
    result = assessment.result
    failing = {failure.id for failure in assessment.failures}
    promised = {grade.rule.id for grade in result.missed}
    for grade in result.grades:
        yield _rule(grade, assessment, fails=grade.rule.id in failing, promised=grade.rule.id in promised)
    for checked in result.checked:
        name = str(checked.expectation)
        actual = "unknown" if checked.actual is None else f"{checked.actual:g}"
        yield _case(
            assessment, f"expected {name}", fails=name in failing, known=not checked.met, message=f"was {actual}"
        )
    yield _case(
        assessment,
        "the client comes to its end",
        fails=CLIENT_FAILURE in failing,
        known=result.client_failure is not None,
        message=f"the client {result.client_failure}",
    )


def _rule(grade: Grade, assessment: Assessment, *, fails: bool, promised: bool) -> TestCase:
    rule, outcome = grade.rule, grade.outcome
    name = f"{rule.id} {rule.requirement}"
    if grade.verdict is Verdict.FAIL:
        known = f"FAIL (level {rule.level}, does not fail the run): {outcome.actual}"
        details = "\n".join(
            [
                *(finding.message for finding in outcome.findings),
                *(
                    [f"and {outcome.breaches - len(outcome.findings)} more"]
                    * (outcome.breaches > len(outcome.findings))
                ),
                f"expected: {outcome.expected}",
                f"remedy: {rule.remedy}",
                f"source: {rule.source}",
            ]
        )
        message = outcome.actual if fails else known
        return _case(assessment, name, fails=fails, known=True, message=message, details=details)
    case = _case(assessment, name, fails=False, known=False, message="")
    if promised:
        case.result = [Error(_text(f"the scenario promised this opportunity: {outcome.actual}"), "INCONCLUSIVE")]
    elif grade.verdict is not Verdict.PASS:
        case.result = [Skipped(_text(f"{grade.verdict}: {outcome.actual}"))]
    else:
        case.system_out = _text(outcome.actual)
    return case


def _case(assessment: Assessment, name: str, *, fails: bool, known: bool, message: str, details: str = "") -> TestCase:
    result = assessment.result
    case = TestCase(_text(name), classname=_text(f"{result.client}.{result.scenario.name}"), time=0)
    if fails:
        failure = Failure(_text(message), "FAIL")
        failure.text = _text(details or message)
        case.result = [failure]
    elif known:
        case.result = [Skipped(_text(message if message.startswith("FAIL") else f"known failure: {message}"))]
    return case


def _text(text: str) -> str:
    """Return a text that XML can hold: other characters become a question mark in a diamond."""
    return _NOT_XML.sub("\ufffd", text)
