"""How a bulk deletion goes about its work; defaults are what Kibo's bulk deletion guide recommends, or stricter."""

from __future__ import annotations

from dataclasses import dataclass

from kibo_client.batching import LARGEST_BATCH_SIZE, RECOMMENDED_BATCH_SIZE
from kibo_client.errors import SettingsError
from kibo_client.identifiers import Kind
from kibo_client.windows import DailyWindow

LEAST_SPACING_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDeleteOptions:
    """Options of one bulk deletion.

    Attributes:
        batch_size: Products per request, 1 to 1,000 (C4, C5).
        spacing_s: Seconds between the answer to one live submission and the next, at least 5 (C7).
        max_attempts: How often one request is sent before it is given up (C15).
        max_throttles: How many 429s one request survives; they do not count as attempts.
        max_resubmissions: How often the scope of failed jobs is submitted again (C12).
        job_patience_s: Seconds without any job ending, after which the outstanding ones are given up.
        guard_s: Seconds of safety on each side of a minute's and a quarter's edge.
        list_page_size: How many jobs one list call may ask for.
        dry_run_only: Find the scope and stop.
        identifiers: Those of "part_number", "upc" and "sku" that the targets tell in full: where a target has None for
            one of these, its product has none. Leave out what the list of targets does not know at all.
        pattern: The targets are what this pattern was found to match, as an identifier of the kind `identifiers`
            names; it is sent in their place for as long as it matches nothing else.
        expected_records: How many records the dry runs must find; the run stops if it is another number.
        max_records: How many they may find at most, likewise.
        off_peak: The hours in which batches may be submitted (C17); None for any. Dry runs and polls need not wait.
        recheck_after_s: Seconds after which a dry run is too old to submit its batch on, so that it is made again.

    Raises:
        SettingsError: A value is out of its range.
    """

    batch_size: int = RECOMMENDED_BATCH_SIZE
    spacing_s: float = LEAST_SPACING_S
    max_attempts: int = 8
    max_throttles: int = 50
    max_resubmissions: int = 2
    job_patience_s: float = 7200.0
    guard_s: float = 0.5
    list_page_size: int = 1000
    dry_run_only: bool = False
    identifiers: frozenset[str] = frozenset(kind.value for kind in Kind)
    pattern: str | None = None
    expected_records: int | None = None
    max_records: int | None = None
    off_peak: DailyWindow | None = None
    recheck_after_s: float = 86_400.0

    def __post_init__(self) -> None:
        ranges: tuple[tuple[str, float, float, float], ...] = (
            ("batch_size", self.batch_size, 1, LARGEST_BATCH_SIZE),
            ("spacing_s", self.spacing_s, LEAST_SPACING_S, 3600),
            ("max_attempts", self.max_attempts, 1, 100),
            ("max_throttles", self.max_throttles, 0, 10_000),
            ("max_resubmissions", self.max_resubmissions, 0, 100),
            ("job_patience_s", self.job_patience_s, 60, 7 * 86_400),
            ("guard_s", self.guard_s, 0, 30),
            ("recheck_after_s", self.recheck_after_s, 600, 30 * 86_400),
            ("list_page_size", self.list_page_size, 1, 10_000),
        )
        for name, value, least, most in ranges:
            if not least <= value <= most:
                raise SettingsError(name, f"{value} is out of range; {least:g} to {most:g} is accepted")
        for name, bound in (("expected_records", self.expected_records), ("max_records", self.max_records)):
            if bound is not None and bound < 0:
                raise SettingsError(name, f"{bound} is out of range; 0 or more is accepted")
        if self.pattern is not None and len(self.identifiers) != 1:
            raise SettingsError("identifiers", "a pattern is of one kind: part_number, upc or sku")
        if not self.identifiers or not self.identifiers <= {kind.value for kind in Kind}:
            raise SettingsError("identifiers", "one or more of part_number, upc and sku are accepted")
