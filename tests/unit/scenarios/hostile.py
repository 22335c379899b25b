"""A run in which everything that a client can name is an attack on whoever shows it, and one that breaks some rules."""

from kibo_scenarios.assessment import Assessment
from kibo_scenarios.evidence import JobFact, PoolLimit
from kibo_scenarios.result import RunResult
from kibo_scenarios.testing import POOL, Story, record, result_of, stock

ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\x00\x1b[31m]]>{{7*7}}[/b]"


def hostile_run() -> RunResult:
    """Return a run with attacks in part numbers, locations, paths, queries, faults and the client's own words."""
    story = Story()
    story.delete([ATTACK], [ATTACK], jobs=[1], path=f"/x/{ATTACK}", query=ATTACK, fault=ATTACK)
    story.delete([ATTACK], [ATTACK], at=0.1, status=429, retry_after=60)
    story.request(None, method=ATTACK, path=ATTACK, at=1)
    story.poll(1, ATTACK, at=2)
    evidence = story.evidence(
        targets=frozenset({record(ATTACK, ATTACK)}),
        before=stock(record(ATTACK, ATTACK)),
        after=stock(record(ATTACK, ATTACK)),
        jobs={1: JobFact(location_code=ATTACK, status=ATTACK, finished_at=None)},
    )
    return result_of(evidence, client=ATTACK, client_failure=f"stopped with {ATTACK}", client_report={ATTACK: ATTACK})


def impatient_run(*, client: str = "impatient", polls: int = 3, lost: bool = False) -> RunResult:
    """Return a run of a client that hurries, is refused, comes back early, and polls every second so many times."""
    story = Story()
    story.dry_run(["a", "b"], ["L1", "L2"])
    story.delete(["a", "b"], ["L1", "L2"], at=6, jobs=[1, 2], takes=0.1)
    story.delete(["c"], ["L1"], at=8, jobs=[4])
    story.delete(["a", "b"], ["L1", "L2"], at=12, status=429, retry_after=60)
    story.delete(["a", "b"], ["L1", "L2"], at=42, jobs=[3], lost=lost)
    for second in range(polls):
        story.list_jobs({1: "WORKING", 2: "SUCCESS"}, at=4000 + second)
    at = story.start + 50_000_000
    evidence = story.evidence(
        limits=(PoolLimit(route=POOL, requests_per_minute=5, requests_per_hour=16),),
        jobs={
            1: JobFact(location_code="L1", status="FAILED", finished_at=at),
            2: JobFact(location_code="L2", status="SUCCESS", finished_at=at),
            4: JobFact(location_code="L1", status="SUCCESS", finished_at=at),
            3: JobFact(location_code="L2", status="SUCCESS", finished_at=at + 1),
        },
    )
    journal = tuple(b'{"seq":%d}' % entry.seq for entry in evidence.journal)
    return result_of(evidence, client=client, journal=journal)


def assessed(result: RunResult, *, strict: bool = False, known: frozenset[str] = frozenset()) -> Assessment:
    """Return a run as reports get it."""
    return Assessment(result=result, strict=strict, known=known)
