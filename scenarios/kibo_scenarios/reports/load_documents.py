"""The report of a load scenario for machines: JSON, and JUnit XML with a test for each threshold."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from io import BytesIO
from typing import Any, Final

import msgspec
from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

from kibo_scenarios.moments import SECOND, format_utc
from kibo_scenarios.reports.load_view import broken, rows
from kibo_scenarios.rules import Verdict
from kibo_scenarios.workloads import LoadResult

SCHEMA_VERSION: Final = 1
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def load_document(result: LoadResult) -> dict[str, Any]:
    """Return the report as plain values; spans are in seconds."""
    scenario = result.scenario
    return {
        "schemaVersion": SCHEMA_VERSION,
        "kind": "load",
        "scenario": scenario.name,
        "title": scenario.title,
        "seed": scenario.seed,
        "time": result.pace,
        "startedAt": format_utc(scenario.start),
        "simulatedSeconds": result.span / SECOND,
        "wallSeconds": round(result.wall_s, 3),
        "conclusion": result.conclusion.name,
        "aborted": result.aborted,
        "incomplete": result.incomplete,
        "failures": dict(result.failures),
        "senders": dict(result.senders),
        "thresholds": [
            {
                "threshold": str(one.threshold),
                "verdict": one.judgement.verdict,
                "value": one.judgement.value,
                "because": one.judgement.because,
                "samples": one.judgement.samples,
                "needed": one.judgement.needed,
                "reason": one.threshold.reason,
            }
            for one in result.judged
        ],
        "clients": [asdict(row) for row in rows(result)],
        "makespans": dict(result.measured.makespans),
        "optima": dict(result.measured.optima),
        "rulesBroken": [
            {"client": client, "rule": rule, "actual": actual, "remedy": remedy}
            for client, rule, actual, remedy in broken(result)
        ],
    }


def load_json(result: LoadResult) -> str:
    """Return the report as one JSON document."""
    return msgspec.json.format(msgspec.json.encode(load_document(result)), indent=2).decode() + "\n"


def load_junit(results: Sequence[LoadResult]) -> bytes:
    """Return one test suite per run; a threshold that cannot be told is an error, as nobody may take it for a pass."""
    document = JUnitXml("kibo-scenarios")
    for result in results:
        suite = TestSuite(f"load · {result.scenario.name}")
        suite.add_property("time", result.pace)
        suite.add_property("simulatedSeconds", f"{result.span / SECOND:g}")
        for one in result.judged:
            because = f"{one.judgement.because}. {one.threshold.reason}".strip()
            case = TestCase(str(one.threshold), classname=f"kibo-scenarios.{result.scenario.name}")
            if one.judgement.verdict is Verdict.FAIL:
                case.result = [Failure(_text(because))]
            elif one.judgement.verdict is Verdict.INCONCLUSIVE:
                case.result = [Error(_text(because))]
            suite.add_testcase(case)
        for name, failure in result.failures.items():
            case = TestCase(f"{name} comes to its end", classname=f"kibo-scenarios.{result.scenario.name}")
            case.result = [Failure(_text(failure))]
            suite.add_testcase(case)
        if result.incomplete is not None:
            case = TestCase("the run is complete", classname=f"kibo-scenarios.{result.scenario.name}")
            case.result = [Error(_text(result.incomplete))]
            suite.add_testcase(case)
        document.add_testsuite(suite)
    document.update_statistics()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    stream = BytesIO()
    document.write(stream, pretty=True)
    return stream.getvalue()


def _text(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
