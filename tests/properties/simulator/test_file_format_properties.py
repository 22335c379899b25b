"""What is written is what is read: import files and exports in both formats, and the times in names (I-1, FI-2)."""

import csv
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kibo_simulator.files.import_files import read_import_file
from kibo_simulator.files.import_names import instant_of, stamp_of
from kibo_simulator.files.import_rows import ImportedRow, ReadingRules
from kibo_simulator.files.inventory_export import EXPORT_COLUMNS, ExportRow, ExportShape, export_pieces
from kibo_simulator.files.packages import PackageBounds
from kibo_simulator.timestamps import SECOND

ALL = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=12).filter(
    lambda text: text.isprintable() and bool(text.strip())
)
MAYBE = st.one_of(st.none(), TEXTS)
WHOLE = st.integers(-(2**31) + 1, 2**31 - 1)
ROWS = st.lists(
    st.builds(
        ImportedRow,
        line=st.just(0),
        location_code=TEXTS,
        quantity=WHOLE,
        part_number=MAYBE,
        upc=TEXTS,
        sku=MAYBE,
        bin_name=st.one_of(st.just(""), TEXTS),
        safety_stock=st.one_of(st.none(), WHOLE),
        floor=st.one_of(st.none(), WHOLE),
        ltd=st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.5])),
        external_id=st.one_of(st.just(""), TEXTS),
        delivery_date=st.one_of(st.none(), st.just(1_772_427_600 * SECOND)),
        locator=st.one_of(st.just(""), TEXTS),
        tags=st.one_of(st.just(()), st.builds(lambda text: (("channel", text),), TEXTS.map(str.strip))),
    ),
    max_size=8,
)
NAMES = {
    "LocationCode": "location_code", "PartNumber": "part_number", "UPC": "upc", "SKU": "sku", "Quantity": "quantity",
    "Bin": "bin_name", "LTD": "ltd", "SafetyStock": "safety_stock", "Floor": "floor", "External_ID": "external_id",
    "InventoryLocatorName": "locator",
}  # fmt: skip
RULES = ReadingRules(kind="UPDATE", tag_names=("channel",))


def cells_of(row: ImportedRow) -> dict[str, str]:
    """A row as texts, written by nothing of the simulator."""
    cells = {title: getattr(row, name) for title, name in NAMES.items()}
    cells["Delivery_Date"] = "" if row.delivery_date is None else "2026-03-02T05:00:00+0000"
    cells["channel"] = dict(row.tags).get("channel", "")
    return {title: "" if value is None else str(value) for title, value in cells.items()}


def read_back(path: Path) -> list[Any]:
    """What the reader makes of a file, lines left out."""
    found = [
        row for row in read_import_file(path, RULES, PackageBounds(), shown=path.name) if isinstance(row, ImportedRow)
    ]
    return [ImportedRow(0, *[getattr(row, name) for name in ImportedRow.__struct_fields__[1:]]) for row in found]


@ALL
@given(rows=ROWS, order=st.permutations([*NAMES, "Delivery_Date", "channel"]), delimiter=st.sampled_from(",;\t|"))
def test_csv_with_a_header_in_any_order_is_read_back(
    tmp_path: Path, rows: list[ImportedRow], order: list[str], delimiter: str
) -> None:
    """Columns are found by name, whatever their order and delimiter."""
    path = tmp_path / "f.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerow(order)
        writer.writerows([[cells_of(row)[title] for title in order] for row in rows])
    rules = ReadingRules(kind="UPDATE", tag_names=("channel",), delimiter=delimiter)
    found = [row for row in read_import_file(path, rules, PackageBounds(), shown="f") if isinstance(row, ImportedRow)]

    assert [
        ImportedRow(0, *[getattr(row, name) for name in ImportedRow.__struct_fields__[1:]]) for row in found
    ] == rows


@ALL
@given(rows=ROWS, names=st.tuples(*[st.sampled_from(["Inventory", "Stores", "k:Store", "Row", "entry"])] * 3))
def test_xml_under_any_names_is_read_back(tmp_path: Path, rows: list[ImportedRow], names: tuple[str, ...]) -> None:
    """The elements around the fields may be called anything."""
    root, location, item = (name.replace("k:", "k_") for name in names)
    parts = [f"<{root}>"]
    for row in rows:
        cells = cells_of(row)
        parts.append(f"<{location}><LocationCode>{escape(cells.pop('LocationCode'))}</LocationCode><{item}>")
        parts += [f"<{title}>{escape(text)}</{title}>" for title, text in cells.items()]
        parts.append(f"</{item}></{location}>")
    path = tmp_path / "f.xml"
    path.write_text("\n".join([*parts, f"</{root}>"]), encoding="utf-8")

    assert read_back(path) == rows


EXPORTED = st.lists(
    st.builds(
        ExportRow,
        location_code=TEXTS,
        part_number=MAYBE,
        upc=MAYBE,
        sku=MAYBE,
        on_hand=WHOLE,
        available=WHOLE,
        allocated=WHOLE,
        pending=WHOLE,
        safety_stock=WHOLE,
        floor=WHOLE,
        ltd=st.sampled_from([0, 1.5]),
    ),
    max_size=8,
).map(lambda rows: sorted(rows, key=lambda row: row.location_code))


@ALL
@given(rows=EXPORTED, columns=st.permutations(EXPORT_COLUMNS))
def test_both_formats_of_an_export_say_the_same(rows: list[ExportRow], columns: list[str]) -> None:
    """CSV and XML, read by the standard library, hold the same cells in the order of the setting."""
    shape = ExportShape(columns=tuple(columns))
    as_csv = b"".join(filter(None, export_pieces(rows, "CSV", "LOCATION", shape))).decode()
    as_xml = b"".join(filter(None, export_pieces(rows, "XML", "LOCATION", shape))).decode()
    table = list(csv.DictReader(io.StringIO(as_csv)))
    tree = ET.fromstring(as_xml)
    items = [
        {"LocationCode": location.findtext("LocationCode")} | {field.tag: field.text or "" for field in item}
        for location in tree
        for item in location.findall("Item")
    ]

    assert as_csv.splitlines()[0] == ",".join(f'"{column}"' for column in columns)
    assert [row["OnHand"] for row in table] == [str(row.on_hand) for row in rows]
    assert items == table


@ALL
@given(second=st.integers(1_600_000_000, 2_000_000_000))
def test_the_time_in_a_name_is_the_instant_it_was_made_at(second: int) -> None:
    """FI-2: there and back; within the hour that autumn repeats, at most that hour is lost."""
    instant = second * SECOND

    assert instant_of(stamp_of(instant)) in {instant, instant - 3_600 * SECOND}
