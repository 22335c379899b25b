"""Conservation of stock under arbitrary sequences of operations (I-4, I-5)."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.job_work import Work
from kibo_simulator.order_work import AllocateWork, DeallocateWork, FulfillWork, OrderItem
from kibo_simulator.stock.quantities import available
from kibo_simulator.stock_work import AdjustWork, QuantityItem, RefreshWork

SECOND = 1_000_000
START = 1_772_427_600 * SECOND

steps = st.one_of(
    st.tuples(st.just("refresh"), st.integers(0, 2), st.integers(0, 20)),
    st.tuples(st.just("adjust"), st.integers(0, 2), st.integers(-10, 10)),
    st.tuples(st.just("allocate"), st.integers(0, 2), st.integers(1, 12)),
    st.tuples(st.just("deallocate"), st.integers(0, 2), st.integers(1, 12)),
    st.tuples(st.just("decrement"), st.integers(0, 2), st.integers(1, 12)),
    st.tuples(st.just("fulfill"), st.integers(0, 2), st.integers(1, 12)),
    st.tuples(st.just("wait"), st.integers(0, 2), st.integers(1, 4_000)),
)


@dataclass
class Record:
    """One record as a bookkeeper would keep it: no availability, only what came and went."""

    on_hand: int = 0
    allocated: int = 0
    pending: int = 0

    def allocate(self, quantity: int) -> None:
        covered = min(quantity, max(0, self.on_hand - self.allocated - self.pending))
        self.allocated += covered
        self.pending += quantity - covered

    def sweep(self) -> None:
        moved = max(0, min(self.pending, self.on_hand - self.allocated))
        self.allocated += moved
        self.pending -= moved


@dataclass
class Books:
    """Three products at one location, and when the next sweep is due."""

    records: list[Record] = field(default_factory=lambda: [Record(), Record(), Record()])
    now: int = START
    sweep_at: int | None = None

    def plan(self) -> None:
        if self.sweep_at is None and any(record.pending for record in self.records):
            self.sweep_at = (self.now // (1_800 * SECOND) + 1) * 1_800 * SECOND

    def wait(self, seconds: int) -> None:
        target = self.now + seconds * SECOND
        while self.sweep_at is not None and self.sweep_at <= target:
            self.now, self.sweep_at = self.sweep_at, None
            for record in self.records:
                record.sweep()
            self.plan()
        self.now = target

    def do(self, kind: str, product: int, amount: int) -> bool:
        """Apply a step; False when it cannot be carried out and must change nothing."""
        record = self.records[product]
        if kind == "refresh":
            record.on_hand = amount
        elif kind == "adjust":
            record.on_hand += amount
        elif kind == "allocate":
            record.allocate(amount)
        elif kind in {"deallocate", "decrement"}:
            if amount > record.allocated + record.pending:
                return False
            owed = min(amount, record.pending)
            record.pending -= owed
            record.allocated -= amount - owed
            record.on_hand -= amount - owed if kind == "decrement" else 0
        else:
            if amount > record.allocated:
                return False
            record.allocated -= amount
            record.on_hand -= amount
        self.plan()
        return True


@settings(max_examples=250, deadline=None)
@given(st.lists(steps, max_size=40))
def test_stock_is_what_the_books_say(plan: list[tuple[str, int, int]]) -> None:
    """I-5: never below zero held or owed; on hand is the last refresh plus adjusts less shipments; jobs fail whole."""
    books = Books()
    simulator = Simulator(Settings(sample=SampleSettings(locations=1, products=0)), wall=lambda: books.now)
    location = simulator.stock.locations(1001)[0]
    worker = simulator.runner.worker
    simulator.load_inventory(1001, [])
    for product in range(3):
        item = QuantityItem(0, part_number=f"P-{product}")
        worker.apply(1001, location.id, RefreshWork((item,)), START)
    for kind, product, amount in plan:
        if kind == "wait":
            books.wait(amount)
            simulator.advance()
        else:
            fits = books.do(kind, product, amount)
            name = f"P-{product}"
            order = OrderItem(location.id, amount, 7, 70 + product, 700, name)
            quantities = (QuantityItem(amount, name),)
            kinds: dict[str, Work] = {
                "refresh": RefreshWork(quantities),
                "adjust": AdjustWork(quantities),
                "allocate": AllocateWork((order,)),
                "deallocate": DeallocateWork((order,)),
                "decrement": DeallocateWork((order,), decrement_on_hand=True),
                "fulfill": FulfillWork((order,)),
            }
            work = kinds[kind]
            with simulator.database.transaction():
                messages = worker.apply(1001, location.id, work, books.now)

            assert (messages == []) == fits

        found = {record.part_number: record for record in simulator.stock_records(1001)}
        for number, record in enumerate(books.records):
            counters = found[f"P-{number}"].counters

            assert (counters.on_hand, counters.allocated, counters.pending) == (
                record.on_hand,
                record.allocated,
                record.pending,
            )
            assert counters.allocated >= 0
            assert counters.pending >= 0
            assert available(counters) == record.on_hand - record.allocated - record.pending
    simulator.database.close()
