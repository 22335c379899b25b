"""How a running batch job proceeds: in slices, each of which takes time and has its effect at its end."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from kibo_simulator.timestamps import SECOND


class BatchSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How batch jobs are worked, where Kibo's guide gives no numbers; times in seconds.

    A started job begins its first slice after ``base_s``. A slice takes ``per_item_s`` for each of its items, at most
    ``slice`` of them. An item that fails is tried again up to ``retries`` times, ``retry_delay_s`` after each failure.
    ``illegal_action`` is the refusal of what a job's status does not allow, 409 or 400; ``cancelled_item`` is how that
    status is spelled, in which Kibo's guide and specification differ.
    """

    base_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.5
    per_item_s: Annotated[float, Meta(ge=0, le=3_600)] = 0.001
    slice: Annotated[int, Meta(ge=1, le=1_000)] = 100
    retries: Annotated[int, Meta(ge=0, le=100)] = 3
    retry_delay_s: Annotated[float, Meta(ge=0, le=86_400)] = 5.0
    items_per_job: Annotated[int, Meta(ge=1, le=10_000_000)] = 1_000_000
    illegal_action: Literal["conflict", "bad_request"] = "conflict"
    cancelled_item: Literal["Cancelled", "Canceled"] = "Cancelled"

    @property
    def illegal_status(self) -> int:
        """The HTTP status of what a job's status does not allow."""
        return 409 if self.illegal_action == "conflict" else 400

    @property
    def base(self) -> int:
        """Microseconds from being due to the first slice."""
        return round(self.base_s * SECOND)

    @property
    def retry_delay(self) -> int:
        """Microseconds from a failure to when the item waits no longer."""
        return round(self.retry_delay_s * SECOND)

    def slice_time(self, items: int) -> int:
        """Microseconds that a slice of so many items takes."""
        return round(self.per_item_s * SECOND * items)


def due_at(scheduled: int | None, now: int) -> int:
    """When a job that is started now becomes due: at its date, or at once when it has none or the date is past."""
    return now if scheduled is None else max(now, scheduled)
