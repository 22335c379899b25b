"""Puts a scenario's happenings on the simulator's agenda: exactly at their instants, never within a request (T-3)."""

from collections.abc import Sequence
from functools import partial

from kibo_scenarios.errors import UsageError
from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.surroundings import FurtherStock, Happening, NoneOrSome
from kibo_scenarios.world import key_of
from kibo_simulator import Simulator
from kibo_simulator.agenda import Entry
from kibo_simulator.files.location_export import InventoryRow
from kibo_simulator.journal.entry import JournalEntry
from kibo_simulator.stock.records import Location


def stock_up(further: Sequence[FurtherStock], simulator: Simulator, tenant: int) -> None:
    """Load the stock that a scenario adds to the sample.

    Raises:
        UsageError: A location is not one of the tenant's.
    """
    for index, stock in enumerate(further):
        places = _meant(stock.locations, simulator, tenant, f"stock[{index}].locations")
        rows = [
            InventoryRow(place.code, part_number, None, None, stock.on_hand)
            for place in places
            for part_number in stock.part_numbers
        ]
        simulator.load_inventory(tenant, rows)


class Interventions:
    """What others do to a tenant's locations during a run.

    Attributes:
        removed: The records that others have deleted: no longer anything that the client could be judged by.

    Raises:
        UsageError: A location is not one of the tenant's.
    """

    def __init__(self, happenings: Sequence[Happening], simulator: Simulator, tenant: int) -> None:
        self.removed: set[RecordKey] = set()
        self._simulator = simulator
        self._tenant = tenant
        self._entries: list[Entry] = []
        self._planned: list[tuple[int, Sequence[Location], Sequence[Location]]] = []
        for index, happening in enumerate(happenings):
            close = _meant(happening.close, simulator, tenant, f"happenings[{index}].close")
            clear = _meant(happening.clear, simulator, tenant, f"happenings[{index}].clear")
            self._planned.append((happening.after, close, clear))
        self._detach = simulator.journal.attach(self._look)

    def end(self) -> None:
        """Let nothing happen any more, after what is due: the client has ended."""
        self._detach()
        self._simulator.advance()
        for entry in self._entries:
            self._simulator.agenda.cancel(entry)

    def _look(self, request: JournalEntry) -> None:
        """Count from the client's first request: a process of its own needs time to begin with."""
        if request.tenant in {None, self._tenant}:
            for after, close, clear in self._planned:
                action = partial(self._happen, close, clear)
                self._entries.append(self._simulator.agenda.schedule(request.at + after, action))
            self._planned.clear()

    def _happen(self, close: Sequence[Location], clear: Sequence[Location], _: int) -> None:
        simulator = self._simulator
        with simulator.database.transaction():
            for place in close:
                attributes = simulator.places.attributes([place.id])[place.id]
                simulator.places.put_location(place.id, name=place.name, active=False, attributes=attributes)
            for place in clear:
                self.removed.update(map(key_of, simulator.stock.at_location(place.id)))
                simulator.stock.purge(place.id, 1 << 31)


def _meant(locations: NoneOrSome, simulator: Simulator, tenant: int, field: str) -> list[Location]:
    every = {place.code: place for place in simulator.stock.locations(tenant)}
    codes = tuple(every) if locations == "all" else locations
    unknown = [code for code in codes if code not in every]
    if unknown:
        raise UsageError(f"{field}: there is no location {unknown[0]!r} in this world")
    return [every[code] for code in codes]
