"""Journals, reports and outputs that cannot be written: one line says so, and no run is lost by it (C8)."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

import pytest

from .conftest import CLIENT, GIVEN, environment
from .test_client_runs import client, unlimited

SMALL = 6_000


def at_a_full_disk(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run the client where no file can grow beyond a few thousand bytes."""
    return subprocess.run(
        [*CLIENT, *arguments],
        env=environment(**{**GIVEN, "KIBO_API_HOST": url}),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        # The one thing that is done in the child is a system call.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL)),
    )


@pytest.mark.slow
def test_a_full_disk_ends_a_run_in_one_line_and_it_goes_on_later(simulator: tuple[str, str], tmp_path: Path) -> None:
    """C8: what cannot be recorded is not acted on; with room again the run is taken up where it stood."""
    url, export = simulator
    unlimited(url)
    journal = tmp_path / "run.journal"
    run = ["delete", "--export", export, "--batch-size", "1", "--dry-run", "--quiet", "--run-journal", str(journal)]
    full = at_a_full_disk(*run, url=url)

    assert (2, "") == (full.returncode, full.stdout)
    assert full.stderr.startswith(f"kibo-client: {journal}: cannot be written any more: File too large")
    assert 1 == full.stderr.count("\n")
    resumed = client("resume", str(journal), "--yes", "--progress", "none", url=url)
    assert 0 == resumed.returncode
    assert "scope        59 records of 59 products at 1 location" in resumed.stdout


@pytest.mark.slow
def test_a_report_that_cannot_be_written_is_refused_before_the_run(simulator: tuple[str, str], tmp_path: Path) -> None:
    """Nothing is sent where the report of it would have nowhere to go; `report` says so as well."""
    url, export = simulator
    journal, file = tmp_path / "run.journal", tmp_path / "file"
    file.touch()
    delete = ["delete", "--export", export, "--dry-run", "--quiet", "--run-journal", str(journal)]
    early = client(*delete, "--report", str(file / "audit"), url=url)

    assert (2, "", 1) == (early.returncode, early.stdout, early.stderr.count("\n"))
    assert f"{file / 'audit'}: cannot be made: Not a directory" in early.stderr
    assert not journal.exists()
    assert 0 == client(*delete, url=url).returncode
    late = client("report", str(journal), "--out", str(file / "audit"))
    assert (2, "", 1) == (late.returncode, late.stdout, late.stderr.count("\n"))


@pytest.mark.slow
def test_a_report_that_cannot_be_written_in_the_end_hides_no_outcome(
    simulator: tuple[str, str], tmp_path: Path
) -> None:
    """How the run ended is told all the same, and how to have the report written elsewhere."""
    url, export = simulator
    journal, audit = tmp_path / "run.journal", tmp_path / "audit"
    (audit / "report.json").mkdir(parents=True)
    run = ["delete", "--export", export, "--dry-run", "--quiet", "--run-journal", str(journal), "--report", str(audit)]
    done = client(*run, url=url)

    assert 1 == done.returncode
    assert done.stdout.startswith("outcome      dry run")
    assert f"report.json: cannot be written: Is a directory; kibo-client report {journal} writes it" in done.stderr
    assert 1 == done.stderr.count("\n")


@pytest.mark.slow
def test_a_file_that_is_no_journal_is_never_written_over(simulator: tuple[str, str], tmp_path: Path) -> None:
    """A journal is begun in a new or empty file, or one whose very first line was cut short."""
    url, export = simulator
    mine, cut = tmp_path / "mine.txt", tmp_path / "cut.journal"
    mine.write_text("a line without an end", encoding="utf-8")
    cut.write_text('{"type":"kibo_client_run","form', encoding="utf-8")
    run = ["delete", "--export", export, "--dry-run", "--quiet", "--run-journal"]
    refused = client(*run, str(mine), url=url)

    assert 2 == refused.returncode
    assert f"{mine}:1: is not a run journal of this program" in refused.stderr
    assert "a line without an end" == mine.read_text(encoding="utf-8")
    assert 0 == client(*run, str(cut), url=url).returncode


@pytest.mark.slow
def test_a_run_goes_on_with_the_options_it_began_with(simulator: tuple[str, str], tmp_path: Path) -> None:
    """C8: a journal read under other options would mean something else."""
    url, export = simulator
    journal = str(tmp_path / "run.journal")
    run = ["delete", "--export", export, "--dry-run", "--quiet", "--run-journal", journal]

    assert 0 == client(*run, url=url).returncode
    assert 0 == client(*run, url=url).returncode
    refused = client(*run, "--max-attempts", "3", url=url)
    assert 2 == refused.returncode
    assert "belongs to other targets, another tenant or other options" in refused.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")  # noqa: PTH110
def test_an_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A full disk behind standard output is no traceback."""
    listed = tmp_path / "list.csv"
    listed.write_text("LocationCode,UPC\nA,1\n", encoding="utf-8")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*CLIENT, "plan", "--export", str(listed), "--rpm", "50", "--rph", "200"],
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    assert (1, "kibo-client: standard output: cannot be written: No space left on device\n") == (
        done.returncode,
        done.stderr,
    )
