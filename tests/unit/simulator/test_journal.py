"""The journal's bounds and account, its file, and its form as an HTTP Archive."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator.journal import Journal, JournalEntry
from kibo_simulator.journal.file import JournalFile, JournalFileError
from kibo_simulator.journal.har import har
from kibo_simulator.journal.ring import line

from .journal_entries import deletion, entry

MANY = 1 << 30


def written(journal: Journal, count: int) -> list[JournalEntry]:
    """So many entries, added to the journal."""
    entries = [deletion(journal.next_sequence(), 0) for _ in range(count)]
    for each in entries:
        journal.append(each)
    return entries


def opened(path: Path, said: list[str] | None = None, most_bytes: int = MANY) -> JournalFile:
    """The journal file at a path; what it complains about is put into ``said``."""
    return JournalFile(path, most_bytes=most_bytes, complain=(said if said is not None else []).append)


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 5),
    st.lists(st.sampled_from(["write", "clear", "restart 2", "restart 9"]), max_size=20),
    st.integers(0, 20),
)
def test_what_is_gone_is_told_to_the_entry(most: int, steps: list[str], after: int) -> None:
    """From any number on, what is held and what was dropped is all that was written since the last clearing."""
    journal = Journal(entries=most, retained_bytes=MANY)
    since_clear: list[int] = []
    for step in steps:
        match step.split():
            case ["write"]:
                since_clear += [each.seq for each in written(journal, 1)]
            case ["restart", number]:
                journal.restart(int(number))
                since_clear = []
            case _:
                journal.clear()
                since_clear = []
    asked = [seq for seq in since_clear if seq > after]

    assert [each.seq for each in journal.held(after)] == asked[max(0, len(asked) - most) :]
    assert max(0, len(asked) - most) == journal.dropped_after(after)
    assert max(0, len(since_clear) - most) == journal.dropped == journal.extract().gone_after(0)


def test_bodies_kept_for_details_are_bounded_too() -> None:
    """Entries go when the bytes that they hold for details are too many, whatever their number."""
    journal = Journal(entries=100, retained_bytes=10)
    for _ in range(4):
        journal.append(entry(journal.next_sequence(), 0, details=(lambda body: {"size": len(body)}, b"12345")))

    assert ([3, 4], 2) == ([each.seq for each in journal.held()], journal.dropped)
    assert {"size": 5} == journal.held()[0].to_wire()["summary"]


def test_the_latest_arrival_among_the_dropped_is_known() -> None:
    """Questions about later arrivals need not worry about what was dropped."""
    journal = Journal(entries=1, retained_bytes=MANY)
    for at in (5, 3, 9):
        journal.append(deletion(journal.next_sequence(), at))
    latest = journal.dropped_until
    journal.clear()

    assert (deletion(1, 5).at, None) == (latest, journal.dropped_until)


def test_sinks_hear_of_every_entry_until_they_are_detached() -> None:
    """Followers and files are told at once."""
    heard: list[JournalEntry] = []
    journal = Journal(entries=0, retained_bytes=0)
    detach = journal.attach(heard.append)
    told = written(journal, 2)
    detach()
    written(journal, 1)

    assert told == heard


def test_a_file_outlives_the_process(tmp_path: Path) -> None:
    """Every entry is there at once, and numbers go on from the last (D-1)."""
    path = tmp_path / "journal.ndjson"
    first = opened(path)
    first.write(deletion(1, 0))
    first.write(deletion(2, 1))
    kept = path.read_bytes()
    first.close()
    second = opened(path)
    second.write(deletion(3, 2))
    second.close()

    assert (0, 2) == (first.position, second.position)
    assert kept == line(deletion(1, 0)) + line(deletion(2, 1))
    assert [1, 2, 3] == [json.loads(text)["seq"] for text in path.read_text().splitlines()]


@pytest.mark.parametrize("length", [1, 7, 8, 40])
@pytest.mark.parametrize("before", [0, 1, 300])
def test_a_line_that_was_cut_off_is_taken_back(tmp_path: Path, before: int, length: int) -> None:
    """A sudden end in the middle of a line: its answer never left, so the entry goes (D-1)."""
    path = tmp_path / "journal.ndjson"
    whole = b"".join(line(deletion(seq, 0)) for seq in range(1, before + 1))
    path.write_bytes(whole + line(deletion(before + 1, 0))[:length])
    file = opened(path)
    file.close()

    assert (before, whole) == (file.position, path.read_bytes())


@pytest.mark.parametrize("text", [b"hello", b"hello\n", b'{"a": 1}\n', b"[1]\n{", b"\n\n", b'{"seq":"x"}\n'])
def test_what_is_no_journal_is_left_alone(tmp_path: Path, text: bytes) -> None:
    """A wrong name on the command line must not cost anybody's file a byte."""
    path = tmp_path / "notes.txt"
    path.write_bytes(text)
    with pytest.raises(JournalFileError, match="does not end with a journal entry"):
        opened(path)

    assert text == path.read_bytes()


