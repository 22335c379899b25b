"""Reading Location Exports (C2)."""

import io
import zipfile
from pathlib import Path

import pytest

from kibo_client import ExportFileError, Target, read_location_export
from kibo_client.export_file import identifiers_in

GOOD = (
    '"LocationCode","PartNumber","UPC","SKU","OnHand"\r\n"ST-1","A.1","001","","5"\r\n"ST-2","B ""x""","","S,1","0"\r\n'
)


def written(folder: Path, content: str | bytes, name: str = "export.csv") -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def zipped(folder: Path, **members: bytes) -> Path:
    """A zip with these members; a double underscore stands for a dot."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return written(folder, buffer.getvalue(), "export.zip")


EXPECTED = [Target("ST-1", "A.1", "001", None), Target("ST-2", 'B "x"', None, "S,1")]


def test_a_csv_export_is_read(tmp_path: Path) -> None:
    """Quoted fields, empty identifiers and leading zeros are kept as they are meant."""
    assert list(read_location_export(written(tmp_path, GOOD))) == EXPECTED


def test_blanks_around_an_identifier_belong_to_it(tmp_path: Path) -> None:
    """ST-1: "AB " and "AB" are two products; a value of blanks only is none."""
    content = 'LocationCode,PartNumber,UPC\nL1,"AB ","  "\nL1,AB,\n'

    assert list(read_location_export(written(tmp_path, content))) == [Target("L1", "AB "), Target("L1", "AB")]


def test_a_zipped_export_is_read(tmp_path: Path) -> None:
    """One CSV in a zip, other members aside."""
    assert list(read_location_export(zipped(tmp_path, x__csv=GOOD.encode(), x__done=b""))) == EXPECTED


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    """Order, case, a byte order mark and unknown columns do not matter; a missing column is no empty one."""
    path = written(tmp_path, "\ufeffupc,Colour,LOCATIONCODE\n1,red,A\n\n2,blue,B\n")

    assert list(read_location_export(path)) == [Target("A", None, "1", None), Target("B", None, "2", None)]
    assert identifiers_in(path) == frozenset({"upc"})


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_what_a_spreadsheet_makes_of_an_export_is_read(
    tmp_path: Path, separator: str, line_end: str, mark: str, quote: str
) -> None:
    """C2: saved again it may have other separators and line ends, and a byte order mark."""
    rows = [["OnHand", "LocationCode", "UPC"], ["1", "A", "001"], ["2", "B,;2" if quote else "B", "002"]]
    lines = [separator.join(f"{quote}{value}{quote}" for value in row) for row in rows]
    path = written(tmp_path, mark + line_end.join(lines) + line_end)

    assert list(read_location_export(path)) == [Target(row[1], None, row[2], None) for row in rows[1:]]
    assert identifiers_in(path) == frozenset({"upc"})


def test_a_separator_is_never_taken_from_a_value(tmp_path: Path) -> None:
    """C2: only the header decides; a comma in a value is a comma."""
    path = written(tmp_path, "LocationCode;SKU\nA,1;b,2\n")

    assert list(read_location_export(path)) == [Target("A,1", None, None, "b,2")]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("", 1, "is empty"),
        ("LocationCode" + " " * 70_000 + ",UPC", 1, "which no header is"),
        ("LocationCode;UPC\nA;1;2\n", 2, "3 fields where the header has 2"),
        ("UPC,SKU\n1,2\n", 1, "no column LocationCode"),
        ("LocationCode,OnHand\nA,2\n", 1, "none of the columns"),
        ("LocationCode,UPC,upc\nA,1,2\n", 1, "two columns"),
        ("LocationCode,UPC\nA,1\nB\n", 3, "1 fields where the header has 2"),
        ("LocationCode,UPC\nA,1\n,2\n", 3, "no LocationCode"),
        ("LocationCode,UPC\nA,1\nB,\n", 3, "neither a PartNumber"),
        ('LocationCode,UPC\nA,1\nB,"2\n', 3, "is not CSV"),
        (b"LocationCode,UPC\nA,\xff\n", 1, "is not UTF-8"),
        ("LocationCode,UPC\nA,1\x002\n", 2, "control character"),
        ("LocationCode,UPC\nA," + "1" * 5000 + "\n", 2, "longer than 4096"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(tmp_path: Path, content: str | bytes, line: int, said: str) -> None:
    """The error names file and line and says what is wrong."""
    path = written(tmp_path, content)
    with pytest.raises(ExportFileError, match=said) as caught:
        list(read_location_export(path))

    assert (caught.value.file, caught.value.line) == (str(path), line)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """A user's mistake, not a traceback."""
    with pytest.raises(ExportFileError, match="cannot be read: No such file"):
        list(read_location_export(tmp_path / "none.csv"))


def test_an_archive_needs_exactly_one_csv(tmp_path: Path) -> None:
    """Which of two files is meant is not guessed."""
    with pytest.raises(ExportFileError, match="holds 2 data files"):
        list(read_location_export(zipped(tmp_path, a__csv=b"", b__csv=b"")))


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path) -> None:
    """Ten megabytes of nothing, packed a thousandfold, are no export."""
    with pytest.raises(ExportFileError, match="which no export does"):
        list(read_location_export(zipped(tmp_path, a__csv=b"0" * 10_000_000)))


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    """A flipped byte is found by the checksum, before any target is believed."""
    path = zipped(tmp_path, a__csv=(GOOD * 50).encode())
    content = bytearray(path.read_bytes())
    content[60] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ExportFileError):
        list(read_location_export(path))
