"""Tenants in hand: listed, added with credentials of their own, forked from a snapshot, removed (D-2, D-3)."""

from contextlib import ExitStack
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from kibo_simulator.off_peak import OffPeakHours
from kibo_simulator.rate_limits import LimitsDocument
from kibo_simulator.settings import SettingsError, TenantSettings, check_tenant
from kibo_simulator.simulator import Simulator
from kibo_simulator.store.tenants import Tenant
from kibo_simulator.tenant_care import added, forked, removed
from kibo_simulator.tenants import add_application
from kibo_simulator.web.beside import beside, stepping
from kibo_simulator.web.control.route import ControlCall, ControlRoute
from kibo_simulator.web.control.shelf_refusals import shelf_refusals
from kibo_simulator.web.errors import ApiError, check_plain, validation_error

_FIRST_TENANT = 1001
_LAST_TENANT = 2_000_000_000
_MOST_RECORDS = 1_000_000
_LONGEST_NAME = 200

Number = Annotated[int, Meta(ge=1, le=_LAST_TENANT)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class OffPeakBody(Struct):
    """Quiet hours of every day, HH:MM UTC, and whether they are now."""

    starts: str
    ends: str
    now: bool


class TenantBody(Struct, rename="camel"):
    """A tenant; ``limits`` are its own, null when it is under those of all."""

    tenant: int
    site: int
    name: str
    region: str
    off_peak: OffPeakBody
    limits: LimitsDocument | None
    client_ids: list[str]


class NewTenantBody(TenantBody, rename="camel"):
    """A tenant that was just added; the secret is told this once, what is kept is its hash."""

    client_id: str
    shared_secret: str


class TenantRequest(Struct, rename="camel", forbid_unknown_fields=True):
    """Body of ``POST tenants``; everything has a default: the next number, and credentials that are made."""

    tenant: Number | None = None
    site: Number = 1
    name: Annotated[str, Meta(max_length=200)] = ""
    client_id: Text | None = None
    shared_secret: Text | None = None
    region: str = "US"
    off_peak: OffPeakHours | None = None
    limits: LimitsDocument | None = None
    locations: Annotated[int, Meta(ge=0, le=100_000)] = 0
    products: Annotated[int, Meta(ge=0, le=_MOST_RECORDS)] = 0


class ApplicationRequest(Struct, rename="camel", forbid_unknown_fields=True):
    """Body of ``PUT tenants/{tenant}/applications/{clientId}``: its secret, made unless it is told."""

    shared_secret: Text | None = None


class ApplicationBody(Struct, rename="camel"):
    """An application of a tenant; the secret is told this once, what is kept is its hash."""

    tenant: int
    client_id: str
    shared_secret: str


class ForkRequest(
    Struct,
    rename={"target": "as", "client_id": "clientId", "shared_secret": "sharedSecret"},
    forbid_unknown_fields=True,
):
    """Body of ``POST snapshots/{name}/fork``: whose state, as whom, and credentials unless they are to be made."""

    tenant: Number
    target: Number | None = None
    name: Annotated[str, Meta(max_length=200)] = ""
    client_id: Text | None = None
    shared_secret: Text | None = None


def list_tenants(call: ControlCall[None]) -> list[TenantBody]:
    """All tenants, by number."""
    return [_body(call.simulator, tenant) for tenant in call.simulator.tenants.every()]


def get_tenant(call: ControlCall[None]) -> TenantBody:
    """One tenant."""
    return _body(call.simulator, _named(call))


async def add_tenant(call: ControlCall[TenantRequest]) -> NewTenantBody:
    """Add a tenant."""
    wanted = call.body
    if wanted.locations * wanted.products > _MOST_RECORDS:
        raise validation_error("$.products", f"locations x products may be {_MOST_RECORDS} at most")
    tenant = _settled(
        call.simulator,
        wanted.tenant,
        "$.tenant",
        client_id=wanted.client_id,
        shared_secret=wanted.shared_secret,
        site=wanted.site,
        name=wanted.name,
        region=wanted.region,
        off_peak=wanted.off_peak,
        limits=wanted.limits,
        locations=wanted.locations,
        products=wanted.products,
    )
    await stepping(added(call.simulator, tenant))
    return _new_body(call.simulator, tenant)


def put_application(call: ControlCall[ApplicationRequest]) -> ApplicationBody:
    """Let an application in on behalf of a tenant, or give one that it has another secret."""
    tenant = _named(call)
    client_id = call.path["clientId"]
    if not 0 < len(client_id) <= _LONGEST_NAME:
        raise validation_error("clientId", f"expected at most {_LONGEST_NAME} characters")
    check_plain("clientId", client_id)
    owner = call.simulator.tenants.of_client(client_id)
    if owner not in {None, tenant.id}:
        raise ApiError(409, "CONFLICT", f"clientId: the application {client_id} is the tenant {owner}'s")
    secret = call.body.shared_secret or call.simulator.access.new_secret(client_id)
    with call.simulator.database.transaction():
        add_application(call.simulator.database, tenant.id, client_id, secret)
    return ApplicationBody(tenant.id, client_id, secret)


async def fork_snapshot(call: ControlCall[ForkRequest]) -> NewTenantBody:
    """Add a tenant that has what another had when a snapshot was taken."""
    simulator = call.simulator
    wanted = call.body
    name = call.path["name"]
    with shelf_refusals(), ExitStack() as stack:
        image, _ = await beside(lambda: stack.enter_context(simulator.snapshots.opened(name)))
        found = image.execute("SELECT name, site FROM tenants WHERE id = ?", (wanted.tenant,)).fetchone()
        if found is None:
            raise validation_error("$.tenant", f"there is no tenant {wanted.tenant} in the snapshot {name!r}")
        tenant = _settled(
            simulator,
            wanted.target,
            "$.as",
            client_id=wanted.client_id,
            shared_secret=wanted.shared_secret,
            site=int(found[1]),
            name=wanted.name or str(found[0]),
        )
        await stepping(forked(simulator, image, wanted.tenant, tenant))
    return _new_body(simulator, tenant)


async def remove_tenant(call: ControlCall[None]) -> TenantBody:
    """Remove a tenant and all it has; the answer is what it was."""
    tenant = _named(call)
    body = _body(call.simulator, tenant)
    await stepping(removed(call.simulator, tenant.id))
    return body


def _settled(
    simulator: Simulator,
    number: int | None,
    path: str,
    *,
    client_id: str | None,
    shared_secret: str | None,
    **more: object,
) -> TenantSettings:
    """The tenant to be, with what was left open filled in.

    Raises:
        ApiError: 409 when number or client id are taken, 400 when something cannot be meant.
    """
    known = simulator.tenants.every()
    number = number or max([_FIRST_TENANT - 1, *(tenant.id for tenant in known)]) + 1
    if number > _LAST_TENANT:
        raise ApiError(409, "CONFLICT", "$.tenant: no number is left above the largest there is; give one")
    if any(tenant.id == number for tenant in known):
        raise ApiError(409, "CONFLICT", f"{path}: there is a tenant {number}")
    client_id = client_id or f"tenant-{number}.app"
    if simulator.tenants.of_client(client_id) is not None:
        raise ApiError(409, "CONFLICT", f"$.clientId: there is an application {client_id}")
    tenant = msgspec.convert(
        {
            "tenant": number,
            "client_id": client_id,
            "shared_secret": shared_secret or simulator.access.new_secret(client_id),
            **more,
        },
        TenantSettings,
    )
    check_plain("$.clientId", client_id)
    try:
        check_tenant("$", tenant, simulator.settings.every_region)
    except SettingsError as error:
        raise validation_error(error.path, error.message) from None
    return tenant


def _named(call: ControlCall[Any]) -> Tenant:
    text = call.path["tenant"]
    tenant = call.simulator.tenants.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 11 else None
    if tenant is None:
        raise ApiError(404, "ITEM_NOT_FOUND", f"there is no tenant {text[:20]!r}")
    return tenant


def _body(simulator: Simulator, tenant: Tenant) -> TenantBody:
    choices = simulator.tenants.choices(tenant.id)
    hours = simulator.settings.every_region.get(choices.region) or OffPeakHours("00:00", "00:00")
    if choices.off_peak_starts and choices.off_peak_ends:
        hours = OffPeakHours(choices.off_peak_starts, choices.off_peak_ends)
    return TenantBody(
        tenant=tenant.id,
        site=tenant.site,
        name=tenant.name,
        region=choices.region,
        off_peak=OffPeakBody(hours.starts, hours.ends, hours.cover(simulator.clock.now())),
        limits=simulator.limiter.own.get(tenant.id),
        client_ids=simulator.tenants.client_ids(tenant.id),
    )


def _new_body(simulator: Simulator, settings: TenantSettings) -> NewTenantBody:
    tenant = simulator.tenants.get(settings.tenant)
    assert tenant is not None
    told = {name: getattr(body, name) for body in [_body(simulator, tenant)] for name in body.__struct_fields__}
    return NewTenantBody(**told, client_id=settings.client_id, shared_secret=settings.shared_secret)


ROUTES = (
    ControlRoute(
        method="GET",
        path="/tenants",
        name="listTenants",
        summary="Lists the tenants with their regions, quiet hours, own limits and applications.",
        handle=list_tenants,
        answers=list[TenantBody],
    ),
    ControlRoute(
        method="POST",
        path="/tenants",
        name="addTenant",
        summary="Adds a tenant and tells its credentials, this once.",
        handle=add_tenant,
        request=TenantRequest,
        answers=NewTenantBody,
        status=201,
        refuses=(409,),
    ),
    ControlRoute(
        method="GET",
        path="/tenants/{tenant}",
        name="getTenantInHand",
        summary="Tells what is known of a tenant.",
        handle=get_tenant,
        answers=TenantBody,
    ),
    ControlRoute(
        method="DELETE",
        path="/tenants/{tenant}",
        name="removeTenant",
        summary="Removes a tenant and all it has.",
        handle=remove_tenant,
        answers=TenantBody,
    ),
    ControlRoute(
        method="PUT",
        path="/tenants/{tenant}/applications/{clientId}",
        name="putApplication",
        summary="Lets one more application of a tenant in, or gives one another secret; tells it this once.",
        handle=put_application,
        request=ApplicationRequest,
        answers=ApplicationBody,
        refuses=(409,),
    ),
    ControlRoute(
        method="POST",
        path="/snapshots/{name}/fork",
        name="forkSnapshot",
        summary="Adds a tenant that has what another had in a snapshot, with credentials of its own.",
        handle=fork_snapshot,
        request=ForkRequest,
        answers=NewTenantBody,
        status=201,
        refuses=(409,),
    ),
)
