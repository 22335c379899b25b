"""Shows a run while it goes on: a live panel on a terminal, timestamped lines elsewhere; always on stderr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from types import TracebackType
from typing import Any, Protocol, Self

import msgspec
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from kibo_client.events import (
    Accepted,
    Answer,
    Answered,
    Confirmed,
    Event,
    Failed,
    JobSeen,
    JobsListed,
    ScopeFound,
    Sent,
    Throttled,
    Wait,
)
from kibo_client.report import Progress, iso
from kibo_client.summary import counted, duration
from kibo_client.units import SECOND

# A wait shorter than this is not worth a line.
WORTH_A_LINE = 20 * SECOND
BAR_WIDTH = 24


class Display(Protocol):
    """Something that follows a run."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def show(self, event: Event | Wait) -> None:
        """Take note of an event."""

    def pause(self) -> None:
        """Leave the terminal alone, for a question."""

    def go_on(self) -> None:
        """Show again."""


class Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    def show(self, event: Event | Wait) -> None:
        """Ignore an event."""

    def pause(self) -> None:
        """Nothing is shown that could be in the way."""

    def go_on(self) -> None:
        """Nothing was shown before either."""


class Lines(Silence):
    """One line per event worth telling.

    Args:
        write: Where a line goes.
        progress: Where the run stands.
        now: The clock, for waits.
    """

    def __init__(
        self, write: Callable[[str], None], progress: Callable[[], Progress | None], now: Callable[[], int]
    ) -> None:
        self._write = write
        self._progress = progress
        self._now = now
        self._jobs_open = 0

    def show(self, event: Event | Wait) -> None:
        """Write a line, if the event is worth one."""
        said = self._words(event)
        if said:
            self._write(f"{iso(self._now() if isinstance(event, Wait) else event.at)} {said}")

    def _words(self, event: Event | Wait) -> str | None:
        progress = self._progress()
        match event:
            case Wait() if event.until - self._now() >= WORTH_A_LINE:
                return f"waiting until {iso(event.until)}: {event.why}"
            case Answered(answer=Throttled() as answer):
                return f"429, Retry-After {'missing' if answer.retry_after_s is None else answer.retry_after_s}"
            case Answered(answer=Failed() as answer):
                return f"failed: {answer.status or ''} {answer.message}".replace("  ", " ")
            case Answered(answer=Accepted() as answer):
                jobs = "an unknown number of jobs" if answer.job_ids is None else counted(len(answer.job_ids), "job")
                return f"submitted a batch: {jobs}"
            case Confirmed():
                return "the scope is confirmed" if event.agreed else "the scope is not confirmed"
            case Answered() if progress is not None and progress.jobs_open != self._jobs_open:
                self._jobs_open = progress.jobs_open
                return f"{progress.jobs_open:,} of {counted(progress.jobs, 'job')} open, {progress.jobs_failed} failed"
            case _:
                return None


class JsonEvents(Silence):
    """One JSON object per event, for programs.

    Args:
        write: Where a line goes.
        progress: Where the run stands.
        now: The clock, for waits.
    """

    def __init__(
        self, write: Callable[[str], None], progress: Callable[[], Progress | None], now: Callable[[], int]
    ) -> None:
        self._write = write
        self._progress = progress
        self._now = now

    def show(self, event: Event | Wait) -> None:
        """Write the event and, after each answer, where the run stands."""
        told: dict[str, Any] = {"at": iso(self._now() if isinstance(event, Wait) else event.at)}
        match event:
            case Wait():
                told |= {"event": "wait", "until": iso(event.until), "why": event.why}
            case Sent():
                told |= {"event": "sent", **_plain(event.request, "request")}
            case Confirmed():
                told |= {"event": "confirmed", "agreed": event.agreed}
            case Answered():
                told |= {"event": "answered", **_answer(event.answer)}
                if (progress := self._progress()) is not None:
                    told["progress"] = _camel(asdict(progress))
        self._write(msgspec.json.encode(told).decode())


