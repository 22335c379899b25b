"""Load scenario files: what is wrong is named with file, line, column and path, and what is right is read exactly."""

from pathlib import Path

import pytest

from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.moments import HOUR
from kibo_scenarios.workloads import LoadScenario, read_any
from kibo_scenarios.workloads.clients import Lookups, Polls

GOOD = """\
name: small
title: A small one
simulator:
  tenants: [{tenant: 7, client_id: seven, shared_secret: seven-secret}]
clients:
  shop: {kind: lookups, share: 0.5, stages: [{for: 1h, rate: 5, to: 9}], bursts: [{at: 5m, requests: 9}]}
  night: {kind: refreshes, at: ["02:00"]}
  watcher: {kind: polls, tenant: 7, every: 30s}
  sweep: {kind: bulk-delete, plan: {rpm: 10}}
changes:
  - {at: 2h, limits: {pools: [{route: /x/*, rpm: 2}]}}
  - {at: 1h, limits: {pools: [{route: /x/*, rpm: 1}]}}
thresholds:
  latency{client:shop}: ["p(95) < 1s", {is: max < 1m, reason: why, abort_on_fail: true}]
time_limit: 3h
"""


def read(tmp_path: Path, text: str) -> LoadScenario:
    """Read a scenario with this text, called s.yaml."""
    file = tmp_path / "s.yaml"
    file.write_text(text, encoding="utf-8")
    scenario = read_any(file, "s.yaml")
    assert isinstance(scenario, LoadScenario)
    return scenario


def test_a_good_file_is_read_exactly(tmp_path: Path) -> None:
    """Clients by their kinds, changes in order of time, each comparison a threshold."""
    scenario = read(tmp_path, GOOD)

    assert ["shop", "night", "watcher", "sweep"] == list(scenario.clients)
    assert isinstance(scenario.clients["shop"], Lookups)
    assert Polls(tenant=7, every="30s") == scenario.clients["watcher"]
    assert [HOUR, 2 * HOUR] == [change.at for change in scenario.changes]
    assert [
        ("latency{client:shop}: p(95) < 1s", "", False),
        ("latency{client:shop}: max < 1m", "why", True),
    ] == [(str(one), one.reason, one.abort_on_fail) for one in scenario.thresholds]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("share: 0.5", "share: 1.5", "s.yaml:6:32: $.clients.shop.share: expected float <= 1.0"),
        ("share: 0.5", "shair: 1", "s.yaml:6:32: $.clients.shop.shair: this field is not known here"),
        ("kind: lookups", "kind: lookup", "s.yaml:6:16: $.clients.shop.kind: invalid value 'lookup'"),
        ("for: 1h,", "for: 1 h,", "s.yaml:6:52: $.clients.shop.stages[0].for: expected a span such as 90s"),
        ("for: 1h,", "for: 99d,", "s.yaml:6:52: $.clients.shop.stages[0].for: expected a span up to 31d, got 99d"),
        ("at: 5m", "at: soon", "s.yaml:6:88: $.clients.shop.bursts[0].at: expected a span such as 90s"),
        (
            "tenant: 7, every",
            "tenant: 8, every",
            "s.yaml:8:34: $.clients.watcher.tenant: there is no tenant 8; expected",
        ),
        (
            "{rpm: 10}",
            "{rpm: 10}, share: 1",
            "s.yaml:9:54: $.clients.sweep.share: this client is told its limits in plan",
        ),
        ("{rpm: 10}", "{rpm: 10}, tenant: 7", "s.yaml:9:55: $.clients.sweep.tenant: a bulk deletion is the sample"),
        ("rpm: 2}", "rmp: 2}", "s.yaml:11:50: $.changes[0].limits.pools[0].rmp: this field is not known here"),
        ("route: /x/*, rpm: 2", "route: x, rpm: 2", "s.yaml:11:39: $.changes[0].limits.pools[0].route: a route starts"),
        ("at: 2h", "at: later", "s.yaml:11:10: $.changes[0].at: expected a span such as 90s"),
        ("latency{", "latencies{", "s.yaml:14:3: $.thresholds.latencies{client:shop}: there is no metric 'latencies'"),
        (
            "client:shop}:",
            "client:shops}:",
            "s.yaml:14:3: $.thresholds.latency{client:shops}: there is no client 'shops'",
        ),
        (
            "{client:shop}:",
            "{operation:getInventroy}:",
            "s.yaml:14:3: $.thresholds.latency{operation:getInventroy}: there is no operation 'getInventroy'",
        ),
        ('"p(95) < 1s"', '"p(95) < 1"', "s.yaml:14:26: $.thresholds.latency{client:shop}[0]: latency is a time; add a"),
        ("is: max < 1m", "is: quick", "s.yaml:14:40: $.thresholds.latency{client:shop}[1]: 'quick' is no comparison"),
        ("time_limit: 3h", "time_limit: 0s", "s.yaml:15:13: $.time_limit: expected a span up to 31d, got 0s"),
        (
            "stages: [{for: 1h, rate: 5, to: 9}], bursts: [{at: 5m, requests: 9}]",
            "items: 1",
            "s.yaml:6:3: $.clients.shop: wants",
        ),
        (
            "simulator:",
            "simulator:\n  sample: {locations: 0}",
            "s.yaml:4:3: $.simulator.sample: a scenario needs the sample",
        ),
        ("  shop:", "  Shop:", "s.yaml:6:3: $.clients.Shop: names have small letters"),
        (
            "  watcher:",
            "  unknown:",
            "s.yaml:8:3: $.clients.unknown: this name stands for requests whose client is not",
        ),
        (
            "client:shop}:",
            "client:unknown}:",
            "s.yaml:14:3: $.thresholds.latency{client:unknown}: of the client 'unknown' there are only error_rate",
        ),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Each kind of mistake is told in one line: file, line, column, path, what is accepted."""
    assert old in GOOD
    with pytest.raises(ScenarioFileError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))

    assert message == str(caught.value)[: len(message)]
    assert 1 == len(str(caught.value).splitlines())
