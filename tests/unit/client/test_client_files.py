"""Inventory files of the client: made correctly, checked against the guide, uploaded in order (C24 to C26)."""

import json
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kibo_client.cli import cli, main
from kibo_client.files.checking import check_file
from kibo_client.files.names import FileName, read_name, stamp_at

AT = "2026-03-02T05:00:00Z"
NOW = round(datetime(2026, 3, 2, 5, tzinfo=UTC).timestamp()) * 1_000_000
STEM = "T_1001_REFRESH_260301210000"
GOOD = "LocationCode,UPC,Quantity\nL1,U1,7\nL2,U1,0\n"
QUOTED = '"LocationCode","UPC","Quantity"\n"L1","U1","7"\n'


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code and what was said on both streams."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, captured.out, captured.err


def written(folder: Path, text: str | bytes, name: str = "items.csv") -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def make(capsys: pytest.CaptureFixture[str], source: Path, *more: str) -> tuple[int, str, str]:
    """Make a file in the folder of its source."""
    fixed = ("--kind", "refresh", "--tenant", "1001", "--at", AT, "--to", str(source.parent))
    return run(capsys, "file", "make", str(source), *fixed, *more)


def findings(path: Path, tenant: int | None = 1001) -> list[str]:
    """What a check has to say."""
    return [str(finding) for finding in check_file(path, now=NOW, tenant=tenant).findings]


def test_names_are_in_pacific_time_all_year() -> None:
    """C25, import guide: the same UTC hour has another stamp in summer; an hour that is skipped is refused."""
    summer = round(datetime(2026, 7, 2, 5, tzinfo=UTC).timestamp()) * 1_000_000

    assert (stamp_at(NOW), stamp_at(summer)) == ("260301210000", "260701220000")
    assert read_name(f"{STEM}.zip") == FileName(1001, "REFRESH", "260301210000", NOW)
    assert read_name("T_1_REFRESH_260308023000.csv") == "holds 260308023000, an hour that Pacific summer time skips"


def test_a_made_file_is_complete_zipped_and_has_its_trigger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """C25, C26: quoted throughout, the guide's columns, the trigger after the data, nothing else left behind."""
    code, out, _ = make(capsys, written(tmp_path, GOOD))
    with zipfile.ZipFile(tmp_path / f"{STEM}.zip") as archive:
        lines = archive.read(f"{STEM}.csv").decode().split("\r\n")

    assert code == 0
    assert out.splitlines() == [
        f"{tmp_path}/{STEM}.zip: 2 rows at 2 locations",
        f"{tmp_path}/{STEM}.zip.done: its trigger",
    ]
    assert lines[0].startswith('"LocationCode","PartNumber","UPC","SKU","Quantity","Bin"')
    assert lines[1].startswith('"L1","","U1","","7",""')
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{STEM}.zip", f"{STEM}.zip.done", "items.csv"]
    assert findings(tmp_path / f"{STEM}.zip") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LocationCode,UPC,Quantity\nL1,U1,x\n", "items.csv:2: Quantity is 'x', not a whole number"),
        ("LocationCode,UPC,Quantity\nL1,,-1\n", "items.csv:2: has no UPC; Quantity is -1; a Refresh holds totals"),
        ("LocationCode,UPC,Quantity\nL1,U1\n", "items.csv:2: has 2 fields where the header has 3"),
        ("LocationCode,UPC,Quantity\nL1,U1,1\nL1,U1,2\n", "items.csv:3: names a record that an earlier line has"),
        ("LocationCode,UPC,Quantity,Colour\n", "items.csv:1: has a field 'Colour'; accepted are LocationCode,"),
        ("LocationCode,UPC,Quantity,UPC\n", "items.csv:1: has UPC twice"),
        ("LocationCode,UPC,Quantity\n", "items.csv: has no rows"),
        ("", "items.csv:1: is empty"),
        (b"LocationCode,UPC\n\xff", "items.csv: is not UTF-8"),
    ],
)
def test_a_bad_source_is_refused_with_its_place_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | bytes, message: str
) -> None:
    """Nothing is half made: one line with file and line, exit code 2, no file."""
    source = written(tmp_path, text)
    code, out, err = make(capsys, source)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"kibo-client: {tmp_path}/{message}")
    assert [path.name for path in tmp_path.iterdir()] == ["items.csv"]


