"""Whatever is done to the simulator through HTTP, in whatever order and at whatever times: it answers as the model.

The machine owns a virtual loop. Each rule runs real aiohttp on both sides to the end of its call, and between rules
the world stands still. Every run is recorded, so that a failure can be kept as a file and replayed.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from typing import Any, ClassVar, Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.properties.simulator.every_timestamp import SECOND
from tests.properties.world import draws
from tests.properties.world.draws import TENANTS, Gap
from tests.properties.world.model import Deletion, Expected, Model, identifiers
from tests.properties.world.stock_model import Identity, Line

from kibo_scenarios.replay import replay
from kibo_scenarios.replay_file import Method, Opening, ReplayFile, parsed
from kibo_scenarios.replay_secrets import TICKETS, secret_of
from kibo_scenarios.replay_world import ReplayWorld, Reply, open_world
from kibo_scenarios.virtual_time import VirtualTimeLoop

tenants = st.sampled_from(TENANTS)
prefixes = st.sampled_from(draws.PREFIXES)
manners = st.sampled_from(("good",) * 30 + ("stale", "none", "unknown", "refresh token", "stranger"))
MISSES: tuple[tuple[Method, str, str | None, int], ...] = (
    ("GET", "v5/nowhere", None, 404),
    ("PUT", "v5/inventory", None, 405),
    ("GET", "v1/queue/none", None, 400),
    ("POST", "v5/inventory/deleteItems", json.dumps({"items": [{"partNumber": "A-1"}] * 1_001}), 400),
    ("POST", "v5/inventory/deleteItems", '{"items": 5}', 400),
    ("POST", "v5/inventory/refresh", "{", 400),
)
QUERY_TYPES = ("ANY", "ANY", "ALL", "PARTIAL", "ALL_STORES")


class WorldMachine(RuleBasedStateMachine):
    """The simulator beside its model; ``replayed`` also sends every run a second time at its end (T-4)."""

    replayed: ClassVar[bool] = False
    steps: ClassVar[int] = 0
    runs: ClassVar[int] = 0
    outcomes: ClassVar[Counter[tuple[str, int]]] = Counter()
    last: ClassVar[ReplayFile | None] = None
    """The recording of the newest run: after a failure, of the falsifying example."""

    world: ReplayWorld | None = None

    @classmethod
    def forget(cls) -> None:
        """Drop the recording of the newest run."""
        WorldMachine.last = None

    @initialize(opening=draws.openings)
    def open(self, opening: Opening) -> None:
        """Build the world and its model, and log both tenants in."""
        self.model = Model(opening)
        self.loop = VirtualTimeLoop(start_us=opening.started_at)
        self.stack = AsyncExitStack()
        self.tokens: dict[int, str] = {}
        self.refresh_tokens: dict[int, str] = {}
        self.spent: list[str] = []
        self.retry_after = 0
        self.world = self.loop.run_until_complete(self.stack.enter_async_context(open_world(opening, self.loop)))
        for tenant in TENANTS:
            self.log_in(tenant, by="secret")

    def teardown(self) -> None:
        """Keep the recording; take the world down; send it all again where that was asked for."""
        if self.world is None:
            return
        recording = WorldMachine.last = self.world.recording()
        WorldMachine.runs += 1
        try:
            self.loop.run_until_complete(self.stack.aclose())
        finally:
            self.loop.close()
        assert self.loop.recorded == []
        if self.replayed:
            assert replay(recording) == ()

    # -- sending --------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The instant of the world."""
        return self.loop.wall_us()

    def send(self, method: Method, path: str, headers: dict[str, str] | None = None, body: Any = None) -> Reply:
        """One request; it takes no time."""
        assert self.world is not None
        before = self.now
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        reply = self.loop.run_until_complete(self.world.send(method, path, headers or {}, text))
        WorldMachine.steps += 1
        assert self.now == before
        return reply

    def credentials(self, tenant: int, manner: str) -> tuple[dict[str, str], str | None, int | None]:
        """Headers for a call, the token in them, and the tenant that they name."""
        token: str | None = self.tokens[tenant]
        named: int | None = None
        match manner:
            case "none":
                token = None
            case "unknown":
                token = "0" * 48
            case "refresh token":
                token = self.refresh_tokens[tenant]
            case "stranger":
                named = next(other for other in TENANTS if other != tenant)
            case "good":
                grant = self.model.tokens.get(token or "")
                if grant is None or grant.expires <= self.now:
                    self.log_in(tenant, by="secret")
                    token = self.tokens[tenant]
                named = tenant
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        if named is not None:
            headers["x-vol-tenant"] = str(named)
        return headers, token, named

    def call(
        self,
        operation: str,
        tenant: int,
        manner: str,
        method: Method,
        path: str,
        then: Callable[[int], Expected],
        body: Any = None,
    ) -> None:
        """Ask the model and the simulator, and compare; ``then`` is what an admitted call must bring."""
        headers, token, named = self.credentials(tenant, manner)
        path = f"/api/commerce/inventory/{path}"
        answer = self.model.arrive(self.now, path.partition("?")[0], token, named)
        expected = answer if isinstance(answer, Expected) else then(answer)
        reply = self.send(method, path, headers, body)
        WorldMachine.outcomes[operation, reply.status] += 1
        if reply.retry_after is not None:
            self.retry_after = int(reply.retry_after)
        retry_after = None if expected.retry_after is None else str(expected.retry_after)

        assert (reply.status, reply.retry_after) == (expected.status, retry_after)
        if expected.body is not None:
            assert compared(operation, parsed(reply.text)) == expected.body

    # -- rules: access --------------------------------------------------------------------------------------------

    @rule(tenant=tenants, by=st.sampled_from(("secret", "refresh token", "spent token", "wrong secret")))
    def log_in(self, tenant: int, by: str) -> None:
        """A-1: new tokens for a secret or for a refresh token, which is then used up."""
        body = {"client_id": f"app.{tenant}", "grant_type": "client_credentials"}
        whose: int | None = tenant
        match by:
            case "secret":
                line = next(line for line in self.model.opening.tenants if line.id == tenant)
                body["client_secret"] = secret_of(line)
                self.model.jobs.settle(self.now)
            case "wrong secret":
                body["client_secret"], whose = "guessed", None
                self.model.jobs.settle(self.now)
            case _:
                token = self.refresh_tokens[tenant] if by == "refresh token" or not self.spent else self.spent[-1]
                body = {"grant_type": "refresh_token", "refresh_token": token}
                whose = self.model.spend(self.now, token)
                self.spent.append(token)
        reply = self.send("POST", f"{TICKETS}/oauth", body=body)

        assert reply.status == (401 if whose is None else 200)
        if whose is not None:
            granted = parsed(reply.text)
            self.tokens[whose], self.refresh_tokens[whose] = granted["access_token"], granted["refresh_token"]
            self.model.issued(self.now, whose, granted["access_token"], granted["refresh_token"])

            assert granted["expires_in"] == self.model.settings.access.token_lifetime_s

    @rule(tenant=tenants, kind=st.sampled_from(("access", "refresh")))
    def log_out(self, tenant: int, kind: str) -> None:
        """A-1: a revoked token opens nothing any more."""
        token = self.tokens[tenant] if kind == "access" else self.refresh_tokens[tenant]
        known = self.model.tokens.get(token)
        if known is None or known.expires <= self.now:
            token = "0" * 48
        self.model.revoke(self.now, token)

        assert self.send("DELETE", f"{TICKETS}/{token}").status == 200

    # -- rules: stock ---------------------------------------------------------------------------------------------

    @rule(tenant=tenants, manner=manners, prefix=prefixes, location=draws.locations, lines=draws.lines)
    def refresh(self, tenant: int, manner: str, prefix: str, location: str, lines: tuple[Line, ...]) -> None:
        """I-2, J-12: set."""
        self.write("refresh", tenant, manner, prefix, location, lines)

    @rule(tenant=tenants, manner=manners, prefix=prefixes, location=draws.locations, lines=draws.additions)
    def adjust(self, tenant: int, manner: str, prefix: str, location: str, lines: tuple[Line, ...]) -> None:
        """I-2, J-12: add."""
        self.write("adjust", tenant, manner, prefix, location, lines)

    def write(
        self,
        operation: Literal["refresh", "adjust"],
        tenant: int,
        manner: str,
        prefix: str,
        location: str,
        lines: tuple[Line, ...],
    ) -> None:
        """Send a refresh or an adjust."""
        items = []
        for line in lines:
            item: dict[str, Any] = identifiers(line.identity) | {"quantity": line.quantity}
            if line.safety_stock is not None:
                item["safetyStock"] = line.safety_stock
            if line.floor is not None:
                item["floor"] = line.floor
            items.append(item)
        body = {"locationCode": location, "items": items}
        path = f"{prefix}/inventory/{operation}"
        kind = operation.upper()
        self.call(
            operation,
            tenant,
            manner,
            "POST",
            path,
            lambda whose: self.model.write(self.now, whose, kind, location, lines),
            body,
        )

    @rule(
        tenant=tenants,
        manner=manners,
        prefix=prefixes,
        items=st.lists(draws.deleted_items, max_size=4).map(tuple),
        locations=draws.scopes,
        everywhere=st.sampled_from((None, None, False, True)),
        dry_run=st.booleans(),
        explicit=st.booleans(),
    )
    def delete_items(
        self,
        tenant: int,
        manner: str,
        prefix: str,
        items: tuple[Identity, ...],
        locations: tuple[str, ...],
        *,
        everywhere: bool | None,
        dry_run: bool,
        explicit: bool,
    ) -> None:
        """J-1 to J-3, J-9, I-6: dry or live, by many identifiers."""
        wanted = Deletion(items, locations, everywhere=bool(everywhere), dry_run=dry_run, explicit=explicit)
        body = {"items": [identifiers(item) for item in items], **scope_fields(wanted, everywhere=everywhere)}
        self.delete_call(tenant, manner, f"{prefix}/inventory/deleteItems", body, wanted)

    @rule(
        tenant=tenants,
        manner=manners,
        item=draws.single_items,
        locations=draws.scopes,
        dry_run=st.booleans(),
        explicit=st.booleans(),
    )
    def delete(
        self,
        tenant: int,
        manner: str,
        item: Identity,
        locations: tuple[str, ...],
        *,
        dry_run: bool,
        explicit: bool,
    ) -> None:
        """J-1 to J-3, I-6: dry or live, by one identifier."""
        wanted = Deletion((item,), locations, dry_run=dry_run, explicit=explicit)
        body = {**identifiers(item), **scope_fields(wanted)}
        self.delete_call(tenant, manner, "v5/inventory/delete", body, wanted)

    def delete_call(self, tenant: int, manner: str, path: str, body: dict[str, Any], wanted: Deletion) -> None:
        """Send a deletion of either form."""
        self.call(
            "dry run" if wanted.dry_run else "delete",
            tenant,
            manner,
            "POST",
            path,
            lambda whose: self.model.delete(self.now, whose, wanted),
            body,
        )

    @rule(
        tenant=tenants,
        manner=manners,
        prefix=prefixes,
        kind=st.sampled_from(QUERY_TYPES),
        items=st.lists(st.tuples(draws.identities, st.integers(0, 6)), max_size=3).map(tuple),
        location=st.one_of(st.none(), draws.locations),
        ignore=st.booleans(),
        negative=st.booleans(),
    )
    def look_up(
        self,
        tenant: int,
        manner: str,
        prefix: str,
        kind: str,
        items: tuple[tuple[Identity, int], ...],
        location: str | None,
        *,
        ignore: bool,
        negative: bool,
    ) -> None:
        """I-1, I-3: stock by item and by location."""
        body: dict[str, Any] = {
            "type": kind,
            "items": [identifiers(item) | {"quantity": quantity} for item, quantity in items],
            "ignoreSafetyStock": ignore,
            "includeNegativeInventory": negative,
        }
        if location is not None:
            body["requestLocation"] = {"locationCode": location}
        self.call(
            "look up",
            tenant,
            manner,
            "POST",
            f"{prefix}/inventory",
            lambda whose: self.model.look_up(
                whose, kind, items, location, ignore_safety_stock=ignore, negative=negative
            ),
            body,
        )

    # -- rules: jobs and what does not exist -----------------------------------------------------------------------

    @rule(tenant=tenants, manner=manners, prefix=prefixes, back=st.integers(-1, 4))
    def poll(self, tenant: int, manner: str, prefix: str, back: int) -> None:
        """J-4, D-3: a job by its id, now and then another tenant's or one that is not there yet."""
        number = max(1, len(self.model.jobs.jobs) - back)
        self.call(
            "job",
            tenant,
            manner,
            "GET",
            f"{prefix}/queue/{number}",
            lambda whose: self.model.job(self.now, whose, number),
        )

    @rule(
        tenant=tenants,
        manner=manners,
        prefix=prefixes,
        location=st.one_of(st.none(), draws.locations),
        kinds=st.sampled_from(((), (), ("DELETE",), ("REFRESH", "ADJUST"))),
        limit=st.sampled_from((None, None, 1, 2, 5)),
        skip=st.sampled_from((0, 0, 1, 3)),
    )
    def list_jobs(
        self,
        tenant: int,
        manner: str,
        prefix: str,
        location: str | None,
        kinds: tuple[str, ...],
        limit: int | None,
        skip: int,
    ) -> None:
        """J-4, D-3: the tenant's own jobs, newest first."""
        query = [f"startIndex={skip}", *(f"types={kind}" for kind in kinds)]
        if location is not None:
            query.append(f"locationCode={location}")
        if limit is not None:
            query.append(f"limit={limit}")
        self.call(
            "jobs",
            tenant,
            manner,
            "GET",
            f"{prefix}/queue?{'&'.join(query)}",
            lambda whose: self.model.list_jobs(self.now, whose, location, kinds, limit or 100, skip),
        )

    @rule(tenant=tenants, manner=manners, aim=st.sampled_from(MISSES))
    def miss(self, tenant: int, manner: str, aim: tuple[Method, str, str | None, int]) -> None:
        """RL-11, J-10: what is admitted is counted, whatever its status."""
        method, path, body, status = aim
        self.call("miss", tenant, manner, method, path, lambda _: Expected(status), body)

    @rule(tenant=tenants, count=st.integers(2, 9))
    def burst(self, tenant: int, count: int) -> None:
        """RL-5 to RL-10: many calls at one instant, on to the end of the limit and past it."""
        for _ in range(count):
            self.list_jobs(tenant, "good", "v1", None, (), 1, 0)

    # -- rules: time ----------------------------------------------------------------------------------------------

    @rule(gap=draws.gaps)
    def wait(self, gap: Gap) -> None:
        """T-3: time passes, and nobody asks."""
        until = self.instant(gap)
        if until > self.now:
            self.loop.run_until_complete(asyncio.sleep((until - self.now) / SECOND))

            assert self.now == until

    @rule(tenant=tenants, early=st.sampled_from((0, 1, SECOND)))
    def use_a_token_to_its_end(self, tenant: int, early: int) -> None:
        """A-1: a token opens up to the last microsecond of its life, and not at its expiry."""
        grant = self.model.tokens.get(self.tokens[tenant])
        if grant is not None and grant.expires - early > self.now:
            self.wait(grant.expires - early - self.now)
            self.list_jobs(tenant, "stale", "v1", None, (), 1, 0)

    def instant(self, gap: Gap) -> int:
        """When a gap ends."""
        now = self.now
        if isinstance(gap, int):
            return now + gap
        if isinstance(gap, tuple):
            size, beside = gap
            return (now // size + 1) * size + beside
        event = self.model.jobs.next_end() or now
        match gap:
            case "event":
                return event
            case "before event":
                return event - 1
            case "retry":
                return now + self.retry_after * SECOND
            case _:
                return now + self.retry_after * SECOND - 1

    # -- what holds after every step --------------------------------------------------------------------------------

    @precondition(lambda self: self.world is not None)
    @invariant()
    def stock_is_as_in_the_model(self) -> None:
        """I-2, I-5, D-3: every record of every tenant; on hand is the last refresh and the adjusts after it."""
        assert self.world is not None
        for tenant in TENANTS:
            records = list(self.world.simulator.stock_records(tenant))
            rows = [
                (
                    record.location_code,
                    record.part_number,
                    record.upc,
                    record.sku,
                    record.on_hand,
                    record.allocated,
                    record.pending,
                    record.safety_stock,
                    record.floor,
                )
                for record in records
            ]

            assert rows == self.model.stock[tenant].rows()
            assert [record.on_hand for record in records] == self.model.stock[tenant].conserved()

    @precondition(lambda self: self.world is not None)
    @invariant()
    def the_next_event_is_known(self) -> None:
        """T-3: the simulator says when it next has something to do."""
        assert self.world is not None
        assert self.world.simulator.next_event_at() == self.model.jobs.next_end()


class ReplayedWorldMachine(WorldMachine):
    """The same, and every run goes the same way twice (T-4)."""

    replayed = True


def scope_fields(wanted: Deletion, *, everywhere: bool | None = None) -> dict[str, Any]:
    """The fields that the two deletions share; what is not asked for is left out."""
    fields: dict[str, Any] = {}
    if wanted.dry_run:
        fields["dryRun"] = True
    if wanted.explicit:
        fields["explicit"] = True
    if wanted.locations:
        fields["locationCodes"] = list(wanted.locations)
    if everywhere is not None:
        fields["allLocations"] = everywhere
    return fields


ROW_FIELDS = (
    "tenantID", "locationCode", "partNumber", "upc", "sku",
    "onHand", "available", "allocated", "pending", "safetyStock", "floor",
)  # fmt: skip
JOB_FIELDS = (
    "jobID", "tenantID", "locationCode", "type", "status", "success", "hasData",
    "added", "started", "finished", "itemCount", "messages",
)  # fmt: skip
DELETION_FIELDS = (
    "dryRun", "totalInventoryEntriesDeleted", "totalLocationsAffected", "totalProductsDeleted", "jobIDs",
)  # fmt: skip


def compared(operation: str, body: Any) -> Any:
    """The part of an answer that the model speaks of; the order of a look-up's rows is nobody's promise."""
    match operation:
        case "look up":
            return sorted((only(ROW_FIELDS, row) for row in body), key=repr)
        case "job":
            return only(JOB_FIELDS, body)
        case "jobs":
            return [only(JOB_FIELDS, job) for job in body]
        case "delete" | "dry run":
            rows = [[row["itemIdentifier"], row["locationCodes"]] for row in body["itemsDeleted"]]
            return only(DELETION_FIELDS, body) | {"itemsDeleted": rows}
        case _:
            return body


def only(names: Iterable[str], body: dict[str, Any]) -> dict[str, Any]:
    """The fields of these names, as far as they are there."""
    return {name: body[name] for name in names if name in body}
