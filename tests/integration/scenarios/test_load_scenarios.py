"""Load scenarios from file to verdict: the same twice, over sockets, given up early, and with too little to tell."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from kibo_scenarios.cli import main
from kibo_scenarios.library import packaged
from kibo_scenarios.moments import MINUTE, SECOND
from kibo_scenarios.pace import parse_pace
from kibo_scenarios.reports.load_documents import load_document
from kibo_scenarios.reports.load_view import rows
from kibo_scenarios.result import Conclusion
from kibo_scenarios.workloads import LoadScenario, read_any, run_load

SMALL = """\
name: small
title: A small one
seed: 3
simulator:
  sample: {locations: 3, products: 40}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 60, rph: 900}]}
clients:
  shop: {kind: lookups, share: 0.5, stages: [{for: 10m, rate: 4}], bursts: [{at: 2m, requests: 40}]}
  browse: {kind: lookups, everywhere: true, share: 0.1, stages: [{for: 10m, rate: 1}]}
  tills: {kind: adjusts, share: 0.1, stages: [{for: 10m, rate: 2}]}
  orders: {kind: orders, share: 0.2, fulfil_after: 2m, stages: [{for: 10m, rate: 1}]}
  night: {kind: refreshes, share: 0.1, at: ["05:03"], for: 1h}
  watcher: {kind: polls, every: 1m, for: 10m}
  sweep: {kind: bulk-delete, starts: 15m, plan: {rpm: 60, rph: 900, batch_size: 5}, targets: {products: 0.8}}
thresholds:
  http_429_rate: "<= 0"
  given_up: "== 0"
  jobs_failed: "== 0"
  "makespan{client:sweep}": "<= 1.25 * optimum"
  rules_broken: "== 0"
