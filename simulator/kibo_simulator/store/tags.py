"""Tag categories and their tags in the database, in the order they were made."""

import sqlite3
from typing import Final

from kibo_simulator.stock.tag_categories import Tag, TagCategory

SCHEMA: Final = """
CREATE TABLE tag_categories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    UNIQUE (tenant_id, name)
);
CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    category_id INTEGER NOT NULL REFERENCES tag_categories(id),
    value TEXT NOT NULL,
    is_default INTEGER NOT NULL,
    percent INTEGER,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL
);
CREATE INDEX tags_by_category ON tags (category_id, id);
"""


class TagStore:
    """Reads and writes categories; every method is one step of a caller's transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def categories(self, tenant_id: int) -> list[TagCategory]:
        """All categories of a tenant, oldest first."""
        rows = self._connection.execute(
            "SELECT id, name, created FROM tag_categories WHERE tenant_id = ? ORDER BY id", (tenant_id,)
        ).fetchall()
        return [TagCategory(row[0], tenant_id, row[1], row[2], self._tags(row[0])) for row in rows]

    def category(self, tenant_id: int, name: str) -> TagCategory | None:
        """The category with this exact name, or None."""
        return next((category for category in self.categories(tenant_id) if category.name == name), None)

    def add_category(self, tenant_id: int, name: str, now: int) -> TagCategory:
        """Add an empty category; its name must be free."""
        cursor = self._connection.execute(
            "INSERT INTO tag_categories (tenant_id, name, created) VALUES (?, ?, ?)", (tenant_id, name, now)
        )
        return TagCategory(int(cursor.lastrowid or 0), tenant_id, name, now, ())

    def rename_category(self, category_id: int, name: str) -> None:
        """Give a category another name, which must be free."""
        self._connection.execute("UPDATE tag_categories SET name = ? WHERE id = ?", (name, category_id))

    def delete_category(self, category_id: int) -> None:
        """Delete a category and its tags."""
        self._connection.execute("DELETE FROM tags WHERE category_id = ?", (category_id,))
        self._connection.execute("DELETE FROM tag_categories WHERE id = ?", (category_id,))

    def put_tags(self, category_id: int, tags: tuple[Tag, ...]) -> None:
        """Make these the tags of the category: stored ones keep their number, those not named are deleted."""
        for stored in self._tags(category_id):
            if all(tag.id != stored.id for tag in tags):
                self._connection.execute("DELETE FROM tags WHERE id = ?", (stored.id,))
        for tag in tags:
            if tag.id:
                self._connection.execute(
                    "UPDATE tags SET value = ?, is_default = ?, percent = ?, updated = ? WHERE id = ?",
                    (tag.value, int(tag.is_default), tag.percent, tag.updated, tag.id),
                )
            else:
                self._connection.execute(
                    "INSERT INTO tags (category_id, value, is_default, percent, created, updated) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    (category_id, tag.value, int(tag.is_default), tag.percent, tag.created, tag.updated),
                )

    def _tags(self, category_id: int) -> tuple[Tag, ...]:
        rows = self._connection.execute(
            "SELECT id, value, is_default, percent, created, updated FROM tags WHERE category_id = ? ORDER BY id",
            (category_id,),
        )
        return tuple(Tag(row[0], row[1], bool(row[2]), row[3], row[4], row[5]) for row in rows)
