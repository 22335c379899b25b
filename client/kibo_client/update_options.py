"""How a bulk refresh or adjustment goes about its work; sizes are those of Kibo's developer guide, or below."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kibo_client.errors import SettingsError


class UpdateKind(Enum):
    """The two ways to write quantities; confusing them corrupts stock (C20)."""

    REFRESH = "refresh"
    """Sets quantities: carried out twice, the same stock."""
    ADJUST = "adjust"
    """Adds to quantities: carried out twice, another stock (RT-5)."""

    @property
    def job_type(self) -> str:
        """The type of its jobs."""
        return self.name


# What an answer is waited for where nothing else is said.
USUAL_PATIENCE_S = 120.0
RECOMMENDED_LINES = {UpdateKind.REFRESH: 3000, UpdateKind.ADJUST: 1000}
LARGEST_LINES = {UpdateKind.REFRESH: 12_000, UpdateKind.ADJUST: 1000}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOptions:
    """Options of one bulk refresh or adjustment.

    Attributes:
        kind: Which of the two.
        batch_size: Lines per request, at most 12,000 for a refresh and 1,000 for an adjustment (BA-1); None for the
            recommended 3,000 or 1,000 (BA-2).
        spacing_s: Seconds between the answer to one submission and the next.
        max_attempts: How often one request is sent before it is given up (C15).
        max_throttles: How many 429s one request survives; they do not count as attempts.
        max_resubmissions: How often the lines of a failed job are sent again (C12): it has changed nothing (J-8).
        job_patience_s: Seconds without any job ending, after which the outstanding ones are given up.
        answer_patience_s: Seconds after which a request without an answer can have reached the server no more; None
            for as long as the client waits for an answer.
        guard_s: Seconds of safety on each side of a minute's and a quarter's edge.
        list_page_size: How many jobs one list call may ask for.
        expected_records: How many lines there must be; with another number nothing is sent.
        max_records: How many there may be at most, likewise.

    Raises:
        SettingsError: A value is out of its range.
    """

    kind: UpdateKind
    batch_size: int | None = None
    spacing_s: float = 1.0
    max_attempts: int = 8
    max_throttles: int = 50
    max_resubmissions: int = 2
    job_patience_s: float = 7200.0
    answer_patience_s: float | None = None
    guard_s: float = 0.5
    list_page_size: int = 1000
    expected_records: int | None = None
    max_records: int | None = None

    def __post_init__(self) -> None:
        ranges: tuple[tuple[str, float | None, float, float], ...] = (
            ("batch_size", self.batch_size, 1, LARGEST_LINES[self.kind]),
            ("spacing_s", self.spacing_s, 0, 3600),
            ("max_attempts", self.max_attempts, 1, 100),
            ("max_throttles", self.max_throttles, 0, 10_000),
            ("max_resubmissions", self.max_resubmissions, 0, 100),
            ("job_patience_s", self.job_patience_s, 60, 7 * 86_400),
            ("answer_patience_s", self.answer_patience_s, 1, 3600),
            ("guard_s", self.guard_s, 0, 30),
            ("list_page_size", self.list_page_size, 1, 10_000),
            ("expected_records", self.expected_records, 0, 1 << 53),
            ("max_records", self.max_records, 0, 1 << 53),
        )
        for name, value, least, most in ranges:
            if value is not None and not least <= value <= most:
                raise SettingsError(name, f"{value} is out of range; {least:g} to {most:g} is accepted")

    @property
    def lines_per_request(self) -> int:
        """The batch size that is meant."""
        return self.batch_size or RECOMMENDED_LINES[self.kind]
