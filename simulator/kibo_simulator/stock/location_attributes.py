"""What a location offers and where it is: the facts by which look-ups and exports choose locations."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LocationAttributes:
    """The attributes of one location; the defaults are those of a location of which nothing was said.

    Everything that lets a location take part is on, everything that asks for a special process is off.

    Attributes:
        direct_ship: ships to customers' homes.
        pickup: lets customers collect.
        transfer_enabled: sends stock to other locations.
        delivery_enabled: delivers by its own means.
        express: handles express orders.
        wms_enabled: keeps its bins in a warehouse system.
        include_in_location_export: has its own rows in Location Exports.
        include_in_aggregate: counts in aggregates and their exports.
        postal_code: as on a letter, or None.
        country_code: two letters as a rule, or None.
        latitude: degrees north, or None.
        longitude: degrees east, or None.
    """

    direct_ship: bool = True
    pickup: bool = True
    transfer_enabled: bool = True
    delivery_enabled: bool = False
    express: bool = False
    wms_enabled: bool = False
    include_in_location_export: bool = True
    include_in_aggregate: bool = True
    postal_code: str | None = None
    country_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None


DEFAULT_ATTRIBUTES = LocationAttributes()