def test_json_lines_make_xml_with_signs_tags_and_attributes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """C24: an Update is signed; tags and lists find their elements."""
    rows = [
        {"locationCode": "L1", "upc": "U&1", "quantity": 2, "attributes": ["a", "b"], "tags": {"channel": "Web"}},
        {"locationCode": "L1", "upc": "U2", "quantity": -3, "sku": None},
    ]
    source = written(tmp_path, "\n".join(map(json.dumps, rows)), "items.jsonl")
    make(capsys, source, "--kind", "update", "--format", "xml", "--tag", "channel")
    with zipfile.ZipFile(tmp_path / "T_1001_UPDATE_260301210000.zip") as archive:
        text = archive.read("T_1001_UPDATE_260301210000.xml").decode()

    assert "<UPC>U&amp;1</UPC>\n         <Quantity>+2</Quantity>" in text
    assert "<Quantity>-3</Quantity>" in text
    assert "<Attributes><Attribute>a</Attribute><Attribute>b</Attribute></Attributes>" in text
    assert "<channel>Web</channel>" in text


def test_a_file_by_the_book_has_no_findings(tmp_path: Path) -> None:
    """What the guide shows is only remarked where the guide itself is loose."""
    assert findings(written(tmp_path, QUOTED, f"{STEM}.csv")) == [
        f"{STEM}.csv: warning: is not zipped; the guide wants every file compressed"
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("stock.csv", QUOTED, "stock.csv: error: is not named T_<tenant>_REFRESH_YYMMDDhhmmss or"),
        ("T_7_REFRESH_260301210000.csv", QUOTED, "error: is named for tenant 7, not for 1001"),
        ("T_1001_REFRESH_260302050000.csv", QUOTED, "is dated 8.0 hours ahead of Pacific time; it looks like UTC"),
        (f"{STEM}.csv", QUOTED + '"L1","U1","8"\n', ":3: error: names the same record as line 2"),
        (f"{STEM}.csv", QUOTED + '"L1",U2,8\n', ":3: error: UPC is not quoted; text must be"),
        (f"{STEM}.csv", QUOTED + '"L1","U2"\n', ":3: error: has 2 fields; 3 are expected"),
        (f"{STEM}.csv", QUOTED + '"L1,"U2","8"\n', ":3: error: is not CSV"),
        (f"{STEM}.csv", '"LocationCode","Quantity"\n', ":1: error: has no column UPC"),
        (f"{STEM}.csv", '"L1","P","U1","S","7","Aisle 1"\n', ":1: warning: has no header"),
        (f"{STEM}.xml", "<!DOCTYPE a><a/>", ":1: error: declares a document type"),
        (f"{STEM}.xml", "<a><UPC>1</UPC>", ":1: error: is not well-formed XML"),
        (f"{STEM}.xml", "<a><i><UPC>U</UPC><Quantity>1</Quantity></i></a>", ":1: error: has no LocationCode"),
        (f"{STEM}.zip", b"PK half of it", "error: is not a sound zip file"),
        ("T_1001_UPDATE_260301210000.csv", QUOTED, "warning: 1 quantities have no sign"),
    ],
)
def test_a_check_says_what_is_wrong_and_where(tmp_path: Path, name: str, text: str | bytes, expected: str) -> None:
    """Names, times, triggers, packages, columns and rows, each with its line."""
    assert any(expected in finding for finding in findings(written(tmp_path, text, name)))


