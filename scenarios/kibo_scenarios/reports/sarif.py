"""The report as SARIF 2.1.0, for code scanning: one result per breach, at the journal's line that proves it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, Final
from urllib.parse import quote

import msgspec

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.profile import LEVEL_NAMES, Level
from kibo_scenarios.result import CLIENT_FAILURE, RunResult
from kibo_scenarios.rules import RULES, Rule, Verdict

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Level.MUST: "error", Level.SHOULD: "warning", Level.EFFICIENCY: "note", Level.INFORMATION: "note"}
#: What is not a rule of the catalogue and can fail a run all the same.
_OTHERS: Final = {
    "expectation": "What the scenario expects comes out",
    "client": "The client comes to its end by itself",
}


class _Numbered(msgspec.Struct):
    seq: int


def to_sarif(assessments: Sequence[Assessment], *, version: str, journals: Mapping[int, str] | None = None) -> bytes:
    """Return the results of these runs.

    Args:
        assessments: The runs.
        version: Of this program.
        journals: Where the journal of each run was written, by the run's place in the sequence, relative to the report.
    """
    rules = _effective(assessments)
    results = [
        result
        for index, assessment in enumerate(assessments)
        for result in _Results(assessment, list(rules), (journals or {}).get(index)).all()
    ]
    document = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "kibo-scenarios",
                        "semanticVersion": version,
                        "rules": [
                            *map(_descriptor, rules.values()),
                            *({"id": name, "shortDescription": {"text": text}} for name, text in _OTHERS.items()),
                        ],
                    }
                },
                "invocations": [{"executionSuccessful": True}],
                "columnKind": "utf16CodeUnits",
                "results": results,
            }
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _effective(assessments: Sequence[Assessment]) -> dict[str, Rule]:
    """Return the rules as they were judged, with the levels of the profile."""
    judged = {grade.rule.id: grade.rule for assessment in assessments for grade in assessment.result.grades}
    return judged or {rule.id: rule for rule in RULES}


def _descriptor(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.requirement},
        "fullDescription": {"text": f"{rule.requirement}. Source: {rule.source}."},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {
            "tags": [rule.family, "efficiency" if rule.efficiency else "safety"],
            "level": LEVEL_NAMES[rule.level],
        },
    }


class _Results:
    """The results of one run."""

    def __init__(self, assessment: Assessment, rule_ids: list[str], journal: str | None) -> None:
        self.assessment = assessment
        self.result = assessment.result
        self.rule_ids = rule_ids
        self.uri = journal or _uri(self.result.scenario.file, self.result.scenario.name)
        self.lines = _lines(self.result) if journal else {}
        self.exchanges = {entry.seq: str(entry) for entry in self.result.evidence.journal}

    def all(self) -> list[dict[str, Any]]:
        """Return what broke rules, then whatever else failed the run."""
        return [*self._breaches(), *self._others()]

    def _breaches(self) -> Iterator[dict[str, Any]]:
        for grade in self.result.grades:
            if grade.verdict is Verdict.FAIL:
                for number, finding in enumerate(grade.outcome.findings):
                    yield {
                        "ruleId": grade.rule.id,
                        "ruleIndex": self.rule_ids.index(grade.rule.id),
                        "level": _LEVELS[grade.rule.level],
                        "message": {"text": finding.message},
                        "locations": self._locations(finding.entries),
                        **self._identity(grade.rule.id, number),
                    }

    def _others(self) -> Iterator[dict[str, Any]]:
        for failure in self.result.failures(strict=self.assessment.strict):
            if failure.id not in self.rule_ids:
                rule_id = "client" if failure.id == CLIENT_FAILURE else "expectation"
                yield {
                    "ruleId": rule_id,
                    "ruleIndex": len(self.rule_ids) + list(_OTHERS).index(rule_id),
                    "level": "error",
                    "message": {"text": failure.text},
                    "locations": self._locations(()),
                    **self._identity(failure.id, 0),
                }

    def _identity(self, failure: str, number: int) -> dict[str, Any]:
        """Return what a result is known by from run to run, and whether it was known before.

        The message is no part of it: it tells moments, and these differ wherever time is real.
        """
        client, scenario = self.result.client, self.result.scenario.name
        name = "/".join(quote(part, safe="") for part in (client, scenario, failure, str(number)))
        identity: dict[str, Any] = {
            "partialFingerprints": {"finding/v1": hashlib.sha256(name.encode()).hexdigest()},
            "properties": {"client": client, "scenario": scenario},
        }
        if failure in self.assessment.known:
            identity["suppressions"] = [{"kind": "external", "justification": "known in the baseline"}]
        return identity

    def _locations(self, seqs: Sequence[int]) -> list[dict[str, Any]]:
        line = next((self.lines[seq] for seq in reversed(seqs) if seq in self.lines), 1)
        place: dict[str, Any] = {
            "physicalLocation": {"artifactLocation": {"uri": self.uri}, "region": {"startLine": line}}
        }
        logical = [{"name": self.exchanges[seq], "kind": "exchange"} for seq in seqs if seq in self.exchanges]
        return [{**place, "logicalLocations": logical} if logical else place]


def _uri(file: str, name: str) -> str:
    """Return the scenario's file, relative to where one stands when it lies there; a packaged one by its name."""
    path = PurePath(file)
    if path.is_absolute():
        here = Path.cwd()
        path = path.relative_to(here) if path.is_relative_to(here) else PurePath(f"{name}.yaml")
    return quote(path.as_posix() if file else f"{name}.yaml")


def _lines(result: RunResult) -> dict[int, int]:
    decoder = msgspec.json.Decoder(_Numbered)
    return {decoder.decode(line).seq: number for number, line in enumerate(result.journal, start=1)}