def test_two_simulators_do_not_share_a_file(tmp_path: Path) -> None:
    """Their numbers would be mixed up."""
    file = opened(tmp_path / "journal.ndjson")
    with pytest.raises(JournalFileError, match="another simulator is writing to it"):
        opened(tmp_path / "journal.ndjson")
    file.close()

    assert 0 == opened(tmp_path / "journal.ndjson").position


@pytest.mark.parametrize(
    ("name", "reason"),
    [("", "Is a directory"), ("no/where", "No such file or directory"), ("pipe", "no ordinary file")],
)
def test_what_cannot_be_added_to_is_refused(tmp_path: Path, name: str, reason: str) -> None:
    """Only ordinary files keep what they are given."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(JournalFileError, match=reason):
        opened(tmp_path / name)


def test_what_could_not_be_written_is_counted_and_said_once(tmp_path: Path) -> None:
    """The bound of the file: whole lines only, one complaint in a row, and the simulator goes on."""
    said: list[str] = []
    size = len(line(deletion(1, 0)))
    file = opened(tmp_path / "journal.ndjson", said, most_bytes=2 * size)
    for seq in range(1, 6):
        file.write(deletion(seq, 0))
    file.close()

    assert (3, 1, 2) == (file.unwritten, len(said), len(file.path.read_text().splitlines()))
    assert said[0].endswith(f"it has reached {2 * size:,} bytes (bounds.journal_file_bytes)")


TEXT: dict[str, Any] = {"type": "string"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": -1}
TIME: dict[str, Any] = {"type": "number", "minimum": 0}
PAIRS = {
    "type": "array",
    "items": {"type": "object", "required": ["name", "value"], "properties": {"name": TEXT, "value": TEXT}},
}


def exactly(**properties: Any) -> dict[str, Any]:
    """An object with just these fields, and any whose name begins with an underscore."""
    return {
        "type": "object",
        "required": sorted(properties),
        "properties": properties,
        "patternProperties": {"^_": True},
        "additionalProperties": False,
    }


HAR_SCHEMA = exactly(
    log=exactly(
        version={"const": "1.2"},
        creator=exactly(name=TEXT, version=TEXT),
        comment=TEXT,
        entries={
            "type": "array",
            "items": exactly(
                startedDateTime={"type": "string", "format": "date-time"},
                time=TIME,
                request=exactly(
                    method=TEXT,
                    url={"type": "string", "format": "uri"},
                    httpVersion=TEXT,
                    cookies=PAIRS,
                    headers=PAIRS,
                    queryString=PAIRS,
                    headersSize=COUNT,
                    bodySize=COUNT,
                ),
                response=exactly(
                    status={"type": "integer"},
                    statusText=TEXT,
                    httpVersion=TEXT,
                    cookies=PAIRS,
                    headers=PAIRS,
                    content=exactly(size=COUNT, mimeType=TEXT),
                    redirectURL=TEXT,
                    headersSize=COUNT,
                    bodySize=COUNT,
                ),
                cache={"type": "object"},
                timings=exactly(send=TIME, wait=TIME, receive=TIME),
            ),
        },
    )
)
"""What HAR 1.2 requires of each part, by its specification (without what we never give)."""


def archive(*entries: JournalEntry, dropped: int = 0) -> dict[str, Any]:
    """The archive of some entries, judged by the schema."""
    found: dict[str, Any] = json.loads(b"".join(har([entries[:1], (), entries[1:]], "http://127.0.0.1:8765", dropped)))
    validator = jsonschema_rs.Draft202012Validator(HAR_SCHEMA, validate_formats=True)

    assert [] == [error.message for error in validator.iter_errors(found)]
    return found


def test_the_archive_is_a_valid_har() -> None:
    """HAR 1.2, also with odd paths and queries, a lost answer and a Retry-After that is no number."""
    found = archive(
        deletion(1, 0, took=1.5),
        entry(2, 1, method="GET", path="/a b/ü\"'", query="x=1&y=&z", status=429, retry_after="soon"),
        entry(3, 2, status=0, response_lost=True, fault="cut"),
    )["log"]["entries"]

    assert [1500, 0, 0] == [each["time"] for each in found]
    assert "http://127.0.0.1:8765/a%20b/%C3%BC%22%27?x=1&y=&z" == found[1]["request"]["url"]
    assert [["x", "1"], ["y", ""], ["z", ""]] == [list(pair.values()) for pair in found[1]["request"]["queryString"]]
    assert [{"name": "Retry-After", "value": "soon"}] == found[1]["response"]["headers"]
    assert (3, "cut", True) == tuple(found[2]["_kibo"][name] for name in ("seq", "fault", "responseLost"))


def test_an_archive_says_what_is_missing() -> None:
    """Bodies and headers are never there, and dropped entries are counted."""
    whole, short = archive()["log"]["comment"], archive(dropped=7)["log"]["comment"]

    assert "keeps neither headers nor bodies." in whole
    assert short == f"{whole} 7 older entries were dropped from it."
