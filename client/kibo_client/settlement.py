"""What became of a batch once each of its jobs has ended or has been given up (J-1, J-8, JB-5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kibo_client.events import JobSeen
from kibo_client.targets import Locations, Product


@dataclass(slots=True)
class JobRecord:
    """One job of ours: its batch and the last that was seen of it; `gave_up` says why we stopped asking.

    `ended_at` is when it ended, by our clock.
    """

    job_id: int
    batch: int
    seen: JobSeen | None = None
    gave_up: str | None = None
    ended_at: int | None = None

    @property
    def status(self) -> str:
        """The last status seen; UNSEEN before the first answer, GIVEN_UP once we stopped asking."""
        if self.gave_up is not None:
            return "GIVEN_UP"
        return "UNSEEN" if self.seen is None else self.seen.status

    @property
    def trouble(self) -> str | None:
        """Why the scope of this job may not be done; None if it succeeded."""
        if self.gave_up is not None:
            return f"job {self.job_id}: {self.gave_up}"
        if self.seen is not None and self.seen.status == "FAILED":
            return f"job {self.job_id} failed: {'; '.join(self.seen.messages) or 'no message'}"
        return None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The locations of a batch by what happened there; `failed` and `unfinished` give the reason for each."""

    deleted: Locations
    gone: Locations
    failed: Mapping[str, str] = field(default_factory=dict)
    unfinished: Mapping[str, str] = field(default_factory=dict)


def settle(locations: Locations, jobs: Iterable[JobRecord]) -> Settlement:
    """Read off a batch's jobs what happened at each location where its dry run had found something.

    A location without a job held nothing any more when the batch was submitted (J-2). A job that never told
    its location may have been for any location that no other job accounts for.
    """
    here: dict[str | None, list[JobRecord]] = {}
    for job in jobs:
        here.setdefault(job.seen.location_code if job.seen is not None else None, []).append(job)
    deleted: set[str] = set()
    gone: set[str] = set()
    failed: dict[str, str] = {}
    unfinished: dict[str, str] = {}
    for location in locations:
        concerned = here.get(location) or here.get(None, [])
        troubled = next((job for job in concerned if job.trouble is not None), None)
        if troubled is not None:
            reasons = failed if troubled.gave_up is None else unfinished
            reasons[location] = troubled.trouble or ""
        elif concerned:
            deleted.add(location)
        else:
            gone.add(location)
    return Settlement(frozenset(deleted), frozenset(gone), failed, unfinished)


def at(found: Mapping[Product, Locations], where: Iterable[str]) -> dict[Product, Locations]:
    """The part of a scope that lies at these locations."""
    kept = frozenset(where)
    return {product: here for product, locations in found.items() if (here := locations & kept)}


def in_both(one: Mapping[Product, Locations], other: Mapping[Product, Locations]) -> dict[Product, Locations]:
    """The part that two scopes have in common."""
    return {product: here for product in one if (here := one[product] & other.get(product, frozenset()))}
