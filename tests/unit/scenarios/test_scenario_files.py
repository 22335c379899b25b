"""Scenario files: what is wrong is named with file, line, column and path, and what is right is read exactly."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.errors import ScenarioError, ScenarioFileError, UsageError
from kibo_scenarios.library import find, packaged
from kibo_scenarios.moments import HOUR, parse_utc
from kibo_scenarios.scenario import ClientPlan, Expectation, Network, Scenario
from kibo_scenarios.scenario_file import read_scenario
from kibo_scenarios.workloads import find_any
from kibo_simulator import read_faults

GOOD = """\
name: small
title: A small one
seed: 3
start: 2026-03-02T05:00:00Z
simulator:
  sample: {locations: 2, products: 10}
network: {latency_ms: 10}
client: {rpm: 50, rph: unknown}
testable: [BA-1, ST-1]
expect:
  throttled: "== 0"
  undone: [">= 0", "< 5"]
time_limit: 2h
"""


def read(tmp_path: Path, text: str | bytes) -> Scenario:
    """Read a scenario with this text, called s.yaml."""
    file = tmp_path / "s.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_scenario(file, "s.yaml")


def test_a_good_file_is_read_exactly(tmp_path: Path) -> None:
    """Every field lands where it belongs, in the units of the inside."""
    scenario = read(tmp_path, GOOD)

    assert ("small", 3, parse_utc("2026-03-02T05:00:00Z"), 2 * HOUR) == (
        scenario.name,
        scenario.seed,
        scenario.start,
        scenario.time_limit,
    )
    assert (Network(latency_ms=10), ClientPlan(rpm=50, rph="unknown")) == (scenario.network, scenario.client)
    assert ("BA-1", "ST-1") == scenario.testable
    assert (
        Expectation("throttled", "==", 0),
        Expectation("undone", ">=", 0),
        Expectation("undone", "<", 5),
    ) == scenario.expectations


def test_faults_are_read_as_the_simulator_has_them(tmp_path: Path) -> None:
    """A scenario's faults are a fault document of the simulator."""
    faults = [{"id": "lost", "match": {"operation": "deleteItems", "nth": 2}, "effect": {"kind": "lost_answer"}}]
    scenario = read(tmp_path, GOOD + f"faults: {faults}\n")

    assert read_faults(faults) == scenario.faults


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed: 3", "faults: [{effect: {kind: lost}}]", "s.yaml:3:26: $.faults[0].effect.kind: 'lost' is no kind"),
        ("seed: 3", "faults: {a: 1}", "s.yaml:3:1: $.faults: expected array, got object"),
        (
            "seed: 3",
            "faults: [{match: {operation: deleteItem}, effect: {kind: reset}}]",
            "s.yaml:3:30: $.faults[0].match.operation: there is no operation 'deleteItem'; did you mean deleteItems?",
        ),
        ("network:", "  faults: []\nnetwork:", "s.yaml:7:3: $.simulator.faults: set $.faults instead"),
        ("A small one", '"\\e[2J"', "s.yaml:2:8: $.title: has the control character U+001B in it"),
        ("name: small", 'name: "small\\n"', "s.yaml:1:7: $.name: has the control character U+000A in it"),
        ("title: A small one\n", "", "s.yaml:1:1: $: the field title is missing"),
        ("seed: 3", "seed: x", "s.yaml:3:7: $.seed: expected int, got str"),
        ("seed: 3", "seed: -1", "s.yaml:3:7: $.seed: expected int >= 0"),
        ("seed: 3", "sede: 3", "s.yaml:3:7: $.sede: this field is not known here"),
        ("seed: 3", "seed: 3\nseed: 4", "s.yaml:4:1: $.seed: this key stands here twice"),
        (
            "start: 2026-03-02T05:00:00Z",
            "start: 2026-03-02",
            "s.yaml:4:8: $.start: expected a moment with its offset, such as 2026-03-02Z, got '2026-03-02'",
        ),
        ("rpm: 50", "rpm: 0", "s.yaml:8:15: $.client.rpm: expected int >= 1"),
        ("rpm: 50", "rmp: 50", "s.yaml:8:15: $.client.rmp: this field is not known here"),
        (
            "sample: {locations: 2, products: 10}",
            "sample: {locations: 2, products: ten}",
            "s.yaml:6:36: $.simulator.sample.products: expected int, got str",
        ),
        (
            "sample: {locations: 2, products: 10}",
            "seed: 4",
            "s.yaml:6:9: $.simulator.seed: set $.seed instead; it holds for the whole run",
        ),
        (
            "sample: {locations: 2, products: 10}",
            "limits: {pools: [{route: nowhere, rpm: 1}]}",
            "s.yaml:6:28: $.simulator.limits.pools[0].route: a route starts with / and may end with *",
        ),
        (
            "sample: {locations: 2, products: 10}",
            "sample: null",
            "s.yaml:6:11: $.simulator.sample: a scenario needs the sample tenant: locations and products",
        ),
        ("BA-1, ST-1", "BA-1, XX-9", "s.yaml:9:18: $.testable[1]: unknown rule 'XX-9': expected one of TH-1"),
        ("throttled:", "throtled:", "s.yaml:11:13: $.expect.throtled: unknown figure; expected one of throttled"),
        (
            '"== 0"',
            "never",
            "s.yaml:11:14: $.expect.throttled: expected a comparison such as '== 0' or '>= 1', got 'never'",
        ),
        ("time_limit: 2h", "time_limit: 2 h", "s.yaml:13:13: $.time_limit: expected a span such as 90s"),
        ("time_limit: 2h", "time_limit: 90d", "s.yaml:13:13: $.time_limit: expected a span up to 31d, got 90d"),
        ("seed: 3", "seed: [3", "s.yaml:4:6: not YAML: expected ',' or ']'"),
        ("seed: 3", "seed: !!python/name:os.system 3", "s.yaml:3:7: $.seed: the tag"),
        ("seed: 3", "3: seed", "s.yaml:3:1: $: keys must be text"),
        ("name: small", "name: Not A Name", "s.yaml:1:7: $.name: expected str matching regex"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    """Each kind of mistake is told in one line: file, line, column, path, what is accepted."""
    assert old in GOOD
    with pytest.raises(ScenarioFileError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))

    assert message == str(caught.value)[: len(message)]
    assert 1 == len(str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "s.yaml:1:1: the file is empty; a scenario was expected"),
        (b"- 1\n", "s.yaml:1:1: $: expected object, got array"),
        (b"name: \xff\n", "s.yaml:1:1: this is not UTF-8 text"),
        (b"a: &a [*a]\n", "s.yaml:1:1: $: the document is nested too deeply or contains itself"),
        (b"#" * (1 << 20) + b"##", "s.yaml: 1,048,578 bytes are too many; scenario files have at most 1,048,576"),
    ],
)
def test_what_is_no_scenario_at_all_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """Empty, foreign, endless and oversized files end in one line too."""
    with pytest.raises(ScenarioFileError) as caught:
        read(tmp_path, content)

    assert message == str(caught.value)


