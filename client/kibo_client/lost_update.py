"""Whether a submission whose answer was lost has made a job: read off the queue, never guessed (RT-5, C8).

Theory. Nothing else is submitted while one is lost, so its job, if there is one, was added after it was sent, at its
location, with as many items, under an id that is not known. Once the request can reach the server no more, a list
of the location's jobs that reaches back to the moment of sending shows the job, or proves that there is none.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from enum import Enum

from kibo_client.clock_offset import ClockOffset
from kibo_client.events import JobSeen, ListJobs
from kibo_client.units import SECOND

# Stamps may be cut to whole seconds.
TOLERANCE = SECOND
MOST_PAGES = 50


class Finding(Enum):
    """What a page of the queue says about a lost submission."""

    FOUND = "found"
    NEXT_PAGE = "next page"
    NOT_THERE = "not there"
    UNCLEAR = "unclear"


@dataclass(slots=True)
class LostUpdate:
    """A submission whose answer was lost, and how far the search for its job has come.

    Attributes:
        batch: Its number.
        location_code: Where it was for.
        items: How many lines it had.
        sent_at: When it left.
        surely_over_at: From when on it can reach the server no more.
        look_at: When to look next.
        offset_when_sent: What was known of the server's clock when it left.
    """

    batch: int
    location_code: str
    items: int
    sent_at: int
    surely_over_at: int
    look_at: int
    offset_when_sent: ClockOffset | None = None
    start: int = 0
    pages: int = 0
    matches: list[int] = field(default_factory=list)

    def question(self, page_size: int) -> ListJobs:
        """The page to ask for."""
        return ListJobs(page_size, self.start, self.location_code)

    def read(
        self, page: Sequence[JobSeen], page_size: int, known: Container[int], offset: ClockOffset | None
    ) -> Finding:
        """Take in a page; UNCLEAR where the jobs cannot be told apart."""
        first, last = self._window(offset)
        reached_back = len(page) < page_size
        for job in page:
            if first is not None and job.added_at is not None and job.added_at < first:
                reached_back = True
                continue
            if job.job_id in known or job.location_code != self.location_code:
                continue
            if job.item_count is not None and job.item_count != self.items:
                continue
            if first is None or last is None or job.added_at is None:
                return Finding.UNCLEAR
            if job.added_at <= last and job.job_id not in self.matches:
                self.matches.append(job.job_id)
        if not reached_back:
            self.start += len(page)
            self.pages += 1
            return Finding.UNCLEAR if self.pages >= MOST_PAGES else Finding.NEXT_PAGE
        self.start = self.pages = 0
        if len(self.matches) > 1:
            return Finding.UNCLEAR
        return Finding.FOUND if self.matches else Finding.NOT_THERE

    def _window(self, offset: ClockOffset | None) -> tuple[int | None, int | None]:
        """Between which moments, by the server's clock, its job can have been added; None where nothing is known.

        Our clock may have been stepped since, or have stood still while the machine slept: a moment is to be read
        by what was known of the clocks at that time. What is known now may only widen the window.
        """
        known = [one for one in (self.offset_when_sent, offset) if one is not None]
        if not known:
            return None, None
        first = min(self.sent_at + one.at(self.sent_at).low for one in known)
        last = max(self.surely_over_at + one.at(self.surely_over_at).high for one in known)
        return first - TOLERANCE, last + TOLERANCE
