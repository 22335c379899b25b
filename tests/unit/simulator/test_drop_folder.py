"""A folder as drop point: nothing outside of it is touched, nothing is overwritten (the guide's drop point rules)."""

import os
from pathlib import Path

import pytest

from kibo_simulator.drop_points.local_folder import LocalFolder
from kibo_simulator.drop_points.point import DropPointError


@pytest.mark.parametrize("folder", ["..", "in/../..", "/../etc", "linked", "linked/deeper", "in\\..\\.."])
def test_no_folder_points_outside(tmp_path: Path, folder: str) -> None:
    """Parents and symbolic links are refused wherever they stand in a path."""
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "linked").symlink_to(tmp_path)
    drop = LocalFolder(tmp_path / "drop")
    for act in (drop.listing, lambda place: drop.deliver(place, "x", None), lambda place: drop.delete(place, ["x"])):
        with pytest.raises(DropPointError, match="points outside the drop point"):
            act(folder)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["drop"]


@pytest.mark.parametrize("name", ["../x", "a/b", "..", "", "a\\b", "a\0b"])
def test_no_name_points_elsewhere(tmp_path: Path, name: str) -> None:
    """A file name is a name, not a path."""
    with pytest.raises(DropPointError, match="is not a file name"):
        LocalFolder(tmp_path).deliver("in", name, None)


def test_links_folders_and_hidden_files_are_not_listed(tmp_path: Path) -> None:
    """Only plain files lie at a drop point."""
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in" / "plain.csv").write_text("abc")
    (tmp_path / "in" / "link.csv").symlink_to(tmp_path / "secret")
    (tmp_path / "in" / ".hidden").touch()
    (tmp_path / "in" / "folder").mkdir()
    (tmp_path / "in" / "bell\x07.csv").touch()
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/latin-\xe9.csv")).touch()
    drop = LocalFolder(tmp_path)

    assert [(entry.name, entry.size) for entry in drop.listing("/in")] == [("plain.csv", 3)]
    assert drop.listing("nowhere") == []
    with pytest.raises(DropPointError, match="is not a plain file"):
        drop.fetch("in", "link.csv", tmp_path)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A name that is taken gets a number, in the archive and in deliveries."""
    drop = LocalFolder(tmp_path)
    source = tmp_path / "source"
    source.write_text("new")
    names = [drop.deliver("out", "export.csv", source) for _ in range(3)]
    drop.archive("out", ["export.csv"], "archive")
    drop.deliver("out", "export.csv", None)
    drop.archive("out", ["export.csv", "gone.csv"], "archive")

    assert names == ["export.csv", "1-export.csv", "2-export.csv"]
    assert [(entry.name, entry.size) for entry in drop.listing("archive")] == [("1-export.csv", 0), ("export.csv", 3)]
