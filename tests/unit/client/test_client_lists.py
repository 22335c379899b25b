"""Lists of records and of quantities in every accepted format: what is read, and what is refused (C2, C26)."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest

from kibo_client import ExportFileError, Line, PlainList, Target, UpdateKind, read_lines, read_targets
from kibo_client.target_file import identifiers_told

XML = """<?xml version="1.0" encoding="UTF-8"?>
<inventory xmlns="urn:any">
   <location><LocationCode>A</LocationCode>
      <item><PartNumber>P&amp;1</PartNumber><UPC>1</UPC><Quantity>+3</Quantity><Floor /></item>
      <item><UPC>2</UPC><Quantity>4</Quantity></item>
   </location>
   <item locationCode="B" upc="7" quantity="0"/>
</inventory>
"""
ROWS = [Target("A", "P&1", "1"), Target("A", None, "2"), Target("B", None, "7")]
JSONL = '{"locationCode":"A","partNumber":"P&1","upc":"1","onHand":3}\n\n{"locationCode":"A","upc":"2"}\n'


def write(folder: Path, name: str, text: str) -> Path:
    """A file of this name."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_xml_is_read_by_content(tmp_path: Path) -> None:
    """No element name is known: what has an identifier is a record, wherever its location is said."""
    assert list(read_targets(write(tmp_path, "a.xml", XML))) == ROWS


def test_a_zip_of_xml_and_json_lines_are_read_as_well(tmp_path: Path) -> None:
    """Whatever the name says, the first bytes tell the format."""
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("export.xml", XML)
        file.writestr("export.done", "")
    lines = write(tmp_path, "list.txt", JSONL)

    assert list(read_targets(archive)) == ROWS
    assert list(read_targets(lines)) == ROWS[:2]


@pytest.mark.parametrize("text", [XML, JSONL, "LocationCode,UPC\nA,1\n"])
def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """A pipe cannot be read again, so that the identifiers are told from the rows."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    targets = list(read_targets("-"))

    assert targets[0].location_code == "A"
    assert identifiers_told("-", targets) == {"upc"}


def test_a_plain_list_is_meant_at_its_locations(tmp_path: Path) -> None:
    """One identifier per line, blanks kept, empty lines left out; of the others nothing is known."""
    plain = PlainList("sku", ("A", "B"))
    path = write(tmp_path, "list.txt", "S 1\n\n  S2\r\n")

    assert list(read_targets(path, plain)) == [Target(code, sku=sku) for sku in ("S 1", "  S2") for code in "AB"]
    assert identifiers_told(path, [], plain) == {"sku"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a><i upc='1' locationcode='A'/></a>", ":1: has a document type"),
        ("<a><i upc='1'/></a>", ":1: has no LocationCode"),
        ("<a>\n<i></a>", ":2: is not XML: mismatched tag"),
        ("<a/>", "holds no element with a PartNumber, UPC or SKU"),
        ("<a>" * 40, ":1: is nested deeper than 16 elements"),
        ("<a><UPC>" + "1" * 5000, ":1: upc is longer than 4096 characters"),
        ('{"locationCode":"A"}', ":1: has neither a partNumber nor a upc nor a sku"),
        ('{"locationCode":"A","upc":"1"}\n{"locationCode":7}', ":2: Expected `str`, got `int` - at `$.locationCode`"),
        ('{"locationCode":"A","upc":"1\\u0007"}', ":1: has a control character"),
        ('{"locationCode"', ":1: Input data was truncated"),
    ],
)
def test_a_broken_list_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """One line: file, line, what is accepted."""
    with pytest.raises(ExportFileError) as caught:
        list(read_targets(write(tmp_path, "list", text)))

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_quantities_are_read_from_every_format(tmp_path: Path) -> None:
    """Signs, a typographic minus, XML, JSON lines with Kibo's own names; empty fields are not sent."""
    text = "LocationCode,UPC,Quantity,Safety_Stock\nA,1,+3,\n\nA,2,\N{EN DASH}4,2\n"
    text = text.replace("Safety_Stock", "Condition").replace(",", ";")
    csv = read_lines(write(tmp_path, "a.csv", text), UpdateKind.ADJUST)
    xml = read_lines(write(tmp_path, "a.xml", XML), UpdateKind.REFRESH)
    line = '{"locationCode":"A","sku":"S","quantity":1,"LTD":2.5,"tags":{"channel":"web"},"externalID":"e"}'
    jsonl = read_lines(write(tmp_path, "a.jsonl", line), UpdateKind.REFRESH)

    assert csv == [
        Line(location_code="A", upc="1", quantity=3),
        Line(location_code="A", upc="2", quantity=-4, condition="2"),
    ]
    assert [(one.location_code, one.upc, one.quantity) for one in xml] == [("A", "1", 3), ("A", "2", 4), ("B", "7", 0)]
    assert jsonl == [Line(location_code="A", sku="S", quantity=1, ltd=2.5, tags=(("channel", "web"),), external_id="e")]


def test_rows_of_one_record_are_one_line(tmp_path: Path) -> None:
    """Differences are added up, and one of nothing is not sent; equal refreshes are one (C20)."""
    path = write(tmp_path, "a.csv", "LocationCode,UPC,Quantity\nA,1,3\nA,1,3\nA,2,5\nA,2,-5\n")
    twice = write(tmp_path, "b.csv", "LocationCode,UPC,Quantity\nA,1,3\nA,1,3\n")

    assert read_lines(path, UpdateKind.ADJUST) == [Line(location_code="A", upc="1", quantity=6)]
    assert read_lines(twice, UpdateKind.REFRESH) == [Line(location_code="A", upc="1", quantity=3)]


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("refresh", "LocationCode,UPC,Quantity\nA,1,3\n\nA,1,4\n", ":4: sets upc=1 at A to something else"),
        ("refresh", "LocationCode,UPC,Quantity\nA,1,-1\n", ":2: a refresh cannot set a quantity to -1"),
        ("adjust", "LocationCode,UPC,Quantity\nA,1,1.5\n", ":2: quantity is '1.5'; a whole number"),
        ("adjust", "LocationCode,UPC,Quantity\nA,1,\n", ":2: has no quantity"),
        ("adjust", "LocationCode,UPC,Quantity\nA,,1\n", ":2: a part number, upc or sku is needed"),
        ("adjust", "LocationCode,UPC,Quantity\nA,1\n", ":2: has 2 fields where the header has 3"),
        ("adjust", "LocationCode,UPC\nA,1\n", ":1: has no column Quantity"),
        ("adjust", "LocationCode,UPC,OnHand\nA,1,1\n", ":1: has a column 'OnHand', which would be lost"),
        ("adjust", "LocationCode,UPC,Quantity,Channel\nA,1,1,web\n", ":1: has a column 'Channel', which would be lost"),
        ("adjust", "LocationCode,UPC,Quantity,Floor\nA,1,1,2\n", ":2: floor can be refreshed, not adjusted"),
        ("adjust", '{"locationCode":"A","upc":"1","quantity":1,"oops":2}', ":1: Object contains unknown field `oops`"),
        ("adjust", "LocationCode,UPC,Quantity\n", "lists no records; nothing to do"),
    ],
)
def test_quantities_that_cannot_be_meant_are_refused(tmp_path: Path, kind: str, text: str, said: str) -> None:
    """Nothing is guessed and nothing is lost silently: file, line, what is accepted."""
    with pytest.raises(ExportFileError) as caught:
        read_lines(write(tmp_path, "a.csv", text), UpdateKind(kind))

    assert said in str(caught.value)