def test_a_trigger_older_than_its_data_is_found(tmp_path: Path) -> None:
    """FI-1: the trigger comes last and is empty."""
    path = written(tmp_path, QUOTED, f"{STEM}.csv")
    trigger = written(tmp_path, "x", f"{STEM}.csv.done")

    os.utime(trigger, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns - 1_000_000))
    found = findings(path)

    assert f"{STEM}.csv.done: error: is older than its data; the trigger comes last" in found
    assert f"{STEM}.csv.done: warning: is not empty, as a trigger should be" in found


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A package far smaller than its content is refused by its directory."""
    path = tmp_path / f"{STEM}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{STEM}.csv", b"0" * 60_000_000)

    assert findings(path) == [f"{STEM}.zip: error: would unpack to 60,000,000 bytes, which no inventory file does"]


def test_an_upload_puts_the_data_before_its_trigger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """C25: data, size, trigger; what is there already is not overwritten unasked."""
    drop = tmp_path / "drop"
    drop.mkdir()
    source = written(tmp_path, QUOTED, f"{STEM}.csv")
    first = run(capsys, "file", "upload", str(source), "--to", str(drop))
    again = run(capsys, "file", "upload", str(source), "--to", str(drop))
    replaced = run(capsys, "file", "upload", str(source), "--to", str(drop), "--replace")
    wrong = run(capsys, "file", "upload", str(written(tmp_path, "x", "x.csv")), "--to", str(drop))
    data, trigger = drop / f"{STEM}.csv", drop / f"{STEM}.csv.done"

    assert first[:2] == (0, f"{STEM}.csv: {len(QUOTED)} bytes, then {STEM}.csv.done\n")
    assert (again[0], f"has a file {STEM}.csv already" in again[2]) == (2, True)
    assert (replaced[0], wrong[0]) == (0, 2)
    assert data.stat().st_mtime_ns <= trigger.stat().st_mtime_ns
    assert sorted(path.name for path in drop.iterdir()) == [data.name, trigger.name]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("nowhere", "nowhere: is not a folder"),
        ("ftp://host/in", "ftp://host/in: ftp:// is not accepted"),
        ("sftp://me:secret@host/in", "sftp://host/in: has a password in it; give it as KIBO_SFTP_PASSWORD"),
    ],
)
def test_places_that_cannot_be_meant_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, message: str
) -> None:
    """One line, exit code 2, and no password repeated."""
    source = written(tmp_path, QUOTED, f"{STEM}.csv")
    code, _, err = run(capsys, "file", "upload", str(source), "--to", place)

    assert (code, err.startswith(f"kibo-client: {message}"), "secret" in err) == (2, True, False)


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_an_export_becomes_a_target_list(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    """C2: either format, filtered by location and prefix, as the bulk client reads it or as JSON lines."""
    texts = {
        "csv": "LocationCode,PartNumber,UPC,OnHand\nL1,A-1,1,5\nL1,B-1,2,5\nL2,A-1,1,5\n",
        "xml": "<Inventory>"
        + "".join(
            f"<Location><LocationCode>{code}</LocationCode><Item><PartNumber>{part}</PartNumber><UPC>{upc}</UPC>"
            "<OnHand>5</OnHand></Item></Location>"
            for code, part, upc in (("L1", "A-1", "1"), ("L1", "B-1", "2"), ("L2", "A-1", "1"))
        )
        + "</Inventory>",
    }
    export = written(tmp_path, texts[form], f"export.{form}")
    listed = run(capsys, "export", "read", str(export), "--location", "L1")
    lines = run(capsys, "export", "read", str(export), "--prefix", "A-", "--format", "jsonl")
    broken = run(capsys, "export", "read", str(written(tmp_path, "x", "broken.csv")), "--output", str(tmp_path / "out"))

    assert listed[1].splitlines() == [
        '"LocationCode","PartNumber","UPC","SKU"',
        '"L1","A-1","1",""',
        '"L1","B-1","2",""',
    ]
    assert [json.loads(line)["locationCode"] for line in lines[1].splitlines()] == ["L1", "L2"]
    assert (lines[2], broken[0], (tmp_path / "out").exists()) == ("2 records at 2 locations\n", 2, False)


def test_help_lists_the_commands() -> None:
    """Both groups hang on the one command line."""
    assert {"file", "export"} <= set(cli.commands)


def test_a_check_takes_the_tenants_delimiter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """csvDelimiter: the same findings with semicolons; what cannot separate is refused."""
    path = written(tmp_path, '"LocationCode";"UPC";"Quantity"\n"L;1";"U,1";"7"\n"L1";U2;8\n', f"{STEM}.csv")
    code, out, _ = run(capsys, "file", "check", str(path), "--delimiter", ";", "--at", AT)
    refused = run(capsys, "file", "check", str(path), "--delimiter", '"')

    assert (code, out.splitlines()[1:]) == (
        1,
        [
            f"{STEM}.csv:3: error: UPC is not quoted; text must be",
            f"{STEM}.csv: 2 rows at 2 locations; 1 error, 1 warning",
        ],
    )
    assert (refused[0], refused[2].startswith("kibo-client: --delimiter: ")) == (2, True)
