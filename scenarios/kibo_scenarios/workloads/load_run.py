"""Runs a load scenario: every client at once in one world, thresholds while it runs and after it.

A fault of the harness is never held against the clients: it comes out as `HarnessError`.
"""

import asyncio
import gc
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from kibo_scenarios.errors import HarnessError, ScenarioError
from kibo_scenarios.evidence import JobFact, JournalEntry
from kibo_scenarios.grading import Grade
from kibo_scenarios.lines import Lines
from kibo_scenarios.moments import HOUR, MINUTE, SECOND, format_span, parse_span
from kibo_scenarios.own_journal import OwnJournal
from kibo_scenarios.pace import VIRTUAL, Clock, Pace, Stage, run_at, stage
from kibo_scenarios.profile import GUIDE, Profile
from kibo_scenarios.result import Conclusion
from kibo_scenarios.rules import RULES, Rule, Verdict
from kibo_scenarios.thresholds import Judged, is_final, judge
from kibo_scenarios.workloads.access import secret_of
from kibo_scenarios.workloads.actor import Actor
from kibo_scenarios.workloads.budget_share import BudgetShare
from kibo_scenarios.workloads.clients import AnyClient, BulkDelete, Polls
from kibo_scenarios.workloads.load_scenario import LoadScenario
from kibo_scenarios.workloads.manners import manners
from kibo_scenarios.workloads.measurements import Measurements
from kibo_scenarios.workloads.shops import budget_of, limits_of, shop_of, tenant_of
from kibo_scenarios.workloads.wishes import Shop, Wish, wishes_of
from kibo_scenarios.world import (
    choose_targets,
    refuse_defective_journal,
    refuse_lost_entries,
    take_stock,
    write_export,
)
from kibo_simulator import Settings, Simulator
from kibo_simulator.tenants import add_application
from kibo_simulator.web import build_application

#: A load scenario is as long as its journal, which must lose nothing.
JOURNAL_ENTRIES: Final = 5_000_000
LONGEST_SETTLING: Final = 24 * HOUR
#: So many new objects are let be before the collector of cycles looks at them.
_NEW_OBJECTS: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """How a load scenario came out.

    Attributes:
        judged: The thresholds in the order of the file.
        grades: For each client the conformance rules that applied to it.
        measured: All counts.
        failures: The clients that did not come to an end by themselves, and how.
        aborted: The threshold for which the run was given up; None when it went to its end.
        senders: Requests by sender, where several processes shared the clients; else empty.
        incomplete: Why part of what happened is not known, so that nothing can be concluded; None when all is.
        span: Simulated microseconds.
        wall_s: Seconds on the machine's clock.
        noted: What the server noted; see `journal`.
    """

    scenario: LoadScenario
    pace: str
    judged: tuple[Judged, ...]
    grades: Mapping[str, Sequence[Grade]]
    measured: Measurements
    failures: Mapping[str, str]
    aborted: str | None
    span: int
    wall_s: float
    noted: Iterable[bytes]
    senders: Mapping[str, int] = field(default_factory=dict)
    incomplete: str | None = None

    @property
    def journal(self) -> tuple[bytes, ...]:
        """What the server noted, one JSON object a line; put into words only now."""
        return tuple(self.noted)

    @property
    def conclusion(self) -> Conclusion:
        """A threshold that was missed fails the run; one that could not be told leaves it open."""
        if self.incomplete is not None:
            return Conclusion.NOTHING_CONCLUDED
        verdicts = {one.judgement.verdict for one in self.judged}
        if Verdict.FAIL in verdicts or self.failures:
            return Conclusion.FAILED
        return Conclusion.NOTHING_CONCLUDED if Verdict.INCONCLUSIVE in verdicts else Conclusion.PASSED


class _AbortedError(Exception):
    """A threshold with ``abort_on_fail`` was missed."""


