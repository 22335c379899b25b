"""Drivers: what a child is told, what is read of its report, and which programs faketime reaches."""

import struct
import sys
from pathlib import Path
from random import Random

import aiohttp
import msgspec
import pytest

from kibo_scenarios.compression import shorter_lifetimes
from kibo_scenarios.declaration import Declaration, read_declaration
from kibo_scenarios.drivers import Task
from kibo_scenarios.drivers.executables import find_program, interpreter_of, reason_beyond_reach
from kibo_scenarios.drivers.faketime import sped_up
from kibo_scenarios.drivers.pace_check import lived_in_real_time
from kibo_scenarios.drivers.task_file import read_report_file, task_document
from kibo_scenarios.errors import ScenarioFileError, UsageError
from kibo_scenarios.evidence import Evidence, RecordKey, Stall
from kibo_scenarios.grading import grade
from kibo_scenarios.moments import SECOND
from kibo_scenarios.pace import COMPRESSED, Pace
from kibo_scenarios.rules import Verdict, select
from kibo_scenarios.scenario import ClientPlan
from kibo_scenarios.testing import Story

X60 = Pace("x60", 60.0)
TARGETS = frozenset({RecordKey("L1", "P.1", "801", None), RecordKey("L2", "P.1", "801", None)})


def task(folder: Path, *, pace: Pace = X60) -> Task:
    """Return a task about one product at two locations."""

    def no_connector() -> aiohttp.BaseConnector:
        raise AssertionError("nothing connects here")

    return Task(
        scenario="small",
        work="bulk-delete",
        targets=TARGETS,
        folder=folder,
        pace=pace,
        options={"delay": 3},
        seen=lambda: 0,
        api_host="http://127.0.0.1:1",
        tenant=1001,
        site=1,
        client_id="sample.app",
        shared_secret="sample-secret",
        export_file=folder / "export.csv",
        plan=ClientPlan(rpm=50, rph="unknown"),
        connect=no_connector,
        now=lambda: 0,
        random=Random(0),
    )


def test_a_task_file_tells_the_work_and_what_is_known(tmp_path: Path) -> None:
    """Items by all their identifiers, locations, limits with null for the unknown, and the client's own options."""
    document = msgspec.json.decode(msgspec.json.encode(task_document(task(tmp_path), tmp_path / "report.json")))

    assert [{"partNumber": "P.1", "upc": "801"}] == document["items"]
    assert ["L1", "L2"] == document["locationCodes"]
    assert {"requestsPerMinute": 50, "requestsPerHour": None} == document["limits"]
    assert {"mode": "x60", "speed": 60.0, "divideDelaysBy": 1, "startedAt": "1970-01-01T00:00:00.000000Z"} == document[
        "clock"
    ]
    assert {"delay": 3} == document["options"]


def test_a_compressed_task_divides_its_delays(tmp_path: Path) -> None:
    """Five seconds of spacing become a sixth of a second."""
    document = task_document(task(tmp_path, pace=COMPRESSED), tmp_path / "report.json")

    assert (30, 5 / 30) == (document.clock.divide_delays_by, document.spacing_seconds)


