"""Runs from the command line over real sockets: killed, resumed, looked at, reported, planned (C8, C12, RT-5)."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from urllib.request import Request, urlopen

import pytest

from .conftest import CLIENT, GIVEN, environment


def client(*arguments: str, url: str = "", stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the client to its end."""
    return subprocess.run(
        [*CLIENT, *arguments],
        env=environment(**{**GIVEN, **({"KIBO_API_HOST": url} if url else {})}),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def stock(url: str) -> dict[tuple[str, str], int]:
    """Quantity on hand by location and UPC."""
    with urlopen(f"{url}/_simulator/inventory?format=csv") as answer:
        rows = csv.DictReader(answer.read().decode().splitlines())
        return {(row["LocationCode"], row["UPC"]): int(row["OnHand"]) for row in rows}


def unlimited(url: str) -> None:
    """Take the rate limits away, so that a test of something else need not wait."""
    body = json.dumps({"pools": []}).encode()
    with urlopen(Request(f"{url}/_simulator/limits", body, {"Content-Type": "application/json"}, method="PUT")) as done:
        assert done.status == 200


@pytest.mark.slow
def test_killed_with_sigkill_an_adjustment_is_applied_once(simulator: tuple[str, str], tmp_path: Path) -> None:
    """RT-5, C8: killed again and again, resumed from its journal alone, every record has moved by its amount."""
    url, _ = simulator
    unlimited(url)
    before = stock(url)
    lines, journal = tmp_path / "lines.csv", tmp_path / "run.journal"
    chosen = [key for key in sorted(before) if before[key] >= 0][:60]
    rows = "".join(f"{code},{upc},{n + 1}\n" for n, (code, upc) in enumerate(chosen))
    lines.write_text(f"LocationCode,UPC,Quantity\n{rows}", encoding="utf-8")
    command = ["adjust", "--lines", str(lines), "--batch-size", "20", "--spacing", "0", "--run-journal", str(journal)]
    # What may still be on its way after this time is not waited for.
    settings = tmp_path / "settings.toml"
    settings.write_text("request_timeout_s = 3.0\n", encoding="utf-8")
    impatient = ("--settings", str(settings), "--progress", "json")
    random = Random(3)
    for life in range(2):
        with subprocess.Popen(
            [*CLIENT, *(command if life == 0 else ["resume", str(journal)]), *impatient, "--yes"],
            env=environment(**{**GIVEN, "KIBO_API_HOST": url}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stderr is not None
            for _ in range(random.randrange(1, 6)):
                process.stderr.readline()
            os.kill(process.pid, signal.SIGKILL)
    lines.unlink()
    report = json.loads(client("resume", str(journal), *impatient, "--yes", "--json", url=url).stdout)
    after = stock(url)
    moved = {key: after[key] - before[key] for key in before if after[key] != before[key]}
    uncertain = {(u["locationCode"], u["upc"]) for u in report["undone"]}

    assert uncertain == set()
    assert {key: n + 1 for n, key in enumerate(chosen)} == moved
    assert report["openJobs"] == []


@pytest.mark.slow
def test_a_deletion_is_resumed_looked_at_and_reported(simulator: tuple[str, str], tmp_path: Path) -> None:
    """C12: killed after its first submission; status says so, resume ends it, the audit names each record's job."""
    url, export = simulator
    journal = tmp_path / "run.journal"
    with subprocess.Popen(
        [*CLIENT, "delete", "--export", export, "--yes", "--run-journal", str(journal)],
        env=environment(**{**GIVEN, "KIBO_API_HOST": url}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert any("submitted a batch" in line for line in process.stderr)
        process.kill()
    looked_at = client("status", str(journal))
    elsewhere = client("resume", str(journal), "--yes", url="http://127.0.0.1:10")
    resumed = client("resume", str(journal), "--yes", "--json", url=url)
    reported = client("report", str(journal), "--out", str(tmp_path / "audit"))
    with (tmp_path / "audit" / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    page = (tmp_path / "audit" / "report.html").read_text(encoding="utf-8")

    assert (looked_at.returncode, "has not ended" in looked_at.stdout) == (1, True)
    assert (elsewhere.returncode, "is of a run on tenant 1001" in elsewhere.stderr) == (2, True)
    assert (resumed.returncode, json.loads(resumed.stdout)["deletedRecords"]) == (0, 59)
    assert reported.returncode == 0
    assert [row["Outcome"] for row in rows] == ["deleted"] * 59
    assert all(row["JobID"].isdecimal() and row["At"].endswith("Z") for row in rows)
    assert "<h1>Inventory deletion: deleted</h1>" in page


@pytest.mark.slow
def test_the_seat_belts_hold(simulator: tuple[str, str]) -> None:
    """C1: another number than expected, or more than allowed, deletes nothing and exits 1."""
    url, export = simulator
    before = stock(url)
    expected = client("delete", "--export", export, "--yes", "--expect-records", "58", url=url)
    allowed = client("delete", "--export", export, "--yes", "--max-records", "58", "--progress", "json", url=url)

    assert (expected.returncode, allowed.returncode) == (1, 1)
    assert "stopped: the scope holds 59 records where 58 were expected" in expected.stdout
    assert "stopped: the scope holds 59 records, more than the 58 allowed" in allowed.stdout
    assert {json.loads(line)["event"] for line in allowed.stderr.splitlines()} == {"sent", "answered"}
    assert stock(url) == before


@pytest.mark.slow
def test_a_pattern_deletes_what_it_was_found_to_match(simulator: tuple[str, str]) -> None:
    """I-6: from a plain list and from a pattern, at one location only; what is not there is not found."""
    url, _ = simulator
    before = stock(url)
    place = ("--location", "ST-0002", "--yes", "--json", "--quiet")
    listed = ("delete", "--export", "-", "--dry-run", "--identifier", "upc", *place)
    by_list = client(*listed, url=url, stdin="800001000005\nNONE\n")
    by_pattern = client("delete", "--pattern", "^80000100[01]", "--identifier", "upc", *place, url=url)
    gone = before.keys() - stock(url).keys()

    assert json.loads(by_list.stdout)["scope"]["records"] == json.loads(by_list.stdout)["notFoundRecords"] == 1
    assert json.loads(by_pattern.stdout)["deletedRecords"] == len(gone)
    assert gone == {key for key in before if key[0] == "ST-0002" and key[1].startswith(("800001000", "800001001"))}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["delete", "--yes"], "--export: is missing"),
        (["delete", "--yes", "--pattern", "a."], "--identifier: is missing"),
        (
            ["delete", "--yes", "--pattern", "a", "--export", "x", "--identifier", "upc"],
            "--pattern: takes the place of",
        ),
        (["delete", "--yes", "--export", "x", "--location", "A"], "--location: goes with --identifier"),
        (["delete", "--yes", "--export", "-", "--identifier", "upc"], "--identifier: needs --location as well"),
        (["delete", "--yes", "--export", "-", "--off-peak", "MARS"], "off_peak: 'MARS' is not accepted"),
        (["adjust", "--yes", "--lines", "x"], "--run-journal: is needed"),
        (["adjust", "--lines", "x", "--run-journal", "j"], "--yes: is needed to adjust"),
        (["status", "/nowhere.journal"], "/nowhere.journal: cannot be read"),
        (["plan", "--export", "-", "--rpm", "0"], "'0' is not accepted"),
        (["plan", "--export", "-", "--batch-size", "2000"], "a delete takes at most 1,000"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(arguments: list[str], said: str) -> None:
    """The flag or file at fault is named, and nothing is sent."""
    done = client(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_long_export_is_planned_in_little_memory(tmp_path: Path) -> None:
    """200,000 rows take less than 20 MB more than one row does: a million stay well below 200 MB."""
    program = (
        "import resource, sys; from kibo_client.cli import _exit_code; _exit_code(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)"
    )
    peaks: dict[int, int] = {}
    for rows in (1, 200_000):
        path = tmp_path / f"{rows}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("LocationCode,PartNumber,UPC\n")
            file.writelines(f"ST-{n % 250},P-{n},{n}\n" for n in range(rows))
        done = subprocess.run(
            [sys.executable, "-c", program, "plan", "--export", str(path), "--json"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout)["requested"]["records"] == rows
        peaks[rows] = int(done.stderr)

    assert peaks[200_000] < peaks[1] + 40
