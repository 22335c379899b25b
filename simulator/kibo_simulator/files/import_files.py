"""Reads an import file of either format from its package, row by row, and says what is wrong where."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from kibo_simulator.files.import_csv import RowOrPause, read_csv
from kibo_simulator.files.import_rows import ReadingRules, RowProblem, RowReader
from kibo_simulator.files.packages import ImportFileError, PackageBounds, opened
from kibo_simulator.files.xml_items import read_xml_items


def read_import_file(path: Path, rules: ReadingRules, bounds: PackageBounds, *, shown: str) -> Iterator[RowOrPause]:
    """The rows of an import file, plain or zipped, CSV or XML by its name or its first character.

    Args:
        path: where the file lies.
        rules: how to read it.
        bounds: what is too large.
        shown: the name by which messages call it.

    Raises:
        ImportFileError: the file as a whole is refused; whatever was read before must be forgotten.
    """
    with opened(path, bounds, shown=shown) as (name, stream):
        try:
            if _is_xml(name, path):
                yield from _read_xml(name, stream, rules)
            else:
                yield from read_csv(name, stream, rules)
        except ImportFileError as error:
            if error.file:
                raise
            raise ImportFileError(name, error.line, error.message) from None


def _is_xml(name: str, path: Path) -> bool:
    return name.lower().endswith(".xml") or path.name.lower().endswith((".xml", ".xml.zip"))


def _read_xml(name: str, stream: IO[bytes], rules: ReadingRules) -> Iterator[RowOrPause]:
    reader = RowReader(rules)
    renamed = rules.renamed
    for item in read_xml_items(name, stream):
        if item is None:
            yield None
            continue
        line, location, fields = item
        if renamed:
            fields = {renamed.get(key, key): text for key, text in fields.items()}
        unknown = [] if rules.ignore_extra_fields else reader.unknown(fields)
        if unknown:
            yield RowProblem(line, f"has a field {unknown[0][:60]!r}, neither a field nor a tag category", location)
            continue
        yield reader.read(line, {**fields, "locationcode": location})
