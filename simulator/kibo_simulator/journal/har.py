"""Shows journal entries as an HTTP Archive (HAR 1.2), for tools that draw and filter one.

The journal keeps neither bodies nor headers: an archive tells sizes, and of headers only Retry-After. What else is
known of a request stands in ``_kibo``.
"""

from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl, quote

import msgspec

from kibo_simulator.journal.entry import JournalEntry
from kibo_simulator.timestamps import iso_milliseconds
from kibo_simulator.version import __version__

COMMENT: Final = "Made from the simulator's journal, which keeps neither headers nor bodies."


def har(portions: Iterable[Sequence[JournalEntry]], base: str, dropped: int) -> Iterator[bytes]:
    """The archive piece by piece: its beginning, one for each portion of entries, and its end.

    Args:
        portions: what is shown, oldest first; portions may be empty.
        base: scheme and host that the requests are shown with, such as ``http://127.0.0.1:8765``.
        dropped: how many entries are gone that should be here.
    """
    comment = f"{COMMENT} {dropped} older entries were dropped from it." if dropped else COMMENT
    log = {"version": "1.2", "creator": {"name": "kibo-simulator", "version": __version__}, "comment": comment}
    yield b'{"log":' + msgspec.json.encode(log)[:-1] + b',"entries":['
    separator = b"\n"
    for portion in portions:
        text = b",\n".join(msgspec.json.encode(_entry(entry, base)) for entry in portion)
        yield separator + text if text else b""
        separator = b",\n" if text else separator
    yield b"]}}\n"


def _entry(entry: JournalEntry, base: str) -> dict[str, Any]:
    wire = entry.to_wire()
    milliseconds = (entry.finished_at - entry.at) / 1_000
    retry_after = [] if entry.retry_after is None else [{"name": "Retry-After", "value": str(entry.retry_after)}]
    query = f"?{entry.query}" if entry.query else ""
    return {
        "startedDateTime": iso_milliseconds(entry.at),
        "time": milliseconds,
        "request": {
            "method": entry.method,
            "url": f"{base}{quote(entry.path)}{query}",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": [],
            "queryString": [
                {"name": name, "value": value} for name, value in parse_qsl(entry.query, keep_blank_values=True)
            ],
            "headersSize": -1,
            "bodySize": entry.bytes_in,
        },
        "response": {
            "status": entry.status,
            "statusText": _phrase(entry.status),
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": retry_after,
            "content": {"size": entry.bytes_out, "mimeType": "application/json" if entry.bytes_out else "x-unknown"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": entry.bytes_out,
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_kibo": {
            name: wire[name]
            for name in (
                "seq", "realAt", "tenant", "client", "operation", "pool", "requestHash", "summary", "jobIds", "fault",
                "responseLost",
            )
        },
    }  # fmt: skip


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
