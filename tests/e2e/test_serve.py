"""``kibo-simulator serve`` as a person or a pipeline uses it."""

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from .conftest import Serve, run

pytestmark = pytest.mark.slow


def call(url: str, body: object | None = None, token: str = "") -> Any:
    """One request by the standard library, as a stranger would make it."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read())


def login(url: str) -> str:
    """A token of the sample application."""
    body = {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"}
    return str(call(f"{url}/api/platform/applications/authtickets/oauth", body)["access_token"])


def test_the_ready_line_and_nothing_else_on_standard_output(serve: Serve) -> None:
    """Contract: one JSON line when it answers, on loopback, with the sample tenant."""
    served = serve()
    health = call(f"{served.url}/_simulator/health")
    served.process.send_signal(signal.SIGTERM)
    output, _ = served.process.communicate(timeout=20)

    assert (served.ready["event"], served.ready["tenant"]) == ("ready", 1001)
    assert served.url.startswith("http://127.0.0.1:")
    assert (health["status"], health["version"]) == ("ok", served.ready["version"])
    assert output == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_ways_of_stopping_are_clean(serve: Serve, number: int) -> None:
    """Contract: SIGTERM drains and exits 0; Ctrl-C does the same; no traceback."""
    served = serve()
    login(served.url)
    code, errors = served.stop(number)

    assert (code, errors) == (0, "")


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """``--end-with-stdin``: when the starter is killed the simulator ends; what it was told meanwhile is forgotten."""
    starter = tmp_path / "starter.py"
    starter.write_text(
        "import subprocess, sys\n"
        "command = [sys.executable, '-m', 'kibo_simulator.cli', 'serve', '--port', '0', '--end-with-stdin']\n"
        "served = subprocess.Popen(command, stdin=subprocess.PIPE)\n"
        "served.stdin.write(b'whatever')\n"
        "served.stdin.flush()\n"
        "served.wait()\n",
        encoding="utf-8",
    )
    # The simulator has this output, too: it ends when both have.
    with subprocess.Popen([sys.executable, str(starter)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert call(f"{url}/_simulator/health")["status"] == "ok"
        process.kill()
        output, _ = process.communicate(timeout=30)

    assert output == ""
    with pytest.raises(urllib.error.URLError):
        call(f"{url}/_simulator/health")


def test_a_manual_clock_and_its_start(serve: Serve) -> None:
    """``--clock manual --start`` freeze time where they say."""
    served = serve("--clock", "manual", "--start", "2026-03-02T05:00:00Z")
    clock = call(f"{served.url}/_simulator/clock")

    assert (clock["mode"], clock["now"]) == ("manual", "2026-03-02T05:00:00.000000Z")


def test_limits_from_a_file(serve: Serve, tmp_path: Path) -> None:
    """``--limits FILE`` takes the limits document of the contract."""
    path = tmp_path / "limits.json"
    path.write_text('{"pools": [{"route": "/api/commerce/inventory/*", "rpm": 7, "rph": 9}], "extension": "off"}')
    served = serve("--limits", str(path))
    document = call(f"{served.url}/_simulator/limits")

    assert (document["pools"][0]["rpm"], document["extension"], document["scope"]) == (7, "off", "tenant")


def test_inventory_from_files_replaces_the_sample_stock(serve: Serve, tmp_path: Path) -> None:
    """``--inventory`` loads a Location Export and JSON lines, one after the other."""
    table, lines = tmp_path / "a.csv", tmp_path / "b.jsonl"
    table.write_text("LocationCode,PartNumber,UPC,SKU,OnHand\nL1,A-1,,,5\n")
    lines.write_text('{"locationCode": "L2", "upc": "42", "onHand": 7}\n')
    served = serve("--inventory", str(table), "--inventory", str(lines))
    token = login(served.url)
    body = {"type": "ANY", "items": [{"partNumber": "A-1"}, {"upc": "42"}]}
    rows = call(f"{served.url}/api/commerce/inventory/v5/inventory", body, token)

    assert [(row["locationCode"], row["onHand"]) for row in rows] == [("L1", 5), ("L2", 7)]


def test_a_data_file_remembers(serve: Serve, tmp_path: Path) -> None:
    """D-1: what was acknowledged before the stop is there after it; job ids go on."""
    data = str(tmp_path / "kibo.db")
    first = serve("--data", data)
    delete = "/api/commerce/inventory/v5/inventory/deleteItems"
    items = {"items": [{"partNumber": "TNT-1001-BLK-S"}]}
    ids = call(first.url + delete, items, login(first.url))["jobIDs"]
    first.stop(signal.SIGKILL)
    second = serve("--data", data)
    jobs = call(f"{second.url}/_simulator/jobs")

    assert sorted(job["jobID"] for job in jobs) == ids


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--clock", "x0"], "--clock x0"),
        (["--clock", "sometimes"], "--clock sometimes"),
        (["--start", "noon"], "--start"),
        (["--limits", "/nowhere.json"], "--limits /nowhere.json"),
        (["--inventory", "/nowhere.csv"], "--inventory"),
        (["--port", "70000"], "--port"),
        (["--data", "/nowhere/at/all.db"], "--data /nowhere/at/all.db"),
        (["--colour", "red"], "--colour"),
        (["--control-token", ""], "--control-token"),
    ],
)
def test_a_wrong_flag_is_one_line_and_exit_2(flags: list[str], says: str) -> None:
    """Contract: errors name the flag, no traceback, exit 2."""
    result = run("kibo-simulator", "serve", "--port", "0", *flags)

    assert (result.returncode, result.stdout) == (2, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("text", ['{"pools": 1}', "{", '{"pool": []}', '{"pools": [{"route": "x"}]}'])
def test_a_wrong_limits_file_names_the_place(tmp_path: Path, text: str) -> None:
    """A limits document is validated before anything starts."""
    path = tmp_path / "limits.json"
    path.write_text(text)
    result = run("kibo-simulator", "serve", "--port", "0", "--limits", str(path))

    assert result.returncode == 2
    assert str(path) in result.stderr
    assert "Traceback" not in result.stderr


def test_a_broken_inventory_row_names_file_and_line(tmp_path: Path) -> None:
    """file:line, exit 2, and the server does not start."""
    path = tmp_path / "export.csv"
    path.write_text("LocationCode,PartNumber,UPC,SKU,OnHand\nL1,A,,,1\nL1,B,,,lots\n")
    result = run("kibo-simulator", "serve", "--port", "0", "--inventory", str(path))

    assert (result.returncode, result.stdout) == (2, "")
    assert "export.csv:3:" in result.stderr


def test_a_port_that_is_taken_is_named() -> None:
    """The address is part of the message."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("kibo-simulator", "serve", "--port", port)

    assert result.returncode == 2
    assert f"--port {port}" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [["--help"], ["serve", "--help"], ["--version"]])
