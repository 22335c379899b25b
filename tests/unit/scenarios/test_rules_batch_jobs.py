"""BJ-1 on stories told by hand."""

from kibo_scenarios.evidence import Summary
from kibo_scenarios.rules import RULES_BY_ID, Outcome, Verdict
from kibo_scenarios.testing import Story


class Batches(Story):
    """A story of batch jobs."""

    def add(self, code: str = "J", *, was: str = "Ready", **how: object) -> None:
        """Tell a catalog call that adds an item."""
        self._call("addProduct", code, was, None, how)

    def act(self, action: str, code: str = "J", *, was: str = "Ready", **how: object) -> None:
        """Tell an action."""
        self._call("performBatchAction", code, was, action, how)

    def _call(self, operation: str, code: str, was: str, action: str | None, how: dict[str, object]) -> None:
        self.wait(1)
        summary = Summary(batch_job_code=code, batch_job_status=was, action=action)
        self.request(operation, summary=summary, **how)  # type: ignore[arg-type]  # told by the tests below

    def judged(self) -> Outcome:
        """Return what BJ-1 says of it."""
        return RULES_BY_ID["BJ-1"].judge(self.evidence())


def test_bj1_added_then_started() -> None:
    """BJ-1: create, add by code, start, and after the end reset, is how it is meant."""
    story = Batches()
    story.request("createBatchJob", summary=Summary(batch_job_code="J", batch_job_status="Ready"))
    story.add()
    story.act("Start")
    story.act("Reset", was="Completed")

    assert Verdict.PASS == story.judged().verdict


def test_bj1_never_started() -> None:
    """BJ-1: items that wait for ever; of two jobs, the one that was not started is named."""
    story = Batches()
    story.add("J")
    story.add("K")
    story.act("Start", "J")
    outcome = story.judged()

    assert (Verdict.FAIL, 1) == (outcome.verdict, outcome.breaches)
    assert "K was given items" in outcome.actual


def test_bj1_added_after_the_start() -> None:
    """BJ-1: an item that comes when the job is started already is refused, and a breach."""
    story = Batches()
    story.add()
    story.act("Start")
    story.add(was="Running", status=409)

    assert Verdict.FAIL == story.judged().verdict


def test_bj1_reset_while_it_runs() -> None:
    """BJ-1: a reset is for jobs that have ended."""
    story = Batches()
    story.add()
    story.act("Start")
    story.act("Reset", was="Running", status=409)

    assert Verdict.FAIL == story.judged().verdict


def test_bj1_canceled_or_deleted_jobs_need_no_start() -> None:
    """BJ-1: whoever thinks better of it has not forgotten the start; a start whose answer was lost is a start."""
    story = Batches()
    story.add("J")
    story.act("Cancel", "J")
    story.add("K")
    story.request("deleteBatchJob", summary=Summary(batch_job_code="K"), at=10)
    story.add("L")
    story.act("Start", "L", lost=True)
    story.act("Start", "L", was="Pending", status=409)

    assert Verdict.PASS == story.judged().verdict


def test_bj1_needs_a_batch_job() -> None:
    """BJ-1: reading a job's status is no opportunity, and neither is a refusal for other reasons."""
    story = Batches()
    story.request("getBatchJob", summary=Summary(batch_job_code="J", batch_job_status="Ready"))
    story.add(status=429, retry_after=60)

    assert Verdict.INCONCLUSIVE == story.judged().verdict
