"""Reads the target's own books of a run, its journal and its jobs, as the run goes on and at its end."""

from collections.abc import Sequence

from kibo_scenarios.evidence import JournalEntry
from kibo_scenarios.locust_users.collected import Collected
from kibo_scenarios.locust_users.target import Target
from kibo_scenarios.workloads.clients import BulkDelete
from kibo_scenarios.workloads.load_scenario import LoadScenario
from kibo_scenarios.world import refuse_defective_journal

_LOGIN = "authenticate"


class Books:
    """What the target has noted of the clients of a scenario.

    Attributes:
        journal: Their requests, in order.
        lines: The same as they came.
    """

    def __init__(self, target: Target, scenario: LoadScenario, tenants: Sequence[int], collected: Collected) -> None:
        self._target = target
        self._scenario = scenario
        self._tenants = tenants
        self._collected = collected
        self.journal: list[JournalEntry] = []
        self.lines: list[bytes] = []

    def __repr__(self) -> str:
        return f"<Books of {len(self.journal)} requests>"

    def look(self, *, jobs: bool) -> None:
        """Take over what has come since the last look."""
        entries, lines = self._target.seen(self._scenario)
        self.journal += entries
        self.lines += lines
        for entry in entries:
            self._collected.measured.saw(entry)
        if jobs:
            found = list(self._target.jobs(self._tenants))
            self._collected.measured.knows_jobs(
                {number: fact for number, fact, _ in found}, {number: added for number, _, added in found}
            )

    def close(self) -> str | None:
        """Let the jobs end, take over the rest, and return what does not fit to what the workers say.

        Raises:
            HarnessError: The simulator itself failed.
        """
        self._target.settle()
        self.look(jobs=True)
        refuse_defective_journal(self.journal)
        named = {name for name, client in self._scenario.clients.items() if not isinstance(client, BulkDelete)}
        sent = [entry for entry in self.journal if entry.client in named and entry.operation != _LOGIN]
        return self._collected.doubt(len(sent))
