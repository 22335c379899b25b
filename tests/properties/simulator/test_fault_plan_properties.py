"""The fault plan against its definition: who is meant, in which order, how often, and again so with the same seed."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kibo_simulator.faults import FaultPlan, JobFacts, LoadedFault, Place, RequestFacts, read_faults
from kibo_simulator.faults.draws import delay_of, drawn
from kibo_simulator.faults.effects import Lognormal, Normal, Uniform
from kibo_simulator.faults.window import window_of

SECOND = 1_000_000
PLAIN = RequestFacts("GET", "/api/x", "getJob", 1)

counters = st.one_of(
    st.fixed_dictionaries({}, optional={"after": st.integers(0, 5), "every": st.integers(1, 4)}),
    st.fixed_dictionaries({"nth": st.one_of(st.integers(1, 9), st.lists(st.integers(1, 9), min_size=1, max_size=3))}),
)
others = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["get", "POST", ["GET", "PUT"]]),
        "operation": st.sampled_from(["getJob", ["delete", "deleteItems"]]),
        "tenant": st.integers(1, 2),
        "path": st.sampled_from(["/api/*", "/api/?", "*", "/api", "*x*x*"]),
        "from": st.sampled_from(["+0s", "+3s"]),
        "until": st.sampled_from(["+5s", "+9s"]),
        "probability": st.sampled_from([0.0, 0.5, 1.0]),
        "times": st.integers(1, 3),
    },
)
matches = st.builds(lambda a, b: a | b, counters, others)
requests = st.builds(
    RequestFacts,
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["/api/x", "/api/xx", "/other"]),
    st.sampled_from(["getJob", "deleteItems", None]),
    st.sampled_from([1, 2, None]),
)


def plan_of(matches: list[dict[str, Any]], seed: int = 0, effect: str = "reset") -> FaultPlan:
    """A plan of faults with these matches, put down at 0."""
    plan = FaultPlan()
    for position, fault in enumerate(read_faults([{"match": match, "effect": {"kind": effect}} for match in matches])):
        plan.add(LoadedFault(position, f"f{position}", fault, window_of(fault.match, 0), seed))
    return plan


def path_fits(pattern: str, path: str) -> bool:
    """What the patterns above mean, said without a pattern."""
    return {
        "/api/*": path.startswith("/api/"),
        "/api/?": path == "/api/x",
        "*": True,
        "/api": path == "/api",
        "*x*x*": path.count("x") >= 2,
    }[pattern]


def as_set(value: Any) -> set[Any]:
    """One or several, as a set."""
    return set(value) if isinstance(value, list) else {value}


class Model:
    """The definition of one fault's counts, as its documentation has it."""

    def __init__(self, index: int, match: dict[str, Any]) -> None:
        self.index = index
        self.match = match
        self.seen = 0
        self.uses = 0

    def concerns(self, facts: RequestFacts, second: int) -> bool:
        """Whether the request is an occurrence."""
        match = self.match
        return (
            ("method" not in match or facts.method in {name.upper() for name in as_set(match["method"])})
            and ("operation" not in match or facts.operation in as_set(match["operation"]))
            and ("tenant" not in match or facts.tenant == match["tenant"])
            and ("path" not in match or path_fits(match["path"], facts.path))
            and second >= int(match.get("from", "+0s")[1:-1])
            and second < int(match.get("until", "+999s")[1:-1])
        )

    def meant(self, facts: RequestFacts, second: int) -> bool:
        """Whether this occurrence is one of those that are meant."""
        if not self.concerns(facts, second):
            return False
        self.seen += 1
        nth = self.match.get("nth")
        most = self.match.get("times", 999 if nth is None else len(as_set(nth)))
        if self.uses >= most:
            return False
        beyond = self.seen - self.match.get("after", 0)
        due = self.seen in as_set(nth) if nth is not None else beyond > 0 and beyond % self.match.get("every", 1) == 0
        chance = self.match.get("probability", 1.0)
        return due and (chance >= 1 or drawn("chance", 0, f"f{self.index}", "", self.seen) < chance)


