"""Files are replaced as a whole, and by one at a time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kibo_scenarios.whole_files import alone_at, replace_file


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    """A file is written and written again; the draft is gone."""
    file = tmp_path / "report.html"
    replace_file(file, b"one")
    replace_file(file, b"two")

    assert [(file, b"two")] == [(each, each.read_bytes()) for each in tmp_path.iterdir()]


def test_what_cannot_be_replaced_stays(tmp_path: Path) -> None:
    """A folder in the place of the file: the error comes through, and no draft stays."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        replace_file(tmp_path / "taken", b"new")

    assert ["taken"] == [each.name for each in tmp_path.iterdir()]


def test_several_at_once_lose_nothing(tmp_path: Path) -> None:
    """Eight that read, add and replace at the same time all find their addition in the end."""
    file = tmp_path / "board"
    replace_file(file, b"")

    def add(number: int) -> None:
        with alone_at(file):
            replace_file(file, file.read_bytes() + b"%d\n" % number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))

    assert set(range(40)) == set(map(int, file.read_bytes().split()))