def test_aliases_cannot_make_a_short_file_huge(tmp_path: Path) -> None:
    """A document that unfolds to millions of values is refused before it does."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(ScenarioFileError, match="more than 100,000 values"):
        read(tmp_path, "\n".join(lines))


def test_a_missing_file_is_told_without_a_place(tmp_path: Path) -> None:
    """A file that is not there is named, with the reason."""
    with pytest.raises(ScenarioFileError) as caught:
        find(str(tmp_path / "none.yaml"))

    assert f"{tmp_path}/none.yaml: No such file or directory" == str(caught.value)


def test_an_unknown_name_lists_the_known_ones() -> None:
    """A name that is no packaged scenario is answered with those that are."""
    with pytest.raises(UsageError, match=r"no scenario is called 'nope': expected a file, or one of .*bulk-delete, "):
        find("nope")


@pytest.mark.parametrize("name", sorted(packaged()))
def test_packaged_scenarios_are_sound_and_named_as_their_files(name: str) -> None:
    """Every packaged scenario passes its own checks, explains itself, and promises something."""
    scenario = find_any(name)

    assert name == scenario.name
    assert scenario.description
    assert scenario.testable if isinstance(scenario, Scenario) else scenario.thresholds


def test_a_load_scenario_is_not_graded(tmp_path: Path) -> None:
    """Whoever wants to grade a client with one is told what it is for."""
    with pytest.raises(
        ScenarioFileError, match=r"s.yaml:3:1: \$.clients: is of load scenarios, which kibo-scenarios run"
    ):
        read(tmp_path, GOOD.replace("seed: 3", "clients: {a: {kind: polls}}"))


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="abc:-[]{}&*!|>\"'#%@ \n\t?,0", max_size=60))
def test_no_text_whatever_leads_to_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever stands in the file, it is a scenario or one of our own errors."""
    with pytest.raises(ScenarioError):
        read(tmp_path_factory.mktemp("any"), text)
