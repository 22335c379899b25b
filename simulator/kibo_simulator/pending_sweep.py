"""Every half hour, what orders are owed is covered by stock that has come in since (facts of quantity types)."""

from kibo_simulator.agenda import Agenda, Entry
from kibo_simulator.order_work import OrderWorker
from kibo_simulator.store.database import Database
from kibo_simulator.store.holds import HoldStore


class PendingSweep:
    """Puts the next sweep on the agenda as long as anything is owed, and carries it out."""

    __slots__ = ("_agenda", "_database", "_holds", "_interval", "_orders", "_planned")

    def __init__(
        self, database: Database, agenda: Agenda, holds: HoldStore, orders: OrderWorker, interval: int
    ) -> None:
        self._database = database
        self._agenda = agenda
        self._holds = holds
        self._orders = orders
        self._interval = interval
        self._planned: Entry | None = None

    def plan(self, now: int) -> None:
        """Make sure that a sweep is planned exactly while anything is owed: at the next multiple of the interval."""
        waiting = self._holds.any_waiting()
        if waiting and self._planned is None:
            self._planned = self._agenda.schedule((now // self._interval + 1) * self._interval, self._sweep)
        elif not waiting:
            self.forget()

    def forget(self) -> None:
        """Plan anew at the next opportunity: after a transaction was undone."""
        if self._planned is not None:
            self._agenda.cancel(self._planned)
            self._planned = None

    def _sweep(self, at: int) -> None:
        self._planned = None
        with self._database.transaction():
            self._orders.sweep()
        self.plan(at)
