"""The time axis, whatever happened when: within its ends, never backwards, and never losing a moment."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.moments import DAY, SECOND
from kibo_scenarios.reports.time_axis import time_axis

moments = st.lists(st.integers(0, 3 * DAY) | st.integers(0, 90 * SECOND), max_size=40)


@settings(deadline=None, max_examples=150)
@given(moments, st.integers(0, 3 * DAY), st.sampled_from([(8.0, 350.0, 22.0), (128.0, 1090.0, 44.0)]))
def test_positions_never_run_backwards(happened: list[int], length: int, frame: tuple[float, float, float]) -> None:
    """Later moments lie to the right or at the same place, the ends at the ends, folds inside and apart."""
    left, right, fold = frame
    axis = time_axis(happened, start=0, end=length, left=left, right=right, fold_width=fold)
    positions = [axis.position(at) for at in sorted({*happened, 0, length})]
    edges = [edge for one in axis.folds() for edge in one[:2]]

    assert sorted(positions) == positions
    assert all(left - 1e-6 <= x <= right + 1e-6 for x in [*positions, *edges])
    assert sorted(edges) == edges
    assert abs(axis.position(0) - left) < 1e-6
    assert length == 0 or abs(axis.position(length) - right) < 1e-6


@settings(deadline=None, max_examples=100)
@given(moments, st.integers(1, 3 * DAY))
def test_nothing_happens_inside_a_fold(happened: list[int], length: int) -> None:
    """Only quiet time is folded: no moment lies strictly within a fold, so marks on it can be trusted."""
    axis = time_axis(happened, start=0, end=length, left=0, right=1000)
    folded = [stretch for stretch in axis.stretches if stretch.folded]

    assert not [at for at in happened for stretch in folded if stretch.start < at < stretch.end]


@settings(deadline=None, max_examples=100)
@given(moments, st.integers(1, 3 * DAY))
def test_ticks_keep_their_distance(happened: list[int], length: int) -> None:
    """Labels never overlap."""
    ticks = time_axis(happened, start=0, end=length, left=0, right=1000).ticks(least_gap=64)

    assert all(other.x - one.x >= 64 for one, other in pairwise(ticks))
