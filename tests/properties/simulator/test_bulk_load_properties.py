"""Inventory files are read fast with the meaning of the slow reader, block by block (I-1, D-1)."""

import csv
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kibo_simulator.files.bulk_load import PlainRow, inventory_blocks
from kibo_simulator.files.inventory_export import ExportRow, ExportShape, export_pieces
from kibo_simulator.files.location_export import COLUMNS, InventoryFileError, read_inventory

ALL = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

CODES = st.sampled_from(["L1", " L1", "L2", "Löwen, Stadt", 'The "Old" Mill'])
NAMES = st.sampled_from(["", "", "A-1", "a-1", "A-1 ", "two\nlines", "١", "-"])
WHOLE = st.sampled_from(["0", "7", " 7", "+7", "-3", "1_0", "2147483647", "007"])
BROKEN = st.sampled_from(["", "x", "1.5", "2147483648", "-"])


def numbered(path: Path, size: int) -> tuple[list[Any], str]:
    """What the fast reader makes of a file, its numbers turned back into texts, and how it ended."""
    codes: list[str] = []
    products: list[tuple[str | None, ...]] = []

    def location_number(code: str) -> int:
        codes.append(code)
        return len(codes) - 1

    def product_number(*identifiers: str | None) -> int:
        products.append(identifiers)
        return len(products) - 1

    found: list[PlainRow] = []
    end = "read"
    try:
        for block in inventory_blocks(path, location_number, product_number, size=size):
            assert 0 < len(block) <= size
            found += block
    except InventoryFileError as error:
        end = str(error)
    return [(codes[row[0]], *products[row[1]], *row[2:]) for row in found], end


def plainly_read(path: Path) -> tuple[list[Any], str]:
    """The same from the reader that goes row by row."""
    found: list[Any] = []
    try:
        found.extend(
            (row.location_code, row.part_number, row.upc, row.sku, row.on_hand, row.safety_stock, row.floor)
            for row in read_inventory(path)
        )
    except InventoryFileError as error:
        return found, str(error)
    return found, "read"


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header with some of the known columns in any order, and rows that mostly can be meant."""
    optional = [title for title in (*COLUMNS, "Remark") if title not in {"LocationCode", "OnHand"}]
    chosen = draw(st.lists(st.sampled_from(optional), unique=True, max_size=6))
    header = draw(st.permutations(["LocationCode", "OnHand", *chosen]))
    kinds = {"LocationCode": CODES, "PartNumber": NAMES, "UPC": NAMES, "SKU": NAMES, "Remark": NAMES}
    row = st.tuples(*(kinds.get(title, WHOLE) for title in header)).map(list)
    rows = draw(st.lists(row, max_size=30))
    for _ in range(draw(st.integers(0, 2)) if rows else 0):
        spoilt = draw(st.sampled_from(rows))
        if spoilt and draw(st.booleans()):
            spoilt[draw(st.integers(0, len(spoilt) - 1)) :] = []
        elif spoilt:
            spoilt[draw(st.integers(0, len(spoilt) - 1))] = draw(BROKEN)
    return [[draw(st.sampled_from([title, title.lower(), title.upper()])) for title in header], *rows]


@ALL
@given(table=tables(), size=st.integers(1, 9), packed=st.booleans())
def test_the_fast_reader_means_what_the_slow_one_means(
    tmp_path: Path, table: list[list[str]], size: int, *, packed: bool
) -> None:
    """I-1: same rows before the end, same end, word for word; whatever the columns, their order and the block size."""
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(table)
    if packed:
        with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
            archive.write(path, path.name)
        path = tmp_path / "export.zip"
    expected, end = plainly_read(path)
    actual, ended = numbered(path, size)

    assert end == ended
    # The block under way when a file breaks off is not handed out.
    assert expected[: len(actual)] == actual
    assert len(actual) == len(expected) if end == "read" else len(expected) - len(actual) < size


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "export.csv:1: is empty; a header line is expected"),
        ("UPC,OnHand\n", "export.csv:1: has no column locationcode"),
        ("LocationCode,OnHand\nL1,5\n", "export.csv:2: names no product"),
        ("LocationCode,UPC,OnHand\nL1,1,5\nL1,1,\n", "export.csv:3: onhand is '', not a whole number"),
        ("LocationCode,UPC,OnHand\nL1,1,5\n\nL1,1,5,\nL1\n", "export.csv:5: names no product"),
        ('LocationCode,UPC,OnHand\nL1,1,5\nL1,"1"x,5\n', "export.csv:3:"),
        ("LocationCode,UPC,OnHand\nL1,1,5\n" + "x" * 70_000 + ",1,5\n", "export.csv:3: is longer than 65536"),
        ("LocationCode,UPC,OnHand\n" + "L1,1,5\n" * 50_000 + "x" * 300_000, "export.csv:50002: is longer than 65536"),
        ("LocationCode,UPC,OnHand\n" + "L1,1,5\r\n" * 50_000 + "L1,1,many\r\n", "export.csv:50002: onhand is 'many'"),
    ],
)
def test_a_broken_file_names_its_line(tmp_path: Path, text: str, says: str) -> None:
    """A row that cannot be meant is named with file and line, also far behind in the file."""
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8", newline="")
    _, end = numbered(path, 1_000)

    assert says == end[: len(says)]


def test_an_xml_export_is_read_back(tmp_path: Path) -> None:
    """What the simulator exports as XML is loaded with the same meaning as its CSV."""
    rows = [
        ExportRow("L1", "A-1", "1", None, 5, 4, safety_stock=1, floor=2),
        ExportRow("Löwen <&>", None, "1 ", "s", -3, -3),
    ]
    found = []
    for form in ("CSV", "XML"):
        path = tmp_path / f"export.{form.lower()}"
        pieces = export_pieces(rows, "XML" if form == "XML" else "CSV", "LOCATION", ExportShape(columns=COLUMNS))
        path.write_bytes(b"".join(filter(None, pieces)))
        assert numbered(path, 9) == plainly_read(path)
        found.append(numbered(path, 9))

    assert found[0] == found[1]
    assert found[0][0] == [("L1", "A-1", "1", None, 5, 1, 2), ("Löwen <&>", None, "1 ", "s", -3, 0, 0)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<!DOCTYPE a><a/>", "export.xml:1: declares a document type; that is not accepted"),
        ("<a>\n<b>", "export.xml:2: is not well-formed XML: no element found"),
        ("<a><UPC>1</UPC><OnHand>1</OnHand></a>", "export.xml:1: has no LocationCode"),
    ],
)
def test_xml_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """With its line, as CSV is."""
    path = tmp_path / "export.xml"
    path.write_text(text, encoding="utf-8")

    assert numbered(path, 9) == ([], says)


def test_json_lines_are_read_in_blocks_as_well(tmp_path: Path) -> None:
    """JSON lines have no fast path and the same meaning."""
    path = tmp_path / "rows.jsonl"
    path.write_text('{"locationCode": "L1", "upc": "4", "onHand": 3}\n\n' * 5, encoding="utf-8")

    assert numbered(path, 2) == plainly_read(path)


def test_quantities_beyond_what_is_remembered_are_read_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory for texts of numbers is bounded; the numbers are right all the same."""
    monkeypatch.setattr("kibo_simulator.files.bulk_load._MOST_QUANTITIES", 3)
    path = tmp_path / "export.csv"
    path.write_text("LocationCode,UPC,OnHand\n" + "".join(f"L1,1,{n}\n" for n in range(20)), encoding="utf-8")

    assert [row[4] for row in numbered(path, 7)[0]] == list(range(20))
