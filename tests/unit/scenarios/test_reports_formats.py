"""JUnit XML, SARIF and the badge: well-formed, complete, and red only for what fails a run."""

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.reports.badge import to_badge
from kibo_scenarios.reports.junit_xml import to_junit
from kibo_scenarios.reports.sarif import to_sarif
from kibo_scenarios.result import RunResult
from kibo_scenarios.rules import RULES

from .hostile import assessed, hostile_run, impatient_run

SARIF_SCHEMA = json.loads(Path(__file__).with_name("sarif_subset.json").read_bytes())


def junit_outcomes(*assessments: Assessment) -> dict[str, str]:
    """Return what became of each test case, by the first word of its name."""
    root = ET.fromstring(to_junit(assessments))
    return {
        (case.get("name") or "").split()[0]: next((child.tag for child in case if child.tag != "system-out"), "passed")
        for case in root.iter("testcase")
    }


def test_junit_fails_for_what_fails_the_run() -> None:
    """TH-1 (M) fails; BA-5 (S) does with --strict; what had no opportunity is skipped."""
    result = impatient_run()
    lax, strict = junit_outcomes(assessed(result)), junit_outcomes(assessed(result, strict=True))

    assert {rule.id for rule in RULES} <= set(lax)
    assert ("failure", "failure") == (lax["TH-1"], strict["TH-1"])
    assert ("skipped", "failure") == (lax["BA-5"], strict["BA-5"])
    assert ("skipped", "passed") == (lax["RT-5"], lax["the"])


def test_junit_holds_what_xml_cannot() -> None:
    """Control characters, tags and section ends in what a client says leave the document well-formed."""
    assert "failure" == junit_outcomes(assessed(hostile_run()))["the"]


def test_junit_skips_known_failures() -> None:
    """A failure that the baseline knows is skipped and says so."""
    known = assessed(impatient_run(), known=frozenset({"TH-1"}))

    assert "skipped" == junit_outcomes(known)["TH-1"]
    assert b"does not fail the run" in to_junit([known])


def test_junit_tells_a_missed_opportunity() -> None:
    """What the scenario promised and did not give is an error: the run concludes nothing, and CI must not be green."""
    result = impatient_run()
    promising = replace(result, scenario=msgspec.structs.replace(result.scenario, testable=("RT-1",)))

    assert ("skipped", "error") == (
        junit_outcomes(assessed(result))["RT-1"],
        junit_outcomes(assessed(promising))["RT-1"],
    )


def test_junit_counts_agree() -> None:
    """The totals are those of the cases."""
    root = ET.fromstring(to_junit([assessed(impatient_run())]))

    assert [str(len(list(root.iter(tag)))) for tag in ("testcase", "failure", "skipped")] == [
        root.get(name) for name in ("tests", "failures", "skipped")
    ]


@pytest.mark.parametrize("run", [hostile_run, impatient_run])
def test_sarif_keeps_its_schema(run: Callable[[], RunResult]) -> None:
    """The parts of SARIF 2.1.0 that are used have all that is required, and nothing misspelt."""
    document = json.loads(to_sarif([assessed(run())], version="1.2.3"))

    jsonschema_rs.validator_for(SARIF_SCHEMA).validate(document)


def test_sarif_tells_each_breach_with_its_exchange() -> None:
    """Rule, level, the journal's line, the exchanges; a result's identity does not hang on its wording."""
    result = impatient_run()
    document = json.loads(to_sarif([assessed(result)], version="1.2.3", journals={0: "told-by-hand/journal.ndjson"}))
    (run,) = document["runs"]
    early = next(one for one in run["results"] if one["ruleId"] == "TH-1")
    (place,) = early["locations"]

    assert "TH-1" == run["tool"]["driver"]["rules"][early["ruleIndex"]]["id"]
    assert "error" == early["level"]
    assert {"artifactLocation": {"uri": "told-by-hand/journal.ndjson"}, "region": {"startLine": 5}} == place[
        "physicalLocation"
    ]
    assert ["#4 deleteItems", "#5 deleteItems"] == [one["name"] for one in place["logicalLocations"]]
    assert len({one["partialFingerprints"]["finding/v1"] for one in run["results"]}) == len(run["results"])


def test_sarif_suppresses_what_is_known() -> None:
    """A failure that the baseline knows is told, and marked as suppressed."""
    document = json.loads(to_sarif([assessed(impatient_run(), known=frozenset({"TH-1"}))], version="1"))
    suppressed = {one["ruleId"] for one in document["runs"][0]["results"] if one.get("suppressions")}

    assert {"TH-1"} == suppressed


def test_the_badge_counts_kept_rules() -> None:
    """Of the rules that could be judged: a breach in one of two runs is a breach."""
    result = impatient_run()
    judged = [grade for grade in result.grades if str(grade.verdict) in {"PASS", "FAIL"}]
    kept = [grade for grade in judged if str(grade.verdict) == "PASS"]
    root = ET.fromstring(to_badge([assessed(result), assessed(impatient_run(client="other"))]))

    assert f"Kibo API rules: {len(kept)} of {len(judged)} kept" == root.get("aria-label")


def test_the_badge_is_green_only_where_nothing_is_broken() -> None:
    """Red for what fails the run; what a baseline lets pass is neither red nor green."""
    result = impatient_run()
    known = frozenset(failure.id for failure in result.failures())
    red, amber = (to_badge([assessed(result, known=ids)]) for ids in (frozenset[str](), known))

    assert b"#b3192c" in red
    assert b"#8a6100" in amber
    assert b"#1a7f4b" not in amber
