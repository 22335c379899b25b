"""Locations with what they offer and where they are, and the groups they form."""

from dataclasses import replace

import msgspec

from kibo_simulator.web.base_wire import checked_tenant, no_location
from kibo_simulator.web.errors import check_plain, validation_error
from kibo_simulator.web.location_wire import (
    LocationGroupRequest,
    LocationRequest,
    admin_group_body,
    group_body,
    location_body,
)
from kibo_simulator.web.operations import Answer, Call, Operation, Parameter, inventory_paths
from kibo_simulator.web.wire import decode

_location = msgspec.json.Decoder(LocationRequest)
_group = msgspec.json.Decoder(LocationGroupRequest)

_OPTIONAL = (
    "express",
    "include_in_location_export",
    "include_in_aggregate",
    "transfer_enabled",
    "delivery_enabled",
    "wms_enabled",
    "postal_code",
    "country_code",
    "latitude",
    "longitude",
)


# -- locations --------------------------------------------------------------------------------------------------------


def get_locations(call: Call) -> Answer:
    """All locations of the tenant, active or not, in order of their codes."""
    locations = call.simulator.stock.locations(call.tenant_id)
    attributes = call.simulator.places.attributes(location.id for location in locations)
    return Answer([location_body(location, attributes[location.id]) for location in locations])


def get_location(call: Call) -> Answer:
    """The location with this code, else the location group with this code: the two share one path."""
    code = call.path["code"]
    call.summary["locationCode"] = code
    location = call.simulator.stock.location(call.tenant_id, code)
    if location is not None:
        return Answer([location_body(location, call.simulator.places.attributes([location.id])[location.id])])
    group = call.simulator.places.group(call.tenant_id, code)
    if group is None:
        raise no_location("locationCode", code, status=404)
    return Answer([group_body(group)])


def save_location(call: Call) -> Answer:
    """Add a location, or change the one with this code."""
    request = decode(_location, call.body)
    checked_tenant(call, request.tenant_id)
    check_plain("$.locationCode", request.location_code)
    call.summary["locationCode"] = request.location_code
    if (request.latitude is None) != (request.longitude is None):
        absent = "latitude" if request.latitude is None else "longitude"
        raise validation_error(f"$.{absent}", "latitude and longitude are given together")
    stock = call.simulator.stock
    location_id = stock.add_location(call.tenant_id, request.location_code, request.location_name)
    told = {name: value for name in _OPTIONAL if (value := getattr(request, name)) is not None}
    places = call.simulator.places
    attributes = replace(
        places.attributes([location_id])[location_id], direct_ship=request.direct_ship, pickup=request.pickup, **told
    )
    places.put_location(location_id, name=request.location_name, active=request.active, attributes=attributes)
    location = stock.location(call.tenant_id, request.location_code)
    assert location is not None
    return Answer([location_body(location, attributes)])


# -- groups -----------------------------------------------------------------------------------------------------------


def get_location_groups(call: Call) -> Answer:
    """All location groups of the tenant, in order of their codes."""
    return Answer([group_body(group) for group in call.simulator.places.groups(call.tenant_id)])


def list_admin_groups(call: Call) -> Answer:
    """The same groups as the location service pages through them."""
    start = call.whole("startIndex", least=0, most=2**31) or 0
    size = call.whole("pageSize", least=1, most=10_000) or 100
    groups = call.simulator.places.groups(call.tenant_id)
    page = groups[start : start + size]
    return Answer(
        {
            "startIndex": start,
            "pageSize": size,
            "pageCount": -(-len(groups) // size),
            "totalCount": len(groups),
            "items": [admin_group_body(group) for group in page],
        }
    )


def get_admin_group(call: Call) -> Answer:
    """One group, as the location service tells it."""
    code = call.path["code"]
    group = call.simulator.places.group(call.tenant_id, code)
    if group is None:
        raise no_location("locationGroupCode", code, status=404)
    return Answer(admin_group_body(group))


def add_admin_group(call: Call) -> Answer:
    """Add a group: the inventory API itself has no call for it."""
    request = decode(_group, call.body)
    code = request.location_group_code
    if not code:
        raise validation_error("$.locationGroupCode", "is needed")
    check_plain("$.locationGroupCode", code)
    if call.simulator.places.group(call.tenant_id, code) is not None:
        raise validation_error("$.locationGroupCode", f"the group {code[:60]!r} exists already")
    return _put_group(call, code, request)


def update_admin_group(call: Call) -> Answer:
    """Set name, sites and members of a group."""
    request = decode(_group, call.body)
    code = call.path["code"]
    if call.simulator.places.group(call.tenant_id, code) is None:
        raise no_location("locationGroupCode", code, status=404)
    if request.location_group_code not in {None, "", code}:
        raise validation_error("$.locationGroupCode", f"the path names {code[:60]!r}; a code cannot be changed")
    return _put_group(call, code, request)


def delete_admin_group(call: Call) -> Answer:
    """Forget a group; its locations stay."""
    code = call.path["code"]
    if not call.simulator.places.delete_group(call.tenant_id, code):
        raise no_location("locationGroupCode", code, status=404)
    return Answer(None)


def _put_group(call: Call, code: str, request: LocationGroupRequest) -> Answer:
    location_ids = []
    for index, location_code in enumerate(request.location_codes or ()):
        location = call.simulator.stock.location(call.tenant_id, location_code)
        if location is None:
            raise no_location(f"$.locationCodes[{index}]", location_code)
        location_ids.append(location.id)
    group = call.simulator.places.put_group(
        call.tenant_id,
        code,
        name=request.name or code,
        sites=request.site_ids or (),
        location_ids=location_ids,
        now=call.now,
    )
    return Answer(admin_group_body(group))


_ADMIN_GROUPS = "/api/commerce/admin/locationGroups"

OPERATIONS = (
    Operation("getLocations", "GET", inventory_paths("/location", "v1"), get_locations, reads=True),
    Operation("saveLocation", "POST", inventory_paths("/location", "v1"), save_location, request=LocationRequest),
    Operation("getLocation", "GET", inventory_paths("/location/{code}", "v1"), get_location, reads=True),
    Operation("getLocationGroups", "GET", inventory_paths("/locationGroup", "v1"), get_location_groups, reads=True),
    Operation(
        "listLocationGroups",
        "GET",
        (_ADMIN_GROUPS,),
        list_admin_groups,
        reads=True,
        query=(
            Parameter("startIndex", "whole"),
            Parameter("pageSize", "whole"),
        ),
    ),
    Operation("addLocationGroup", "POST", (_ADMIN_GROUPS,), add_admin_group, request=LocationGroupRequest),
    Operation("getLocationGroup", "GET", (f"{_ADMIN_GROUPS}/{{code}}",), get_admin_group, reads=True),
    Operation(
        "updateLocationGroup", "PUT", (f"{_ADMIN_GROUPS}/{{code}}",), update_admin_group, request=LocationGroupRequest
    ),
    Operation("deleteLocationGroup", "DELETE", (f"{_ADMIN_GROUPS}/{{code}}",), delete_admin_group),
)
