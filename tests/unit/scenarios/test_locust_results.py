"""What comes back from Locust's workers is judged: nothing that is missing or cannot be known is taken for kept."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kibo_scenarios.cli import main
from kibo_scenarios.errors import HarnessError, UsageError
from kibo_scenarios.locust_users.applications import given_application
from kibo_scenarios.locust_users.collected import Collected
from kibo_scenarios.locust_users.control_plane import ControlPlane, checked_url
from kibo_scenarios.locust_users.judging import Ending, result_of
from kibo_scenarios.locust_users.messages import Batch, Done, Exchange, Go, Outcome, packed, retry_after, unpacked
from kibo_scenarios.locust_users.options import scenario_named
from kibo_scenarios.locust_users.starting import simulator_configuration
from kibo_scenarios.locust_users.target import Target, refuse_what_is_out_of_reach
from kibo_scenarios.locust_users.worlds import world_of
from kibo_scenarios.moments import SECOND, parse_utc
from kibo_scenarios.pace import Pace
from kibo_scenarios.reports.load_documents import load_document, load_junit
from kibo_scenarios.reports.load_page import render_load_page
from kibo_scenarios.result import Conclusion
from kibo_scenarios.rules import Verdict
from kibo_scenarios.workloads import LoadResult, LoadScenario, read_any
from kibo_scenarios.workloads.measurements import Measurements
from kibo_simulator import Settings

LOAD = """\
name: small
title: A small one
simulator:
  sample: {locations: 2, products: 40}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 60, rph: 900}]}
clients:
  shop: {kind: lookups, share: 0.5, bursts: [{at: 0s, requests: 4}]}
  watcher: {kind: polls, every: 1s, for: 4s}
thresholds:
  http_429_rate: "< 0.3"
  "given_up{client:shop}": "== 0"
  lookup_latency: "max < 2s"
  "makespan{client:watcher}": "< 10s"
  jobs_failed: "== 0"
  rules_broken: "== 0"
"""


@pytest.fixture
def scenario(tmp_path: Path) -> LoadScenario:
    """A load scenario with thresholds of all kinds."""
    file = tmp_path / "load.yaml"
    file.write_text(LOAD, encoding="utf-8")
    read = read_any(file)
    assert isinstance(read, LoadScenario)
    return read


def collected(statuses: list[int]) -> Collected:
    """What one worker hands over of as many look-ups and as many looks at the queue."""
    found = Collected(Measurements(), books=False)
    found.expect(["w1"])
    exchanges = [Exchange("shop", "getInventory", at * SECOND, 9, status) for at, status in enumerate(statuses)]
    exchanges += [Exchange("watcher", "getJobs", at * SECOND, 9, 200) for at in range(len(statuses))]
    outcomes = [Outcome("shop", "getInventory", 0, SECOND, status, 1, status != 200) for status in statuses]
    found.batch("w1", Batch(1, 0, exchanges, outcomes))
    found.done("w1", Done(1, 1, 2 * len(statuses), []))
    return found


def result(scenario: LoadScenario, statuses: list[int], incomplete: str | None = None) -> LoadResult:
    """The result of a run in which the look-ups were answered so."""
    ending = Ending(span=SECOND, wall_s=1.0, failures={}, incomplete=incomplete)
    return result_of(scenario, collected(statuses), Settings(), [], [], pace=Pace("Locust", 1.0), ending=ending)


def test_a_target_without_books_leaves_open_what_only_they_tell(scenario: LoadScenario) -> None:
    """What senders know is judged; jobs and rules are inconclusive with the reason, never passed, and so is the run."""
    found = result(scenario, [200, 200, 200, 200])
    verdicts = {one.threshold.selector.metric.name: one.judgement.verdict for one in found.judged}

    assert {
        "http_429_rate": Verdict.PASS,
        "given_up": Verdict.PASS,
        "lookup_latency": Verdict.PASS,
        "makespan": Verdict.PASS,
        "jobs_failed": Verdict.INCONCLUSIVE,
        "rules_broken": Verdict.INCONCLUSIVE,
    } == verdicts
    assert "only a target with a control plane tells" == found.judged[-1].judgement.because
    assert Conclusion.NOTHING_CONCLUDED == found.conclusion


def test_a_429_is_throttled_and_a_missed_threshold_fails_the_run(scenario: LoadScenario) -> None:
    """Three of eight requests are refused: the rate is missed, and none of them counts as an error."""
    found = result(scenario, [200, 429, 429, 429])
    rows = {row["client"]: row for row in load_document(found)["clients"]}

    assert Conclusion.FAILED == found.conclusion
    assert (4, 3, 0, 3) == tuple(rows["shop"][key] for key in ("requests", "throttled", "failed", "given_up"))
    assert "was 0.375 (37.50%)" == found.judged[0].judgement.because


def test_a_run_that_lost_a_worker_concludes_nothing_in_any_report(scenario: LoadScenario) -> None:
    """Neither PASS nor FAIL: every threshold is inconclusive, and all reports say why, even without thresholds."""
    lost = "the worker w2 was lost before it was done"
    found = result(scenario, [200, 429, 429, 429], lost)
    silent = msgspec.structs.replace(scenario, thresholds=())

    assert Conclusion.NOTHING_CONCLUDED == found.conclusion == result(silent, [200], lost).conclusion
    assert {Verdict.INCONCLUSIVE} == {one.judgement.verdict for one in found.judged}
    assert lost == load_document(found)["incomplete"]
    assert lost.encode() in load_junit([found])
    assert lost.encode() in render_load_page([found])


def test_a_batch_that_is_missing_is_noticed() -> None:
    """Between two batches, and at the end."""
    hole, short = collected([200]), collected([200])
    with pytest.raises(HarnessError, match="batch 1 of worker w1 is missing, 2 came"):
        hole.batch("w1", Batch(1, 2, [], []))
    with pytest.raises(HarnessError, match="worker w1 sent 3 batches, 1 came"):
        short.done("w1", Done(1, 3, 2, []))


@pytest.mark.parametrize(("journaled", "fits"), [(5, False), (6, True), (8, True), (9, False)])
def test_the_journal_of_another_server_is_not_believed(journaled: int, *, fits: bool) -> None:
    """Between what was answered (6) and what was sent (8); a 401 has no client's name there."""
    assert fits is (collected([200, 401, 0, 429]).doubt(journaled) is None)


