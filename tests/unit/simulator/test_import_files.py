"""Import files: the guide's own samples, and everything that is refused, with its place."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from kibo_simulator.files.import_files import read_import_file
from kibo_simulator.files.import_rows import ImportedRow, ReadingRules, RowProblem
from kibo_simulator.files.packages import ImportFileError, PackageBounds

GUIDE = """"0001","PartNumber1","UPC1","SKU1","11","BinName1","1.0","2","4","1","25.99","","Aisle 1"
"0001","PartNumber2","KCCP1","","44","BinName2","","Aisle 2"
"0002","PartNumber1","UPC1","SKU1","11","","1.0","2","1","","Aisle 3"
"0002","PartNumber2","UPC1","","44","","Aisle 4"
"""
XML = """<?xml version="1.0" encoding="UTF-8"?>
<Inventory>
   <Location>
      <LocationCode>0001</LocationCode>
      <Item>
         <PartNumber>P1</PartNumber><UPC>U1</UPC><SKU>S1</SKU>
         <Quantity>11</Quantity>
         <InventoryLocatorName>Aisle 2</InventoryLocatorName>
         <SafetyStock />
         <Floor />
         <LTD />
      </Item>
      <Item><UPC unit="each">U2</UPC><Quantity>+2</Quantity>
         <Attributes><Attribute>red</Attribute><Attribute>big</Attribute></Attributes>
         <Tags><channel>Amazon</channel></Tags></Item>
   </Location>
   <Location LocationCode="0002"><Item UPC="U3" Quantity="0"/></Location>
</Inventory>
"""
REFRESH = ReadingRules(kind="REFRESH")


def read(path: Path, rules: ReadingRules = REFRESH, **bounds: int) -> list[Any]:
    """Everything that a file holds, without the pauses."""
    found = read_import_file(path, rules, PackageBounds(**bounds), shown=path.name)
    return [row for row in found if row is not None]


def refusal(path: Path, rules: ReadingRules = REFRESH, **bounds: int) -> str:
    """Why a file is refused as a whole."""
    with pytest.raises(ImportFileError) as error:
        read(path, rules, **bounds)
    return str(error.value)


def write(folder: Path, text: str | bytes, name: str = "f.csv") -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def packed(folder: Path, members: dict[str, bytes], name: str = "f.zip") -> Path:
    """A zip with these files in it."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside, data in members.items():
            archive.writestr(inside, data)
    return path


def test_the_guides_sample_is_read_with_its_ragged_rows(tmp_path: Path) -> None:
    """Facts, section 7: five cells by position, the last of a short row is the locator, and that is remarked."""
    *rows, remark = read(write(tmp_path, GUIDE))

    assert rows == [
        ImportedRow(
            1, "0001", 11, "PartNumber1", "UPC1", "SKU1", "BinName1", 1.0, 2, 4, None, "", 1, 25.99, None, "Aisle 1"
        ),
        ImportedRow(2, "0001", 44, "PartNumber2", "KCCP1", None, "BinName2", locator="Aisle 2"),
        ImportedRow(3, "0002", 11, "PartNumber1", "UPC1", "SKU1", "", 1.0, 2, 1, locator="Aisle 3"),
        ImportedRow(4, "0002", 44, "PartNumber2", "UPC1", locator="Aisle 4"),
    ]  # fmt: skip
    assert remark == "f.csv: 3 rows are short; their last field was taken as InventoryLocatorName"


def test_tag_columns_need_a_header_or_a_field_name_map(tmp_path: Path) -> None:
    """Facts, section 7: a column named like a tag category is a tag."""
    row = '"0001","PartNumber1","UPC1","SKU1","11","Aisle 1","Amazon"\n'
    columns = ("LocationCode", "PartNumber", "UPC", "SKU", "Quantity", "InventoryLocatorName", "Channel")
    mapped = ReadingRules(kind="REFRESH", tag_names=("channel",), field_name_map=columns)
    headed = ReadingRules(kind="REFRESH", tag_names=("channel",))
    expected = [
        ImportedRow(1, "0001", 11, "PartNumber1", "UPC1", "SKU1", locator="Aisle 1", tags=(("channel", "Amazon"),))
    ]

    assert read(write(tmp_path, row), mapped) == expected
    assert read(write(tmp_path, ",".join(columns) + "\n" + row), headed) == [
        ImportedRow(2, *[getattr(expected[0], name) for name in ImportedRow.__struct_fields__[1:]])
    ]


