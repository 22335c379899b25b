"""The server that is put under load: with a control plane, whose clock, journal and jobs are at hand, or bare."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from kibo_scenarios.errors import UsageError
from kibo_scenarios.evidence import JobFact, JournalEntry, decode_journal
from kibo_scenarios.locust_users.applications import own_application
from kibo_scenarios.locust_users.control_plane import ControlPlane
from kibo_scenarios.locust_users.messages import Go
from kibo_scenarios.moments import parse_utc
from kibo_scenarios.workloads.clients import BulkDelete
from kibo_scenarios.workloads.load_scenario import LoadScenario

_ENDED: Final = frozenset({"SUCCESS", "FAILED"})
_EVERY_JOB: Final = 10**12


class Target:
    """A target with a control plane.

    Args:
        control: Its control plane.
        speed: What was asked for; None when nothing was.

    Attributes:
        speed: Simulated seconds per second.
        stands_still: Whether its clock is moved by hand until the run begins, and is ours then.

    Raises:
        UsageError: A speed was asked for, and its clock runs already.
    """

    def __init__(self, control: ControlPlane, speed: float | None) -> None:
        self._control = control
        clock = control.ask("GET", "/clock")
        self.stands_still = clock["mode"] == "manual"
        if speed is not None and not self.stands_still:
            raise UsageError(
                "a speed is for a simulator whose clock stands still (serve --clock manual); "
                f"this one's goes already, at {clock['speed']:g} times the pace of real time"
            )
        self.speed = (speed or 1.0) if self.stands_still else float(clock["speed"])
        self._seen = control.journal_end()

    def __repr__(self) -> str:
        return f"<Target of {self._control!r}, x{self.speed:g}>"

    def admit(self, clients: Mapping[str, int]) -> None:
        """Give every client an application of its own at its tenant, so that the journal tells them apart."""
        for name, tenant in clients.items():
            client_id, secret = own_application(name)
            path = f"/tenants/{tenant}/applications/{client_id}"
            self._control.ask("PUT", path, {"sharedSecret": secret})

    def start(self, real: Any) -> Go:
        """Let the clock run, if it stood still, and say how it goes; ``real`` reads the machine's clock.

        The machine's clock is read after the answer has come: what is worked out from both is a little late rather than
        early, and nobody sends in a minute that has not begun at the target.
        """
        if self.stands_still:
            began = parse_utc(self._control.ask("GET", "/clock")["now"])
            clock = self._control.ask("PUT", "/clock", {"mode": "scaled", "speed": self.speed})
            return Go(began, parse_utc(clock["now"]), real(), self.speed)
        now = parse_utc(self._control.ask("GET", "/clock")["now"])
        return Go(now, now, real(), self.speed)

    def change(self, limits: object) -> None:
        """Put other limits into force."""
        self._control.ask("PUT", "/limits", msgspec.to_builtins(limits))

    def seen(self, scenario: LoadScenario) -> tuple[list[JournalEntry], list[bytes]]:
        """Return what the clients of a scenario have sent since this was asked last, with the lines of the journal.

        A simulator whose clock is ours has no other clients: there, what came without a name is theirs as well.
        """
        entries, lines = [], []
        for line in self._control.journal(self._seen):
            (entry,) = decode_journal([line])
            self._seen = entry.seq
            if self.stands_still or entry.client in scenario.clients:
                entries.append(entry)
                lines.append(line)
        return entries, lines

    def settle(self) -> None:
        """Let the jobs come to their end, if the clock is ours."""
        if self.stands_still:
            self._control.ask("POST", "/clock/advance", {"untilIdle": True})

    def jobs(self, tenants: Sequence[int]) -> Iterator[tuple[int, JobFact, int]]:
        """Return number, state and the instant of enqueueing of every job."""
        for tenant in tenants:
            for job in self._control.ask("GET", f"/jobs?tenant={tenant}&limit={_EVERY_JOB}"):
                finished = parse_utc(job["finished"]) if "finished" in job else None
                fact = JobFact(
                    location_code=job.get("locationCode", ""),
                    status=job["status"],
                    finished_at=finished if job["status"] in _ENDED else None,
                )
                yield int(job["jobID"]), fact, parse_utc(job["added"])


def bare_start(real: int) -> Go:
    """Return the clock of a target that has none of its own: the machine's."""
    return Go(real, real, real, 1.0)


def refuse_what_is_out_of_reach(scenario: LoadScenario, speed: float | None) -> None:
    """Make sure that a scenario can be run against a target without a control plane.

    Raises:
        UsageError: It cannot; says why.
    """
    for name, client in scenario.clients.items():
        if isinstance(client, BulkDelete):
            raise UsageError(
                f"{scenario.file}: $.clients.{name}: a bulk deletion is counted by the target's journal, and a target "
                "without a control plane shows none"
            )
    if scenario.changes:
        raise UsageError(f"{scenario.file}: $.changes: a target without a control plane does not let limits be changed")
    if speed not in {None, 1.0}:
        raise UsageError("a speed is for a simulator whose clock stands still; a target without control plane has none")
