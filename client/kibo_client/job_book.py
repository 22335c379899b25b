"""The jobs of an operation: the batch of each, what was last seen of it, and which batches have none left (JB-4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kibo_client.events import JobSeen
from kibo_client.polling import PollSchedule
from kibo_client.settlement import JobRecord
from kibo_client.work import Attempts


class JobBook:
    """Every job handed out.

    Args:
        polls: The schedule by which they are asked about.
    """

    def __init__(self, polls: PollSchedule) -> None:
        self.polls = polls
        self._jobs: dict[int, JobRecord] = {}
        self._of_batch: dict[int, list[JobRecord]] = {}
        self._open: dict[int, set[int]] = {}
        self._attempts: dict[int, Attempts] = {}

    def __repr__(self) -> str:
        return f"<JobBook {len(self.polls)} of {len(self._jobs)} open>"

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[JobRecord]:
        return iter(self._jobs.values())

    def __contains__(self, job_id: object) -> bool:
        return job_id in self._jobs

    def has_ended(self, job_id: int) -> bool:
        """Whether it was handed out to us and is not asked about any more."""
        return job_id in self._jobs and job_id not in self.polls

    def of_batch(self, number: int) -> list[JobRecord]:
        """The jobs of one batch."""
        return self._of_batch.get(number, [])

    def attempts(self, job_id: int) -> Attempts:
        """How polls of a job have fared."""
        return self._attempts.setdefault(job_id, Attempts())

    def take(self, number: int, job_ids: Iterable[int], now: int) -> bool:
        """Note the jobs that were handed out for a batch; False if there is none to wait for."""
        fresh = [job_id for job_id in dict.fromkeys(job_ids) if job_id not in self._jobs]
        for job_id in fresh:
            record = self._jobs[job_id] = JobRecord(job_id, number)
            self._of_batch.setdefault(number, []).append(record)
        self._open.setdefault(number, set()).update(fresh)
        if fresh:
            self.polls.add(fresh, now)
        return bool(self._open[number])

    def saw(self, jobs: Iterable[JobSeen], now: int) -> list[int]:
        """Take what an answer showed; returns the batches whose last job has ended with it."""
        done: list[int] = []
        for job in jobs:
            if (record := self._jobs.get(job.job_id)) is None or job.job_id not in self.polls:
                continue
            record.seen = job
            self._attempts.pop(job.job_id, None)
            if self.polls.saw(job, now):
                record.ended_at = now - (job.ended_ago or 0)
                done += self._ended(record)
        self.polls.expect_the_rest()
        return done

    def give_up(self, job_ids: Iterable[int], reason: str) -> list[int]:
        """Stop asking about jobs; returns the batches that have none open any more."""
        done: list[int] = []
        for job_id in job_ids:
            self.polls.give_up(job_id)
            record = self._jobs[job_id]
            record.gave_up = reason
            done += self._ended(record)
        return done

    def _ended(self, record: JobRecord) -> list[int]:
        still_open = self._open[record.batch]
        still_open.discard(record.job_id)
        return [] if still_open else [record.batch]