@settings(deadline=None, max_examples=150)
@given(st.lists(matches, max_size=4), st.lists(requests, max_size=14))
def test_the_plan_is_its_definition(told: list[dict[str, Any]], traffic: list[RequestFacts]) -> None:
    """Order decides, every occurrence counts for every fault, and no use goes beyond what is left."""
    told = [match for match in told if not ("from" in match and match.get("until") == "+0s")]
    plan = plan_of(told)
    models = [Model(index, match) for index, match in enumerate(told)]
    for second, facts in enumerate(traffic):
        meant = [model for model in models if model.meant(facts, second)]
        use = plan.for_request(Place.ARRIVED, facts, second * SECOND)
        if meant:
            meant[0].uses += 1

        assert (f"f{meant[0].index}" if meant else None) == (use.fault_id if use else None)

    assert [(model.seen, model.uses) for model in models] == [(fault.seen, fault.uses) for fault in plan]
    assert plan.consumed is all(fault.uses > 0 if fault.left is None else not fault.left for fault in plan)


@settings(deadline=None, max_examples=40)
@given(st.floats(0.05, 0.95), st.integers(0, 1000))
def test_chances_are_kept_and_repeat(probability: float, seed: int) -> None:
    """T-4: the same seed gives the same uses, and about as many as the probability says."""

    def uses(seed: int) -> list[bool]:
        plan = plan_of([{"probability": probability}], seed)
        return [plan.for_request(Place.ARRIVED, PLAIN, 0) is not None for _ in range(400)]

    assert uses(seed) == uses(seed)
    assert abs(sum(uses(seed)) / 400 - probability) < 0.15
    assert uses(seed) != uses(seed + 1)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 1000), st.floats(0, 1000))
def test_delays_stay_within_their_distribution(seed: int, one: float, two: float) -> None:
    """A delay is never negative, never longer than a day, and a function of its seed."""
    low, high = sorted((one, two))
    for delay in (one, Uniform(low=low, high=high), Normal(mean=one, deviation=two), Lognormal(median=one, sigma=1.0)):
        drawn_at = delay_of(delay, seed)

        assert 0 <= drawn_at <= 86_400 * SECOND
        assert delay_of(delay, seed) == drawn_at
    assert round(low * SECOND) <= delay_of(Uniform(low=low, high=high), seed) <= round(high * SECOND)


def test_distributions_have_their_shape() -> None:
    """Means and medians of many draws lie where they are told to."""
    normal = sorted(delay_of(Normal(mean=10, deviation=2), index) / SECOND for index in range(2_000))
    lognormal = sorted(delay_of(Lognormal(median=10, sigma=0.4), index) / SECOND for index in range(2_000))

    assert (10, 10, 10) == (round(sum(normal) / 2_000), round(normal[1_000]), round(lognormal[1_000]))
    # 16 % lie more than a deviation below, and as many above.
    assert (8, 12) == (round(normal[317]), round(normal[1_683]))
    assert (7, 15) == (round(lognormal[317]), round(lognormal[1_683]))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("xy")), max_size=12), st.integers(1, 3))
def test_counts_per_location_and_work(jobs: list[tuple[str, str]], times: int) -> None:
    """The first so many times are counted for each key by itself."""
    for per in ("location", "work"):
        plan = plan_of([{"per": per, "times": times}], effect="job_fail")
        before: list[object] = []
        for location, work in jobs:
            key = (location, work) if per == "work" else location
            use = plan.for_job(JobFacts(1, 1, "DELETE", location, lambda work=work: work), 0)  # type: ignore[misc]

            assert (before.count(key) < times) == (use is not None)
            before.append(key)


def test_brackets_are_ordinary_characters() -> None:
    """Only stars and question marks are special in a path."""
    plan = plan_of([{"path": "/a[b]*"}])
    met = [
        plan.for_request(Place.ARRIVED, replace(PLAIN, path=path), 0) is not None for path in ("/a[b]c", "/ab", "/a[b")
    ]

    assert [True, False, False] == met
