"""The two state machines of batch jobs: of a job, and of each of its items (Kibo's batch import guide).

Laws of this file
1. Transitions are the two tables; what is not in a table is refused, never ignored.
2. A job takes items only while it is Ready, and leaves Completed and Canceled only by being reset.
3. An item that could not be found is not tried again; any other failure is, up to the retries that are settled.
4. Nothing of an item is applied before its job runs, and nothing after it was cancelled.
"""

from typing import Final, Literal

JobStatus = Literal["Ready", "Pending", "Running", "Completed", "Canceled"]
ItemStatus = Literal["Waiting", "Running", "ValidationFailed", "Failed", "Completed", "Cancelled"]
Action = Literal["Start", "Cancel", "Reset"]
JobEvent = Literal["due", "worked"]
ItemEvent = Literal["begun", "done", "not found", "failed", "failed for good", "cancelled"]

JOB_STATUSES: Final[tuple[JobStatus, ...]] = ("Ready", "Pending", "Running", "Completed", "Canceled")
ITEM_STATUSES: Final[tuple[ItemStatus, ...]] = (
    "Waiting",
    "Running",
    "ValidationFailed",
    "Failed",
    "Completed",
    "Cancelled",
)
ACTIONS: Final[tuple[Action, ...]] = ("Start", "Cancel", "Reset")

OPEN_ITEMS: Final[frozenset[ItemStatus]] = frozenset({"Waiting", "Running"})
"""Items whose end is still to come."""

_BY_ACTION: Final[dict[tuple[JobStatus, Action], JobStatus]] = {
    ("Ready", "Start"): "Pending",
    ("Ready", "Cancel"): "Canceled",
    ("Pending", "Cancel"): "Canceled",
    ("Running", "Cancel"): "Canceled",
    ("Completed", "Reset"): "Ready",
    ("Canceled", "Reset"): "Ready",
}
_BY_EVENT: Final[dict[tuple[JobStatus, JobEvent], JobStatus]] = {
    ("Pending", "due"): "Running",
    ("Running", "worked"): "Completed",
}
_ITEMS: Final[dict[tuple[ItemStatus, ItemEvent], ItemStatus]] = {
    ("Waiting", "begun"): "Running",
    ("Waiting", "cancelled"): "Cancelled",
    ("Running", "done"): "Completed",
    ("Running", "not found"): "ValidationFailed",
    ("Running", "failed"): "Waiting",
    ("Running", "failed for good"): "Failed",
    ("Running", "cancelled"): "Cancelled",
}


class IllegalActionError(Exception):
    """An action that the job's status does not allow; ``accepted`` are those that it does."""

    def __init__(self, status: JobStatus, action: str, accepted: tuple[Action, ...]) -> None:
        ways = " and ".join(accepted)
        super().__init__(f"a job that is {status} cannot {action}; it can {ways}")
        self.status = status
        self.action = action
        self.accepted = accepted


def available_actions(status: JobStatus) -> tuple[Action, ...]:
    """What may be asked of a job in this status; every status allows something."""
    return tuple(action for action in ACTIONS if (status, action) in _BY_ACTION)


def after_action(status: JobStatus, action: Action) -> JobStatus:
    """The status that follows an action; a started job is Pending until it is due, which may be at once.

    Raises:
        IllegalActionError: the status does not allow the action.
    """
    following = _BY_ACTION.get((status, action))
    if following is None:
        raise IllegalActionError(status, action.lower(), available_actions(status))
    return following


def after_event(status: JobStatus, event: JobEvent) -> JobStatus:
    """The status that follows what happens to a job by itself; anything else is a defect of the caller."""
    return _BY_EVENT[status, event]


def takes_items(status: JobStatus) -> bool:
    """Whether items may be added."""
    return status == "Ready"


def deletable(status: JobStatus) -> bool:
    """Whether the job may be deleted: not while it is started and unfinished."""
    return status not in {"Pending", "Running"}


def item_after(status: ItemStatus, event: ItemEvent) -> ItemStatus:
    """The status of an item that follows an event; anything else is a defect of the caller."""
    return _ITEMS[status, event]


def failure_event(*, found: bool, retries: int, most_retries: int) -> ItemEvent:
    """What a failed attempt means for an item that has been tried again ``retries`` times before (law 3)."""
    if not found:
        return "not found"
    return "failed" if retries < most_retries else "failed for good"