def test_xml_is_read_by_what_it_holds(tmp_path: Path) -> None:
    """Facts, section 7: a LocationCode names the location, an identifier or quantity makes an item."""
    rows = read(write(tmp_path, XML, "f.xml"), ReadingRules(kind="UPDATE", tag_names=("channel",)))

    assert rows == [
        ImportedRow(5, "0001", 11, "P1", "U1", "S1", locator="Aisle 2"),
        ImportedRow(13, "0001", 2, None, "U2", attributes=("red", "big"), tags=(("channel", "Amazon"),)),
        ImportedRow(17, "0002", 0, None, "U3"),
    ]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"Quantity": "eleven"}, "Quantity is 'eleven', not a whole number"),
        ({"Quantity": ""}, "has no Quantity"),
        ({"Quantity": "-4"}, "Quantity is -4; a Refresh takes 0 or more"),
        ({"Quantity": "99999999999"}, "Quantity is '99999999999', not a whole number"),
        ({"Quantity": "4000000000"}, "Quantity is 4000000000, beyond 32 bits"),
        ({"UPC": " "}, "has no UPC"),
        ({"LocationCode": ""}, "has no LocationCode"),
        ({"RetailPrice": "2.50"}, "has a RetailPrice without a CurrencyID"),
        ({"RetailPrice": "nan", "CurrencyID": "1"}, "RetailPrice is 'nan', not a number such as 25.99"),
        ({"Floor": "1.5"}, "Floor is '1.5', not a whole number of 32 bits"),
        ({"InventoryLocatorName": "x" * 51}, "InventoryLocatorName is longer than 50 characters"),
        ({"Delivery_Date": "soon"}, "Delivery_Date: 'soon' is not an ISO 8601 instant such as 2026-03-02T05:00:00Z"),
        ({"SKU": "a\x07b"}, "SKU has a control character in it"),
    ],
)
def test_a_bad_row_says_what_is_wrong_and_stops_no_other(tmp_path: Path, cells: dict[str, str], message: str) -> None:
    """Errors are collected per row, with the line and the location."""
    row = {"LocationCode": "L1", "UPC": "U1", "Quantity": "1"} | cells
    header = ",".join(row)
    text = f"{header}\n{','.join(row.values())}\n"
    good = dict.fromkeys(row, "") | {"LocationCode": "L1", "UPC": "U2", "Quantity": "5"}
    problem, after = read(write(tmp_path, text + ",".join(good.values()) + "\n"))

    assert problem == RowProblem(2, message, row["LocationCode"])
    assert (after.line, after.upc, after.quantity) == (3, "U2", 5)


def test_settings_of_a_fetch_configuration_change_what_is_read(tmp_path: Path) -> None:
    """Facts, section 7: blank quantities, negatives, swapped identifiers, extra fields, delimiter, dashes."""
    text = "LocationCode;UPC;PartNumber;Quantity;Colour\nL1;U1;P1;;red\nL1;U2;P2;–3;red\n"
    rules = ReadingRules(
        kind="REFRESH",
        delimiter=";",
        ignore_extra_fields=True,
        blank_quantity_is_zero=True,
        negative_refresh="zero",
        product_mapping="SWAP_PART_NUMBER_WITH_UPC",
    )
    *rows, remark = read(write(tmp_path, text), rules)
    added = read(write(tmp_path, text), ReadingRules(kind="UPDATE", delimiter=";", ignore_extra_fields=True))

    assert rows == [ImportedRow(2, "L1", 0, "U1", "P1"), ImportedRow(3, "L1", 0, "U2", "P2")]
    assert remark == "f.csv: ignored the columns colour"
    assert added[:2] == [RowProblem(2, "has no Quantity", "L1"), ImportedRow(3, "L1", -3, "P2", "U2")]


def test_their_field_names_can_be_mapped(tmp_path: Path) -> None:
    """``Theirs:Ours`` in the field name map renames a column."""
    rules = ReadingRules(kind="REFRESH", field_name_map=("Store:LocationCode", "EAN=UPC", "Qty:Quantity"))

    assert read(write(tmp_path, "Store,EAN,Qty\nL1,U1,5\n"), rules) == [ImportedRow(2, "L1", 5, None, "U1")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LocationCode,UPC,Quantity,UPC\n", "f.csv:1: has two columns named 'UPC'"),
        ("LocationCode,UPC\n", "f.csv:1: has no column Quantity"),
        (
            "LocationCode,UPC,Quantity,Colour\n",
            "f.csv:1: has a column 'colour', neither a field nor a tag category",
        ),
        ('LocationCode,UPC,Quantity\n"L1,U1,5\nL1,U2,6\n', "f.csv:2: has a quote that is never closed"),
        ("LocationCode,UPC,Quantity\nL1,U1," + "5" * 70_000, "f.csv:2: is longer than 65,536 characters"),
        ("LocationCode,UPC,Quantity\nL1,\0,5", "f.csv:2: holds a NUL character; CSV text is expected"),
        (b"LocationCode,UPC,Quantity\nL1,\xff,5", "f.csv:1: is not UTF-8 text: invalid start byte"),
    ],
)
def test_what_cannot_be_meant_refuses_the_whole_csv_file(tmp_path: Path, text: str | bytes, message: str) -> None:
    """A file that is wrong as a whole is refused with its line."""
    assert refusal(write(tmp_path, text)) == message


