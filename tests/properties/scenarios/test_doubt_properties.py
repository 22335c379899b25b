"""Doubt only ever takes away: what the harness could not see for certain makes no failure, and no pass."""

from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.drivers.task_file import read_report_file
from kibo_scenarios.evidence import Evidence, RecordKey, Stall
from kibo_scenarios.grading import REQUIRED_WAITS, TIMED, grade
from kibo_scenarios.moments import SECOND
from kibo_scenarios.rules import Verdict, select
from kibo_scenarios.testing import Story

GAPS = st.lists(st.floats(min_value=0.1, max_value=40), min_size=2, max_size=8)
SPANS = st.lists(st.tuples(st.floats(min_value=-5, max_value=200), st.floats(min_value=0.1, max_value=30)), max_size=4)


def story(gaps: list[float]) -> Story:
    """Tell of polls, refusals and failures, so many seconds apart."""
    told = Story()
    for number, gap in enumerate(gaps):
        told.poll(7)
        told.dry_run(["a"], status=(200, 429, 503)[number % 3], retry_after=60 if number % 3 == 1 else None)
        told.wait(gap)
    return told


def verdicts(evidence: Evidence) -> dict[str, Verdict]:
    """Return the verdicts of the rules about time."""
    return {one.rule.id: one.verdict for one in grade(evidence, select(TIMED))}


@settings(deadline=None)
@given(gaps=GAPS, spans=SPANS)
def test_stalls_turn_failures_into_doubt_and_nothing_else(gaps: list[float], spans: list[tuple[float, float]]) -> None:
    """A verdict stays what it is, or a FAIL becomes INCONCLUSIVE; findings never grow."""
    told = story(gaps)
    start = told.evidence().journal[0].started_at
    stalls = tuple(Stall(start + round(at * SECOND), start + round((at + long) * SECOND)) for at, long in spans)
    before, after = verdicts(told.evidence()), verdicts(told.evidence(stalls=stalls))

    changed = {(before[rule], after[rule]) for rule in before if before[rule] is not after[rule]}
    assert changed <= {(Verdict.FAIL, Verdict.INCONCLUSIVE)}


@settings(deadline=None)
@given(gaps=GAPS, tolerance_s=st.floats(min_value=0.05, max_value=90))
def test_no_tolerance_makes_a_pass_of_what_it_cannot_tell(gaps: list[float], tolerance_s: float) -> None:
    """A rule passes with a tolerance as long as its wait only if it passes without any."""
    told = story(gaps)
    exact = verdicts(told.evidence(tolerance=0))
    tolerance = round(tolerance_s * SECOND)
    evidence = told.evidence(tolerance=tolerance)
    tolerant = verdicts(evidence)

    for rule, required in REQUIRED_WAITS.items():
        if tolerant[rule] is Verdict.PASS and required(evidence) <= tolerance:
            assert exact[rule] is Verdict.PASS


@settings(deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["undone", "locationCode", "partNumber", "upc", "reason", "x"]), inner, max_size=4
                )
            ),
            max_leaves=8,
        ).map(msgspec.json.encode),
    )
)
def test_a_report_is_read_or_refused_in_words(content: bytes) -> None:
    """Whatever a client leaves behind, it is a report or a ValueError."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        file.write_bytes(content)
        try:
            report = read_report_file(file, [RecordKey("L1", "P", None, None)])
        except ValueError as error:
            assert str(error)  # noqa: PT017 - either outcome is right, silence is not
        else:
            assert all(isinstance(key, RecordKey) for key in report.undone)
