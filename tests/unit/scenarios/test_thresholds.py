"""Thresholds: the grammar people know, errors that say what is accepted, and verdicts that need enough samples."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_scenarios.rules import Verdict
from kibo_scenarios.thresholds import Samples, Threshold, ThresholdError, judge, parse_expression, parse_selector
from kibo_scenarios.thresholds.metrics import percentile


def few(there: int, needed: int) -> tuple[str, str]:
    """The verdict when there are too few samples."""
    return "INCONCLUSIVE", f"{there} of the {needed} samples that it takes to tell"


def verdict(key: str, text: str, samples: Samples, optimum: float | None = None) -> tuple[str, str]:
    """The verdict on one threshold, and why."""
    selector = parse_selector(key)
    judged = judge(Threshold(selector, parse_expression(text, selector.metric)), samples, optimum).judgement
    return judged.verdict, judged.because


@pytest.mark.parametrize(
    ("key", "text", "samples", "expected"),
    [
        ("http_429_rate", "< 0.01", Samples(hits=0, total=100), ("PASS", "was 0 (0.00%)")),
        ("http_429_rate", "< 1%", Samples(hits=1, total=100), ("FAIL", "was 0.01 (1.00%)")),
        ("http_429_rate", "< 1%", Samples(hits=0, total=99), few(99, 100)),
        ("http_429_rate", "< 1%", Samples(hits=9, total=10), ("FAIL", "was 0.9 (90.00%)")),
        ("lookup_latency", "p(95) < 200ms", Samples(values=[0.1] * 20), ("PASS", "was 100 ms")),
        ("lookup_latency", "p(95) < 200ms", Samples(values=[0.1] * 18 + [3, 3]), ("FAIL", "was 3.0 s")),
        ("lookup_latency", "p(95) < 200ms", Samples(values=[0.1] * 19), few(19, 20)),
        ("latency", "max <= 1m", Samples(values=[60]), ("PASS", "was 60.0 s")),
        ("latency", "avg < 1s", Samples(), few(0, 1)),
        ("latency", "count >= 2", Samples(values=[1, 2]), ("PASS", "was 2")),
        ("jobs_failed", "== 0", Samples(), ("PASS", "was 0")),
        ("jobs_failed", "== 0", Samples(hits=1_234), ("FAIL", "was 1,234")),
        ("throttled_time", "<= 1h", Samples(values=[3_600]), ("PASS", "was 3,600.0 s")),
    ],
)  # fmt: skip
def test_what_comes_of_a_threshold(key: str, text: str, samples: Samples, expected: tuple[str, str]) -> None:
    """Met, missed, or too few samples: what is broken already needs no more of them."""
    assert verdict(key, text, samples) == expected


def test_a_makespan_is_held_against_the_optimum_where_that_is_known() -> None:
    """``* optimum`` scales the bound, and says by how much it was met or missed."""
    spans = Samples(values=[110.0])

    assert verdict("makespan", "<= 1.1 * optimum", spans, 100.0) == ("PASS", "was 110.0 s, 1.10 * optimum")
    assert verdict("makespan", "<= 1.1 * optimum", spans, 99.0) == ("FAIL", "was 110.0 s, 1.11 * optimum")
    assert verdict("makespan", "<= 1.1 * optimum", spans)[0] == "INCONCLUSIVE"
    assert verdict("makespan", "<= 1.1 * optimum", spans, 0.0) == (
        "INCONCLUSIVE",
        "the optimum of this work is no time at all",
    )


def test_a_selector_names_clients_and_operations() -> None:
    """Per client, per operation, or both; spelled back as it was read."""
    assert str(parse_selector("latency{client: wms, operation:adjust}")) == "latency{client:wms,operation:adjust}"
    assert parse_selector("requests").labels == {}


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("http_429_rte", "< 1", "there is no metric 'http_429_rte'; expected one of requests, http_429_rate"),
        ("latency{user:x}", "max < 1s", "'user:x' selects nothing; expected client:NAME or operation:NAME"),
        ("latency", "< 200ms", "latency is a distribution; begin with p(95), avg, med, min, max, count"),
        ("latency", "p(95) < 200", "latency is a time; add a unit: ms, s, m, h, d"),
        ("latency", "p(0) < 200ms", "p(0) is min; say so"),
        ("latency", "p(101) < 200ms", "'p(101) < 200ms' is no comparison"),
        ("http_429_rate", "avg < 0.01", "http_429_rate is one number; leave avg out"),
        ("http_429_rate", "< 10ms", "http_429_rate has no unit 'ms'"),
        ("jobs_failed", "== 0%", "jobs_failed has no unit '%'"),
        ("latency", "max < 2 * optimum", "only makespan has an optimum, and its multiple has no unit"),
        ("makespan", "< 2s * optimum", "only makespan has an optimum, and its multiple has no unit"),
        ("requests", "about 5", "'about 5' is no comparison; expected one such as '< 0.01'"),
    ],
)
def test_what_means_nothing_is_refused_with_what_is_accepted(key: str, text: str, said: str) -> None:
    """Every mistake is named before anything runs."""
    with pytest.raises(ThresholdError) as caught:
        parse_expression(text, parse_selector(key).metric)

    assert str(caught.value).startswith(said)


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1), st.floats(0.1, 99.9))
def test_a_percentile_is_the_least_value_that_so_many_do_not_exceed(values: list[int], share: float) -> None:
    """Nearest rank, by brute force."""
    enough = [value for value in values if sum(each <= value for each in values) >= share / 100 * len(values)]

    assert percentile(values, share) == min(enough)


@settings(deadline=None)
@given(
    st.lists(st.floats(0.001, 1_000), max_size=60),
    st.sampled_from(["p(50)", "p(95)", "p(99.5)", "avg", "med", "min", "max"]),
    st.integers(1, 1_000),
)
def test_a_threshold_and_its_opposite_never_agree(values: list[float], aggregate: str, bound: int) -> None:
    """Exactly one of ``< x`` and ``>= x`` is met, or both cannot be told."""
    samples = Samples(values=values)
    below, above = (verdict("latency", f"{aggregate} {sign} {bound}s", samples)[0] for sign in ("<", ">="))

    assert (below, above) in {
        (Verdict.PASS, Verdict.FAIL),
        (Verdict.FAIL, Verdict.PASS),
        (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
    }
