"""The matrix: clients with one seeded defect each, the world that shows it, and exactly the rules that must fail."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from kibo_scenarios.declaration import Declaration
from kibo_scenarios.profile import GUIDE, OFF_PEAK_HOURS_UTC, Profile
from kibo_scenarios.scenario import Scenario

from .plain_client import Manners, by_prefix
from .test_flawed_batch_job_clients import CLIENTS as BATCH_JOB_CLIENTS
from .test_flawed_file_clients import FLAWED as FLAWED_FILE_CLIENTS
from .test_flawed_file_clients import GOOD as GOOD_FILE_CLIENTS
from .worlds import (
    DOWN,
    FAILING,
    FORGETFUL,
    FREE,
    HOURS,
    LONG,
    LOSSY,
    MUTE,
    NOON,
    REJECTING,
    REVOKED,
    SCARCE,
    SHAKY,
    SLOW,
    TIGHT,
    scenario,
)

DELETES: Final = Declaration()
ADJUSTS_TOO: Final = Declaration(does=("bulk-delete", "polling", "adjust"))
US: Final = msgspec.structs.replace(GUIDE, off_peak_hours_utc=OFF_PEAK_HOURS_UTC["us"])


#: What clients of batch jobs and of files do wrong, with the rules that they break; tested elsewhere.
OTHERS: Final = {
    **{name: frozenset(rules) for name, (_, rules) in BATCH_JOB_CLIENTS.items() if rules},
    **{name: frozenset(rules) for name, (_, _, rules) in FLAWED_FILE_CLIENTS.items()},
}
#: What good clients of files do; tested there as well.
GOOD_OTHERS: Final = tuple(f"sending files {how}" for how in GOOD_FILE_CLIENTS)


@dataclass(frozen=True, slots=True)
class Row:
    """One client in one world.

    Attributes:
        name: What it does wrong, in a few words; good ones say what they survive.
        rules: The rules that it breaks, and no others.
    """

    name: str
    world: Scenario
    manners: Manners
    rules: frozenset[str] = frozenset()
    client: Declaration = DELETES
    profile: Profile = field(default=GUIDE)


def _flawed(name: str, world: Scenario, manners: Manners, *rules: str, **how: Declaration | Profile) -> Row:
    return Row(name, world, manners, frozenset(rules), **how)  # type: ignore[arg-type]  # each under its own name


GOOD: Final = (
    Row("in peace", FREE, Manners()),
    Row("polling job by job", SLOW, Manners(by_id=True)),
    Row("refused for a minute", TIGHT, Manners()),
    Row("refused for an hour", SCARCE, Manners(poll_s=120)),
    Row("refused without a usable Retry-After", MUTE, Manners()),
    Row("pacing by the hour", HOURS, Manners(pace_s=420)),
    Row("failing requests", SHAKY, Manners()),
    Row("a lost answer", LOSSY, Manners()),
    Row("a service that stays down", DOWN, Manners()),
    Row("a rejected request", REJECTING, Manners()),
    Row("a revoked token", REVOKED, Manners()),
    Row("a failed job", FAILING, Manners()),
    Row("an adjust without an answer", FORGETFUL, Manners(adjusts=True), client=ADJUSTS_TOO),
    Row("in the quiet hours", FREE, Manners(), profile=US),
)

FLAWED: Final = (
    _flawed("waits half", TIGHT, Manners(wait_share=0.5), "TH-1"),
    _flawed("only the refused call waits", TIGHT, Manners(shared_gate=False), "TH-2"),
    _flawed("caps its wait", SCARCE, Manners(longest_wait_s=600, poll_s=120), "TH-1", "TH-3"),
    _flawed("waits little when Retry-After is not usable", MUTE, Manners(headerless_wait_s=20), "TH-4"),
    _flawed("limits itself by the minute only", HOURS, Manners(poll_s=60), "TH-5"),
    _flawed("does not pace itself", scenario(rpm=4, rph=200), Manners(), "TH-6"),
    _flawed("sleeps twice too long", LONG, Manners(batch_size=25, spacing_s=11), "TH-7", "BA-3"),
    _flawed("sends 1,001 items", FREE, Manners(batch_size=1_001), "BA-1", "BA-2"),
    _flawed("sends 800 items", FREE, Manners(batch_size=800), "BA-2"),
    _flawed("sends one item per call", scenario(products=30), Manners(batch_size=1), "BA-3"),
    _flawed("submits in parallel", FREE, Manners(parallel=True), "BA-4", "BA-5"),
    _flawed("submits back to back", FREE, Manners(spacing_s=1), "BA-5"),
    _flawed("gates on the success of jobs", SLOW, Manners(gated=True), "BA-6"),
    _flawed("polls every second", FREE, Manners(poll_s=1), "JB-1"),
    _flawed("polls at a fixed interval", SLOW, Manners(by_id=True, poll_growth=1), "JB-2"),
    _flawed("polls for ever", SLOW, Manners(by_id=True, after_the_end=True), "JB-3"),
    _flawed("drops the last job ids", TIGHT, Manners(drop_last_ids=True), "JB-4"),
    _flawed("ignores failed jobs", FAILING, Manners(failed_jobs="ignored"), "JB-5", "ST-1"),
    _flawed("sends all again for a failed job", FAILING, Manners(failed_jobs="whole batch"), "JB-5"),
    _flawed("retries at once", SHAKY, Manners(retry_wait=lambda failures: 0.1 * failures), "RT-1"),
    _flawed("retries after a constant second", SHAKY, Manners(retry_wait=lambda _: 1.0), "RT-2"),
    _flawed("retries for ever", DOWN, Manners(attempts=1_000_000), "RT-3"),
    _flawed("retries what was rejected", REJECTING, Manners(repeats_rejected=True), "RT-4"),
    _flawed(
        "adds twice when no answer comes",
        FORGETFUL,
        Manners(adjusts=True, asks_first=False),
        "RT-5",
        client=ADJUSTS_TOO,
    ),
    _flawed("goes live at once", FREE, Manners(dry_run=False), "WF-1"),
    _flawed("runs at noon", NOON, Manners(), "WF-2", profile=US),
    _flawed("fetches a token per call", FREE, Manners(token_per_call=True), "WF-3"),
    _flawed("loses the last batch", FREE, Manners(lose_last_batch=True), "ST-1"),
    _flawed("deletes by prefix", FREE, Manners(name=by_prefix), "ST-2"),
)
