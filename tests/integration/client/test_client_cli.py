"""The command line as a child process, over real sockets: what a user sees, and the exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from .conftest import CLIENT, GIVEN, environment

EXPORT = "LocationCode,PartNumber,UPC,SKU\nNOWHERE,P1,1,\n"


def client(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the client without a terminal, to its end."""
    return subprocess.run(
        [*CLIENT, *arguments],
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def export(tmp_path: Path) -> str:
    """A small, sound Location Export."""
    path = tmp_path / "export.csv"
    path.write_text(EXPORT, encoding="utf-8")
    return str(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "change", "said"),
    [
        (["--yes"], {"KIBO_API_HOST": ""}, "api_host: is missing; give --api-host or KIBO_API_HOST"),
        (["--yes"], {"KIBO_SHARED_SECRET": ""}, "shared_secret: is missing"),
        (["--yes", "--tenant", "0"], {}, "--tenant: 0 is too small"),
        (["--yes", "--rpm", "many"], {}, "--rpm"),
        (["--yes", "--spacing", "1"], {}, "--spacing"),
        (["--yes", "--batch-size", "1001"], {}, "--batch-size"),
        ([], {}, "--yes: is needed to delete when there is no terminal"),
        (["--yes", "--settings", "/nowhere.toml"], {}, "/nowhere.toml: cannot be read"),
    ],
)
def test_a_users_mistake_is_one_line_and_exit_2(
    export: str, arguments: list[str], change: dict[str, str], said: str
) -> None:
    """Errors name the place and what is accepted; no traceback, nothing sent."""
    done = client("delete", "--export", export, *arguments, **{**GIVEN, **change})

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "sample-secret" not in done.stderr + done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--spacing", "--job-seconds"])
def test_a_plan_is_not_made_of_what_is_no_number(export: str, option: str) -> None:
    """Nan is in no range, although it is neither below nor above."""
    done = client("plan", "--export", export, "--rpm", "50", "--rph", "200", option, "nan")

    assert (done.returncode, done.stdout) == (2, "")
    assert f"'{option}': nan is not in the range" in done.stderr


@pytest.mark.slow
def test_a_broken_export_is_refused_with_its_place(tmp_path: Path) -> None:
    """File and line, exit 2, and nothing sent."""
    path = tmp_path / "export.csv"
    path.write_text(EXPORT + "NOWHERE,,,\n", encoding="utf-8")
    done = client("delete", "--export", str(path), "--yes", **GIVEN)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"kibo-client: {path}:3: has neither a PartNumber nor a UPC nor a SKU; at least one is needed\n"
    )


@pytest.mark.slow
def test_one_row_at_a_closed_location_costs_only_itself(simulator: tuple[str, str]) -> None:
    """ST-1: it is named with the server's reason, all others are deleted, and the exit code says that one was not."""
    url, export = simulator
    with Path(export).open("a", encoding="utf-8") as file:
        file.write('"NOWHERE","P-1","1","S-1","1","1","0","0","0"\n')
    done = client("delete", "--export", export, "--yes", "--json", **{**GIVEN, "KIBO_API_HOST": url})
    report = json.loads(done.stdout)

    assert (done.returncode, report["outcome"], report["deletedRecords"]) == (1, "undone", 59)
    assert [entry["locationCode"] for entry in report["undone"]] == ["NOWHERE"]
    assert "400 LOCATION_NOT_FOUND" in report["undone"][0]["reason"]


@pytest.mark.slow
def test_help_and_version_answer() -> None:
    """They need no settings."""
    assert client("--version").stdout.startswith("kibo-client ")
    assert "--export" in client("delete", "--help").stdout


@pytest.mark.slow
def test_the_list_of_commands_fits_on_a_terminal() -> None:
    """No summary is cut short at 80 columns."""
    assert "..." not in client("--help", COLUMNS="80").stdout.partition("Commands:")[2]


@pytest.mark.slow
def test_a_dry_run_reports_the_scope_and_changes_nothing(simulator: tuple[str, str]) -> None:
    """The report on stdout is JSON and nothing but."""
    url, export = simulator
    done = client("delete", "--export", export, "--dry-run", "--json", **{**GIVEN, "KIBO_API_HOST": url})
    report = json.loads(done.stdout)

    assert done.returncode == 0
    assert report["outcome"] == "dry run"
    assert report["scope"]["records"] == report["requested"]["records"] == 59


@pytest.mark.slow
@pytest.mark.parametrize("unread", ["stdout", "stderr"])
def test_a_reader_who_goes_away_does_not_end_the_run(simulator: tuple[str, str], tmp_path: Path, unread: str) -> None:
    """`kibo-client delete … | true`, and the same with the progress: the run goes on to its end and exits 0."""
    url, export = simulator
    journal = tmp_path / "run.jsonl"
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody_reads:
        done = subprocess.run(
            [*CLIENT, "delete", "--export", export, "--yes", "--run-journal", str(journal)],
            env=environment(**{**GIVEN, "KIBO_API_HOST": url}),
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
            stdout=nobody_reads if unread == "stdout" else subprocess.PIPE,
            stderr=nobody_reads if unread == "stderr" else subprocess.PIPE,
        )

    assert done.returncode == 0
    assert b"Traceback" not in (done.stdout or done.stderr)
    assert b'"SUCCESS"' in journal.read_bytes()


@pytest.mark.slow
def test_help_without_a_reader_is_no_failure() -> None:
    """`kibo-client --help | true` exits 0."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody_reads:
        done = subprocess.run([*CLIENT, "--help"], stdout=nobody_reads, stderr=subprocess.PIPE, timeout=60, check=False)

    assert (0, b"") == (done.returncode, done.stderr)


@pytest.mark.slow
def test_refused_credentials_are_a_configuration_error(simulator: tuple[str, str]) -> None:
    """Exit 2, and the secret is not repeated."""
    url, export = simulator
    settings = {**GIVEN, "KIBO_API_HOST": url, "KIBO_SHARED_SECRET": "wrong-secret"}
    done = client("delete", "--export", export, "--yes", **settings)

    assert done.returncode == 2
    assert "refused the credentials" in done.stderr
    assert "wrong-secret" not in done.stderr


@pytest.mark.slow
def test_an_interrupted_run_says_what_is_under_way(simulator: tuple[str, str], tmp_path: Path) -> None:
    """Ctrl-C: exit 130, the open jobs named, no traceback, and a journal to resume from."""
    url, export = simulator
    journal = tmp_path / "run.jsonl"
    with subprocess.Popen(
        [*CLIENT, "delete", "--export", export, "--yes", "--json", "--run-journal", str(journal)],
        env=environment(**{**GIVEN, "KIBO_API_HOST": url}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert any("submitted a batch" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=30)

    assert (process.returncode, json.loads(printed)["outcome"]) == (130, "interrupted")
    # What was submitted may be gone by now: it is neither deleted nor something the run never came to.
    assert {entry["reason"] for entry in json.loads(printed)["undone"]} == {"submitted, and not seen to the end"}
    assert "interrupted: 1 batch had been submitted, open jobs: 1" in said
    assert f"kibo-client resume {journal} goes on with it" in said
    assert "Traceback" not in said
    assert journal.read_bytes().count(b'"accepted"') == 1