def test_a_message_of_another_version_is_refused() -> None:
    """With its kind, instead of a traceback out of a decoder."""
    with pytest.raises(HarnessError, match="a message of Locust is no Batch"):
        unpacked(packed(Done(1, 2, 3, [])), Batch)
    with pytest.raises(HarnessError, match="a message of Locust is no Done"):
        unpacked(None, Done)


def test_a_retry_after_that_is_no_number_is_none() -> None:
    """RL-9: whole seconds; anything else may come from a fault."""
    assert [60, -1, -1, -1] == [retry_after(text) for text in ("60", "", "soon", "9" * 400)]


def test_the_world_of_a_file_is_what_its_clients_find(scenario: LoadScenario) -> None:
    """Half of the limits for the shop, none for who does not pace itself; stock only for whom it concerns."""
    world = world_of(scenario, None)

    assert {"shop": (30, 450), "watcher": (None, None)} == world.budgets
    assert {"shop": 1001, "watcher": 1001} == world.tenants
    assert [1001] == list(world.shops)
    assert 2 == len(world.shops[1001].locations)


def test_a_simulator_is_configured_with_all_that_the_file_says(tmp_path: Path, scenario: LoadScenario) -> None:
    """Seed and faults as well."""
    file = tmp_path / "faulty.yaml"
    fault = "faults: [{id: away, match: {path: '/*', from: +1m, until: +2m}, effect: {kind: status, status: 503}}]\n"
    file.write_text(f"seed: 5\n{fault}{LOAD}", encoding="utf-8")
    read = read_any(file)
    assert isinstance(read, LoadScenario)
    configuration = simulator_configuration(read)

    assert (5, "away", 2) == (
        configuration["seed"], configuration["faults"][0]["id"], configuration["sample"]["locations"]
    )  # fmt: skip
    assert "faults" not in simulator_configuration(scenario)


def test_a_bare_target_is_refused_what_it_cannot_do(tmp_path: Path, scenario: LoadScenario) -> None:
    """Other limits, and another pace; with the place."""
    file = tmp_path / "changing.yaml"
    file.write_text(f"changes: [{{at: 1m, limits: {{pools: []}}}}]\n{LOAD}", encoding="utf-8")
    changing = read_any(file)
    assert isinstance(changing, LoadScenario)

    with pytest.raises(UsageError, match=re.escape("$.changes: a target without a control plane")):
        refuse_what_is_out_of_reach(changing, None)
    with pytest.raises(UsageError, match="a target without control plane has none"):
        refuse_what_is_out_of_reach(scenario, 60.0)
    with pytest.raises(UsageError, match="needs KIBO_CLIENT_ID and KIBO_SHARED_SECRET on each worker"):
        given_application({"KIBO_CLIENT_ID": "a"})
    refuse_what_is_out_of_reach(scenario, 1.0)


