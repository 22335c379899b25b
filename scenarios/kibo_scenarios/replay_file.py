"""The file of a replay: a world, the requests that were sent to it and when, and what it answered (T-4).

One JSON object a line. The first line is the opening (settings, tenants, stock, start), then follow the exchanges in
order of time, and the last line may be a closing that tells the stock at the end. No secret and no token is ever
written: `replay_secrets` puts names in their place.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.moments import DAY, parse_utc
from kibo_simulator import Settings

FORMAT: Final = "kibo-scenarios/replay"
LONGEST_FILE: Final = 256 << 20
"""Far above any replay in practice; a wrong file is refused before it fills the memory."""

LONGEST_SPAN: Final = 400 * DAY
"""From the start to the last exchange; the virtual clock takes any moment beyond for never."""

_NOTHING: Final = msgspec.Raw(b"null")
_Number = Annotated[int, msgspec.Meta(ge=1, le=2_000_000_000)]
_Quantity = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Method = Literal["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
_Path = Annotated[str, msgspec.Meta(pattern=r"^/[!-~]*\Z")]
# What frames a message or steers the connection belongs to the replay itself.
_HeaderName = Annotated[str, msgspec.Meta(pattern=r"^(?i:authorization|content-type|accept|x-vol-[a-z-]+)\Z")]
_HeaderValue = Annotated[str, msgspec.Meta(pattern=r"^[ -~]*\Z")]


class StockLine(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One record that is there at the beginning; whole units."""

    location_code: str
    on_hand: _Quantity
    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None
    safety_stock: _Quantity = 0
    floor: _Quantity = 0

    def __post_init__(self) -> None:
        if self.part_number is None and self.upc is None and self.sku is None:
            raise ValueError("needs one of partNumber, upc and sku")


class TenantLine(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A tenant with one application, whose secret is made up anew for each replay."""

    id: _Number
    client_id: str
    site: _Number = 1
    locations: tuple[str, ...] = ()
    inventory: tuple[StockLine, ...] = ()


class Opening(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="opening"):
    """The world at the beginning; ``settings.sample`` and ``settings.start`` have no say in a replay."""

    format: Literal["kibo-scenarios/replay"] = FORMAT
    version: Literal[1] = 1
    start: str
    settings: Settings
    tenants: tuple[TenantLine, ...]

    @property
    def started_at(self) -> int:
        """The first instant, in microseconds since the epoch."""
        return parse_utc(self.start)


class Exchange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="kind", tag="exchange"):
    """One request and its answer. A JSON object or array stands as it is; any other body is a text, no body is null."""

    at: str
    method: Method
    path: _Path
    headers: dict[_HeaderName, _HeaderValue] = msgspec.field(default_factory=dict)
    body: msgspec.Raw = _NOTHING
    status: int
    retry_after: str | None = None
    answer: msgspec.Raw = _NOTHING

    @property
    def sent_at(self) -> int:
        """The instant of sending, in microseconds since the epoch."""
        return parse_utc(self.at)


class Closing(msgspec.Struct, frozen=True, rename="camel", tag_field="kind", tag="closing"):
    """The records at the end as texts, tenant by tenant; ``note`` says why the file was written."""

    stock: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReplayFile:
    """A whole file."""

    opening: Opening
    exchanges: tuple[Exchange, ...]
    closing: Closing | None = None

    def lines(self) -> Iterator[bytes]:
        """The file, line by line."""
        ending = () if self.closing is None else (self.closing,)
        for line in (self.opening, *self.exchanges, *ending):
            yield msgspec.json.encode(line) + b"\n"


def embedded(text: str) -> msgspec.Raw:
    """A body as it stands in the file."""
    if not text:
        return _NOTHING
    if text[0] in "{[" and "\n" not in text and "\r" not in text:
        try:
            msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            pass
        else:
            return msgspec.Raw(text.encode())
    return msgspec.Raw(msgspec.json.encode(text))


def body_text(body: msgspec.Raw) -> str:
    """What `embedded` was given."""
    raw = bytes(body)
    if raw == b"null":
        return ""
    return str(msgspec.json.decode(raw)) if raw[:1] == b'"' else raw.decode()


_Line = Opening | Exchange | Closing
_decoder: msgspec.json.Decoder[_Line] = msgspec.json.Decoder(_Line)


def read_replay(path: Path) -> ReplayFile:
    """Read a file and check it line by line.

    Raises:
        ScenarioFileError: The file is not there or not a replay; says the line, the JSON path and what is accepted.
    """
    try:
        if path.stat().st_size > LONGEST_FILE:
            raise ScenarioFileError(path, 0, 0, "", f"larger than {LONGEST_FILE >> 20} MiB, so it is no replay")
        content = path.read_bytes()
    except OSError as error:
        raise ScenarioFileError(path, 0, 0, "", f"cannot be read: {error.strerror}") from None
    return parse_replay(content.split(b"\n"), path)


def parse_replay(lines: Iterable[bytes], file: Path | str) -> ReplayFile:
    """Read a replay from its lines; ``file`` is for messages.

    Raises:
        ScenarioFileError: As `read_replay`.
    """
    opening: Opening | None = None
    exchanges: list[Exchange] = []
    closing: Closing | None = None
    number = latest = 0
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        line = _decode(raw, file, number)
        if opening is None:
            if not isinstance(line, Opening):
                raise ScenarioFileError(file, number, 1, "$.kind", 'expected "opening" on the first line')
            latest = _instant(line.start, file, number, "$.start")
            opening = line
        elif closing is not None or isinstance(line, Opening):
            raise ScenarioFileError(file, number, 1, "$.kind", "nothing but exchanges may stand between first and last")
        elif isinstance(line, Closing):
            closing = line
        else:
            at = _instant(line.at, file, number, "$.at")
            if at < latest:
                raise ScenarioFileError(file, number, 1, "$.at", "lies before the line above; exchanges stand in order")
            if at > opening.started_at + LONGEST_SPAN:
                raise ScenarioFileError(file, number, 1, "$.at", "lies more than 400 days after the start")
            latest = at
            exchanges.append(line)
    if opening is None:
        raise ScenarioFileError(file, number, 1, "", "is empty; a replay begins with its opening")
    return ReplayFile(opening, tuple(exchanges), closing)


def _decode(raw: bytes, file: Path | str, number: int) -> Opening | Exchange | Closing:
    try:
        line = _decoder.decode(raw)
        if isinstance(line, Opening):
            line.settings.limits.validate()
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at `")
        raise ScenarioFileError(file, number, 1, place.rstrip("`") or "$", reason) from None
    except (ValueError, RecursionError) as error:
        raise ScenarioFileError(file, number, 1, "", f"is no line of a replay: {error}") from None
    return line


def _instant(text: str, file: Path | str, number: int, place: str) -> int:
    try:
        return parse_utc(text)
    except ValueError as error:
        raise ScenarioFileError(file, number, 1, place, str(error)) from None


def parsed(text: str) -> Any:
    """The JSON value of a text, or the text itself."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
