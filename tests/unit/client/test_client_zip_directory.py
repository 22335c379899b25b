"""Archives whose directory would fill memory are refused by everything that reads one."""

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kibo_client.errors import ExportFileError, InventoryFileError
from kibo_client.files.package import opened as opened_package
from kibo_client.source import opened as opened_source
from kibo_client.zip_directory import opened_archive

ENTRIES = 300_000


def crowded(entries: int) -> bytes:
    """An archive of one small file whose directory names it very often."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("export.csv", "LocationCode,PartNumber\nL,P\n")
    content = buffer.getvalue()
    start, end = content.index(b"PK\x01\x02"), content.index(b"PK\x05\x06")
    directory = content[start:end] * entries
    told = min(entries, 0xFFFF)
    return (
        content[:start]
        + directory
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, told, told, len(directory), start, 0)
    )


@pytest.mark.parametrize(
    ("front_door", "error"), [(opened_source, ExportFileError), (opened_package, InventoryFileError)]
)
def test_a_giant_directory_is_refused_before_it_is_read(
    tmp_path: Path, front_door: Callable[..., object], error: type[Exception]
) -> None:
    """One line, and no more memory than for an honest archive."""
    file = tmp_path / "export.zip"
    file.write_bytes(crowded(ENTRIES))
    tracemalloc.start()
    try:
        with pytest.raises(error, match="its directory is far longer than that of one file"), front_door(file):  # type: ignore[attr-defined] # both give contexts
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 << 20


def test_content_is_read_in_pieces_of_any_size() -> None:
    """Only the directory is bounded: whoever reads the file itself may ask for much at once."""
    text = bytes(range(256)) * 4_096
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", text)
    with opened_archive(buffer) as archive, archive.open("a.csv") as file:
        found = file.read(1 << 20)

    assert text == found
