"""The catalogue of rules, as data: what each requires, where that comes from, and the function that judges it.

Ids are stable and never reused. A rule is judged only if the client declares the ability it speaks of.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from kibo_scenarios.errors import UsageError
from kibo_scenarios.profile import Level
from kibo_scenarios.rules import batch_jobs, batching, files, jobs, retries, state, throttling, workflow
from kibo_scenarios.rules.rule import Rule

_DELETION_GUIDE: Final = "Bulk deletion guide"
_M, _S, _E = Level.MUST, Level.SHOULD, Level.EFFICIENCY

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "TH-1",
        _M,
        "After a 429, the refused call does not come back before Retry-After has passed",
        f"{_DELETION_GUIDE} (C13)",
        "a 429 with Retry-After, and a later request of that pool",
        "Read the Retry-After header and wait that many seconds, counted from the answer, before sending again.",
        "auth",
        throttling.waits_after_429,
    ),
    Rule(
        "TH-2",
        _M,
        "The wait holds for every request of the pool: polls and other workers stop too",
        f"{_DELETION_GUIDE} (C13, C16)",
        "a 429 while other work of the pool is waiting",
        "Put one gate before all requests of the pool and close it for everybody when any of them is refused.",
        "auth",
        throttling.whole_pool_waits,
    ),
    Rule(
        "TH-3",
        _M,
        "Every documented value is waited out in full, 3600 included",
        f"{_DELETION_GUIDE} (C13)",
        "a 429 with Retry-After 3600, and a later request",
        "Do not cap the wait that the header asks for; raise time-outs around it instead.",
        "auth",
        throttling.long_waits_kept,
    ),
    Rule(
        "TH-4",
        _S,
        "A missing or malformed Retry-After leads to a wait of at least 60 s",
        f"{_DELETION_GUIDE} (C13, C14)",
        "a 429 without a usable Retry-After, and a later request",
        "Fall back to 60 s, the smallest documented value, when the header cannot be read.",
        "auth",
        throttling.missing_header_waits,
    ),
    Rule(
        "TH-5",
        _S,
        "The hourly budget is not burnt in a burst: no hour restriction is provoked twice",
        f"{_DELETION_GUIDE} (C16)",
        "traffic beyond the hourly limit",
        "Budget requests per hour as well as per minute; after an hour-level 429 resume at a lower rate.",
        "auth",
        throttling.hour_restricted_once,
    ),
    Rule(
        "TH-6",
        _E,
        "No 429 is provoked where the limits are known",
        f"{_DELETION_GUIDE} (C16, C18)",
        "a client that was told the limits that are enforced",
        "Look the limits up in Dev Center > API > Limits and pace all requests of the pool by them.",
        "auth",
        throttling.few_refusals,
        efficiency=True,
    ),
    Rule(
        "TH-7",
        _E,
        "At least 90 % of the admissible budget is used while work is waiting",
        f"{_DELETION_GUIDE} (C16)",
        "a client that was told the limits, and work for more than a minute",
        "Plan by the server's minutes and quarter hours instead of adding fixed pauses to every call.",
        "delete",
        throttling.budget_used,
        efficiency=True,
    ),
    Rule(
        "BA-1",
        _M,
        "No deleteItems or adjust call carries more than 1,000 items, no refresh more than 12,000",
        f"{_DELETION_GUIDE} (C5); API description",
        "a call with a list of items",
        "Cut the list into batches before sending.",
        "auth",
        batching.batches_within_maximum,
    ),
    Rule(
        "BA-2",
        _S,
        "deleteItems calls carry at most 500 items, refresh calls at most 3,000",
        f"{_DELETION_GUIDE} (C4); API description",
        "a call with a list of items",
        "Use batches of 500: enqueueing is synchronous and larger ones can time out over many locations.",
        "auth",
        batching.batches_within_recommendation,
    ),
    Rule(
        "BA-3",
        _E,
        "Batches are full: calls used divided by calls needed at the recommended size is at most 1.05",
        f"{_DELETION_GUIDE} (C4)",
        "two or more accepted live deleteItems calls",
        "Group products that share their locations and fill each batch to 500 items.",
        "delete",
        batching.batches_full,
        efficiency=True,
    ),
    Rule(
        "BA-4",
        _M,
        "At no time are two deletion submissions in flight",
        f"{_DELETION_GUIDE} (C6)",
        "two live deletions",
        "Send one batch, await its answer, then send the next.",
        "delete",
        batching.one_submission_at_a_time,
    ),
    Rule(
        "BA-5",
        _S,
        "At least 5 s pass between the answer to one submission and the next submission",
        f"{_DELETION_GUIDE} (C7)",
        "a live deletion after one that was accepted",
        "Wait 5-10 s between batches, longer for large lists.",
        "delete",
        batching.submissions_spaced,
    ),
    Rule(
        "BA-6",
        _M,
        "The next submission does not wait for earlier jobs to finish",
        f"{_DELETION_GUIDE} (C9)",
        "several batches and jobs that take long",
        "Pace batches by time; follow their jobs independently.",
        "delete",
        batching.not_gated_on_jobs,
    ),
    Rule(
        "JB-1",
        _M,
        "Two polls of one job are at least 10 s apart, and so are two lists of the queue",
        f"{_DELETION_GUIDE} (C10)",
        "a job polled twice, or the queue listed twice",
        "Poll each job every 10-30 s; list the queue to see many jobs with one request.",
        "jobs",
        jobs.polls_spaced,
    ),
    Rule(
        "JB-2",
        _S,
        "The interval between polls of one unfinished job grows, up to 30 s",
        f"{_DELETION_GUIDE} (C10)",
        "a job polled four times",
        "Start at 10 s and lengthen the interval to 30 s while the job is unfinished.",
        "jobs",
        jobs.poll_interval_grows,
    ),
    Rule(
        "JB-3",
        _S,
        "A job seen in a terminal status is not polled again",
        f"{_DELETION_GUIDE} (C11)",
        "a job seen in a terminal status",
        "Stop at SUCCESS or FAILED.",
        "jobs",
        jobs.ended_jobs_left_alone,
    ),
    Rule(
        "JB-4",
        _M,
        "Every job id handed out is seen in a terminal status, by id or in a list",
        f"{_DELETION_GUIDE} (C8); Inventory API guide (C22)",
        "a job id handed out",
        "Keep every id of every jobIDs array before sending the next batch, and follow each to its end.",
        "jobs",
        jobs.every_job_seen_ended,
    ),
    Rule(
        "JB-5",
        _M,
        "The scope of a FAILED job, and no more, is submitted again, or reported as undone",
        f"{_DELETION_GUIDE} (C12)",
        "a job that fails",
        "Dry-run the failed location's items again, submit what is left there, and report what still fails.",
        "delete",
        jobs.failed_scope_resubmitted,
    ),
    Rule(
        "RT-1",
        _M,
        "After a 5xx, a reset or a time-out, the same request is not repeated at once",
        f"{_DELETION_GUIDE} (C14)",
        "a failed request that is sent again",
        "Back off exponentially with jitter, beginning at half a second or more.",
        "auth",
        retries.failures_not_repeated_at_once,
    ),
    Rule(
        "RT-2",
        _S,
        "Successive waits for one request grow",
        f"{_DELETION_GUIDE} (C14)",
        "a request that fails three times in a row and is sent again",
        "Double the wait after each failure, up to a bound.",
        "auth",
        retries.retry_waits_grow,
    ),
    Rule(
        "RT-3",
        _M,
        "Attempts for one request are bounded",
        f"{_DELETION_GUIDE} (C15)",
        "a request that has to be sent three times",
        "Give up after a fixed number of attempts and report what was not done.",
        "auth",
        retries.attempts_bounded,
    ),
    Rule(
        "RT-4",
        _M,
        "400, 403 and 404 are not retried unchanged; 401 leads to one new token, then one retry",
        f"{_DELETION_GUIDE} (C14)",
        "a request that is answered with 400, 401, 403 or 404",
        "Treat these answers as final for the request as it stands.",
        "auth",
        retries.rejections_not_repeated,
    ),
    Rule(
        "RT-5",
        _M,
        "After an unknown outcome, an adjust is not blindly sent again",
        "Inventory API guide (C20)",
        "an adjust whose answer is lost",
        "List the location's queue first; send again only when the adjust is not there.",
        "adjust",
        retries.adjust_not_repeated_blindly,
    ),
    Rule(
        "WF-1",
        _M,
        "Before a live delete, a dry run has covered its scope",
        f"{_DELETION_GUIDE} (C1)",
        "a live deletion",
        "Send the same items and locations with dryRun true first, and check the scope it reports.",
        "delete",
        workflow.dry_run_covers,
    ),
    Rule(
        "WF-2",
        _S,
        "Live deletes fall in the region's off-peak hours, when the profile names a region",
        f"{_DELETION_GUIDE} (C17)",
        "a profile or a scenario with a region, and a live deletion",
        "Schedule in UTC: 05:00-11:00 for US tenants, 22:00-04:00 for EU tenants.",
        "delete",
        workflow.off_peak,
    ),
    Rule(
        "WF-3",
        _S,
        "One token serves until it expires; concurrent calls do not each fetch one",
        "API authentication",
        "a token fetched in the run, and two calls with it",
        "Keep the token, share it between workers, and renew it once when it expires.",
        "auth",
        workflow.one_token_serves,
    ),
    Rule(
        "ST-1",
        _M,
        "At the end every target record is gone, or is named in the client's report as undone",
        "the task itself",
        "targets that exist, and the stock after the run",
        "Reconcile the list of targets with the jobs' results before reporting success.",
        "delete",
        state.targets_gone,
    ),
    Rule(
        "ST-2",
        _M,
        "No record outside the targets changed",
        "the task itself",
        "records outside the targets, and a live deletion",
        "Quote pattern characters in identifiers, and compare the dry run's scope with the targets.",
        "delete",
        state.others_untouched,
    ),
    Rule(
        "FI-1",
        _M,
        "The data file is complete before its trigger appears, and the names match",
        "Import guide (C25)",
        "a trigger at a drop point",
        "Upload the archive first, compare its size, and put the trigger of the same name beside it last.",
        "files",
        files.complete_before_trigger,
    ),
    Rule(
        "FI-2",
        _M,
        "File names follow the naming rule, with Pacific times",
        "Import guide",
        "a data file at a drop point",
        "Make the time stamp in America/Los_Angeles, whatever the machine's own zone is.",
        "files",
        files.named_by_the_rule,
    ),
    Rule(
        "BJ-1",
        _M,
        "Items are added by code and the job is then started; reset only after completed or canceled",
        "Batch job guide (C28)",
        "a batch job that is filled, started or reset",
        "Create the job, send the updates with its batchJobCode, then start it, even when it has a scheduled date.",
        "batch-jobs",
        batch_jobs.filled_then_started,
    ),
)

RULES_BY_ID: Final = {rule.id: rule for rule in RULES}


def select(ids: Iterable[str]) -> tuple[Rule, ...]:
    """Return the named rules in the catalogue's order.

    Raises:
        UsageError: A name is no rule; the message lists those that exist.
    """
    wanted = set(ids)
    unknown = sorted(wanted - RULES_BY_ID.keys())
    if unknown:
        raise UsageError(f"unknown rule {unknown[0]!r}: expected one of {', '.join(RULES_BY_ID)}")
    return tuple(rule for rule in RULES if rule.id in wanted)


def with_levels(rules: Iterable[Rule], levels: Mapping[str, Level]) -> tuple[Rule, ...]:
    """Return the rules with the levels that a profile gives them."""
    return tuple(replace(rule, level=levels.get(rule.id, rule.level)) for rule in rules)
