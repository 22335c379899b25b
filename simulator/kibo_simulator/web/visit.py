"""What becomes known of one request on its way through the gate, up to the headers of its answer."""

from typing import Final

from kibo_simulator.rate_limits import Pool
from kibo_simulator.tenants import Grant
from kibo_simulator.timestamps import SECOND, http_date
from kibo_simulator.web.errors import ApiError
from kibo_simulator.web.operations import Call, Operation

JSON_TYPE: Final = "application/json; charset=utf-8"


class Visit:
    """One request from its arrival to its answer; instants in microseconds since the epoch.

    ``era`` is that of the tenants when the request was let in. ``retry_after`` is what the header says, ``done`` that
    the request was carried out, ``saved`` that its effect is committed together with the rate pools.
    ``fault``, ``response_lost`` and ``bytes_sent`` are for the journal: the fault that was met, whether its answer
    got lost, and how much of the body was sent where that is not all of it; ``noted`` that they are there already.
    """

    __slots__ = (
        "arrived", "body", "bytes_sent", "call", "correlation_id", "done", "era", "fault", "grant", "headers", "noted",
        "operation", "payload", "pool", "real_at", "response_lost", "retry_after", "saved", "status",
    )  # fmt: skip

    def __init__(self, arrived: int, real_at: int, correlation_id: str, operation: Operation | None) -> None:
        self.arrived = arrived
        self.real_at = real_at
        self.correlation_id = correlation_id
        self.operation = operation
        self.grant: Grant | None = None
        self.era: object = None
        self.pool: Pool | None = None
        self.call: Call | None = None
        self.body = b""
        self.status = 200
        self.payload: bytes | bytearray = b""
        self.retry_after: int | str | None = None
        self.done = False
        self.noted = False
        self.saved = False
        self.headers: dict[str, str] = {}
        self.fault: str | None = None
        self.response_lost = False
        self.bytes_sent: int | None = None

    def refuse(self, error: ApiError) -> None:
        """Answer with a refusal."""
        self.status = error.status
        self.payload = error.body(self.correlation_id)

    def all_headers(self, finished: int) -> dict[str, str]:
        """The headers of the answer as it leaves at ``finished`` (T-1, RL-12)."""
        headers = {
            "x-vol-correlation": self.correlation_id,
            "Date": http_date(finished // SECOND),
            "Server": "kibo-simulator",
            **self.headers,
        }
        if self.payload:
            headers.setdefault("Content-Type", JSON_TYPE)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return headers
