"""What becomes known of one request on its way through the gate, up to the headers of its answer."""

from typing import Final

import msgspec

from kibo_simulator.rate_limits import Pool
from kibo_simulator.tenants import Grant
from kibo_simulator.timestamps import SECOND, http_date
from kibo_simulator.web.errors import ApiError
from kibo_simulator.web.operations import Call, Operation

JSON_TYPE: Final = "application/json; charset=utf-8"
SERVER: Final = "kibo-simulator"


class Visit(msgspec.Struct, gc=False):
    """One request from its arrival to its answer; instants in microseconds since the epoch.

    ``era`` is that of the tenants when the request was let in. ``retry_after`` is what the header says, ``done`` that
    the request was carried out, ``saved`` that its effect is committed together with the rate pools.
    ``fault``, ``response_lost`` and ``bytes_sent`` are for the journal: the fault that was met, whether its answer
    got lost, and how much of the body was sent where that is not all of it; ``noted`` that they are there already.
    """

    arrived: int
    real_at: int
    correlation_id: str
    operation: Operation | None
    grant: Grant | None = None
    era: object = None
    pool: Pool | None = None
    call: Call | None = None
    body: bytes = b""
    status: int = 200
    payload: bytes | bytearray = b""
    retry_after: int | str | None = None
    done: bool = False
    noted: bool = False
    saved: bool = False
    headers: dict[str, str] = {}
    fault: str | None = None
    response_lost: bool = False
    bytes_sent: int | None = None

    def refuse(self, error: ApiError) -> None:
        """Answer with a refusal."""
        self.status = error.status
        self.payload = error.body(self.correlation_id)

    def all_headers(self, finished: int) -> dict[str, str]:
        """The headers of the answer as it leaves at ``finished`` (T-1, RL-12)."""
        headers = {
            "x-vol-correlation": self.correlation_id,
            "Date": http_date(finished // SECOND),
            "Server": SERVER,
            **self.headers,
        }
        if self.payload:
            headers.setdefault("Content-Type", JSON_TYPE)
        if self.retry_after is not None:
            headers["Retry-After"] = str(self.retry_after)
        return headers