class Plane(ControlPlane):
    """A control plane that only tells its clock and the end of its journal."""

    def __init__(self, mode: str, speed: float) -> None:
        super().__init__("http://127.0.0.1:9", "")
        self._clock = {"mode": mode, "speed": speed, "now": "2026-03-02T05:00:00.000000Z"}
        self.asked: list[tuple[str, str, object]] = []

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Keep what is asked for; a clock that is set goes."""
        self.asked.append((method, path, body))
        if path == "/journal/status":
            return {"last": None}
        return {**self._clock, **(body if isinstance(body, dict) else {})}


def test_a_clock_that_stands_still_is_started_with_the_run() -> None:
    """From where it stands; one that goes is left as it goes, and no other speed is asked of it."""
    still, going = Plane("manual", 0.0), Plane("scaled", 30.0)
    started = Target(still, 60.0).start(lambda: 5)
    left = Target(going, None).start(lambda: 7)
    at = parse_utc("2026-03-02T05:00:00Z")

    assert (Go(at, at, 5, 60.0), Go(at, at, 7, 30.0)) == (started, left)
    assert [("PUT", "/clock", {"mode": "scaled", "speed": 60.0})] == still.asked[-1:]
    assert {"GET"} == {method for method, _, _ in going.asked}
    with pytest.raises(UsageError, match="this one's goes already, at 30 times the pace"):
        Target(going, 60.0)


def test_a_server_that_does_not_answer_is_named() -> None:
    """With the reason, before anything is started."""
    with pytest.raises(UsageError, match=re.escape("http://127.0.0.1:9: nobody answers: [Errno")):
        ControlPlane("http://127.0.0.1:9/", "").answers()


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1:80", "ftp://x", "http://", "http://x:99999", "http://u:p@x", "http://x?y"]
)
def test_an_address_that_is_none_is_refused(text: str) -> None:
    """Before anything is started."""
    with pytest.raises(UsageError, match="expected the address of a server"):
        checked_url(text)


def test_the_scenario_is_read_from_command_line_or_environment() -> None:
    """The command line goes first; Locust's own options are not ours to judge."""
    line = ["-f", "x.py", "--master", "--kibo-scenario", "mine.yaml", "-H", "http://x"]

    assert "mine.yaml" == scenario_named(line, {"KIBO_SCENARIO": "other"})
    assert "other" == scenario_named(["--worker"], {"KIBO_SCENARIO": "other"})
    assert scenario_named(["--worker"], {}) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument '[NAME|FILE]'."),
        (["bulk-delete"], "bulk-delete: grades one client; Locust runs load scenarios, which have $.clients"),
        (["load-peak-day", "--url", "nowhere"], "'nowhere': expected the address of a server"),
        (["load-peak-day", "--bare"], "--bare: is about a server of your own; say --url, too"),
        (["load-peak-day", "--junit", "no/such/x.xml"], "--junit no/such/x.xml: there is no folder no/such"),
    ],
)
def test_mistakes_of_the_person_are_told_before_anything_starts(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """One line, exit code 2."""
    with pytest.raises(SystemExit) as caught:
        main(["locust", *arguments])

    assert (2, True) == (caught.value.code, message in capsys.readouterr().err)


def test_without_the_extra_its_name_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to install, exit code 2."""
    monkeypatch.setitem(sys.modules, "locust", None)
    with pytest.raises(SystemExit) as caught:
        main(["locust", "load-peak-day"])

    assert 2 == caught.value.code
    assert "it needs the extra: pip install 'kibo-simulator[locust]'" in capsys.readouterr().err


def test_the_world_of_a_scenario_is_written_for_a_simulator_elsewhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What ``kibo-simulator serve --config`` takes; nothing is started."""
    file = tmp_path / "world.yaml"
    with pytest.raises(SystemExit) as caught:
        main(["locust", "load-token-outage", "--world", str(file), "--seed", "9"])
    written = json.loads(file.read_text(encoding="utf-8"))

    assert (0, "") == (caught.value.code, capsys.readouterr().out)
    assert (9, "no-tokens", 8) == (written["seed"], written["faults"][0]["id"], written["sample"]["locations"])
