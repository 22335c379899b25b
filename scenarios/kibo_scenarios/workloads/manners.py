"""How each client of a load scenario behaved: the rules that apply to its kind, its makespan and the optimum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kibo_scenarios.evidence import Evidence, JournalEntry, PoolLimit, RoundTrip
from kibo_scenarios.figures import figures_of
from kibo_scenarios.grading import Grade, failed, grade
from kibo_scenarios.moments import SECOND
from kibo_scenarios.pace import Pace
from kibo_scenarios.profile import Profile
from kibo_scenarios.rules import Rule
from kibo_scenarios.workloads.clients import AnyClient, BulkDelete, Polls, Refreshes
from kibo_scenarios.workloads.load_scenario import LoadScenario
from kibo_scenarios.world import pool_limits
from kibo_simulator import Settings

_DELETES: Final = frozenset({"auth", "delete", "jobs"})
_CALLS: Final = frozenset({"auth"})


@dataclass(frozen=True, slots=True)
class Manners:
    """One client's verdicts; ``broken`` counts its failed rules of level M, spans are in seconds."""

    grades: tuple[Grade, ...]
    broken: int
    makespan_s: float | None
    optimum_s: float | None


def manners(
    scenario: LoadScenario,
    settings: Settings,
    journal: Sequence[JournalEntry],
    pace: Pace,
    round_trip: RoundTrip,
    profile: Profile,
    rules: Sequence[Rule],
) -> Mapping[str, Manners]:
    """Return how each client behaved, by its name."""
    by_client: dict[str, list[JournalEntry]] = {name: [] for name in scenario.clients}
    for entry in journal:
        if entry.client in by_client:
            by_client[entry.client].append(entry)
    limits = pool_limits(settings)
    return {
        name: _of(client, by_client[name], limits, pace, round_trip, profile, rules)
        for name, client in scenario.clients.items()
    }


def _of(
    client: AnyClient,
    journal: list[JournalEntry],
    limits: tuple[PoolLimit, ...],
    pace: Pace,
    round_trip: RoundTrip,
    profile: Profile,
    rules: Sequence[Rule],
) -> Manners:
    deletes = isinstance(client, BulkDelete)
    known = deletes and any(
        (limit.requests_per_minute, limit.requests_per_hour) == (client.plan.rpm, client.plan.rph)  # type: ignore[union-attr]
        for limit in limits
    )
    evidence = Evidence(
        journal=tuple(journal),
        abilities=_DELETES if deletes else _CALLS,
        limits=limits,
        limits_known=known,
        tolerance=pace.tolerance,
        round_trip=round_trip,
        profile=profile,
    )
    grades = grade(evidence, rules)
    # A client with wishes of its own sends many requests at a time and never repeats a poll: what is judged of it is
    # whether it keeps the waits it is told, and how it repeats.
    ended = isinstance(client, BulkDelete | Refreshes | Polls)
    figures = figures_of(evidence) if ended else None
    optimum = figures.optimum if deletes and figures else None
    return Manners(
        grades=grades,
        broken=len(failed(grades)),
        makespan_s=figures.makespan / SECOND if figures and journal else None,
        optimum_s=None if optimum is None else optimum / SECOND,
    )
