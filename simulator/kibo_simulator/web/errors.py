"""Refusals as values, and the one envelope that both kinds of reader understand (facts of Kibo's errors).

Kibo's gateway and its inventory service use different error bodies. Ours carries the fields of both, so that a
client that looks for ``errorCode`` and one that looks for ``error`` each find theirs.
"""

from dataclasses import dataclass
from typing import Any

import msgspec

from kibo_simulator.plain_text import control_in


@dataclass(frozen=True, slots=True)
class Fault:
    """One place in a request that is wrong: its JSON path or parameter, and why."""

    path: str
    message: str


class ApiError(Exception):
    """A request that is refused: status, code, a sentence, and the places at fault."""

    def __init__(self, status: int, code: str, message: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.faults = faults

    def body(self, correlation_id: str) -> bytes:
        """The error as JSON."""
        return error_body(self.status, self.code, self.message, correlation_id, self.faults)


def validation_error(path: str, message: str) -> ApiError:
    """400 for one place in the body or query."""
    return ApiError(400, "VALIDATION_ERROR", f"{path}: {message}", (Fault(path, message),))


def check_plain(path: str, text: str) -> None:
    """Refuse a name or a code with a control character in it.

    Raises:
        ApiError: 400 for its place.
    """
    problem = control_in(text)
    if problem is not None:
        raise validation_error(path, problem)


def error_body(status: int, code: str, message: str, correlation_id: str, faults: tuple[Fault, ...] = ()) -> bytes:
    """The envelope that both readers understand."""
    body: dict[str, Any] = {
        "applicationName": "Inventory",
        "error": code,
        "errorCode": code,
        "message": message,
        "statusCode": status,
        "items": [
            {
                "applicationName": "Inventory",
                "errorCode": code,
                "message": fault.message,
                "additionalErrorData": [{"name": "ParameterName", "value": fault.path}],
            }
            for fault in faults
        ],
        "additionalErrorData": [],
        "correlationId": correlation_id,
    }
    return msgspec.json.encode(body)