def test_a_row_of_the_wrong_width_is_a_problem_of_its_own(tmp_path: Path) -> None:
    """Cells too few or too many, and a quote amid a cell, spoil one row."""
    text = 'LocationCode,UPC,Quantity\nL1,U1\nL1,U1,1,2\nL1,"U"1,1\nL1,U1,7\n'

    assert read(write(tmp_path, text)) == [
        RowProblem(2, "has 2 fields where the header has 3", "L1"),
        RowProblem(3, "has 4 fields; at most 3 are expected", "L1"),
        RowProblem(4, "is not CSV: ',' expected after '\"'"),
        ImportedRow(5, "L1", 7, None, "U1"),
    ]


BOMB = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<Inventory><Location><LocationCode>&b;</LocationCode></Location></Inventory>"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "f.xml:1: declares a document type; that is not accepted"),
        (
            '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
            "f.xml:1: declares a document type; that is not accepted",
        ),
        ("<a>" * 17 + "</a>" * 17, "f.xml:1: is nested more than 16 deep"),
        ("<a><LocationCode>L1", "f.xml:1: is not well-formed XML: no element found"),
        ("<a>\n<b></c></a>", "f.xml:2: is not well-formed XML: mismatched tag"),
        ("<a><UPC>" + "x" * 70_000 + "</UPC></a>", "f.xml:1: holds a text of more than 65,536 characters"),
        ("", "f.xml:1: is not well-formed XML: no element found"),
        ("<a>&undefined;</a>", "f.xml:1: is not well-formed XML: undefined entity"),
    ],
)
def test_xml_tricks_are_refused(tmp_path: Path, text: str, message: str) -> None:
    """No document types, no entities, bounded depth and texts, and nothing of a malformed file."""
    assert refusal(write(tmp_path, text, "f.xml")) == message


def test_packages_that_are_not_honest_are_refused(tmp_path: Path) -> None:
    """Zip bombs, escaping names, links, several files, encryption, half a zip, and sheer size."""
    rows = b"LocationCode,UPC,Quantity\nL1,U1,1\n"
    link = zipfile.ZipInfo("f.csv")
    link.external_attr = 0o120777 << 16
    linked = tmp_path / "linked.zip"
    with zipfile.ZipFile(linked, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    whole = packed(tmp_path, {"f.csv": os.urandom(5_000)}, "whole.zip").read_bytes()

    assert refusal(packed(tmp_path, {"f.csv": b"0" * 50_000_000})).startswith(
        "f.zip: unpacks to 50,000,000 bytes, more"
    )
    assert refusal(packed(tmp_path, {"../f.csv": rows})) == "f.zip: holds '../f.csv', which points outside the package"
    assert refusal(packed(tmp_path, {"/f.csv": rows})) == "f.zip: holds '/f.csv', which points outside the package"
    assert refusal(linked) == "linked.zip: holds 'f.csv', which is a symbolic link"
    assert refusal(packed(tmp_path, {"a.csv": rows, "b.csv": rows})) == "f.zip: holds 2 files; exactly one is read"
    assert refusal(packed(tmp_path, {})) == "f.zip: holds 0 files; exactly one is read"
    assert refusal(write(tmp_path, whole[:3_000], "h.zip")) == "h.zip: is not a sound zip file (half uploaded?)"
    assert refusal(write(tmp_path, rows), largest_bytes=10) == "f.csv: is larger than 10 bytes"
    assert refusal(tmp_path / "gone.csv") == "gone.csv: No such file or directory"


def test_a_package_of_a_hundred_thousand_entries_is_not_even_listed(tmp_path: Path) -> None:
    """Its directory alone would take long and much memory."""
    path = packed(tmp_path, {f"{number}.csv": b"" for number in range(2_000)})
    rows = "".join(f"L1,{number * 7919 % 99_991},1\n" for number in range(50_000))
    whole = packed(tmp_path, {"f.csv": f"LocationCode,UPC,Quantity\n{rows}".encode()}, "whole.zip")

    assert refusal(path) == "f.zip: is not a sound zip file: its directory is far longer than that of one file"
    assert len(read(whole)) == 50_000


def test_a_package_that_lies_about_its_size_is_stopped_while_it_unpacks(tmp_path: Path) -> None:
    """What counts is what comes out, not what the directory of the zip claims."""
    path = packed(tmp_path, {"f.csv": b"LocationCode,UPC,Quantity\n" + b"L1,U1,1\n" * 40_000})
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = archive.infolist()[0].file_size
    data = data.replace(size.to_bytes(4, "little"), (200_000).to_bytes(4, "little"))
    path.write_bytes(data)

    assert "f.zip" in refusal(path)