def _answer(answer: Answer) -> dict[str, Any]:
    """An answer without what may be thousands of rows."""
    match answer:
        case ScopeFound():
            return {"answer": "scopeFound", "records": answer.entries}
        case JobsListed():
            return {"answer": "jobsListed", "jobs": len(answer.jobs)}
        case Failed():
            return {"answer": "failed", "reason": answer.reason.value, "status": answer.status, "said": answer.message}
        case JobSeen():
            return {"answer": "jobSeen", "jobID": answer.job_id, "status": answer.status}
        case _:
            return _plain(answer, "answer")


def _plain(value: msgspec.Struct, name: str) -> dict[str, Any]:
    fields = msgspec.to_builtins(value)
    kind = fields.pop("type")
    return {name: _camel_word(kind), **_camel(fields)}


def _camel(fields: dict[str, Any]) -> dict[str, Any]:
    return {_camel_word(name): value for name, value in fields.items()}


def _camel_word(word: str) -> str:
    first, *rest = word.split("_")
    return first + "".join(part.upper() if part == "id" else part.capitalize() for part in rest)


class Panel(Silence):
    """A live panel: batches, jobs, what is left of the budget, and what is waited for.

    Args:
        console: The terminal.
        progress: Where the run stands.
        now: The clock, for the countdown.
    """

    def __init__(self, console: Console, progress: Callable[[], Progress | None], now: Callable[[], int]) -> None:
        self._progress = progress
        self._now = now
        self._wait: Wait | None = None
        self._console = console
        self._live = self._new_live()

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, event: Event | Wait) -> None:
        """Remember what is waited for; the panel refreshes itself."""
        if isinstance(event, Wait):
            self._wait = event
        elif isinstance(event, Sent):
            self._wait = None
        elif isinstance(event, Answered) and isinstance(event.answer, Failed):
            self._live.console.print(
                f"{iso(event.at)} {event.answer.status or ''} {event.answer.message}", markup=False
            )

    def pause(self) -> None:
        """Take the panel away."""
        self._live.stop()

    def go_on(self) -> None:
        """Put the panel back."""
        # A new one: one that was stopped remembers its height, and would draw over what was said meanwhile.
        self._live = self._new_live()
        self._live.start(refresh=True)

    def _new_live(self) -> Live:
        return Live(console=self._console, get_renderable=self._table, refresh_per_second=4, transient=True)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        progress = self._progress()
        if progress is None:
            return table
        rooms = [
            f"{room:,} left this {name}"
            for name, room in (("minute", progress.minute_room), ("hour", progress.hour_room))
            if room is not None
        ]
        table.add_row("phase", progress.phase)
        if progress.submitted:
            table.add_row("batches", _bar(progress.submitted, progress.batches, "submitted"))
        else:
            table.add_row("batches", _bar(progress.checked, progress.batches, "checked"))
        if progress.jobs:
            failed = f", {progress.jobs_failed:,} failed" if progress.jobs_failed else ""
            table.add_row("jobs", _bar(progress.jobs - progress.jobs_open, progress.jobs, f"ended{failed}"))
        throttled = f", {progress.throttled:,} throttled" if progress.throttled else ""
        table.add_row("requests", f"{progress.requests:,}{throttled}")
        table.add_row("budget", ", ".join(rooms) or "limits not known yet")
        if progress.ends_at is not None and (still := progress.ends_at - self._now()) > WORTH_A_LINE:
            table.add_row("last request", f"in {duration(still // SECOND)}, about {iso(progress.ends_at)[:16]}Z")
        if self._wait is not None and (left := self._wait.until - self._now()) > 0:
            table.add_row("waiting", f"{duration(left // SECOND + 1)}: {self._wait.why}")
        return table


def _bar(done: int, whole: int, what: str) -> Table:
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_row(ProgressBar(total=whole, completed=done, width=BAR_WIDTH), f"{done:,} of {whole:,} {what}")
    return row
