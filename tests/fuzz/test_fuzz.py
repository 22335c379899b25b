"""The fuzzer itself: it shares its time out, finds what is wrong, keeps it, and has it again."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.conformance.mutants.catalogue import MUTANTS
from tests.fuzz.campaigns import UNDER, Campaign, campaigns
from tests.fuzz.command import main
from tests.fuzz.rotation import Rotation
from tests.fuzz.session import save
from tests.fuzz.turn import Failure, Outcome, Turn, play
from tests.properties.rerun import rerun
from tests.properties.world.machine import WorldMachine

from kibo_scenarios.replay import replay
from kibo_scenarios.replay_file import parse_replay, read_replay

ALL = campaigns()
FAKES = {
    name: Campaign(name, "things", weight, lambda _seed, examples: examples) for name, weight in (("a", 1), ("b", 3))
}


def won(turn: Turn, seconds: float = 1.0) -> Outcome:
    """A turn that came out well."""
    return Outcome(turn, turn.examples, seconds, None)


@given(number=st.integers(0, 1_000_000))
def no_number_is_large(number: int) -> None:
    """A property that does not hold."""
    assert number < 500


def test_the_turns_follow_from_the_seed() -> None:
    """The same seed and outcomes give the same turns; another seed gives other seeds."""

    def turns(seed: int) -> list[Turn]:
        rotation = Rotation(FAKES, seed)
        taken = []
        for _ in range(8):
            turn = rotation.next_turn()
            assert turn is not None
            taken.append(turn)
            rotation.record(won(turn))
        return taken

    assert turns(1) == turns(1)
    assert {turn.seed for turn in turns(1)} & {turn.seed for turn in turns(2)} == set()


def test_time_is_shared_by_weight() -> None:
    """A campaign of weight three has three seconds for each of the other's."""
    rotation = Rotation(FAKES, 1)
    names = []
    for _ in range(40):
        turn = rotation.next_turn()
        assert turn is not None
        names.append(turn.campaign)
        rotation.record(won(turn))

    assert (names.count("a"), names.count("b")) == (10, 30)


def test_a_turn_grows_towards_its_slice_and_no_faster_than_fourfold() -> None:
    """A rate of a thousand in a second leads from 20 to 2,000 examples by steps."""
    rotation = Rotation({"a": FAKES["a"]}, 1)
    sizes = []
    for _ in range(6):
        turn = rotation.next_turn()
        assert turn is not None
        sizes.append(turn.examples)
        rotation.record(won(turn, turn.examples / 1_000))

    assert sizes == [20, 80, 320, 1_280, 2_000, 2_000]


def test_what_has_failed_is_not_run_again() -> None:
    """The others go on; when all have failed there is nothing left to do."""
    rotation = Rotation(FAKES, 1)
    for expected in (1, 2):
        turn = rotation.next_turn()
        assert turn is not None
        rotation.record(Outcome(turn, 0, 1.0, Failure("AssertionError: no", "", None)))

        assert len({outcome.turn.campaign for outcome in rotation.failed}) == expected

    assert rotation.next_turn() is None


def test_a_failure_is_shrunk_kept_and_had_again(tmp_path: Path) -> None:
    """The file names the command and the smallest example; the same turn fails the same way."""
    campaign = Campaign("large", "numbers", 1, lambda seed, examples: rerun(no_number_is_large, UNDER, seeded=seed))
    turn = Turn("large", 7, 100)
    first, second = play(campaign, turn), play(campaign, turn)
    assert first.failure is not None
    (file,) = save(first, tmp_path / "kept")
    text = file.read_text()

    assert first.failure == second.failure
    assert text.splitlines()[0] == "python -m tests.fuzz --turn large:7:100"
    assert "number=500" in text


@pytest.mark.slow
def test_a_failure_of_the_world_is_kept_as_a_file_that_can_be_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """J-3, T-4: with the mistake the file replays as recorded; without it, the replay tells where it differs."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == "a dry run deletes")
    # Shrinking would be the longest part of this test, and is Hypothesis's own business.
    quick = settings(UNDER, phases=[Phase.generate], max_examples=50)
    unshrunk = Campaign("world", "requests", 1, lambda seed, _: rerun(WorldMachine, quick, seeded=seed))
    with monkeypatch.context() as patch:
        mutant.change(patch)
        outcome = play(unshrunk, Turn("world", 3, 50))
        assert outcome.failure is not None
        text, file = save(outcome, tmp_path)
        with_the_mistake = replay(read_replay(file))
    recorded = read_replay(file)
    without_it = replay(recorded)

    assert (text.suffix, file.suffix) == (".txt", ".jsonl")
    assert recorded.closing is not None
    assert recorded.closing.note.startswith("found by python -m tests.fuzz --turn world:3:50: AssertionError")
    assert with_the_mistake == ()
    assert without_it[0].recorded != without_it[0].replayed
    assert outcome.failure.recording == b"".join(parse_replay(file.read_bytes().split(b"\n"), file).lines())


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_every_campaign_runs(name: str) -> None:
    """Two examples each: what is collected can be called, holds, and counts what it did."""
    outcome = play(ALL[name], Turn(name, 1, 2))

    assert outcome.failure is None
    assert outcome.done > 0


def test_the_suites_own_properties_are_all_there() -> None:
    """The ledger, the client and the world are fuzzed whatever their properties are called."""
    units = [campaign.unit for campaign in ALL.values()]

    assert sorted(set(units)) == [
        "ledger steps",
        "other examples",
        "requests to the whole simulator",
        "whole-client runs",
    ]
    assert min(units.count(unit) for unit in set(units)) >= 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--turn", "nobody:1:1"], "expected CAMPAIGN:SEED:EXAMPLES as a failure prints it, got 'nobody:1:1'"),
        (["--turn", "world:1"], "expected CAMPAIGN:SEED:EXAMPLES as a failure prints it, got 'world:1'"),
        (["--only", "nothing-like-it"], "no campaign has nothing-like-it in its name; see --list"),
        (["--seconds", "0"], "0.0 is not in the range x>0"),
    ],
)
def test_a_wrong_command_line_is_refused(arguments: list[str], complaint: str) -> None:
    """Exit 2, naming the flag and what is accepted."""
    result = CliRunner().invoke(main, arguments)

    assert (result.exit_code, complaint in result.output) == (2, True)


@pytest.mark.slow
def test_a_session_in_worker_processes(tmp_path: Path) -> None:
    """The seed is printed first and the counts last; nothing fails, nothing is kept; exit 0."""
    arguments = ["--seconds", "0.01", "--seed", "5", "--only", "jobs_properties", "--workers", "1"]
    result = CliRunner().invoke(main, [*arguments, "--folder", str(tmp_path / "kept")])
    lines = result.output.splitlines()

    assert (result.exit_code, lines[0]) == (0, "seed 5, 3 campaigns, 1 workers, 0.01 s")
    assert lines[-1].endswith(f"seed 5, 1 turns: {lines[1].split()[0]} other examples; 0 failed")
    assert list(tmp_path.iterdir()) == []
