"""The drop folder over SFTP, used by OpenSSH and by the project's own client."""

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Serve, run

from .openssh import Sftp, needs_sftp

UPC = "800001000005"
NAME = "T_1001_REFRESH_260301210000.csv"
ROWS = f'"LocationCode","UPC","Quantity"\n"ST-0001","{UPC}","4711"\n'


def control(url: str, method: str, path: str, body: object = None) -> Any:
    """One request to the control plane."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/_simulator{path}", data=data, method=method)  # our own
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


@needs_sftp
@pytest.mark.slow
def test_openssh_drops_a_file_and_collects_it_again(serve: Serve, tmp_path: Path) -> None:
    """FI-1: a data file and then its trigger by sftp are one import; every write is noted exactly."""
    served = serve("--drop", str(tmp_path / "drop"), "--sftp-port", "0", "--clock", "manual")
    (tmp_path / NAME).write_text(ROWS)
    (tmp_path / f"{NAME}.done").touch()
    sftp = Sftp(served.ready["sftp"], tmp_path)
    put = sftp.run("cd in", f"put {NAME}", f"put {NAME}.done", "ls -1")
    control(served.url, "POST", "/clock/advance", {"seconds": 660})
    got = sftp.run(f"get archive/{NAME} back.csv", "ls -1 in")
    files = control(served.url, "GET", "/files")["files"]
    (job,) = control(served.url, "GET", "/jobs")

    assert put.returncode == 0, put.stderr
    assert put.stdout.splitlines()[-2:] == [NAME, f"{NAME}.done"]
    assert (got.returncode, (tmp_path / "back.csv").read_text()) == (0, ROWS)
    assert [(file["name"], file["exact"], file["outcome"]) for file in files[:1]] == [(NAME, True, "archived")]
    assert (job["originalFilename"], job["status"]) == (NAME, "SUCCESS")


@needs_sftp
@pytest.mark.slow
def test_nothing_leads_out_of_the_folder(serve: Serve, tmp_path: Path) -> None:
    """No parent, no link made or followed, no shell; wrong passwords are refused."""
    served = serve("--drop", str(tmp_path / "drop"), "--sftp-port", "0")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "drop" / "in" / "link").symlink_to(tmp_path / "secret")
    sftp = Sftp(served.ready["sftp"], tmp_path)
    parents = sftp.run("cd ../../..", "pwd", "-get ../../secret stolen1", "-get in/link stolen2", "ls -1")
    link = sftp.run("ln -s /etc/passwd in/x")
    stranger = Sftp(served.ready["sftp"], tmp_path, password="wrong").run("ls")

    assert [line for line in parents.stdout.splitlines() if not line.startswith("sftp>")] == [
        "Remote working directory: /",
        "archive",
        "in",
        "out",
    ]
    assert not list(tmp_path.glob("stolen*"))
    left = [path.name for path in (tmp_path / "drop" / "in").iterdir()]

    assert ("Permission denied" in link.stderr, link.returncode, left) == (True, 1, ["link"])
    assert stranger.returncode != 0


@pytest.mark.slow
def test_the_client_uploads_over_sftp(serve: Serve, tmp_path: Path) -> None:
    """C25: data under another name first, renamed when whole, then the trigger; a wrong password is one line."""
    served = serve("--drop", str(tmp_path / "drop"), "--sftp-port", "0", "--clock", "manual")
    (tmp_path / NAME).write_text(ROWS)
    place = served.ready["sftp"].replace("sftp://", "sftp://sample.app@") + "/in"
    command = ("kibo-client", "file", "upload", str(tmp_path / NAME), "--to", place, "--any-host-key")
    done = run(*command, KIBO_SFTP_PASSWORD="sample-secret")
    refused = run(*command, KIBO_SFTP_PASSWORD="wrong-password")
    told = control(served.url, "POST", "/files/fetch")

    assert (done.returncode, done.stdout) == (0, f"{NAME}: {len(ROWS)} bytes, then {NAME}.done\n"), done.stderr
    assert (refused.returncode, refused.stderr.count("\n"), "wrong-password" in refused.stderr) == (2, 1, False)
    assert [(file["name"], file["outcome"]) for file in told["files"]] == [
        (NAME, "archived"),
        (f"{NAME}.done", "archived"),
    ]


def test_flags_that_mean_nothing_are_refused() -> None:
    """``--sftp-port`` serves the folder of ``--drop`` and nothing else."""
    refused = run("kibo-simulator", "serve", "--sftp-port", "0")

    assert (refused.returncode, refused.stderr) == (
        2,
        "kibo-simulator: --sftp-port: serves the folder of --drop, which is missing\n",
    )
