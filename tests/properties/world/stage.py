"""The simulator beside its model: how both are asked the same and what is compared, and the rules of access (A-1).

The machine owns a virtual loop. Each rule runs real aiohttp on both sides to the end of its call, and between rules
the world stands still. Every run is recorded, so that a failure can be kept as a file and replayed.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.properties.world import draws
from tests.properties.world.draws import TENANTS
from tests.properties.world.model import Expected, Model

from kibo_scenarios.replay import replay
from kibo_scenarios.replay_file import Method, Opening, ReplayFile, parsed
from kibo_scenarios.replay_secrets import TICKETS, secret_of
from kibo_scenarios.replay_world import ReplayWorld, Reply, open_world
from kibo_scenarios.virtual_time import VirtualTimeLoop

tenants = st.sampled_from(TENANTS)
prefixes = st.sampled_from(draws.PREFIXES)
manners = st.sampled_from(("good",) * 30 + ("stale", "none", "unknown", "refresh token", "stranger"))


class Stage(RuleBasedStateMachine):
    """A world and its model, without a rule that does anything but logging in and out.

    ``replayed`` has every run sent a second time at its end (T-4). The counts are those of all runs of the process.
    """

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
        Stage.last = None

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
        recording = Stage.last = self.world.recording()
        Stage.runs += 1
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
        Stage.steps += 1
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
        Stage.outcomes[operation, reply.status] += 1
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