"""
RUSH = """\
name: rush
title: A client that sends as fast as it can and gives up what is refused
simulator:
  sample: {locations: 2, products: 40}
  limits: {pools: [{route: /api/commerce/inventory/*, rpm: 5, rph: 100}]}
clients:
  rush: {kind: lookups, on_429: give_up, stages: [{for: 2h, rate: 10}]}
thresholds:
  given_up: {is: "== 0", reason: Every shopper is answered., abort_on_fail: true}
"""


def load(tmp_path: Path, text: str) -> LoadScenario:
    """Read a load scenario with this text."""
    file = tmp_path / "load.yaml"
    file.write_text(text, encoding="utf-8")
    scenario = read_any(file)
    assert isinstance(scenario, LoadScenario)
    return scenario


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command line and return exit code, stdout and stderr."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capsys.readouterr()
    assert isinstance(caught.value.code, int)
    return int(caught.value.code), out, err


@pytest.mark.slow
def test_all_kinds_of_clients_live_together_and_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    """Every promise is kept; journal and report of a second run are the same to the byte, those of another seed not."""
    scenario = load(tmp_path, SMALL)
    first, again = run_load(scenario), run_load(scenario)
    other = run_load(msgspec.structs.replace(scenario, seed=4))

    assert [] == [
        (str(one.threshold), one.judgement.because) for one in first.judged if one.judgement.verdict != "PASS"
    ]
    assert Conclusion.PASSED == first.conclusion
    assert set(scenario.clients) == {client for client, _ in first.measured.cells}
    assert first.journal == again.journal
    assert first.journal != other.journal
    assert [{**load_document(one), "wallSeconds": 0} for one in (first, first)] == [
        {**load_document(one), "wallSeconds": 0} for one in (first, again)
    ]


@pytest.mark.slow
def test_the_same_file_runs_over_sockets_in_scaled_time(tmp_path: Path) -> None:
    """Twelve simulated minutes at a thousandfold: the wishes are the same, only their instants are the machine's."""
    text = SMALL[: SMALL.index("  night:")] + "thresholds: {http_5xx_rate: '<= 0', given_up: '== 0'}\n"
    scenario = load(tmp_path, text.replace("10m", "2m"))
    virtual, scaled = run_load(scenario), run_load(scenario, pace=parse_pace("x120"))

    assert (Conclusion.PASSED, Conclusion.PASSED) == (virtual.conclusion, scaled.conclusion)
    assert sorted(virtual.measured.cells) == sorted(scaled.measured.cells)
    assert abs(scaled.span - virtual.span) < MINUTE


def test_a_run_is_given_up_as_soon_as_a_promise_with_abort_on_fail_is_broken(tmp_path: Path) -> None:
    """Two hours were planned; the first minute that breaks the promise is the last."""
    result = run_load(load(tmp_path, RUSH))

    assert ("given_up: == 0", Conclusion.FAILED) == (result.aborted, result.conclusion)
    assert result.span <= 3 * MINUTE
    assert result.measured.minutes


def test_a_count_that_may_still_grow_aborts_nothing(tmp_path: Path) -> None:
    """``jobs_done == 8`` is not broken while there are fewer."""
    scenario = load(
        tmp_path,
        RUSH[: RUSH.index("clients:")]
        + "clients: {tills: {kind: adjusts, bursts: [{at: 3m, requests: 4, within: 2m}]}}\n"
        "thresholds:\n  jobs_done: {is: '== 4', abort_on_fail: true}\n"
        "  jobs_unfinished: {is: '== 0', abort_on_fail: true}\n",
    )
    result = run_load(scenario)

    assert (None, Conclusion.PASSED) == (result.aborted, result.conclusion)


def test_a_request_whose_client_is_not_known_counts_for_the_client_unknown(tmp_path: Path) -> None:
    """Somebody's token is revoked: the 401 counts in the totals, and is held against no client by name."""
    scenario = load(
        tmp_path,
        "name: expiry\ntitle: Tokens are revoked\nsimulator: {sample: {locations: 2, products: 40}}\n"
        "faults: [{id: lose, match: {operation: getInventory, nth: 20}, effect: {kind: token_revoked}}]\n"
        "clients: {shop: {kind: lookups, stages: [{for: 5m, rate: 24}]}}\n"
        "thresholds: {'requests{client:unknown}': '== 1', error_rate: '> 0', 'error_rate{client:shop}': '<= 0', "
        "given_up: '== 0'}\n",
    )
    result = run_load(scenario)
    entries = [json.loads(line) for line in result.journal]
    unseen = [one["status"] for one in entries if one["client"] is None and one["operation"] == "getInventory"]

    assert ([401], Conclusion.PASSED) == (unseen, result.conclusion)
    assert [("shop", 0), ("unknown", 1)] == [(row.client, row.failed) for row in rows(result)]
    assert sum(requests for requests, _ in result.measured.minutes.values()) == sum(
        row.requests for row in rows(result)
    )


def test_a_token_is_renewed_before_it_expires(tmp_path: Path) -> None:
    """Tokens that live ten minutes, for an hour: no request is sent in vain; each is renewed once, a minute early."""
    scenario = load(
        tmp_path,
        "name: renewal\ntitle: Tokens are renewed\n"
        "simulator: {sample: {locations: 2, products: 40}, access: {token_lifetime_s: 600}}\n"
        "clients: {shop: {kind: lookups, stages: [{for: 1h, rate: 2}]}}\n"
        "thresholds: {'requests{client:unknown}': '== 0', error_rate: '<= 0'}\n",
    )
    result = run_load(scenario)
    logins = [json.loads(line)["at"][11:16] for line in result.journal if b'"authenticate"' in line]

    assert Conclusion.PASSED == result.conclusion
    assert ["05:00", "05:09", "05:18", "05:27", "05:36", "05:45", "05:54"] == logins


def test_too_few_samples_are_no_verdict_and_exit_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """INCONCLUSIVE says how many samples it takes; JUnit calls it an error, so that nobody takes it for a pass."""
    text = RUSH[: RUSH.index("clients:")] + (
        "clients: {watcher: {kind: polls, every: 1m, for: 4m}}\nthresholds: {latency: 'p(95) < 1s', requests: '== 4'}\n"
    )
    file, junit = tmp_path / "few.yaml", tmp_path / "junit.xml"
    file.write_text(text, encoding="utf-8")
    code, out, _ = run(capsys, "run", str(file), "--json", "--junit", str(junit))
    verdicts = [(one["verdict"], one["because"]) for one in json.loads(out)["thresholds"]]

    assert 3 == code
    assert [("INCONCLUSIVE", "4 of the 20 samples that it takes to tell"), ("PASS", "was 4")] == verdicts
    assert 1 == junit.read_text(encoding="utf-8").count("<error")


def test_a_missed_threshold_exits_1_with_its_reason(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Whoever reads the terminal learns what was promised, what was seen, and why it matters."""
    file = tmp_path / "rush.yaml"
    file.write_text(RUSH, encoding="utf-8")
    code, out, _ = run(capsys, "run", str(file), "--report", str(tmp_path / "report"))

    assert 1 == code
    for expected in ("given_up: == 0", "FAIL", "Every shopper is answered.", "given up early for given_up: == 0"):
        assert expected in out
    assert {"junit.xml", "report.html", "rush"} <= {file.name for file in (tmp_path / "report").iterdir()}


def test_a_client_that_forgets_its_share_turns_the_run_red(tmp_path: Path) -> None:
    """The regression of somebody who takes the pacing out: the broken promise names the client and its remedy."""
    paced = (
        RUSH.replace("on_429: give_up, ", "share: 1, ")
        .replace("rate: 10", "rate: 1.2")
        .replace("given_up", "http_429_rate")
    )
    paced = paced.replace('"== 0"', '"<= 0"')
    good = run_load(load(tmp_path, paced))
    bad = run_load(load(tmp_path, paced.replace("share: 1, ", "").replace("rate: 1.2", "rate: 6")))

    assert (Conclusion.PASSED, Conclusion.FAILED) == (good.conclusion, bad.conclusion)
    assert "http_429_rate: <= 0" == bad.aborted


def test_workers_that_were_refused_do_not_come_back_all_at_once(tmp_path: Path) -> None:
    """After a Retry-After one request alone finds out whether the restriction is over (RL-10)."""
    text = RUSH.replace("on_429: give_up, ", "workers: 8, ").replace("for: 2h, rate: 10", "for: 40m, rate: 4.5")
    result = run_load(load(tmp_path, text.replace(", abort_on_fail: true", "")))
    refused = [at for line in result.journal if (at := refused_at(line))]

    assert Conclusion.PASSED == result.conclusion
    assert len(refused) >= 2
    # Those that were under way when the first was refused may be refused as well.
    rounds = [later for earlier, later in pairwise(refused) if later - earlier > SECOND]
    assert all(len([at for at in refused if start <= at < start + MINUTE]) <= 8 for start in [refused[0], *rounds])


def refused_at(line: bytes) -> int | None:
    """When the request of a line of the journal was refused; None when it was not."""
    entry = json.loads(line)
    moment = entry["at"].replace("Z", "+00:00")
    return round(datetime.fromisoformat(moment).timestamp() * SECOND) if entry["status"] == 429 else None


def test_options_of_graded_scenarios_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A load scenario has thresholds, not rules to be exempted from; both kinds together make no report."""
    file = tmp_path / "rush.yaml"
    file.write_text(RUSH, encoding="utf-8")

    assert 2 == run(capsys, "run", str(file), "--sarif", str(tmp_path / "x.sarif"))[0]
    assert 2 == run(capsys, "run", str(file), "bulk-delete")[0]
    assert "load-peak-day" in packaged()
