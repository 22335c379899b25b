"""Random lives of batch jobs against a model of both state machines (T-3, T-4, D-1)."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.batch_jobs.pace import BatchSettings
from kibo_simulator.batch_jobs.states import IllegalActionError
from kibo_simulator.batch_runner import encode_change
from kibo_simulator.catalog.changes import AddProduct, Change, DeleteProduct
from kibo_simulator.catalog.refusals import CatalogRefusal
from kibo_simulator.store.batch_jobs import BatchJobRow, NewItem

SECOND = 1_000_000
START = 1_772_427_600 * SECOND
TENANT = 1001
PACE = BatchSettings(base_s=2, per_item_s=1, slice=2, retries=2, retry_delay_s=5)
SETTINGS = Settings(sample=SampleSettings(locations=0, products=0), batch=PACE)
KINDS = st.lists(st.sampled_from(["bad", "flaky", "good", "absent"]), max_size=5)
TABLE = {
    ("Ready", "Start"), ("Ready", "Cancel"), ("Pending", "Cancel"), ("Running", "Cancel"),
    ("Completed", "Reset"), ("Canceled", "Reset"),
}  # fmt: skip


@dataclass
class Item:
    """What the model knows of an item; ``kind`` decides what becomes of it."""

    kind: str
    status: str = "Waiting"
    retries: int = 0
    retry_at: int = 0


@dataclass
class Job:
    """What the model knows of a job; times in seconds after the start of the world."""

    scheduled: int | None
    status: str = "Ready"
    wakes: int | None = None
    started: int | None = None
    items: list[Item] = field(default_factory=list)

    def act(self, action: str, now: int) -> None:
        """Do what an allowed action does."""
        match action:
            case "Start":
                due = now if self.scheduled is None else max(now, self.scheduled)
                self.status, self.wakes = "Pending", due
                if due == now:
                    self.run(now)
            case "Cancel":
                self.status, self.wakes = "Canceled", None
                for item in self.items:
                    if item.status in {"Waiting", "Running"}:
                        item.status = "Cancelled"
            case _:
                self.status, self.wakes, self.started, self.items = "Ready", None, None, []

    def run(self, at: int) -> None:
        """The job is due."""
        self.status, self.started, self.wakes = "Running", at, at + 2

    def wake(self, at: int) -> None:
        """End the slice at work and begin the next."""
        if self.status == "Pending":
            self.run(at)
            return
        for item in self.items:
            if item.status == "Running":
                self.end(item, at)
        waiting = [item for item in self.items if item.status == "Waiting"]
        due = sorted((item for item in waiting if item.retry_at <= at), key=lambda item: item.retry_at)[:2]
        for item in due:
            item.status = "Running"
        if due:
            self.wakes = at + len(due)
        elif waiting:
            self.wakes = min(item.retry_at for item in waiting)
        else:
            self.status, self.wakes = "Completed", None

    @staticmethod
    def end(item: Item, at: int) -> None:
        """One item has been tried."""
        fails = {"good": 0, "flaky": 1, "bad": 9, "absent": 9}[item.kind]
        if item.retries >= fails:
            item.status = "Completed"
        elif item.kind == "absent":
            item.status = "ValidationFailed"
        elif item.retries < 2:
            item.status, item.retries, item.retry_at = "Waiting", item.retries + 1, at + 5
        else:
            item.status = "Failed"


class BatchLife(RuleBasedStateMachine):
    """Two jobs, and everything that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.now = [START]
        self.simulator = Simulator(SETTINGS, wall=lambda: self.now[0])
        self.simulator.batches.interference = self.interfere
        self.models: dict[str, Job] = {}
        self.products = 0

    def teardown(self) -> None:
        self.simulator.close()

    def interfere(self, _job: BatchJobRow, item: Any, _at: int) -> Any:
        """Make flaky items fail the first time."""
        flaky = item.key.startswith("flaky") and item.retries == 0
        return CatalogRefusal("invalid", "productCode", "not this time") if flaky else None

    @property
    def elapsed(self) -> int:
        """Seconds since the world began."""
        return (self.now[0] - START) // SECOND

    def stored(self, code: str) -> BatchJobRow:
        """The job as the simulator has it."""
        job = self.simulator.batch_jobs.job(TENANT, code)
        assert job is not None
        return job

    @initialize(dates=st.tuples(*[st.none() | st.integers(0, 60)] * 2), kinds=KINDS)
    def make(self, dates: tuple[int | None, int | None], kinds: list[str]) -> None:
        """Two jobs, with or without a date; one has items already."""
        for code, date in zip(("a", "b"), dates, strict=True):
            scheduled = None if date is None else START + date * SECOND
            self.simulator.batch_jobs.add_job(
                TENANT, code=code, name=code, domain="Catalog", scheduled=scheduled, now=START
            )
            self.models[code] = Job(date)
        self.put("a", kinds)

    @rule(code=st.sampled_from("ab"), kinds=KINDS)
    def add(self, code: str, kinds: list[str]) -> None:
        """Add items while the job is Ready."""
        if self.stored(code).status == "Ready":
            self.put(code, kinds)

    def put(self, code: str, kinds: list[str]) -> None:
        """Add items to both."""
        job = self.stored(code)
        items = []
        for kind in kinds:
            self.products += 1
            name = f"{kind}{self.products}"
            content = {} if kind == "bad" else {"productName": name}
            change: Change = (
                DeleteProduct(name) if kind == "absent" else AddProduct({"productCode": name, "content": content})
            )
            items.append(NewItem(change.resource_type, change.key, change.method, encode_change(change)))
        store = self.simulator.batch_jobs
        origin = store.add_origin(job.id, correlation=str(self.products), uri="/", query="", context="{}")
        store.add_items(job.id, items, origin=origin, first=job.items + 1, now=self.now[0])
        self.models[code].items += map(Item, kinds)

    @rule(code=st.sampled_from("ab"), action=st.sampled_from(["Start", "Start", "Start", "Cancel", "Reset"]))
    def act(self, code: str, action: Any) -> None:
        """Ask something of a job: it is done when the table has it, and refused without effect when not."""
        now = self.simulator.advance()
        model = self.models[code]
        try:
            for _ in self.simulator.batches.act(self.stored(code), action, now):
                pass
            allowed = True
        except IllegalActionError:
            allowed = False
        assert allowed == ((model.status, action) in TABLE)
        if allowed:
            model.act(action, self.elapsed)

    @rule(seconds=st.integers(0, 7) | st.integers(0, 60))
    def sleep(self, seconds: int) -> None:
        """Let time pass."""
        self.wait(seconds)

    def wait(self, seconds: int) -> None:
        """Bring both to a later instant."""
        until = self.elapsed + seconds
        self.now[0] = START + until * SECOND
        self.simulator.advance()
        for model in self.models.values():
            while model.wakes is not None and model.wakes <= until:
                model.wake(model.wakes)

    @precondition(lambda self: any(model.wakes is not None for model in self.models.values()))
    @rule(times=st.integers(1, 4))
    def wait_exactly(self, times: int) -> None:
        """Let time pass until the model has something to do, and no longer; a few times."""
        for _ in range(times):
            due = [model.wakes for model in self.models.values() if model.wakes is not None]
            if due:
                self.wait(max(0, min(due) - self.elapsed))
                self.both_agree()

    @precondition(lambda self: self.models)
    @rule()
    def restart(self) -> None:
        """D-1: planning anew from the database changes nothing."""
        self.simulator.advance()
        self.simulator.reload()

    @invariant()
    def both_agree(self) -> None:
        """Job, items, retries and counts are those of the model."""
        for code, model in self.models.items():
            job = self.stored(code)
            items = self.simulator.batch_jobs.items(job.id, status=None, resource=None, start=0, limit=1_000)
            started = None if model.started is None else START + model.started * SECOND
            counts: dict[str, int] = {}
            for _, status, count in self.simulator.batch_jobs.counts(job.id):
                counts[status] = counts.get(status, 0) + count
            statuses = [item.status for item in model.items]

            assert (model.status, started) == (job.status, job.started)
            assert [(item.status, item.retries) for item in model.items] == [(i.status, i.retries) for i in items]
            assert {status: statuses.count(status) for status in set(statuses)} == counts

    @invariant()
    def what_is_there_was_completed(self) -> None:
        """A product is there exactly when its item was completed."""
        if self.models:
            stored = self.simulator.catalog.products(TENANT, start=0, limit=10_000)[1]
            there = {each.document["productCode"] for each in stored}
            for code in self.models:
                items = self.simulator.batch_jobs.items(
                    self.stored(code).id, status=None, resource=None, start=0, limit=1_000
                )
                assert {i.key for i in items if i.status == "Completed"} <= there
                assert not {i.key for i in items if i.status != "Completed"} & there


BatchLife.TestCase.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
test_batch_jobs_live_as_the_model_says = BatchLife.TestCase


def test_the_same_requests_give_the_same_store() -> None:
    """T-4: two simulators that are asked the same at the same times end with the same tables."""

    def tables() -> list[Any]:
        now = [START]
        simulator = Simulator(SETTINGS, wall=lambda: now[0])
        store = simulator.batch_jobs
        job = store.add_job(TENANT, code="a", name="a", domain="Catalog", scheduled=None, now=START)
        changes = [AddProduct({"productCode": str(n), "content": {"productName": "x"}}) for n in range(50)]
        items = [NewItem(each.resource_type, each.key, each.method, encode_change(each)) for each in changes]
        origin = store.add_origin(job.id, correlation="0", uri="/", query="", context="{}")
        store.add_items(job.id, items, origin=origin, first=1, now=START)
        for _ in simulator.batches.act(job, "Start", START):
            pass
        for _ in range(20):
            now[0] += 3 * SECOND
            simulator.advance()
        rows = [
            simulator.database.connection.execute(f"SELECT * FROM {table}").fetchall()
            for table in ("batch_jobs", "batch_items", "batch_counts", "catalog_products")
        ]
        simulator.close()
        return rows

    assert tables() == tables()
