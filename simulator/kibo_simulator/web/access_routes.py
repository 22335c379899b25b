"""Tokens and the tenant look-up (A-1 to A-3)."""

from urllib.parse import parse_qs

import msgspec

from kibo_simulator.tenants import Tokens
from kibo_simulator.timestamps import SECOND, iso_milliseconds
from kibo_simulator.web.errors import ApiError, validation_error
from kibo_simulator.web.operations import Answer, Call, Operation
from kibo_simulator.web.wire import OAuthRequest, RefreshTicketRequest, TicketRequest, decode

_oauth = msgspec.json.Decoder(OAuthRequest)
_ticket = msgspec.json.Decoder(TicketRequest)
_refresh_ticket = msgspec.json.Decoder(RefreshTicketRequest)

# Kibo writes client; OAuth 2.0, and with it most libraries, client_credentials.
_GRANT_TYPES = frozenset({"client", "client_credentials", "refresh", "refresh_token"})
_GRANTS_TOLD = "client, client_credentials, refresh and refresh_token"
_APPLICATIONS = "/api/platform/applications/authtickets"


def _refused() -> ApiError:
    return ApiError(401, "UNAUTHORIZED", "the application id or secret is not known, or the refresh token is spent")


def oauth(call: Call) -> Answer:
    """Client credentials, JSON or form-encoded; with a refresh token the same call refreshes (A-1)."""
    call.summary["grant"] = "client_credentials"
    # Many programs label every body as a form; JSON is known by its brace.
    if call.content_type == "application/x-www-form-urlencoded" and not call.body.lstrip().startswith(b"{"):
        try:
            form = parse_qs(call.body.decode("utf-8", "replace"), max_num_fields=32)
        except ValueError:
            raise validation_error("$", "the form has more than 32 fields") from None
        wanted = OAuthRequest(**{name: form[name][-1] for name in OAuthRequest.__struct_fields__ if name in form})
    else:
        wanted = decode(_oauth, call.body)
    if wanted.grant_type is not None and wanted.grant_type.lower() not in _GRANT_TYPES:
        raise validation_error("$.grant_type", f"{wanted.grant_type[:40]!r} is not known; {_GRANTS_TOLD} are accepted")
    tokens: Tokens | None = None
    if wanted.refresh_token:
        call.summary["grant"] = "refresh_token"
        tokens = call.simulator.access.refresh(wanted.refresh_token, call.now)
    if tokens is None and wanted.client_id and wanted.client_secret:
        tokens = call.simulator.access.login(wanted.client_id, wanted.client_secret, call.now)
    if tokens is None:
        raise _refused()
    return Answer(
        {
            "access_token": tokens.access_token,
            "token_type": "bearer",
            "expires_in": (tokens.access_expires_at - call.now) // SECOND,
            "refresh_token": tokens.refresh_token,
            "refresh_token_expires_in": (tokens.refresh_expires_at - call.now) // SECOND,
        }
    )


def _ticket_answer(tokens: Tokens | None) -> Answer:
    if tokens is None:
        raise _refused()
    return Answer(
        {
            "accessToken": tokens.access_token,
            "refreshToken": tokens.refresh_token,
            "accessTokenExpiration": iso_milliseconds(tokens.access_expires_at),
            "refreshTokenExpiration": iso_milliseconds(tokens.refresh_expires_at),
        }
    )


def ticket(call: Call) -> Answer:
    """The older ticket call."""
    call.summary["grant"] = "ticket"
    wanted = decode(_ticket, call.body)
    return _ticket_answer(call.simulator.access.login(wanted.application_id, wanted.shared_secret, call.now))


def refresh_ticket(call: Call) -> Answer:
    """The older refresh call."""
    call.summary["grant"] = "refresh_ticket"
    return _ticket_answer(call.simulator.access.refresh(decode(_refresh_ticket, call.body).refresh_token, call.now))


def delete_ticket(call: Call) -> Answer:
    """Log an application out; 200 whether or not the token was known."""
    call.simulator.access.revoke(call.path["token"], call.now)
    return Answer(None)


def get_tenant(call: Call) -> Answer:
    """The tenant look-up that the official SDKs make before their first call (A-3)."""
    text = call.path["tenant_id"]
    if text != str(call.tenant_id):
        raise ApiError(403, "FORBIDDEN", f"the token belongs to tenant {call.tenant_id}, not to {text[:20]}")
    tenant = call.simulator.tenants.get(call.tenant_id)
    if tenant is None:
        raise ApiError(404, "ITEM_NOT_FOUND", f"there is no tenant {text[:20]}")
    told = call.simulator.settings.access.tenant_domain
    domain = told if told is not None else call.host if call.secure else ""
    return Answer(
        {
            "id": tenant.id,
            "name": tenant.name,
            "domain": domain,
            "isDevTenant": True,
            "isUnified": True,
            "sites": [
                {
                    "id": tenant.site,
                    "name": "Main Site",
                    "tenantId": tenant.id,
                    "catalogId": 1,
                    "localeCode": "en-US",
                    "countryCode": "US",
                    "currencyCode": "USD",
                    "domain": domain,
                    "attributes": [],
                }
            ],
            "masterCatalogs": [
                {
                    "id": 1,
                    "name": "Master Catalog",
                    "tenantId": tenant.id,
                    "catalogs": [{"id": 1, "name": "Catalog", "tenantId": tenant.id, "masterCatalogId": 1}],
                }
            ],
            "attributes": [],
        }
    )


OPERATIONS = (
    Operation("authenticate", "POST", (f"{_APPLICATIONS}/oauth",), oauth, open=True, request=OAuthRequest),
    Operation("createTicket", "POST", (_APPLICATIONS,), ticket, open=True, request=TicketRequest),
    Operation(
        "refreshTicket",
        "PUT",
        (f"{_APPLICATIONS}/refresh-ticket",),
        refresh_ticket,
        open=True,
        request=RefreshTicketRequest,
    ),
    Operation("deleteTicket", "DELETE", (f"{_APPLICATIONS}/{{token}}",), delete_ticket, open=True),
    Operation("getTenant", "GET", ("/api/platform/tenants/{tenant_id}",), get_tenant, reads=True, unlimited=True),
)
