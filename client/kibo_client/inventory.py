"""The calls of a bulk deletion, each as one request and one typed answer (C1, C6; Kibo's bulk deletion guide)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from kibo_client.batching import Batch
from kibo_client.budget import parse_retry_after
from kibo_client.errors import CredentialsRefusedError
from kibo_client.events import Answer, Failed, Fault, ListJobs, Throttled
from kibo_client.lines import Line
from kibo_client.retry import AnswerClass, class_of_status
from kibo_client.transport import HttpAnswer, Transport, TransportError
from kibo_client.update_options import UpdateKind
from kibo_client.wire import (
    QUEUE_PATH,
    UPDATE_PATHS,
    KnownJobs,
    Unreadable,
    deletion,
    lines_body,
    read_acceptance,
    read_date,
    read_faults,
    read_job,
    read_job_id,
    read_jobs,
    read_scope,
)

# From a body and the server's Date to an answer.
Reader = Callable[[bytes, int | None], Answer]


class Inventory:
    """Typed calls to the inventory API. No call raises for anything the server or the network did.

    Each returns the answer and the server's Date in microseconds (None if it gave none).
    """

    def __init__(self, transport: Transport, random: Random) -> None:
        self._transport = transport
        self._random = random

    async def dry_run(self, batch: Batch) -> tuple[Answer, int | None]:
        """Ask what deleting a batch would delete."""
        path, body = deletion(batch, dry_run=True)
        return await self._call("POST", path, read_scope, body=body)

    async def delete(self, batch: Batch) -> tuple[Answer, int | None]:
        """Delete a batch for good."""
        path, body = deletion(batch, dry_run=False)
        return await self._call("POST", path, read_acceptance, body=body)

    async def send_lines(
        self, kind: UpdateKind, location_code: str, lines: Sequence[Line]
    ) -> tuple[Answer, int | None]:
        """Refresh or adjust the quantities of these lines at one location."""
        return await self._call("POST", UPDATE_PATHS[kind], read_job_id, body=lines_body(location_code, lines))

    async def job(self, job_id: int) -> tuple[Answer, int | None]:
        """Ask for one job."""
        return await self._call("GET", f"{QUEUE_PATH}/{job_id}", read_job)

    async def jobs(self, page: ListJobs, job_type: str, *, known: KnownJobs) -> tuple[Answer, int | None]:
        """Ask for a page of jobs of one type, newest first; of those known already, only what may be new is read."""
        size = str(page.limit)
        query = {"types": job_type, "limit": size, "pageSize": size, "startIndex": str(page.start)}
        if page.location_code is not None:
            query["locationCode"] = page.location_code
        return await self._call("GET", QUEUE_PATH, partial(read_jobs, known=known), query=query)

    async def _call(
        self,
        method: str,
        path: str,
        read: Reader,
        *,
        body: bytes | None = None,
        query: dict[str, str] | None = None,
    ) -> tuple[Answer, int | None]:
        try:
            answer = await self._transport.call(method, path, body=body, query=query)
        except TransportError as error:
            return self._failed(_class_of(error), 0, str(error)), None
        except CredentialsRefusedError as error:
            return self._failed(AnswerClass.CREDENTIALS_REFUSED, error.status, error.message), None
        date = read_date(answer.date)
        return self._typed(answer, read, date), date

    def _typed(self, answer: HttpAnswer, read: Reader, date: int | None) -> Answer:
        answer_class = class_of_status(answer.status)
        if answer_class is AnswerClass.THROTTLED:
            return Throttled(parse_retry_after(answer.retry_after))
        if answer_class is not AnswerClass.OK:
            faults = read_faults(answer.body) if answer_class is AnswerClass.REFUSED else ()
            return self._failed(answer_class, answer.status, answer.explain(), faults)
        try:
            return read(answer.body, date)
        except Unreadable as error:
            return self._failed(AnswerClass.MALFORMED, answer.status, f"unreadable answer: {error}")

    def _failed(self, reason: AnswerClass, status: int, message: str, faults: tuple[Fault, ...] = ()) -> Failed:
        return Failed(reason, status, message, self._random.random(), faults)


def _class_of(error: TransportError) -> AnswerClass:
    if error.sent:
        return AnswerClass.UNKNOWN
    return AnswerClass.CANNOT_BE_SENT if error.permanent else AnswerClass.NOT_SENT
