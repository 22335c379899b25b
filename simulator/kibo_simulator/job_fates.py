"""What faults make of jobs: some fail whatever they do, some take longer, some are held (J-4, J-8).

A job's fate is decided once, as it begins, and stored with it: a restart changes nothing about it (D-1).
"""

from collections.abc import Callable
from hashlib import blake2b

from kibo_simulator.fault_book import FaultBook
from kibo_simulator.faults import JobFacts
from kibo_simulator.faults.effects import JobFail, JobSlow, JobStall
from kibo_simulator.store.faults import FaultedJob
from kibo_simulator.timestamps import SECOND


class JobFates:
    """The jobs under a fault: those that will fail, with what they will say, and those that are held."""

    __slots__ = ("_book", "_doomed", "_held")

    def __init__(self, book: FaultBook) -> None:
        self._book = book
        self._doomed: dict[int, str] = {}
        self._held: set[int] = set()

    def __repr__(self) -> str:
        return f"<JobFates of {len(self._doomed)} jobs that will fail and {len(self._held)} held>"

    @property
    def open(self) -> bool:
        """Whether there are faults for jobs at all."""
        return self._book.plan.on_jobs

    def reload(self) -> None:
        """Take over what the database says."""
        self._doomed = {}
        self._held = set()
        for job in self._book.store.jobs():
            if job.message is None:
                self._held.add(job.job_id)
            else:
                self._doomed[job.job_id] = job.message

    def decide(
        self,
        job_id: int,
        *,
        tenant: int,
        job_type: str,
        location: str,
        payload: Callable[[], bytes],
        duration: int | None,
        now: int,
    ) -> int | None:
        """Decide what becomes of a job that begins now; its duration in microseconds, None when it is held.

        Args:
            job_id: Its number.
            tenant: Whose it is.
            job_type: What it does.
            location: The code of its location.
            payload: Tells what is to be done; only asked where equal work must be known again.
            duration: What it takes by itself; None for a job that takes no time, which can only fail.
            now: The instant.
        """

        def work() -> str:
            return blake2b(payload(), digest_size=8).hexdigest()

        use = self._book.for_job(JobFacts(job_id, tenant, job_type, location, work, timed=duration is not None), now)
        if use is None:
            return duration
        effect = use.effect
        if isinstance(effect, JobFail):
            self._doomed[job_id] = effect.message
            self._book.store.put_job(FaultedJob(job_id, use.fault_id, effect.message))
        elif duration is not None and isinstance(effect, JobSlow):
            return round(duration * effect.factor + effect.extra_s * SECOND)
        elif duration is not None and isinstance(effect, JobStall):
            if effect.for_s is not None:
                return duration + round(effect.for_s * SECOND)
            self._held.add(job_id)
            self._book.store.put_job(FaultedJob(job_id, use.fault_id, None))
            return None
        return duration

    def end(self, job_id: int) -> str | None:
        """A job comes to its end: what it says if it is to fail, else None."""
        message = self._doomed.pop(job_id, None)
        if message is not None:
            self._book.store.drop_job(job_id)
        return message

    def holds(self, job_id: int) -> bool:
        """Whether a job is held."""
        return job_id in self._held

    def release(self) -> list[int]:
        """Let jobs go whose fault is there no more; their numbers, in order."""
        released = [
            job.job_id for job in self._book.store.jobs() if job.message is None and job.fault_id not in self._book.plan
        ]
        for job_id in released:
            self._held.discard(job_id)
            self._book.store.drop_job(job_id)
        return released
