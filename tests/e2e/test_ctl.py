"""``kibo-simulator ctl`` against a served simulator: what it does, prints and refuses."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from kibo_simulator.cli import main
from kibo_simulator.ctl.command import MODULES
from kibo_simulator.ctl.output import shown
from kibo_simulator.plain_text import printable

from .conftest import BIN, Serve, run

Ctl = Callable[..., Result]

REFUSALS = (
    (("clock", "set", "2020-01-01T00:00:00Z"), "kibo-simulator ctl: $.now: the clock never moves backwards"),
    (("clock", "advance", "15x"), "'15x' is no duration such as 90, 15m"),
    (("clock", "mode", "fast"), "'fast' is not accepted; real, manual or xN (such as x60) is"),
    (("jobs", "--tenant", "5"), "kibo-simulator ctl: tenant: there is no tenant '5'"),
    (("--token", "wrong", "clock"), "kibo-simulator ctl: the control plane needs Authorization"),
    (("--token", "wröng", "clock"), "kibo-simulator ctl: --token: a header cannot hold it"),
    (("--url", "http://127.0.0.1:1", "health"), "kibo-simulator ctl: nothing answers at http://127.0.0.1:1"),
    (("--url", "localhost:8765", "health"), "kibo-simulator ctl: --url localhost:8765: expected http://HOST:PORT"),
    (("--url", "http://a:b@localhost", "health"), "kibo-simulator ctl: --url: holds a user or password"),
    (("limits", "set", "-"), "kibo-simulator ctl: standard input:1:22: $.pools[0].route: a route starts with /"),
)


@pytest.fixture
def ctl(serve: Serve) -> Ctl:
    """A function that runs one command against a fresh simulator whose clock stands still."""
    served = serve("--clock", "manual", "--start", "2026-03-02T05:00:00Z", "--control-token", "open sesame")

    def run(*arguments: str, **more: Any) -> Result:
        environment = {"KIBO_SIMULATOR_URL": served.url, "KIBO_SIMULATOR_CONTROL_TOKEN": "open sesame"}
        return CliRunner(env=environment).invoke(main, ["ctl", *arguments], prog_name="kibo-simulator", **more)

    return run


@pytest.mark.slow
def test_the_simulator_is_taken_in_hand(ctl: Ctl, tmp_path: Path) -> None:
    """Clock, limits, stock, jobs, journal and description, each by its command; JSON where nobody looks."""
    document = tmp_path / "limits.json"
    document.write_text('{"pools": [{"route": "/api/*", "rpm": 7}]}')
    healthy = json.loads(ctl("health").output)["status"]
    moved = [json.loads(ctl("clock", *order).output)["now"] for order in (["advance", "15m"], ["next-event"], [])]
    later = json.loads(ctl("clock", "set", "2026-03-03T00:00:00Z").output)["now"]
    scaled = json.loads(ctl("clock", "mode", "x60").output)
    limits = json.loads(ctl("limits", "set", str(document)).output)
    pools = [json.loads(line)["rpm"] for line in ctl("limits", "status").output.splitlines()]
    records = ctl("inventory", "dump").output.splitlines()
    described = json.loads(ctl("openapi").output)
    cleared = json.loads(ctl("journal", "clear").output)

    assert "ok" == healthy
    assert ["2026-03-02T05:15:00.000000Z"] * 3 == moved
    assert "2026-03-03T00:00:00.000000Z" == later
    assert ("scaled", 60.0) == (scaled["mode"], scaled["speed"])
    assert (7, [7]) == (limits["pools"][0]["rpm"], pools)
    assert (True, True) == (records[0].startswith('"LocationCode"'), len(records) > 100)
    assert "3.1.0" == described["openapi"]
    assert {"cleared": 0} == cleared
    assert ("", "") == (ctl("journal").output, ctl("jobs").output)


@pytest.mark.slow
def test_what_cannot_be_done_is_said_in_one_line(ctl: Ctl) -> None:
    """Exit code 2, one line that names the place, no traceback and no secret."""
    for arguments, said in REFUSALS:
        done = ctl(*arguments, input='{"pools": [{"route": "api"}]}')
        last = done.stderr.splitlines()[-1]

        assert (2, "", True) == (done.exit_code, done.stdout, said in last), done.stderr
        assert "open sesame" not in done.stderr


@pytest.mark.slow
def test_questions_are_answered_by_the_exit_code(ctl: Ctl) -> None:
    """0 for yes, 1 for no; what is wrong with a question is said with its place."""

    def ask(question: Any) -> Result:
        return ctl("verify", "-", input=json.dumps({"questions": [question]}))

    none = ask({"match": {"operation": "deleteItems"}, "expect": {"count": 0}})
    some = ask({"match": {"operation": "deleteItems"}, "expect": {"count": 1}})
    wrong = ask({"match": {"operation": "deleteItem"}, "expect": {"count": 1}})

    assert [0, 1, 2] == [done.exit_code for done in (none, some, wrong)]
    assert ["yes", "no"] == [json.loads(done.output)["verdict"] for done in (none, some)]
    assert wrong.stderr.startswith(
        "kibo-simulator ctl: standard input:1:40: $.questions[0].match.operation: there is no operation"
    )


@pytest.mark.slow
def test_the_journal_is_kept_listed_and_followed(serve: Serve, tmp_path: Path) -> None:
    """What clients did: in the file of serve --journal, by filters, as an archive, and as it comes; numbers go on."""
    file = str(tmp_path / "journal.ndjson")
    first = serve("--journal", file)
    tell(first.url)
    left = first.stop()
    second = serve("--journal", file)
    tell(second.url)

    def journal(*arguments: str) -> str:
        return CliRunner().invoke(main, ["ctl", "--url", second.url, "journal", *arguments]).output

    kept = [json.loads(text)["seq"] for text in Path(file).read_text().splitlines()]
    seen = [json.loads(text)["seq"] for text in journal("--follow", "--limit", "1").splitlines()]

    assert (0, [1, 2], [2]) == (left[0], kept, seen)
    assert ("", 1) == (journal("--status", "2xx"), len(journal("--path", "/api/*").splitlines()))
    assert 2 == json.loads(journal("--format", "har"))["log"]["entries"][0]["_kibo"]["seq"]
    assert (1, file) == tuple(json.loads(journal("status"))[name] for name in ("entries", "file"))
    assert '{"cleared":1}' == journal("clear").strip()


def tell(url: str) -> None:
    """Ask for something that there is not, so that there is something in the journal."""
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{url}/api/nothing", timeout=10)
    caught.value.close()


@pytest.mark.slow
def test_a_journal_file_holds_every_answered_request_after_a_kill(serve: Serve, tmp_path: Path) -> None:
    """D-1 for the journal: what was answered is in the file, whatever end the process has."""
    file = tmp_path / "journal.ndjson"
    served = serve("--journal", str(file))
    for _ in range(20):
        tell(served.url)
    code, _ = served.stop(signal.SIGKILL)

    assert -signal.SIGKILL == code
    assert [*range(1, 21)] == [json.loads(text)["seq"] for text in file.read_text().splitlines()]


@pytest.mark.slow
def test_https_is_spoken_with_those_who_are_trusted(serve: Serve, tmp_path: Path) -> None:
    """With serve --tls its authority makes it trusted, and without it one line says what to do."""
    pytest.importorskip("trustme")
    served = serve("--tls", "--tls-dir", str(tmp_path))

    def health(*flags: str, url: str = served.url) -> tuple[int, str]:
        done = CliRunner(env={"SSL_CERT_FILE": ""}).invoke(main, ["ctl", "--url", url, *flags, "health"])
        return done.exit_code, done.output

    trusted = health("--ca", str(tmp_path / "kibo-simulator-ca.pem"))
    doubted = health()
    mistaken = health("--ca", __file__)
    plain = health(url=served.url.replace("https", "http"))

    assert (0, "ok") == (trusted[0], json.loads(trusted[1])["status"])
    assert (2, True) == (doubted[0], "; --ca FILE names its authority" in doubted[1])
    assert (2, f"kibo-simulator ctl: --ca {__file__}: holds no certificate\n") == mistaken
    assert (2, True) == (plain[0], "broke off or does not speak http " in plain[1])


@pytest.mark.slow
def test_events_are_shown_as_they_happen(serve: Serve) -> None:
    """One line of JSON an event, until there are enough of them; interrupting a follower is no failure."""
    served = serve("--clock", "manual")
    command = [str(BIN / "kibo-simulator"), "ctl", "--url", served.url]
    with subprocess.Popen([*command, "events", "--limit", "1"], stdout=subprocess.PIPE, text=True) as watcher:
        while watcher.poll() is None:
            CliRunner().invoke(main, ["ctl", "--url", served.url, "clock", "advance", "1s"])
        assert watcher.stdout is not None
        shown = json.loads(watcher.stdout.read())
    tell(served.url)
    with subprocess.Popen(
        [*command, "journal", "--follow"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as follower:
        assert follower.stdout is not None
        assert follower.stderr is not None
        follower.stdout.readline()
        follower.send_signal(signal.SIGINT)
        said = follower.stderr.read()

    assert ("clock", "manual", 0) == (shown["event"], shown["data"]["mode"], watcher.returncode)
    assert (130, b"") == (follower.returncode, said)


@pytest.mark.slow
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    """The flag --journal: exit code 2, one line, and the file as it was."""
    notes = tmp_path / "notes.txt"
    notes.write_text("hello\n")
    done = run("kibo-simulator", "serve", "--port", "0", "--journal", str(notes))

    assert (2, "hello\n") == (done.returncode, notes.read_text())
    assert done.stderr == (
        f"kibo-simulator: --journal {notes}: does not end with a journal entry; a journal of this program or a new "
        "file is expected\n"
    )


def test_every_command_says_what_it_does() -> None:
    """Help is one sentence that ends, for groups and commands alike."""

    def commands(group: click.Command) -> Iterator[click.Command]:
        yield group
        for command in getattr(group, "commands", {}).values():
            yield from commands(command)

    for module in MODULES:
        for offered in module.COMMANDS:
            for command in commands(offered):
                assert (command.help or "").partition("\n")[0].endswith(".")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "yes"),
        ([1, "a"], "1, a"),
        ({"items": 3, "dryRun": False}, "items=3 dryRun=no"),
        ("\x1b[2J\nnext", "\\x1b[2J\\x0anext"),
    ],
)
def test_values_are_shown_for_people(value: object, text: str) -> None:
    """No null, no JSON, and nothing that a terminal would obey."""
    assert text == shown(value)


def test_long_code_points_are_shown_as_numbers() -> None:
    """A mark that turns the direction of writing is no letter."""
    assert "a\\x202eb" == printable("a\u202eb")


@pytest.mark.slow
def test_faults_are_put_down_and_taken_out(ctl: Ctl, tmp_path: Path) -> None:
    """From a file, standard input or the command line; what cannot be meant is told with its place."""
    document = tmp_path / "faults.yaml"
    document.write_text("- match: {operation: deleteItems, nth: 2}\n  effect: {kind: lost_answer}\n")
    inline = "{id: slow, effect: {kind: latency, delay_s: 3}, match: {times: 2}}"
    added = [json.loads(ctl("faults", "add", told).output)["ids"] for told in (str(document), inline)]
    piped = json.loads(ctl("faults", "add", "-", input='[{"effect": {"kind": "job_stall"}}]').output)["ids"]
    listed = [json.loads(line)["id"] for line in ctl("faults").output.splitlines()]
    removed = json.loads(ctl("faults", "remove", "slow").output)
    unmet = ctl("faults", "check")
    document.write_text("- match: {operation: deleteItems}\n  effect: {kind: lost_anser}\n")
    wrong = ctl("faults", "add", str(document))
    unknown = ctl("faults", "remove", "no/such")
    cleared = json.loads(ctl("faults", "clear").output)
    met = ctl("faults", "check")

    assert ([["fault-1"], ["slow"]], ["fault-3"]) == (added, piped)
    assert (["fault-1", "slow", "fault-3"], {"removed": ["slow"]}) == (listed, removed)
    assert (1, 2, {"removed": ["fault-1", "fault-3"]}) == (unmet.exit_code, len(unmet.output.splitlines()), cleared)
    assert (2, True) == (wrong.exit_code, f"{document}:2:18: $[0].effect.kind: 'lost_anser'" in wrong.stderr)
    assert (2, "there is no fault" in unknown.stderr, 0) == (unknown.exit_code, True, met.exit_code)


@pytest.mark.slow
def test_a_bad_file_is_named_with_the_place_in_it(ctl: Ctl, tmp_path: Path) -> None:
    """File and line, column and path where there are any: stock, limits, questions, faults and snapshots alike."""
    commands = {
        "stock.csv": ("inventory", "load"),
        "stock.jsonl": ("inventory", "load"),
        "latin.csv": ("inventory", "load"),
        "empty.csv": ("inventory", "load"),
        "huge.csv": ("inventory", "load"),
        "value.json": ("limits", "set"),
        "field.json": ("limits", "set"),
        "broken.json": ("limits", "set"),
        "short.json": ("limits", "set"),
        "question.json": ("verify",),
        "faults.yaml": ("faults", "add"),
        "other.snapshot": ("snapshot", "upload", "one"),
    }
    contents = {
        "stock.csv": b"LocationCode,PartNumber,OnHand\nL1,A,1\nL1,B,many\n",
        "stock.jsonl": b'{"locationCode": "L1", "partNumber": "A", "onHand": 1}\n{"partNumber": "B"}\n',
        "latin.csv": b"LocationCode,PartNumber,OnHand\nL1,\xe9,1\n",
        "empty.csv": b"",
        "huge.csv": bytes(16 * 1024 * 1024 + 1),
        "value.json": b'{\n  "pools": [\n    {"route": "api"}\n  ]\n}',
        "field.json": b'{\n  "pool": []\n}',
        "broken.json": b'{\n  "pools": [\n    {route: 3}\n  ]\n}',
        "short.json": b'{"pools": [',
        "question.json": b'{"questions":\n [{"match": {"operation": "deleteItem"}, "expect": {"count": 1}}]}',
        "faults.yaml": b"- effect: {kind: status, status: 9}\n",
        "other.snapshot": b"PNG",
    }
    places = {}
    for name, command in commands.items():
        file = tmp_path / name
        file.write_bytes(contents[name])
        done = ctl(*command, str(file))
        line = done.stderr.removeprefix(f"kibo-simulator ctl: {tmp_path}/")
        places[name] = (done.exit_code, line.removeprefix(name).partition(": ")[0], len(done.stderr.splitlines()))

    assert {
        "stock.csv": (2, ":3", 1),
        "stock.jsonl": (2, ":2", 1),
        "latin.csv": (2, ":2", 1),
        "empty.csv": (2, ":1", 1),
        "huge.csv": (2, "", 1),
        "value.json": (2, ":3:15", 1),
        "field.json": (2, ":2:3", 1),
        "broken.json": (2, ":3:6", 1),
        "short.json": (2, "", 1),
        "question.json": (2, ":2:27", 1),
        "faults.yaml": (2, ":1:34", 1),
        "other.snapshot": (2, "", 1),
    } == places