@pytest.mark.parametrize("named", ['"partNumber": "P.1"', '"upc": "801"', '"partNumber": "P.1", "upc": "801"'])
def test_a_report_names_records_by_any_identifier(tmp_path: Path, named: str) -> None:
    """ST-1: what is undone counts however the client calls it; the rest of its report is kept."""
    file = tmp_path / "report.json"
    file.write_text(f'{{"undone": [{{"locationCode": "L1", {named}, "reason": "busy"}}], "jobs": 3}}')
    report = read_report_file(file, TARGETS)

    assert {RecordKey("L1", "P.1", "801", None): "busy"} == report.undone
    assert 3 == report.details["jobs"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        ('{"undone": [{}]}', r"missing required field `locationCode` - at `\$.undone\[0\]`"),
    ],
)
def test_a_report_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The message says where and why."""
    file = tmp_path / "report.json"
    file.write_text(text)

    with pytest.raises(ValueError, match=message):
        read_report_file(file, TARGETS)


def test_a_client_without_a_report_has_said_nothing(tmp_path: Path) -> None:
    """A report is optional."""
    assert {} == read_report_file(tmp_path / "none", TARGETS).undone


def test_a_declaration_says_which_rules_apply(tmp_path: Path) -> None:
    """Who does not follow jobs is not judged by how it follows them."""
    file = tmp_path / "client.yaml"
    file.write_text("name: mine\ndoes: [bulk-delete]\nknows_limits: false\n")
    declared = read_declaration(file)

    assert ("mine", frozenset({"auth", "delete"}), False) == (declared.name, declared.abilities, declared.knows_limits)
    assert Evidence().abilities == Declaration().abilities


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("does: [flying]\n", r"client.yaml:1:8: \$.does\[0\]: invalid enum value 'flying'"),
        ("name: a\nmagic: 1\n", r"client.yaml:2:8: \$.magic: this field is not known here"),
        ("name: ''\n", r"client.yaml:1:7: \$.name"),
    ],
)
def test_a_faulty_declaration_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    """Line, column and path."""
    file = tmp_path / "client.yaml"
    file.write_text(text)

    with pytest.raises(ScenarioFileError, match=message):
        read_declaration(file)


def elf(*segments: int) -> bytes:
    """Return the beginning of a 64-bit little-endian program with segments of these types."""
    head = b"\x7fELF" + bytes([2, 1]) + bytes(0x20 - 6) + struct.pack("<Q", 64)
    head = head.ljust(0x36, b"\0") + struct.pack("<HH", 56, len(segments))
    return head.ljust(64, b"\0") + b"".join(struct.pack("<I", kind).ljust(56, b"\0") for kind in segments)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (elf(6, 3, 1), None),
        (elf(1, 1), "it is statically linked"),
        (elf(6, 3) + b"\xff Go buildinf:", "it is written in Go, which asks the kernel for the time"),
        (b"#!/bin/sh\n", None),
        (b"\x7fELF", None),
    ],
)
def test_programs_beyond_the_reach_of_faketime_are_known_by_their_file(
    tmp_path: Path, content: bytes, reason: str | None
) -> None:
    """Static programs and those of Go never load it; what cannot be read is left to the measurement."""
    file = tmp_path / "program"
    file.write_bytes(content)

    assert reason == reason_beyond_reach(file)


def test_the_interpreter_of_a_script_is_what_its_first_line_names(tmp_path: Path) -> None:
    """Directly, through env, and for a binary the program itself."""
    direct, through_env = tmp_path / "direct", tmp_path / "through-env"
    direct.write_text("#!/usr/bin/perl -w\n")
    through_env.write_text("#!/usr/bin/env -S node\n")

    assert ("/usr/bin/perl", "-w") == interpreter_of(direct)
    assert ("node",) == interpreter_of(through_env)
    assert (sys.executable,) == interpreter_of(Path(sys.executable))


def test_a_program_that_does_not_exist_is_a_usage_error() -> None:
    """Before anything is built."""
    with pytest.raises(UsageError, match="no-such-program: there is no such program"):
        find_program("no-such-program")


def test_faketime_is_told_offset_and_speed() -> None:
    """Both with a sign and a unit that it understands."""
    command = sped_up(["node", "a.mjs"], 60.0, -3_500_000)

    assert ("faketime", "-f", "-3.500000 x60", "node", "a.mjs") == command[-5:]


@pytest.mark.parametrize(("share", "expected"), [(60, True), (61, True), (1, False), (2, False), (30, False)])
def test_waits_of_real_time_are_recognised(share: float, *, expected: bool) -> None:
    """At x60 a client outside faketime waits 60 times too long; other long waits are its own business."""
    story = Story()
    story.dry_run(status=429, retry_after=60)
    story.wait(60 * share)
    story.dry_run()
    journal = story.evidence().journal

    assert expected == lived_in_real_time(journal, 60.0)
    assert not lived_in_real_time(journal, 1.0)


def test_what_was_noted_while_the_harness_was_held_up_proves_nothing() -> None:
    """JB-1: of two breaches the doubtful one goes; without any other the run cannot tell, which is no pass."""
    story = Story()
    for seconds in (0, 3, 97, 4):
        story.wait(seconds)
        story.poll(7)
    (rule,) = select(["JB-1"])
    start = story.evidence().journal[0].started_at

    def judged(*stalls: tuple[float, float]) -> tuple[Verdict, int]:
        held_up = tuple(Stall(start + round(a * SECOND), start + round(b * SECOND)) for a, b in stalls)
        (one,) = grade(story.evidence(stalls=held_up), [rule])
        return one.verdict, one.outcome.breaches

    assert (Verdict.FAIL, 2) == judged()
    assert (Verdict.FAIL, 1) == judged((-1, 1))
    assert (Verdict.FAIL, 2) == judged((50, 51))
    assert (Verdict.INCONCLUSIVE, 0) == judged((2, 4), (103, 105))


@pytest.mark.parametrize(
    ("waited_s", "tolerance_s", "verdict"),
    [
        (0.1, 0.05, Verdict.FAIL),
        (0.1, 3, Verdict.INCONCLUSIVE),
        (0.7, 3, Verdict.PASS),
        (0.48, 0.05, Verdict.PASS),
    ],
)
def test_a_tolerance_as_long_as_the_wait_excuses_nothing(waited_s: float, tolerance_s: float, verdict: Verdict) -> None:
    """RT-1: at x60 a tenth of a second cannot be told from half a second, which is neither a pass nor a failure."""
    story = Story()
    story.dry_run(status=503)
    story.wait(waited_s)
    story.dry_run()
    (one,) = grade(story.evidence(tolerance=round(tolerance_s * SECOND)), select(["RT-1"]))

    assert verdict is one.verdict


@pytest.mark.parametrize(
    ("growth_s", "tolerance_s", "verdict"),
    [
        (0, 3, Verdict.FAIL),
        (0.5, 3, Verdict.INCONCLUSIVE),
        (2, 3, Verdict.PASS),
        (0.01, 0.05, Verdict.FAIL),
        (0.5, 0.05, Verdict.PASS),
    ],
)
def test_growth_within_the_tolerance_is_no_failure(growth_s: float, tolerance_s: float, verdict: Verdict) -> None:
    """JB-2: at x60 an interval that grows by a second and a half in all cannot be told from a fixed one."""
    story = Story()
    for number in range(5):
        story.poll(7)
        story.wait(12 + number * growth_s)
    (one,) = grade(story.evidence(tolerance=round(tolerance_s * SECOND)), select(["JB-2"]))

    assert verdict is one.verdict


def test_lifetimes_are_told_in_proportion() -> None:
    """A-1: an hour of the simulator is two minutes of the client's; other answers are left alone."""
    body = b'{"access_token":"t","expires_in":3600,"refresh_token_expires_in":10}'

    assert {"access_token": "t", "expires_in": 120, "refresh_token_expires_in": 1} == msgspec.json.decode(
        shorter_lifetimes(body, 30)
    )
    assert [b"{", b"[1]", b"", None] == [shorter_lifetimes(body, 30) for body in (b"{", b"[1]", b"", None)]
