"""Small worlds, each of which gives some rules their opportunity, and what goes wrong in them on purpose."""

from typing import Any, Final

from kibo_scenarios.moments import HOUR
from kibo_scenarios.scenario import ClientPlan, Network, Scenario, Targets, Work
from kibo_simulator.faults import read_faults

#: 05:00 UTC, when the quiet hours of a US tenant begin (C17).
START: Final = 1_772_427_600_000_000


def scenario(
    *,
    rpm: int | None = None,
    rph: int | None = None,
    products: int = 1_300,
    per_record_s: float = 0.02,
    told: bool = True,
    start: int = START,
    faults: tuple[dict[str, Any], ...] = (),
) -> Scenario:
    """Return a world of three locations, four products in five to be deleted.

    Args:
        rpm: Requests a minute, or no such limit.
        rph: Requests an hour, likewise.
        products: How many there are.
        per_record_s: How long jobs take.
        told: Whether the client is told these limits.
        start: When it begins.
        faults: What goes wrong, as fault documents.
    """
    limit = {"route": "/api/commerce/inventory/*", "rpm": rpm, "rph": rph}
    return Scenario(
        name="conformance",
        title="",
        description="",
        seed=5,
        start=start,
        simulator={
            "sample": {"locations": 3, "products": products},
            "limits": {"pools": [limit], "extension": "off"},
            "jobs": {"base_s": 5, "per_record_s": per_record_s},
        },
        faults=read_faults(list(faults)),
        network=Network(latency_ms=20),
        client=ClientPlan(rpm=(told and rpm) or "unknown", rph=(told and rph) or "unknown"),
        work=Work(targets=Targets(products=0.8)),
        testable=(),
        expectations=(),
        time_limit=48 * HOUR,
        file="",
    )


#: Nothing is limited and nothing fails.
FREE: Final = scenario()
#: Jobs take minutes, so that waiting for them shows.
SLOW: Final = scenario(per_record_s=0.2)
#: Three dry runs and a live deletion fill the first minute while jobs are open and batches unsent.
TIGHT: Final = scenario(rpm=4, per_record_s=0.2)
#: The hour is spent before all jobs have ended, and Retry-After is 3600.
SCARCE: Final = scenario(rph=7, per_record_s=0.05)
#: Work for several minutes at the least spacing, well within the limits.
LONG: Final = scenario(rpm=50, rph=200, products=700)
#: The minute is known and the hour is not: work for more than two hours of it.
HOURS: Final = scenario(rph=10, told=False, per_record_s=10)
#: It is noon at the tenant's, or nearly so.
NOON: Final = scenario(start=START + 13 * HOUR)


def faulty(*faults: dict[str, Any], **how: Any) -> Scenario:
    """Return the free world with faults in it."""
    return scenario(faults=faults, **how)


LIVE: Final = {"operation": "deleteItems", "after": 3}
#: A refusal says nothing usable about how long to wait.
MUTE: Final = faulty({"effect": {"kind": "retry_after", "retry_after": "soon"}}, rpm=4, told=False, per_record_s=0.2)
#: The first live deletion fails four times before it is carried out.
SHAKY: Final = faulty({"match": {**LIVE, "times": 4}, "effect": {"kind": "status", "status": 503}})
#: The answer to the first live deletion is lost, after it was carried out.
LOSSY: Final = faulty({"match": {**LIVE, "times": 1}, "effect": {"kind": "lost_answer"}})
#: From the first live deletion on, the service is down for longer than anybody should try.
DOWN: Final = faulty({"match": {**LIVE, "times": 60}, "effect": {"kind": "status", "status": 503}})
#: The first live deletion is not found.
REJECTING: Final = faulty({"match": {**LIVE, "times": 1}, "effect": {"kind": "status", "status": 404}})
#: The token is revoked with the first live deletion.
REVOKED: Final = faulty({"match": {**LIVE, "times": 1}, "effect": {"kind": "token_revoked"}})
#: The first job of one location fails.
FAILING: Final = faulty({"match": {"location": "WH-001", "times": 1}, "effect": {"kind": "job_fail"}})
#: The answer to the first adjust is lost, after it was carried out.
FORGETFUL: Final = faulty({"match": {"operation": "adjust", "times": 1}, "effect": {"kind": "lost_answer"}})
