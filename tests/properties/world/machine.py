"""Whatever is done to the simulator through HTTP, in whatever order and at whatever times: it answers as the model."""

import asyncio
import json
from typing import Any, Literal

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from tests.properties.simulator.every_timestamp import SECOND
from tests.properties.world import draws
from tests.properties.world.draws import TENANTS, Gap
from tests.properties.world.model import Deletion, Expected, identifiers
from tests.properties.world.stage import Stage, manners, prefixes, tenants
from tests.properties.world.stock_model import Identity, Line

from kibo_scenarios.replay_file import Method

MISSES: tuple[tuple[Method, str, str | None, int], ...] = (
    ("GET", "v5/nowhere", None, 404),
    ("PUT", "v5/inventory", None, 405),
    ("GET", "v1/queue/none", None, 400),
    ("POST", "v5/inventory/deleteItems", json.dumps({"items": [{"partNumber": "A-1"}] * 1_001}), 400),
    ("POST", "v5/inventory/deleteItems", '{"items": 5}', 400),
    ("POST", "v5/inventory/refresh", "{", 400),
)
QUERY_TYPES = ("ANY", "ANY", "ALL", "PARTIAL", "ALL_STORES")


class WorldMachine(Stage):
    """The rules of stock, jobs and time, and what holds after each."""

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
