"""Location attributes and location groups in the database, beside the plain table of locations."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from kibo_simulator.stock.location_attributes import DEFAULT_ATTRIBUTES, LocationAttributes

if TYPE_CHECKING:
    # It puts the tables of all stores together, and so imports this one.
    from kibo_simulator.store.database import Database

SCHEMA: Final = """
CREATE TABLE location_attributes (
    location_id INTEGER PRIMARY KEY REFERENCES locations(id),
    direct_ship INTEGER NOT NULL,
    pickup INTEGER NOT NULL,
    transfer_enabled INTEGER NOT NULL,
    delivery_enabled INTEGER NOT NULL,
    express INTEGER NOT NULL,
    wms_enabled INTEGER NOT NULL,
    include_in_location_export INTEGER NOT NULL,
    include_in_aggregate INTEGER NOT NULL,
    postal_code TEXT,
    country_code TEXT,
    latitude REAL,
    longitude REAL
);
CREATE TABLE location_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER NOT NULL REFERENCES tenants(id),
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    sites TEXT NOT NULL,
    UNIQUE (tenant_id, code)
);
CREATE TABLE location_group_members (
    group_id INTEGER NOT NULL REFERENCES location_groups(id),
    location_id INTEGER NOT NULL REFERENCES locations(id),
    PRIMARY KEY (group_id, location_id)
) WITHOUT ROWID;
CREATE INDEX location_groups_of_location ON location_group_members (location_id);
"""

_NAMES: Final = tuple(field.name for field in fields(LocationAttributes))
_FLAGS: Final = sum(isinstance(value, bool) for value in astuple(DEFAULT_ATTRIBUTES))
_SELECT_ATTRIBUTES: Final = (
    f"SELECT a.location_id, {', '.join('a.' + name for name in _NAMES)} "  # noqa: S608  # names of our own fields
    "FROM json_each(?) j CROSS JOIN location_attributes a ON a.location_id = j.value"
)
_PUT_ATTRIBUTES: Final = (
    f"INSERT OR REPLACE INTO location_attributes (location_id, {', '.join(_NAMES)}) "  # noqa: S608  # likewise
    f"VALUES (?{', ?' * len(_NAMES)})"
)
_SELECT_GROUP: Final = "SELECT id, tenant_id, code, name, created, sites FROM location_groups WHERE tenant_id = ?"


@dataclass(frozen=True, slots=True)
class LocationGroup:
    """Locations under one code; ``created`` in microseconds since the epoch, ``sites`` are site numbers."""

    id: int
    tenant_id: int
    code: str
    name: str
    created: int
    sites: tuple[int, ...]
    location_codes: tuple[str, ...]


class PlaceStore:
    """Reads and writes what is known of locations; every method is one step of a caller's transaction."""

    __slots__ = ("_attributes", "_connection")

    def __init__(self, database: "Database") -> None:
        self._connection = database.connection
        self._attributes: dict[int, LocationAttributes] = {}
        database.on_rollback(self._attributes.clear)
        database.on_write("location_attributes", self._attributes.clear)

    # -- attributes -----------------------------------------------------------------------------------------------

    def attributes(self, location_ids: Iterable[int]) -> dict[int, LocationAttributes]:
        """The attributes of each location by its number, the defaults where nothing was said."""
        wanted = list(location_ids)
        known = self._attributes
        unknown = [location_id for location_id in wanted if location_id not in known]
        if unknown:
            known.update(dict.fromkeys(unknown, DEFAULT_ATTRIBUTES))
            for location_id, *values in self._connection.execute(_SELECT_ATTRIBUTES, (json.dumps(unknown),)):
                read: list[Any] = [*map(bool, values[:_FLAGS]), *values[_FLAGS:]]
                known[location_id] = LocationAttributes(*read)
        return {location_id: known[location_id] for location_id in wanted}

    def attributes_of(self, location_id: int) -> LocationAttributes:
        """The attributes of one location."""
        known = self._attributes.get(location_id)
        return self.attributes([location_id])[location_id] if known is None else known

    def put_location(self, location_id: int, *, name: str, active: bool, attributes: LocationAttributes) -> None:
        """Set name, state and attributes of a location that exists."""
        self._connection.execute(
            "UPDATE locations SET name = ?, active = ? WHERE id = ?", (name, int(active), location_id)
        )
        self._connection.execute(_PUT_ATTRIBUTES, (location_id, *astuple(attributes)))

    # -- groups ---------------------------------------------------------------------------------------------------

    def groups(self, tenant_id: int) -> list[LocationGroup]:
        """All groups of a tenant, in order of their codes."""
        rows = self._connection.execute(f"{_SELECT_GROUP} ORDER BY code", (tenant_id,)).fetchall()
        return [self._group(row) for row in rows]

    def group(self, tenant_id: int, code: str) -> LocationGroup | None:
        """The group with this exact code, or None."""
        row = self._connection.execute(f"{_SELECT_GROUP} AND code = ?", (tenant_id, code)).fetchone()
        return None if row is None else self._group(row)

    def put_group(
        self, tenant_id: int, code: str, *, name: str, sites: Sequence[int], location_ids: Iterable[int], now: int
    ) -> LocationGroup:
        """Add a group, or set name, sites and members of the one with this code."""
        self._connection.execute(
            "INSERT INTO location_groups (tenant_id, code, name, created, sites) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (tenant_id, code) DO UPDATE SET name = excluded.name, sites = excluded.sites",
            (tenant_id, code, name, now, json.dumps(list(sites))),
        )
        (group_id,) = self._connection.execute(
            "SELECT id FROM location_groups WHERE tenant_id = ? AND code = ?", (tenant_id, code)
        ).fetchone()
        self._connection.execute("DELETE FROM location_group_members WHERE group_id = ?", (group_id,))
        self._connection.executemany(
            "INSERT OR IGNORE INTO location_group_members VALUES (?, ?)",
            [(group_id, location_id) for location_id in location_ids],
        )
        group = self.group(tenant_id, code)
        assert group is not None
        return group

    def delete_group(self, tenant_id: int, code: str) -> bool:
        """Forget a group, not its locations; False when there was none."""
        group = self.group(tenant_id, code)
        if group is None:
            return False
        self._connection.execute("DELETE FROM location_group_members WHERE group_id = ?", (group.id,))
        self._connection.execute("DELETE FROM location_groups WHERE id = ?", (group.id,))
        return True

    def members(self, tenant_id: int, group_ids: Iterable[int]) -> set[int]:
        """The numbers of all locations that belong to any of the tenant's groups with these numbers."""
        rows = self._connection.execute(
            "SELECT m.location_id FROM json_each(?) j "
            "CROSS JOIN location_groups g ON g.id = j.value AND g.tenant_id = ? "
            "CROSS JOIN location_group_members m ON m.group_id = g.id",
            (json.dumps(list(group_ids)), tenant_id),
        )
        return {location_id for (location_id,) in rows}

    def _group(self, row: Sequence[Any]) -> LocationGroup:
        group_id, tenant_id, code, name, created, sites = row
        codes = self._connection.execute(
            "SELECT l.code FROM location_group_members m JOIN locations l ON l.id = m.location_id "
            "WHERE m.group_id = ? ORDER BY l.code",
            (group_id,),
        )
        members = tuple(location_code for (location_code,) in codes)
        return LocationGroup(group_id, tenant_id, code, name, created, tuple(json.loads(sites)), members)
