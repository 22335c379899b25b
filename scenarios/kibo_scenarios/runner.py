"""Runs one scenario: builds the world, lets the client loose on it, and grades what it left behind.

A fault of the harness is never held against the client: it comes out as `HarnessError`.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from kibo_scenarios.declaration import Declaration, does_the_work
from kibo_scenarios.drivers import ClientReport, Driver, Task, reference_client
from kibo_scenarios.drop_folder import DropFolder
from kibo_scenarios.drop_watch import watched_drop
from kibo_scenarios.errors import HarnessError, ScenarioError
from kibo_scenarios.events import (
    ClientEnded,
    ExpectationChecked,
    Listener,
    RuleGraded,
    RunStarted,
    WorldReady,
    nobody,
)
from kibo_scenarios.evidence import Evidence, RecordKey, decode_journal
from kibo_scenarios.feeds import write_feed
from kibo_scenarios.figures import check, figures_of
from kibo_scenarios.file_feeds import FileTask, write_feeds
from kibo_scenarios.grading import grade
from kibo_scenarios.happenings import Interventions, stock_up
from kibo_scenarios.moments import HOUR, SECOND, format_span
from kibo_scenarios.neighbours import neighbours_at_work
from kibo_scenarios.pace import VIRTUAL, Clock, Pace, run_at, stage
from kibo_scenarios.profile import GUIDE, OFF_PEAK_HOURS_UTC, Profile
from kibo_scenarios.result import REFERENCE_CLIENT, RunResult
from kibo_scenarios.rules import RULES, Rule
from kibo_scenarios.rules.traffic import is_submission
from kibo_scenarios.scenario import Scenario
from kibo_scenarios.sftp_drop import sftp_drop
from kibo_scenarios.stalls import refuse_busy_machine, watched
from kibo_scenarios.world import (
    Stock,
    batch_item_counts,
    choose_targets,
    file_facts,
    job_facts,
    journal_lines,
    limits_met,
    of_client,
    pool_limits,
    refuse_defective_journal,
    settings_of,
    take_stock,
    watching,
    write_export,
)
from kibo_simulator import Settings, Simulator
from kibo_simulator.web import build_application

#: After the client has ended, its jobs are given this much simulated time to come to an end before stock is taken.
LONGEST_SETTLING: Final = 24 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class _Left:
    """What the run itself leaves behind, before anything is judged."""

    report: ClientReport
    failure: str | None
    span: int
    evidence: Evidence
    journal: tuple[bytes, ...]
    output: Mapping[str, str]


def run_scenario(
    scenario: Scenario,
    *,
    driver: Driver = reference_client,
    listen: Listener = nobody,
    rules: Sequence[Rule] = RULES,
    profile: Profile = GUIDE,
    pace: Pace = VIRTUAL,
    client: Declaration | None = None,
) -> RunResult:
    """Run a scenario from its beginning to its verdicts; in virtual time the result depends on the arguments alone.

    Args:
        scenario: What to run.
        driver: The client; an exception out of it is the client's failure, unless it is one of ours.
        listen: Is told what happens, as it happens.
        rules: What to judge the client by.
        profile: The figures that the rules apply.
        pace: How time passes.
        client: What the client declares of itself; the reference client when absent.

    Raises:
        UsageError: The scenario asks for something that its world does not have, or the client cannot be run.
        HarnessError: Harness, simulator or virtual clock failed.
    """
    began = time.perf_counter()
    listen(RunStarted(scenario=scenario))
    settings = settings_of(scenario)
    declared = does_the_work(scenario.work.kind, REFERENCE_CLIENT) if client is None else client

    async def main(clock: Clock) -> _Left:
        with tempfile.TemporaryDirectory(prefix="kibo-scenarios-") as folder:
            return await _live(scenario, settings, Path(folder), driver, listen, clock, profile, pace, declared)

    try:
        left = run_at(pace, main, start=scenario.start, seed=scenario.seed)
    except ScenarioError:
        raise
    except Exception as error:
        raise HarnessError(f"{type(error).__name__}: {error}") from error
    figures = figures_of(left.evidence)
    grades = grade(left.evidence, rules)
    for one in grades:
        listen(RuleGraded(grade=one))
    checked = tuple(check(expectation, figures) for expectation in scenario.expectations)
    for expectation in checked:
        listen(ExpectationChecked(checked=expectation))
    return RunResult(
        scenario=scenario,
        pace=pace.name,
        evidence=left.evidence,
        figures=figures,
        grades=grades,
        checked=checked,
        started_at=scenario.start,
        span=left.span,
        wall_s=time.perf_counter() - began,
        client_failure=left.failure,
        client_report=left.report.details,
        journal=left.journal,
        client=declared.name,
        output=left.output,
    )


async def _live(
    scenario: Scenario,
    settings: Settings,
    folder: Path,
    driver: Driver,
    listen: Listener,
    clock: Clock,
    profile: Profile,
    pace: Pace,
    client: Declaration,
) -> _Left:
    sample, work = settings.sample, scenario.work
    assert sample is not None
    tenant = sample.tenant
    drop = None
    if work.sent:
        settings = watching(settings, folder / "drop")
        drop = DropFolder(folder / "drop" / settings.files.inbox, clock.wall_us if pace.speed is None else None)
    simulator = Simulator(settings, wall=clock.wall_us)
    try:
        stock_up(scenario.stock, simulator, tenant)
        before = take_stock(simulator, tenant)
        feed = None if work.fed is None else write_feed(work.fed, scenario.name, folder, scenario.start)
        files = None if drop is None else write_feeds(work.sent, before, folder, drop, scenario.seed, scenario.start)
        targets = _targets(scenario, before, files)
        listen(WorldReady(records=len(before.records), locations=len(before.locations), targets=len(targets)))
        latency = round(scenario.network.latency_ms * 1000)
        export = folder / "location-export.csv"
        write_export(simulator, tenant, targets, export)
        application = build_application(simulator)
        async with (
            stage(pace, application, latency=latency) as where,
            sftp_drop(pace, application, files, sample.client_id, settings.files.inbox) as told_files,
            watched(pace, clock) as stalls,
        ):
            task = Task(
                scenario=scenario.name,
                work=work.kind,
                targets=targets,
                added=work.added,
                feed=feed,
                files=told_files,
                folder=folder,
                pace=pace,
                options=client.options,
                seen=lambda: simulator.journal.position + (0 if drop is None else drop.count()),
                api_host=where.api_host,
                tenant=tenant,
                site=sample.site,
                client_id=sample.client_id,
                shared_secret=sample.shared_secret,
                export_file=export,
                plan=scenario.client,
                connect=where.connect,
                now=clock.wall_us,
                random=Random(scenario.seed),  # noqa: S311 - a repeatable run is the point
            )
            began = clock.wall_us()
            others = Interventions(scenario.happenings, simulator, tenant)
            async with neighbours_at_work(scenario.neighbours, simulator, where, pace, clock.wall_us):
                with watched_drop(pace, drop, clock.wall_us) as writings:
                    report, failure = await _drive(driver, task, scenario.time_limit)
            others.end()
            span = clock.wall_us() - began
            listen(ClientEnded(span=span, failure=failure))
        refuse_busy_machine(stalls, span, pace)
        await _settle(simulator, clock, pace)
        after = take_stock(simulator, tenant)
        lines = journal_lines(simulator)
        jobs = job_facts(simulator, tenant)
        # A client under faketime may have stamped its files by its own clock.
        dated = pace.speed is None or pace.speed <= 1
        seen_files = file_facts(simulator, settings.files.inbox, writings.known(), dated=dated)
        batch_items = batch_item_counts(simulator, tenant)
    finally:
        simulator.close()
    whole_journal = decode_journal(lines)
    refuse_defective_journal(whole_journal)
    journal = of_client(whole_journal, (neighbour.tenant for neighbour in scenario.neighbours))
    limits = limits_met(pool_limits(settings), journal)
    plan = scenario.client
    evidence = Evidence(
        journal=journal,
        before={key: held for key, held in before.records.items() if key not in others.removed},
        after=after.records,
        targets=targets if report.asked or seen_files or any(map(is_submission, journal)) else frozenset(),
        adjusted_by=work.added,
        expected={} if files is None else files.expected,
        undone=frozenset(report.undone),
        jobs=jobs,
        files=seen_files,
        batch_items=batch_items,
        abilities=client.abilities,
        limits=limits,
        batch_size=plan.batch_size,
        shared=bool(scenario.neighbours),
        limits_known=client.knows_limits
        and not scenario.neighbours
        and all((limit.requests_per_minute, limit.requests_per_hour) == (plan.rpm, plan.rph) for limit in limits),
        stalls=tuple(stalls),
        faults_left=sum(not fault.consumed for fault in simulator.faults.plan),
        tolerance=pace.tolerance,
        round_trip=where.round_trip,
        profile=held_to(profile, scenario, settings),
    )
    return _Left(report=report, failure=failure, span=span, evidence=evidence, journal=lines, output=task.output)


def _targets(scenario: Scenario, stock: Stock, files: FileTask | None) -> frozenset[RecordKey]:
    """Return the records that the work is about."""
    if files is not None:
        return frozenset(files.expected)
    return frozenset() if scenario.work.fed else choose_targets(scenario.work.targets, stock, scenario.seed)


def held_to(profile: Profile, scenario: Scenario, settings: Settings) -> Profile:
    """Return the profile with what the scenario says of its world: how long tokens live, and when it is quiet."""
    lifetime = settings.access.token_lifetime_s * SECOND
    profile = msgspec.structs.replace(profile, token_lifetime=min(profile.token_lifetime, lifetime))
    if scenario.client.off_peak is None:
        return profile
    return msgspec.structs.replace(profile, off_peak_hours_utc=OFF_PEAK_HOURS_UTC[scenario.client.off_peak])


async def _drive(driver: Driver, task: Task, time_limit: int) -> tuple[ClientReport, str | None]:
    """Run the client; whatever comes out of it but a report is its own failure."""
    limit = asyncio.timeout(time_limit / 1_000_000)
    try:
        async with limit:
            report = await driver(task)
            return report, report.failure
    except ScenarioError:
        raise
    except Exception as error:  # noqa: BLE001 - this is the border between the client and the harness
        if limit.expired():
            return ClientReport(), f"had not finished after {format_span(time_limit)} of simulated time"
        return ClientReport(), f"stopped with {_told(error)}"


def _told(error: Exception) -> str:
    """Return what went wrong, looking into groups for the first error that says it."""
    if isinstance(error, ExceptionGroup):
        return _told(error.exceptions[0])
    return f"{type(error).__name__}: {error}"


async def _settle(simulator: Simulator, clock: Clock, pace: Pace) -> None:
    """Let time pass until the simulator has nothing more to do, so that unfinished jobs do not hide their effect.

    Files that still lie at a drop point are picked up at the next look; after it there is none.
    """
    end = simulator.clock.now() + LONGEST_SETTLING
    last_look = simulator.files.next_look
    while (due := simulator.next_event_at()) is not None:
        if last_look is None or due > last_look:
            simulator.files.stop()
            last_look = None
            if (due := simulator.next_event_at()) is None:
                return
        if due > end:
            raise HarnessError(f"jobs were still at work {format_span(LONGEST_SETTLING)} after the client had ended")
        if pace.speed is None:
            await asyncio.sleep(max(0, due - clock.wall_us()) / 1_000_000)
        else:
            # Nobody else lives in this time any more, so there is no need to wait for it.
            simulator.clock.reach(due)
        simulator.advance()
