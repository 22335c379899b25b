"""The sample tenant and the files that carry inventory."""

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kibo_simulator import SampleSettings, Settings, Simulator
from kibo_simulator.files.location_export import InventoryFileError, read_inventory
from kibo_simulator.stock.identifiers import is_pattern
from kibo_simulator.stock.sample import sample_location, sample_product, upc_check_digit


def test_known_check_digits() -> None:
    """UPC-A: two numbers from real packages."""
    assert [upc_check_digit("03600029145"), upc_check_digit("04210000526")] == ["2", "4"]


def test_the_sample_is_plausible() -> None:
    """Unique codes and identifiers, names, valid UPCs, warehouses among stores, and some awkward part numbers."""
    places = [sample_location(number) for number in range(600)]
    products = [sample_product(number) for number in range(2_000)]

    assert len({place.code for place in places}) == len({place.name for place in places}) == 600
    assert len([place for place in places if place.warehouse]) == 75
    assert len({p.part_number for p in products}) == len({p.upc for p in products}) == 2_000
    assert all(len(p.upc) == 12 and p.upc[-1] == upc_check_digit(p.upc[:-1]) for p in products)
    assert len([p for p in products if is_pattern(p.part_number)]) == 50


def test_the_sample_is_a_function_of_seed_and_size() -> None:
    """Deterministic: the same three numbers give the same tenant, another seed another."""

    def tenant(seed: int) -> list[tuple[str, str | None, int]]:
        simulator = Simulator(Settings(seed=seed, sample=SampleSettings(locations=3, products=20)))
        return [(r.location_code, r.upc, r.on_hand) for r in simulator.stock_records(1001)]

    assert tenant(1) == tenant(1) != tenant(2)


def test_an_export_reads_back_as_it_was_written(tmp_path: Path) -> None:
    """A Location Export loaded into an empty simulator gives the same export again, zipped or not."""
    first = Simulator(Settings(sample=SampleSettings(locations=3, products=40)))
    text = io.StringIO()
    first.write_location_export(1001, text)
    plain, packed = tmp_path / "export.csv", tmp_path / "export.zip"
    plain.write_text(text.getvalue())
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.csv", text.getvalue())
    for path in (plain, packed):
        second = Simulator(Settings(sample=SampleSettings(locations=0, products=0)))
        second.load_inventory(1001, read_inventory(path))
        again = io.StringIO()
        second.write_location_export(1001, again)

        assert sorted(again.getvalue().splitlines()) == sorted(text.getvalue().splitlines())


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(alphabet='aB1 ",;é.+', min_size=1, max_size=6).filter(str.strip), st.integers(-5, 10**6)),
        max_size=20,
        unique_by=lambda row: row[0],
    )
)
def test_any_text_survives_the_quoting(rows: list[tuple[str, int]]) -> None:
    """Quotes, commas, semicolons and blanks in part numbers come back whole."""
    import tempfile

    from kibo_simulator.files.location_export import InventoryRow

    given_rows = [InventoryRow("L1", text, None, None, quantity) for text, quantity in rows]
    simulator = Simulator(Settings(sample=SampleSettings(locations=0, products=0)))
    simulator.load_inventory(1001, given_rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "e.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            simulator.write_location_export(1001, file)

        assert sorted(read_inventory(path), key=str) == sorted(given_rows, key=str)


HEADER = "LocationCode,PartNumber,UPC,SKU,OnHand\n"


@pytest.mark.parametrize(
    ("name", "text", "line", "part"),
    [
        ("a.csv", "", 1, "empty"),
        ("a.csv", "PartNumber,OnHand\nA,1\n", 1, "locationcode"),
        ("a.csv", HEADER + "L1,A,,,1\nL1,B,,,many\n", 3, "'many'"),
        ("a.csv", HEADER + "L1,,,,1\n", 2, "no product"),
        ("a.csv", HEADER + ",A,,,1\n", 2, "LocationCode"),
        ("a.csv", HEADER + 'L1,"A"x,,,1\n', 2, "expected"),
        ("a.csv", HEADER + "L1,A,,,99999999999\n", 2, "32 bits"),
        ("a.csv", HEADER + "L1," + "A" * 70_000 + ",,,1\n", 2, "longer"),
        ("a.jsonl", '{"locationCode":"L1","upc":"1","onHand":1}\n[1]\n', 2, "object"),
        ("a.jsonl", "{\n", 1, "JSON"),
        ("a.xml", "<a>\n<b></a>", 2, "is not well-formed XML"),
    ],
)
def test_a_broken_file_names_its_line(tmp_path: Path, name: str, text: str, line: int, part: str) -> None:
    """file:line and what was expected, for the first line that cannot be meant."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InventoryFileError) as caught:
        list(read_inventory(path))

    assert caught.value.line == line
    assert part in str(caught.value)


def test_a_broken_file_changes_nothing(tmp_path: Path) -> None:
    """All rows or none: a fault in the last line undoes the first."""
    path = tmp_path / "a.csv"
    path.write_text(HEADER + "L1,A,,,1\nL1,B,,,x\n")
    simulator = Simulator(Settings(sample=SampleSettings(locations=0, products=0)))
    with pytest.raises(InventoryFileError):
        simulator.load_inventory(1001, read_inventory(path))

    assert (list(simulator.stock_records(1001)), simulator.stock.locations(1001)) == ([], [])


@pytest.mark.parametrize("members", [0, 2])
def test_a_zip_holds_exactly_one_file(tmp_path: Path, members: int) -> None:
    """Nothing is guessed about a zip with more files or none."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(members):
            archive.writestr(f"{number}.csv", HEADER)
    with pytest.raises(InventoryFileError) as caught:
        list(read_inventory(path))

    assert f"holds {members} files" in str(caught.value)
