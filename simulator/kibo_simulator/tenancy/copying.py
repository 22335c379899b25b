"""Makes another tenant of what one has in an image: everything under new numbers, nothing shared (D-2, D-3).

Jobs are copied with the rest, also those that are under way, but for imports and exports of files that have not ended:
their files are not part of the state. Applications and tokens are not copied: who may ask is decided anew.
"""

import json
import sqlite3
from typing import Any, Final

from kibo_simulator.exporting.export_work import ExportWork
from kibo_simulator.file_work import FileWork
from kibo_simulator.job_work import decode_work
from kibo_simulator.steps import Steps
from kibo_simulator.tenancy.tables import TENANT_TABLES, TenantTable

_ROWS_AT_ONCE: Final = 500
_KEPT: Final = "(SELECT value FROM json_each(:kept))"

Numbers = dict[str, dict[int, int]]
"""For each table what the copies of its rows are numbered."""


def copy_tenant(image: sqlite3.Connection, tenant_id: int, target: sqlite3.Connection, new_id: int) -> Steps[None]:
    """Give ``new_id`` a copy of all that the tenant has in the image; steps of a caller's transaction."""
    for table in reversed(TENANT_TABLES):
        if table.copied:
            # What every tenant begins with by itself would be there twice.
            target.execute(f"DELETE FROM {table.name} WHERE {table.whose}", {"tenant": new_id})  # noqa: S608  # fixed
    numbers: Numbers = {}
    for table in TENANT_TABLES:
        if table.copied:
            yield from _copy_rows(image, tenant_id, target, new_id, table, numbers)
    _renumber_groups(target, new_id, numbers["location_groups"])
    yield from _copy_jobs(image, tenant_id, target, new_id, numbers)


def _copy_rows(
    image: sqlite3.Connection,
    tenant_id: int,
    target: sqlite3.Connection,
    new_id: int,
    table: TenantTable,
    numbers: Numbers,
    more: str = "",
    kept: str = "",
) -> Steps[None]:
    own = numbers.setdefault(table.name, {})
    # Order makes the new numbers a function of the image (T-4).
    order = f"ORDER BY {table.numbered}" if table.numbered else ""
    rows = image.execute(
        f"SELECT * FROM {table.name} WHERE {table.whose} {more} {order}",  # noqa: S608  # fixed texts only
        {"tenant": tenant_id, "kept": kept},
    )
    columns = [str(description[0]) for description in rows.description]
    number_at = columns.index(table.numbered) if table.numbered else None
    tenant_at = next((columns.index(name) for name in ("tenant_id", "owner") if name in columns), None)
    named_at = [(columns.index(column), numbers[other]) for column, other in table.names.items()]
    insert = f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608  # fixed texts only
    following = 0 if number_at is None else _last_number(target, table) + 1
    while block := rows.fetchmany(_ROWS_AT_ONCE):
        copies = []
        for row in block:
            values: list[Any] = list(row)
            if tenant_at is not None:
                values[tenant_at] = str(new_id) if columns[tenant_at] == "owner" else new_id
            if number_at is not None:
                own[values[number_at]] = following
                values[number_at] = following
                following += 1
            for at, known in named_at:
                if values[at]:
                    values[at] = known[values[at]]
            copies.append(values)
        target.executemany(insert, copies)
        yield


def _last_number(target: sqlite3.Connection, table: TenantTable) -> int:
    """The largest number that the table has or ever had: none is given twice (J-11)."""
    (last,) = target.execute(f"SELECT coalesce(max({table.numbered}), 0) FROM {table.name}").fetchone()  # noqa: S608
    given = target.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,)).fetchone()
    return max(int(last), int(given[0]) if given else 0)


def _renumber_groups(target: sqlite3.Connection, new_id: int, groups: dict[int, int]) -> None:
    """Export settings name groups of locations inside their documents."""
    for number, text in target.execute(
        "SELECT id, document FROM export_settings WHERE tenant_id = ?", (new_id,)
    ).fetchall():
        document = json.loads(text)
        named = document.get("locationGroupIDs")
        if named:
            document["locationGroupIDs"] = [groups.get(group, group) for group in named]
            target.execute(
                "UPDATE export_settings SET document = ? WHERE id = ?",
                (json.dumps(document, separators=(",", ":")), number),
            )


def _copy_jobs(
    image: sqlite3.Connection, tenant_id: int, target: sqlite3.Connection, new_id: int, numbers: Numbers
) -> Steps[None]:
    payloads, jobs = (next(table for table in TENANT_TABLES if table.name == name) for name in ("payloads", "jobs"))
    kept = [
        number
        for number, body in image.execute(
            f"SELECT id, body FROM payloads WHERE {payloads.whose}",  # noqa: S608  # fixed texts only
            {"tenant": tenant_id},
        )
        if not isinstance(decode_work(body), FileWork | ExportWork)
    ]
    listed = json.dumps(kept)
    yield from _copy_rows(image, tenant_id, target, new_id, payloads, numbers, f"AND id IN {_KEPT}", listed)
    # An ended job goes on naming the payload that went with the last job of its request.
    for (number,) in image.execute("SELECT DISTINCT payload_id FROM jobs WHERE payload_id IS NOT NULL"):
        numbers["payloads"].setdefault(number, 0)
    ended_or_kept = f"AND (status NOT IN ('PENDING', 'WORKING') OR payload_id IN {_KEPT})"
    yield from _copy_rows(image, tenant_id, target, new_id, jobs, numbers, ended_or_kept, listed)