def run_load(
    scenario: LoadScenario, *, pace: Pace = VIRTUAL, profile: Profile = GUIDE, rules: Sequence[Rule] = RULES
) -> LoadResult:
    """Run a load scenario to its end; in virtual time the result depends on the arguments alone.

    Raises:
        UsageError: The scenario asks for something that its world does not have.
        HarnessError: Harness, simulator or virtual clock failed.
    """
    began = time.perf_counter()
    settings = _settings(scenario)

    async def main(clock: Clock) -> LoadResult:
        return await _World(scenario, settings, clock, pace).live(profile, rules)

    try:
        with _collecting_seldom():
            result = run_at(pace, main, start=scenario.start, seed=scenario.seed)
    except ScenarioError:
        raise
    except Exception as error:
        raise HarnessError(f"{type(error).__name__}: {error}") from error
    return replace(result, wall_s=time.perf_counter() - began)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Keep what is there already out of the collector's sight, and let it look less often at what comes.

    A day makes few cycles, and many values; it would look through all of them again and again.
    """
    ours, thresholds = not gc.get_freeze_count(), gc.get_threshold()
    if ours:
        gc.freeze()
    if thresholds[0]:
        gc.set_threshold(max(_NEW_OBJECTS, thresholds[0]), *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if ours:
            gc.unfreeze()


def _settings(scenario: LoadScenario) -> Settings:
    written = dict(scenario.simulator)
    bounds = {"journal_entries": JOURNAL_ENTRIES, "journal_bytes": 1 << 30, **written.get("bounds", {})}
    settings = msgspec.convert({**written, "bounds": bounds, "seed": scenario.seed}, Settings)
    return msgspec.structs.replace(settings, faults=scenario.faults)


class _World:
    """One run of a load scenario."""

    def __init__(self, scenario: LoadScenario, settings: Settings, clock: Clock, pace: Pace) -> None:
        self._scenario = scenario
        self._settings = settings
        self._clock = clock
        self._pace = pace
        self._measured = Measurements()
        self._journal: list[JournalEntry] = []
        self._shops: dict[int, Shop] = {}
        self._failures: dict[str, str] = {}
        self._aborted: str | None = None

    async def live(self, profile: Profile, rules: Sequence[Rule]) -> LoadResult:
        scenario, clock = self._scenario, self._clock
        simulator = Simulator(self._settings, wall=clock.wall_us)
        try:
            self._admit(simulator)
            own = OwnJournal(simulator.journal)
            latency = round(scenario.network.latency_ms * 1_000)
            with tempfile.TemporaryDirectory(prefix="kibo-scenarios-") as folder:
                async with stage(self._pace, build_application(simulator), latency=latency) as where:
                    began = clock.wall_us()
                    await self._together(simulator, own, where, Path(folder), began)
                    span = clock.wall_us() - began
                await self._settle(simulator)
            refuse_lost_entries(simulator)
            self._look(simulator, own, jobs=True)
        finally:
            simulator.close()
        refuse_defective_journal(self._journal)
        found = manners(scenario, self._settings, self._journal, self._pace, where.round_trip, profile, rules)
        for name, one in found.items():
            self._measured.rules_broken[name] = one.broken
            if one.makespan_s is not None:
                self._measured.makespans[name] = one.makespan_s
            if one.optimum_s is not None:
                self._measured.optima[name] = one.optimum_s
        return LoadResult(
            scenario=scenario,
            pace=self._pace.name,
            judged=tuple(self._judge(threshold_at) for threshold_at in range(len(scenario.thresholds))),
            grades={name: one.grades for name, one in found.items()},
            measured=self._measured,
            failures=self._failures,
            aborted=self._aborted,
            span=span,
            wall_s=0.0,
            noted=own,
        )

    def _admit(self, simulator: Simulator) -> None:
        """Give every client an application of its own, so that the journal tells them apart."""
        with simulator.database.transaction():
            for name, client in self._scenario.clients.items():
                add_application(simulator.database, tenant_of(client, self._settings), name, secret_of(name))

    async def _together(self, simulator: Simulator, own: OwnJournal, where: Stage, folder: Path, began: int) -> None:
        limit = asyncio.timeout(self._scenario.time_limit / SECOND)
        try:
            async with limit, asyncio.TaskGroup() as beside:
                helpers = [
                    beside.create_task(self._watch(simulator, own)),
                    *(
                        beside.create_task(self._change(simulator, began + change.at, change.limits))
                        for change in self._scenario.changes
                    ),
                ]
                async with asyncio.TaskGroup() as group:
                    for name, client in self._scenario.clients.items():
                        group.create_task(self._client(name, client, simulator, where, folder, began), name=name)
                for helper in helpers:
                    helper.cancel()
        except TimeoutError:
            if not limit.expired():
                raise
            ended = format_span(self._scenario.time_limit)
            self._failures = {"run": f"had not finished after {ended} of simulated time", **self._failures}
        except ExceptionGroup as group:
            first = _first(group)
            if not isinstance(first, _AbortedError):
                raise first from group

    async def _client(
        self, name: str, client: AnyClient, simulator: Simulator, where: Stage, folder: Path, began: int
    ) -> None:
        start = began + parse_span(client.starts)
        await self._clock.until(start)
        if isinstance(client, BulkDelete):
            await self._delete(name, client, simulator, where, folder)
            return
        host = where.api_host.partition("://")[2]
        async with aclosing(Lines(where.open_line, host)) as lines:
            actor = Actor(
                name,
                client,
                secret=secret_of(name),
                lines=lines,
                share=self._share(client),
                clock=self._clock,
                note=self._measured.settled,
            )
            await actor.live(self._wishes(name, client, simulator, start), start)

    def _wishes(self, name: str, client: AnyClient, simulator: Simulator, start: int) -> Iterator[Wish]:
        shop = None if isinstance(client, Polls) else self._shop(simulator, tenant_of(client, self._settings))
        return wishes_of(client, shop, f"{self._scenario.seed}/{name}", start)

    def _shop(self, simulator: Simulator, tenant: int) -> Shop:
        if tenant not in self._shops:
            self._shops[tenant] = shop_of(simulator, tenant)
        return self._shops[tenant]

    def _share(self, client: AnyClient) -> BudgetShare | None:
        if client.share is None:
            return None
        return BudgetShare(*budget_of(client, limits_of(tenant_of(client, self._settings), self._settings)))

    async def _delete(self, name: str, client: BulkDelete, simulator: Simulator, where: Stage, folder: Path) -> None:
        from kibo_scenarios.drivers import Task, reference_client  # noqa: PLC0415 - slow to load, seldom wanted

        tenant = tenant_of(client, self._settings)
        stock = take_stock(simulator, tenant)
        targets = choose_targets(client.targets, stock, self._scenario.seed)
        export = folder / f"{name}.csv"
        write_export(simulator, tenant, targets, export)
        task = Task(
            scenario=self._scenario.name,
            work="bulk-delete",
            targets=targets,
            folder=folder,
            pace=self._pace,
            seen=lambda: simulator.journal.position,
            api_host=where.api_host,
            tenant=tenant,
            site=1,
            client_id=name,
            shared_secret=secret_of(name),
            export_file=export,
            plan=client.plan,
            connect=where.connect,
            now=self._clock.wall_us,
            random=Random(f"{self._scenario.seed}/{name}"),  # noqa: S311 - a repeatable run is the point
        )
        try:
            report = await reference_client(task)
        except ScenarioError:
            raise
        except Exception as error:  # noqa: BLE001 - this is the border between the client and the harness
            self._failures[name] = f"stopped with {type(error).__name__}: {error}"
            return
        if report.failure:
            self._failures[name] = report.failure

    async def _change(self, simulator: Simulator, at: int, limits: object) -> None:
        await self._clock.until(at)
        simulator.set_limits(limits)  # type: ignore[arg-type]  # checked when the file was read

    async def _watch(self, simulator: Simulator, own: OwnJournal) -> None:
        """Look at what has come so far once a minute, and give up for a threshold that says so."""
        urgent = [index for index, threshold in enumerate(self._scenario.thresholds) if threshold.abort_on_fail]
        jobs = any(self._scenario.thresholds[index].selector.metric.name.startswith("job") for index in urgent)
        while urgent:
            await asyncio.sleep(MINUTE / SECOND)
            self._look(simulator, own, jobs=jobs)
            for index in urgent:
                judged = self._judge(index)
                if judged.judgement.verdict is Verdict.FAIL and is_final(judged):
                    self._aborted = str(judged.threshold)
                    raise _AbortedError

    def _look(self, simulator: Simulator, own: OwnJournal, *, jobs: bool) -> None:
        for entry in own.news():
            self._journal.append(entry)
            self._measured.saw(entry)
        if jobs:
            for tenant in simulator.tenants.every():
                rows = simulator.jobs.newest(tenant.id, location_code=None, types=(), limit=1 << 31, offset=0)
                facts = {
                    row.id: JobFact(location_code=row.location_code, status=row.status, finished_at=row.finished)
                    for row in rows
                }
                self._measured.knows_jobs(facts, {row.id: row.added for row in rows})

    def _judge(self, index: int) -> Judged:
        threshold = self._scenario.thresholds[index]
        measured = self._measured
        return judge(threshold, measured.samples(threshold.selector), measured.optimum(threshold.selector))

    async def _settle(self, simulator: Simulator) -> None:
        """Let the jobs come to their end."""
        end = simulator.clock.now() + LONGEST_SETTLING
        while not simulator.idle and (due := simulator.next_event_at()) is not None and due <= end:
            if self._pace.speed is None:
                await asyncio.sleep(max(0, due - self._clock.wall_us()) / SECOND)
            else:
                simulator.clock.reach(due)
            simulator.advance()


def _first(group: ExceptionGroup[Exception]) -> Exception:
    """Return the first error of a group that is no group itself."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, ExceptionGroup) else error
