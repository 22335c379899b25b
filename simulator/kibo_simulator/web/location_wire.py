"""Locations and location groups as JSON."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from kibo_simulator.stock.location_attributes import LocationAttributes
from kibo_simulator.stock.records import Location
from kibo_simulator.store.places import LocationGroup
from kibo_simulator.timestamps import iso_milliseconds
from kibo_simulator.web.base_wire import Name, Text, base_body, kibo_name


class LocationRequest(Struct, rename=kibo_name, frozen=True, kw_only=True):
    """Body of ``POST location``: what is not said of a location that exists stays as it is."""

    location_code: Name
    location_name: Name
    active: bool
    direct_ship: bool
    pickup: bool
    tenant_id: int | None = None
    express: bool | None = None
    include_in_location_export: bool | None = None
    include_in_aggregate: bool | None = None
    transfer_enabled: bool | None = None
    delivery_enabled: bool | None = None
    wms_enabled: bool | None = None
    postal_code: Annotated[str, Meta(max_length=20)] | None = None
    country_code: Annotated[str, Meta(max_length=3)] | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class LocationGroupRequest(Struct, rename="camel", frozen=True, kw_only=True):
    """A location group as the location service spells it; ``location_codes`` must exist."""

    location_group_code: Text | None = None
    name: Text | None = None
    site_ids: Annotated[list[int], Meta(max_length=1_000)] | None = None
    location_codes: Annotated[list[Text], Meta(max_length=100_000)] | None = None


def location_body(location: Location, attributes: LocationAttributes) -> dict[str, Any]:
    """A location as LocationResponse: address and position are left out where they are not known."""
    body: dict[str, Any] = {
        "locationID": location.id,
        "tenantID": location.tenant_id,
        "locationCode": location.code,
        "locationName": location.name,
        "active": location.active,
        "directShip": attributes.direct_ship,
        "pickup": attributes.pickup,
        "express": attributes.express,
        "transferEnabled": attributes.transfer_enabled,
        "deliveryEnabled": attributes.delivery_enabled,
        "wmsEnabled": attributes.wms_enabled,
        "includeInLocationExport": attributes.include_in_location_export,
        "includeInAggregate": attributes.include_in_aggregate,
    }
    where = {
        "postalCode": attributes.postal_code,
        "countryCode": attributes.country_code,
        "latitude": attributes.latitude,
        "longitude": attributes.longitude,
    }
    return body | {name: value for name, value in where.items() if value is not None} | base_body()


def group_body(group: LocationGroup) -> dict[str, Any]:
    """A group as LocationGroupResponse."""
    return {
        "locationGroupID": group.id,
        "tenantID": group.tenant_id,
        "locationGroupCode": group.code,
        "created": iso_milliseconds(group.created),
        "adminLocationGroupID": group.id,
        "sites": list(group.sites),
        "locationCodes": list(group.location_codes),
    } | base_body()


def admin_group_body(group: LocationGroup) -> dict[str, Any]:
    """A group as the location service tells it."""
    return {
        "locationGroupId": group.id,
        "locationGroupCode": group.code,
        "name": group.name,
        "siteIds": list(group.sites),
        "locationCodes": list(group.location_codes),
    }
