"""Who is let in (A-1 to A-3) and in which order a request is judged (RL-11)."""

import pytest

from kibo_simulator import AccessSettings, LimitsDocument, PoolLimit, Settings
from kibo_simulator.rate_limits import UNLIMITED

from .conftest import V5, Bench, MakeBench

TICKETS = "/api/platform/applications/authtickets"
QUERY = {"type": "ANY", "items": [{"partNumber": "TNT-1001-BLK-S"}]}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_the_oauth_call_takes_json_and_forms(bench: Bench) -> None:
    """A-1: both spellings of the client credentials give a token of 3,600 s that opens the API."""
    form = "client_id=sample.app&client_secret=sample-secret&grant_type=client"
    reply = await bench.send("POST", f"{TICKETS}/oauth", form, headers=FORM)
    token = reply.body["access_token"]
    asked = await bench.send("POST", V5, QUERY, headers={"Authorization": f"Bearer {token}"})

    assert (reply.status, reply.body["expires_in"], reply.body["token_type"]) == (200, 3600, "bearer")
    assert asked.status == 200


async def test_the_older_ticket_calls(bench: Bench) -> None:
    """A-1: a ticket opens the API by ``x-vol-app-claims``, can be refreshed once, and revoked."""
    created = await bench.send("POST", f"{TICKETS}/", {"applicationId": "sample.app", "sharedSecret": "sample-secret"})
    refreshed = await bench.send("PUT", f"{TICKETS}/refresh-ticket", {"refreshToken": created.body["refreshToken"]})
    again = await bench.send("PUT", f"{TICKETS}/refresh-ticket", {"refreshToken": created.body["refreshToken"]})
    claims = {"Authorization": "", "x-vol-app-claims": refreshed.body["accessToken"]}
    before = await bench.send("POST", V5, QUERY, headers=claims)
    revoked = await bench.send("DELETE", f"{TICKETS}/{refreshed.body['refreshToken']}")
    after = await bench.send("POST", V5, QUERY, headers=claims)

    assert [created.status, refreshed.status, again.status] == [200, 200, 401]
    assert [before.status, revoked.status, revoked.body, after.status] == [200, 200, "", 401]
    assert created.body["accessTokenExpiration"] == "2026-03-02T06:00:00.000Z"


async def test_refreshing_by_the_oauth_call(bench: Bench) -> None:
    """A-1: the same call with a refresh token gives a new pair."""
    first = await bench.send("POST", f"{TICKETS}/oauth", {"client_id": "sample.app", "client_secret": "sample-secret"})
    second = await bench.send("POST", f"{TICKETS}/oauth", {"refresh_token": first.body["refresh_token"]})

    assert second.status == 200
    assert second.body["access_token"] != first.body["access_token"]


async def test_a_token_dies_after_an_hour_of_simulated_time(bench: Bench) -> None:
    """A-1 and T-1: the token is good for exactly 3,600 s of the simulator's clock."""
    bench.wait(3599.999999)
    before = await bench.send("POST", V5, QUERY)
    bench.wait(0.000001)
    after = await bench.send("POST", V5, QUERY)

    assert (before.status, after.status, after.body["errorCode"]) == (200, 401, "UNAUTHORIZED")


@pytest.mark.parametrize(
    "headers", [{"Authorization": ""}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic c2FtcGxl"}]
)
async def test_without_a_good_token_there_is_only_401(bench: Bench, headers: dict[str, str]) -> None:
    """A-1: missing and unknown tokens get the platform's envelope, also where nothing is."""
    replies = [await bench.send("POST", path, QUERY, headers=headers) for path in (V5, "/api/commerce/nowhere")]

    assert [(reply.status, reply.body["errorCode"]) for reply in replies] == [(401, "UNAUTHORIZED")] * 2


async def test_a_wrong_secret_is_refused_and_not_repeated(bench: Bench) -> None:
    """A-1: the answer to a wrong secret says what is wrong without saying the secret."""
    reply = await bench.send("POST", f"{TICKETS}/oauth", {"client_id": "sample.app", "client_secret": "hush-hush"})

    assert reply.status == 401
    assert "hush" not in str(reply.body)


async def test_a_token_of_one_tenant_does_not_open_another(bench: Bench) -> None:
    """A-2: by header, by host name and by look-up: 403."""
    replies = [
        await bench.send("POST", V5, QUERY, headers={"x-vol-tenant": "2002"}),
        await bench.send("POST", V5, QUERY, headers={"Host": "t2002-s1.sandbox.mozu.com"}),
        await bench.send("GET", "/api/platform/tenants/2002"),
        await bench.send("POST", V5, QUERY, headers={"x-vol-tenant": "many"}),
    ]

    assert [reply.status for reply in replies] == [403] * 4


async def test_the_right_tenant_by_header_or_host_is_let_in(bench: Bench) -> None:
    """A-2: naming one's own tenant is fine."""
    replies = [
        await bench.send("POST", V5, QUERY, headers={"x-vol-tenant": "1001"}),
        await bench.send("POST", V5, QUERY, headers={"Host": "t1001-s1.sandbox.mozu.com"}),
    ]

    assert [reply.status for reply in replies] == [200, 200]


async def test_the_tenant_look_up_has_no_domain_over_plain_http(bench: Bench) -> None:
    """A-3: empty over plain HTTP, so that the official SDK falls back to its own host."""
    reply = await bench.send("GET", "/api/platform/tenants/1001")

    assert (reply.status, reply.body["id"], reply.body["domain"]) == (200, 1001, "")
    assert reply.body["sites"][0]["id"] == 1


async def test_with_access_off_everybody_is_the_default_tenant(make_bench: MakeBench) -> None:
    """A-1: ``auth: off`` lets everything through."""
    bench = await make_bench(Settings(access=AccessSettings(auth="off")))
    bench.headers = {}

    assert (await bench.send("POST", V5, QUERY)).status == 200
    assert (await bench.send("POST", V5, QUERY, headers={"x-vol-tenant": "7"})).status == 403


async def test_access_comes_before_limits_and_limits_before_routing(make_bench: MakeBench) -> None:
    """RL-11: 401s are not counted; 404, 405 and 400 are; the 429 hides what the request would have been."""
    bench = await make_bench(limits=LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 3, 200),)))
    refused = await bench.send("POST", V5, QUERY, headers={"Authorization": ""})
    counted = [
        await bench.send("GET", "/api/commerce/inventory/v5/nothing"),
        await bench.send("DELETE", V5),
        await bench.send("POST", V5, "{"),
        await bench.send("GET", "/api/commerce/inventory/v5/nothing"),
    ]
    elsewhere = await bench.send("GET", "/api/platform/tenants/1001")

    assert refused.status == 401
    assert [reply.status for reply in counted] == [404, 405, 400, 429]
    assert elsewhere.status == 200