def test_help_and_version(command: list[str]) -> None:
    """Help exists and needs nothing."""
    result = run("kibo-simulator", *command)

    assert result.returncode == 0
    assert "Kibo" in result.stdout or "0.1.0" in result.stdout or "sample tenant" in result.stdout


CONFIG = """
seed: 3
start: 2026-03-02T05:00:00Z
limits:
  pools: [{route: /api/commerce/inventory/*, rpm: 9}]
jobs: {workers: 2}
sample: {locations: 2, products: 10}
access: {auth: "off"}
serve: {clock: manual}
"""


def test_one_file_for_everything_and_flags_before_it(serve: Serve, tmp_path: Path) -> None:
    """``--config FILE``: all settings from YAML; a flag on the command line wins."""
    path = tmp_path / "kibo.yaml"
    path.write_text(CONFIG)
    served = serve("--config", str(path), "--start", "2026-03-03T05:00:00Z")
    clock = call(f"{served.url}/_simulator/clock")
    limits = call(f"{served.url}/_simulator/limits")
    body = {"type": "ANY", "requestLocation": {"locationCode": "WH-001"}}
    rows = call(f"{served.url}/api/commerce/inventory/v5/inventory", body)

    assert (clock["mode"], clock["now"]) == ("manual", "2026-03-03T05:00:00.000000Z")
    assert (limits["pools"][0]["rpm"], len(rows)) == (9, 10)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("seed: x", ":1:7: $.seed"),
        ("jobs:\n  workers: 0", "$.jobs"),
        ("jobs:\n  wrokers: 2", ":2:12: $.jobs.wrokers"),
        ("limits:\n  pools: [{route: inventory}]", "$.limits.pools[0].route"),
        ("serve: {port: many}", "$.serve.port"),
        ("[1]", "expected a map"),
        ("a: b: c", "not YAML"),
    ],
)
def test_a_wrong_configuration_names_line_column_and_path(tmp_path: Path, text: str, place: str) -> None:
    """Errors of ``--config`` say file:line:column and the path; exit 2."""
    path = tmp_path / "kibo.yaml"
    path.write_text(text)
    result = run("kibo-simulator", "serve", "--port", "0", "--config", str(path))

    assert (result.returncode, result.stdout) == (2, "")
    assert str(path) in result.stderr
    assert place in result.stderr
    assert "Traceback" not in result.stderr


def test_a_snapshot_is_carried_from_one_simulator_to_another(serve: Serve, tmp_path: Path) -> None:
    """D-2: saved and downloaded with ``ctl``, gone on from with ``--snapshot``, in memory or in a data file."""
    first = serve("--clock", "manual", "--start", "2026-03-02T05:00:00Z", "--sample", "2", "9", "--seed", "4")
    file, data = tmp_path / "one.snapshot", tmp_path / "kibo.db"
    for command in (
        ["clock", "advance", "90s"],
        ["snapshot", "save", "one"],
        ["snapshot", "download", "one", str(file)],
    ):
        assert run("kibo-simulator", "ctl", "--url", first.url, *command).returncode == 0
    dumps = [call(f"{first.url}/_simulator/clock")["now"]]
    for flags in ([], ["--data", str(data)]):
        again = serve("--snapshot", str(file), "--snapshots", str(tmp_path / "kept"), *flags)
        dumps.append(call(f"{again.url}/_simulator/clock")["now"])
        again.stop()
    wrong = run("kibo-simulator", "serve", "--port", "0", "--snapshot", __file__)

    assert dumps == ["2026-03-02T05:01:30.000000Z"] * 3
    assert (wrong.returncode, f"--snapshot {__file__}: is not a snapshot" in wrong.stderr) == (2, True)
