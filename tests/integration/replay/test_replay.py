"""Recording a world and sending its requests again: the core and the command (T-4)."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.replay import replay, unequal
from kibo_scenarios.replay_command import replay_journal
from kibo_scenarios.replay_file import (
    Opening,
    ReplayFile,
    StockLine,
    TenantLine,
    body_text,
    embedded,
    parse_replay,
    read_replay,
)
from kibo_scenarios.replay_secrets import TICKETS, secret_of
from kibo_scenarios.replay_world import open_world
from kibo_scenarios.virtual_time import VirtualTimeLoop, run_virtual
from kibo_simulator import LimitsDocument, PoolLimit, Settings

TENANT = TenantLine(
    id=7,
    client_id="shop",
    locations=("EAST",),
    inventory=(StockLine(location_code="EAST", on_hand=5, part_number="A-1"),),
)
OPENING = Opening(
    start="2026-03-02T05:00:00Z",
    settings=Settings(limits=LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 3, 100),)), sample=None),
    tenants=(TENANT,),
)
V5 = "/api/commerce/inventory/v5/inventory"


def record() -> ReplayFile:
    """A deletion that is polled, throttled and polled again."""

    async def main(loop: VirtualTimeLoop) -> ReplayFile:
        async with open_world(OPENING, loop) as world:
            login = f'{{"client_id": "shop", "client_secret": "{secret_of(TENANT)}"}}'
            granted = await world.send("POST", f"{TICKETS}/oauth", {}, login)
            headers = {"Authorization": f"Bearer {msgspec.json.decode(granted.text)['access_token']}"}
            await world.send("POST", f"{V5}/delete", headers, '{"partNumber": "A-1"}')
            for wait in (0.25, 0.75, 1.0, 60.0):
                await asyncio.sleep(wait)
                await world.send("GET", "/api/commerce/inventory/v1/queue/1", headers)
            await world.send("POST", f"{V5}/refresh", headers, "{not JSON")
            return world.recording("a test")

    return run_virtual(main, start_us=OPENING.started_at)


RECORDED = record()
LINES = tuple(RECORDED.lines())


def write(path: Path, lines: tuple[bytes, ...] = LINES) -> Path:
    """The lines as a file."""
    path.write_bytes(b"".join(lines))
    return path


def run(path: Path) -> Result:
    """The command, as the command line calls it; its own errors come out as exceptions."""
    return CliRunner().invoke(replay_journal, [str(path)], standalone_mode=False)


def test_a_recording_is_what_happened() -> None:
    """J-4, RL-7: statuses and Retry-After in order, to the instant."""
    seen = [(exchange.at[14:], exchange.status, exchange.retry_after) for exchange in RECORDED.exchanges]

    assert seen == [
        ("00:00.000000Z", 200, None),
        ("00:00.000000Z", 200, None),
        ("00:00.250000Z", 200, None),
        ("00:01.000000Z", 200, None),
        ("00:02.000000Z", 429, "60"),
        ("01:02.000000Z", 200, None),
        ("01:02.000000Z", 400, None),
    ]


def test_a_file_read_back_is_the_file_that_was_written(tmp_path: Path) -> None:
    """Bodies keep their bytes, JSON or not."""
    again = read_replay(write(tmp_path / "world.jsonl"))

    assert tuple(again.lines()) == LINES
    assert [body_text(exchange.body) for exchange in again.exchanges][-1] == "{not JSON"


def test_neither_secrets_nor_tokens_are_written() -> None:
    """Names stand in their place; tokens are hexadecimal and long, and none is there."""
    text = b"".join(LINES).decode()

    assert secret_of(TENANT) not in text
    assert "$secret(shop)" in text
    assert {header for exchange in RECORDED.exchanges for header in exchange.headers.values()} == {"Bearer $token(1)"}


def test_the_same_world_answers_the_same(tmp_path: Path) -> None:
    """T-4: no differences; exit 0."""
    result = run(write(tmp_path / "world.jsonl"))

    assert replay(RECORDED) == ()
    assert (result.return_value, result.output.splitlines()[-1]) == (
        0,
        f"{tmp_path / 'world.jsonl'}: 7 exchanges replayed, every answer the same",
    )


def test_another_world_answers_otherwise_and_each_place_is_told(tmp_path: Path) -> None:
    """Exit 1; status, header, JSON path and stock at the end, each with both values."""
    changed = (LINES[0].replace(b'"rpm":3', b'"rpm":9'), *LINES[1:])
    result = run(write(tmp_path / "world.jsonl", changed))
    *told, last = result.output.splitlines()
    request = "2026-03-02T05:00:02.000000Z GET /api/commerce/inventory/v1/queue/1"
    found = [
        (difference.exchange, difference.request, difference.place)
        for difference in replay(read_replay(tmp_path / "world.jsonl"))
    ]

    assert found == [(5, request, "status"), (5, request, "Retry-After"), (5, request, "$")]
    assert told[:3] == [
        "note: a test",
        f"{tmp_path / 'world.jsonl'}: exchange 5: {request}: status: recorded 429, replayed 200",
        f"{tmp_path / 'world.jsonl'}: exchange 5: {request}: Retry-After: recorded 60, replayed nothing",
    ]
    assert (result.return_value, last) == (1, f"{tmp_path / 'world.jsonl'}: 7 exchanges replayed, 3 differences")


def test_stock_at_the_end_is_compared() -> None:
    """What no answer showed is a difference all the same."""
    live = LINES[2].replace(b'{"partNumber": "A-1"}', b'{"partNumber": "A-1", "dryRun": true}')
    places = [
        difference.place
        for difference in replay(parse_replay((*LINES[:2], live, *LINES[3:]), "-"))
        if difference.exchange == 0
    ]

    assert places == ["$[0]"]


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ((), ":1:1: is empty; a replay begins with its opening"),
        (LINES[1:], ':1:1: $.kind: expected "opening" on the first line'),
        ((*LINES[:2], b"{\n"), ":3:1: is no line of a replay: Input data was truncated"),
        (
            (*LINES[:2], b'{"kind":"exchange","at":"soon","method":"GET","path":"/","status":200}\n'),
            ":3:1: $.at: expected a moment such as 2026-03-02T05:00:00Z, got 'soon'",
        ),
        (
            (*LINES[:2], b'{"kind":"exchange","at":"2020-01-01T00:00:00Z","method":"GET","path":"/","status":200}\n'),
            ":3:1: $.at: lies before the line above; exchanges stand in order",
        ),
        (
            (*LINES[:2], b'{"kind":"exchange","at":"2036-01-01T00:00:00Z","method":"GET","path":"/","status":200}\n'),
            ":3:1: $.at: lies more than 400 days after the start",
        ),
        (
            (*LINES[:2], b'{"kind":"exchange","at":"","method":"GET","path":"@evil/","status":200}\n'),
            ":3:1: $.path: Expected `str` matching regex '^/[!-~]*\\\\Z'",
        ),
        (
            (*LINES[:2], b'{"kind":"exchange","at":"","method":"BREW","path":"/","status":200}\n'),
            ":3:1: $.method: Invalid enum value 'BREW'",
        ),
        ((LINES[0], LINES[-1], LINES[1]), ":3:1: $.kind: nothing but exchanges may stand between first and last"),
        (
            (LINES[0].replace(b'"partNumber":"A-1"', b'"upc":null'),),
            ":1:1: $.tenants[0].inventory[0]: needs one of partNumber, upc and sku",
        ),
        ((b'{"seq":1,"at":"2026-03-02T05:00:00Z"}\n',), ":1:1: $: Object missing required field `kind`"),
    ],
)
def test_a_file_that_is_no_replay_is_refused_with_the_place(
    tmp_path: Path, lines: tuple[bytes, ...], complaint: str
) -> None:
    """One line: file, line, JSON path, what is accepted."""
    path = write(tmp_path / "world.jsonl", lines)

    with pytest.raises(ScenarioFileError) as caught:
        read_replay(path)

    assert str(caught.value) == f"{path}{complaint}"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The name of the file and the reason."""
    with pytest.raises(ScenarioFileError) as caught:
        read_replay(tmp_path / "none.jsonl")

    assert str(caught.value) == f"{tmp_path / 'none.jsonl'}: cannot be read: No such file or directory"


@pytest.mark.parametrize("text", ["", "{}", '{"a": [1,  2]}', "[", "null", '"x"', "{\n}", "é €", '{"a":1e5}'])
def test_a_body_comes_back_as_it_went_in(text: str) -> None:
    """Byte for byte, whatever it is."""
    assert body_text(embedded(text)) == text


def test_unequal_values_are_found_by_their_paths() -> None:
    """Added, missing and changed places; equal ones are silent; 1 and true are not the same."""
    places = list(unequal({"a": [1, 2], "b": 1, "c": 3}, {"a": [1], "b": True, "d": 4}))

    assert places == [
        ("$.a[1]", "2", "nothing"),
        ("$.b", "1", "True"),
        ("$.c", "3", "nothing"),
        ("$.d", "nothing", "4"),
    ]