async def test_the_429_has_a_header_a_correlation_and_no_body(make_bench: MakeBench) -> None:
    """RL-12: the default is an empty body; ``throttle_body: json`` gives an envelope that the SDK can parse."""
    pools = (PoolLimit("/api/commerce/inventory/*", 0, 200),)
    empty = await (await make_bench(limits=LimitsDocument(pools=pools))).send("POST", V5, QUERY)
    full = await (await make_bench(limits=LimitsDocument(pools=pools, throttle_body="json"))).send("POST", V5, QUERY)

    assert (empty.status, empty.body, empty.headers["Retry-After"], empty.headers["Content-Length"]) == (
        429,
        "",
        "60",
        "0",
    )
    assert len(empty.headers["x-vol-correlation"]) == 32
    assert (full.status, full.headers["Retry-After"], full.body["errorCode"]) == (429, "60", "TOO_MANY_REQUESTS")
    assert full.body["correlationId"] == full.headers["x-vol-correlation"]


async def test_every_alias_shares_the_pool(make_bench: MakeBench) -> None:
    """RL-1: v1, v5, the older prefix and a trailing slash are one pool."""
    bench = await make_bench(limits=LimitsDocument(pools=(PoolLimit("/api/commerce/inventory/*", 4, None),)))
    paths = (V5, "/api/commerce/inventory/v1/inventory", "/api/commerce/inventory/api/v5/inventory", V5 + "/", V5)

    assert [(await bench.send("POST", path, QUERY)).status for path in paths] == [200, 200, 200, 200, 429]


async def test_no_secret_reaches_the_journal(bench: Bench) -> None:
    """Journal contract: neither secrets nor tokens, not even the one that stands in a path."""
    ticket = await bench.send("POST", TICKETS, {"applicationId": "sample.app", "sharedSecret": "sample-secret"})
    await bench.send("DELETE", f"{TICKETS}/{ticket.body['refreshToken']}")
    await bench.send("POST", V5, QUERY)
    text = b"".join(bench.simulator.journal.ndjson()).decode()

    for secret in (
        "sample-secret",
        ticket.body["refreshToken"],
        ticket.body["accessToken"],
        bench.headers["Authorization"][7:],
    ):
        assert secret not in text


async def test_an_expired_refresh_token_revokes_nothing(make_bench: MakeBench) -> None:
    """A-1: logging out with a token that is no longer good does not end what others are doing."""
    bench = await make_bench(Settings(access=AccessSettings(refresh_lifetime_s=300), limits=UNLIMITED))
    login = {"client_id": "sample.app", "client_secret": "sample-secret"}
    ticket = (await bench.send("POST", f"{TICKETS}/oauth", login)).body
    bench.headers = {"Authorization": f"Bearer {ticket['access_token']}"}
    bench.wait(301)
    await bench.send("DELETE", f"{TICKETS}/{ticket['refresh_token']}")

    assert (await bench.send("POST", V5, QUERY)).status == 200


async def test_a_route_means_all_aliases_of_what_it_names(make_bench: MakeBench) -> None:
    """RL-1: a pool for one spelling of a call holds for every other spelling, trailing slash included."""
    route = "/api/commerce/inventory/v1/inventory"
    bench = await make_bench(limits=LimitsDocument(pools=(PoolLimit(route, 1, None), PoolLimit("/api/*", 500, None))))
    paths = (V5, f"{V5}/", route, "/api/commerce/inventory/api/v5/inventory")

    assert [(await bench.send("POST", path, QUERY)).status for path in paths] == [200, 429, 429, 429]
    assert (await bench.send("GET", "/api/commerce/inventory/v1/queue")).status == 200


async def test_credentials_in_a_query_are_refused_and_not_kept(bench: Bench) -> None:
    """A-1: whoever puts them there finds the call in the journal, and the secret nowhere."""
    reply = await bench.send("POST", f"{TICKETS}/oauth?client_id=sample.app&client_secret=sample%26-secret")
    lost = await bench.send("PUT", f"{TICKETS}/refresh-ticket/0123456789abcdef")
    first, second = [entry.to_wire() for entry in bench.simulator.journal.held()][-2:]

    assert [reply.status, lost.status] == [400, 404]
    assert first["query"] == "client_id=sample.app&client_secret=********"
    assert second["path"] == f"{TICKETS}/refresh-ticket/********"
