"""Examines a simulator after it was killed and started again: is everything acknowledged there, and nothing by half?"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from .beliefs import Beliefs, DurabilityError, KnownJob, PoolBelief, Stock, Write, WriterBelief
from .caller import Caller
from .workload import log_in
from .world import FIRST_ON_HAND, INVENTORY, LOCATIONS, TENANTS, Owner, Tenant, instant

_QUARTER = 900_000_000
_MOST_JOBS = 2_000

JobBodies = dict[int, dict[str, Any]]


class Examination:
    """One look at a restarted simulator, from the first request to the moment when all its jobs have ended."""

    def __init__(self, caller: Caller, beliefs: Beliefs) -> None:
        self._caller = caller
        self._beliefs = beliefs
        self._happened: Counter[int] = Counter()
        """By tenant: writes without an answer that turn out to have happened."""
        self._deletes_found: dict[Tenant, int] = {}

    async def run(self) -> int:
        """Compare with what is known, let all jobs end, compare again, and take what is found as known.

        Returns how many writes without an answer turned out to have happened.

        Raises:
            DurabilityError: something is missing, there by half, or was given twice.
        """
        beliefs = self._beliefs
        now = instant((await self._caller.control("GET", "clock"))["now"])
        if now < beliefs.clock:
            raise DurabilityError(f"T-2: the clock had reached {beliefs.clock} and is now at {now}")
        beliefs.clock = now
        pools = await self._pools()
        # What follows is counted as well, but not in what was just read.
        believed = {name: replace(pool, outstanding=list(pool.outstanding)) for name, pool in beliefs.pools.items()}
        for tenant in TENANTS:
            jobs = await self._jobs(tenant)
            self._check_known_jobs(tenant, jobs)
            self._attribute(tenant, jobs)
            ended = {number for number, job in jobs.items() if job["status"] == "SUCCESS"}
            stock = await self._stock(tenant)
            for writer in self._writers(tenant):
                _compare_queued(writer, stock[writer.owner], ended, all_ended=False)
        await self._caller.control("POST", "clock/advance", {"untilIdle": True})
        for tenant in TENANTS:
            await self._check_ended(tenant)
        await self._check_places()
        self._check_pools(pools, believed, now)
        await self._check_tokens()
        await self._settle()
        return self._happened.total()

    def _writers(self, tenant: Tenant) -> list[WriterBelief]:
        return [writer for writer in self._beliefs.writers if writer.owner.tenant == tenant]

    # -- what is asked --------------------------------------------------------------------------------------------

    async def _pools(self) -> dict[str, dict[str, Any]]:
        return {pool["pool"]: pool for pool in await self._caller.control("GET", "limits/status")}

    async def _jobs(self, tenant: Tenant) -> JobBodies:
        """The tenant's jobs, and whether those of long ago are still what they were."""
        listed = await self._caller.control("GET", f"jobs?tenant={tenant.id}&limit={_MOST_JOBS}")
        for job in listed:
            what = (tenant.id, job["locationCode"], job["type"])
            before = self._beliefs.archive.setdefault(job["jobID"], what)
            if before != what:
                raise DurabilityError(f"J-11: job {job['jobID']} was {before}, now it is {what}")
        expected = min(_MOST_JOBS, sum(tenant.id == owner for owner, _, _ in self._beliefs.archive.values()))
        if len(listed) != expected:
            raise DurabilityError(f"D-1: tenant {tenant.id} has {len(listed)} jobs; {expected} were seen before")
        return {job["jobID"]: job for job in listed}

    async def _stock(self, tenant: Tenant) -> dict[Owner, Stock]:
        """On hand of all records of a tenant, by who owns the products."""
        lines = await self._caller.lines(f"/_simulator/inventory?tenant={tenant.id}")
        owners = {
            name: writer.owner
            for writer in self._writers(tenant)
            for name in (*writer.owner.queued, *writer.owner.direct, *writer.owner.doomed)
        }
        stock: dict[Owner, Stock] = {writer.owner: {} for writer in self._writers(tenant)}
        for row in lines:
            if row["partNumber"] not in owners:
                raise DurabilityError(
                    f"D-3: tenant {tenant.id} has a record of {row['partNumber']}, which is not its own"
                )
            stock[owners[row["partNumber"]]][row["locationCode"], row["partNumber"]] = row["onHand"]
        return stock

    # -- jobs -----------------------------------------------------------------------------------------------------

    def _check_known_jobs(self, tenant: Tenant, jobs: JobBodies) -> None:
        for writer in self._writers(tenant):
            for known in writer.jobs:
                job = jobs.get(known.id)
                if job is None:
                    raise DurabilityError(f"D-1: {known} was acknowledged and is gone")
                if (job["locationCode"], job["type"]) != (known.location, known.write.kind):
                    raise DurabilityError(f"D-1: {known} was acknowledged and is now {job}")
                if known.id in self._beliefs.finished and job["status"] != "SUCCESS":
                    raise DurabilityError(f"D-1: {known} had ended and is now {job}")

    def _attribute(self, tenant: Tenant, jobs: JobBodies) -> None:
        """Find for each job of an unanswered request the writer that asked for it."""
        known = {job.id for writer in self._writers(tenant) for job in writer.jobs}
        deletes: list[int] = []
        for number in sorted(set(jobs) - known):
            if number <= self._beliefs.settled_job:
                continue
            job = jobs[number]
            if job["type"] == "DELETE":
                deletes.append(number)
                continue
            for writer in self._writers(tenant):
                write = writer.in_flight
                if (
                    write is not None
                    and write.queued
                    and (write.kind, write.locations, len(write.quantities))
                    == (job["type"], (job["locationCode"],), job["itemCount"])
                ):
                    self._taken_in(writer, write, (number,))
                    break
            else:
                raise DurabilityError(f"D-1: nobody asked for job {job}")
        self._attribute_deletes(tenant, jobs, deletes)

    def _attribute_deletes(self, tenant: Tenant, jobs: JobBodies, numbers: Sequence[int]) -> None:
        """Enqueueing is one step: the jobs of one request have ids in a row, one for each location (J-1, J-9)."""
        size = len(LOCATIONS)
        groups = [numbers[start : start + size] for start in range(0, len(numbers), size)]
        for group in groups:
            if tuple(jobs[number]["locationCode"] for number in group) != LOCATIONS:
                raise DurabilityError(f"J-1: a delete of {LOCATIONS} without an answer left {[jobs[n] for n in group]}")
        # Which of several unanswered deletes they are shows in what is gone at the end; here they are only counted.
        self._deletes_found[tenant] = len(groups)

    def _taken_in(self, writer: WriterBelief, write: Write, numbers: Iterable[int]) -> None:
        writer.in_flight = None
        self._happened[writer.owner.tenant.id] += 1
        for number, location in zip(numbers, write.locations, strict=True):
            writer.jobs.append(KnownJob(number, writer.owner.tenant.id, location, write))

    async def _check_ended(self, tenant: Tenant) -> None:
        """Every job has reached its end, and the stock is what the jobs, in order, made of it (J-5, J-6, J-8)."""
        for job in (await self._jobs(tenant)).values():
            if job["status"] != "SUCCESS":
                raise DurabilityError(f"D-1: job {job} did not go on to its end")
        stock = await self._stock(tenant)
        deletes = 0
        for writer in self._writers(tenant):
            actual = stock[writer.owner]
            _compare_queued(writer, actual, set(), all_ended=True)
            write = writer.in_flight
            if write is not None and write.kind == "DELETE":
                left = sum(cell[1] in write.quantities for cell in actual)
                if left not in {0, len(write.quantities) * len(LOCATIONS)}:
                    raise DurabilityError(f"D-1: {write} has no answer and is there by half: {left} records are left")
                deletes += not left
                writer.in_flight = None
            self._settle_direct(writer, {cell: on_hand for cell, on_hand in actual.items() if cell in writer.direct})
            writer.settled = {cell: on_hand for cell, on_hand in actual.items() if cell not in writer.direct}
            writer.jobs.clear()
        found = self._deletes_found[tenant]
        if deletes != found:
            raise DurabilityError(f"D-1: {found} deletes left jobs, the records of {deletes} are gone")
        self._happened[tenant.id] += deletes

    def _settle_direct(self, writer: WriterBelief, actual: Stock) -> None:
        write = writer.in_flight
        if actual != writer.direct:
            if write is None or write.queued or actual != write.applied(writer.direct):
                wrong = _difference(writer.direct, actual)
                raise DurabilityError(f"D-1: {writer.owner} changed at once; with {write} unanswered: {wrong}")
            self._happened[writer.owner.tenant.id] += 1
        writer.direct = actual
        writer.in_flight = None

    # -- the rest -------------------------------------------------------------------------------------------------

    async def _check_places(self) -> None:
        beliefs = self._beliefs
        for tenant in TENANTS:
            token = (await log_in(self._caller, beliefs, tenant)).text
            reply = await self._caller.call("GET", f"{INVENTORY}/v1/location", tenant=tenant, token=token)
            found = {place["locationCode"]: place for place in reply.good()}
            for key in {*beliefs.places, *beliefs.places_in_flight}:
                if key[0] != tenant.id:
                    continue
                place = found.get(key[1], {})
                written = place.get("locationName"), place.get("postalCode")
                before, under_way = beliefs.places.get(key), beliefs.places_in_flight.pop(key, None)
                if written != _place(before):
                    if under_way is None or written != _place(under_way):
                        raise DurabilityError(
                            f"D-1: {key} was {before}, {under_way} had no answer, now it is {written}"
                        )
                    beliefs.places[key] = under_way
                    self._happened[tenant.id] += 1

    def _check_pools(self, pools: dict[str, dict[str, Any]], believed: dict[str, PoolBelief], now: int) -> None:
        """Counts hold every answered request and every one that happened; a restriction is still in force (RL-8)."""
        for name, belief in believed.items():
            pool = pools.get(name, {"buckets": [0] * 4, "restrictedUntil": None})
            passed = now // _QUARTER - belief.base_quarter
            counted = sum(pool["buckets"][: passed + 1]) - belief.base
            least = belief.counted + (
                self._happened[int(name.partition(" ")[0])] if name.endswith("inventory/*") else 0
            )
            most = belief.counted + len(belief.outstanding)
            if passed < 4 and not least <= counted <= most:
                raise DurabilityError(
                    f"D-1: {name} counted {counted} requests, between {least} and {most} were admitted"
                )
            if now < belief.restricted_at_least:
                until = instant(pool["restrictedUntil"]) if pool["restrictedUntil"] else 0
                if not belief.restricted_at_least <= until <= belief.restricted_at_most:
                    raise DurabilityError(f"D-1, RL-8: {name} is no longer restricted as it was: {pool}, {belief}")

    async def _check_tokens(self) -> None:
        """Whoever was let in still is, whoever was shut out stays out, until the token's time is over (A-1)."""
        beliefs = self._beliefs
        now = instant((await self._caller.control("GET", "clock"))["now"])
        beliefs.tokens = [token for token in beliefs.tokens if now < token.expires_at]
        for token in beliefs.tokens:
            reply = await self._caller.call("GET", f"/api/platform/tenants/{token.tenant}", token=token.text)
            expected = reply.status if token.revoked is None else 401 if token.revoked else 200
            if reply.status != expected:
                raise DurabilityError(f"D-1: a token whose revocation is {token.revoked} answers {reply.status}")
            token.revoked = reply.status == 401
        # Those that are shut out have shown it.
        beliefs.tokens = [token for token in beliefs.tokens if not token.revoked]

    async def _settle(self) -> None:
        """Bring back what was deleted, and take what is there as the new beginning."""
        beliefs = self._beliefs
        for writer in beliefs.writers:
            owner = writer.owner
            missing = {cell for cell in _cells(owner.doomed) if cell not in writer.settled}
            token = next(token.text for token in beliefs.tokens if token.tenant == owner.tenant.id)
            for code in LOCATIONS:
                items = [{"partNumber": name, "quantity": FIRST_ON_HAND} for at, name in sorted(missing) if at == code]
                if items:
                    path = f"{INVENTORY}/v5/inventory/sync-refresh"
                    body = {"locationCode": code, "items": items}
                    (await self._caller.call("POST", path, body, tenant=owner.tenant, token=token)).good()
            writer.settled.update(dict.fromkeys(missing, FIRST_ON_HAND))
        beliefs.finished.clear()
        beliefs.settled_job = beliefs.highest_job = max(beliefs.archive, default=0)
        clock = await self._caller.control("GET", "clock")
        beliefs.clock = instant(clock["now"])
        for name, pool in (await self._pools()).items():
            until = instant(pool["restrictedUntil"]) if pool["restrictedUntil"] else 0
            beliefs.pools[name] = PoolBelief(
                base=pool["buckets"][0],
                base_quarter=beliefs.clock // _QUARTER,
                restricted_at_least=until,
                restricted_at_most=until,
            )


def _cells(names: Iterable[str]) -> Iterable[tuple[str, str]]:
    return ((code, name) for code in LOCATIONS for name in names)


def _place(number: int | None) -> tuple[str | None, str | None]:
    return (None, None) if number is None else (f"Place {number}", str(number))


def _compare_queued(writer: WriterBelief, stock: Stock, ended: set[int], *, all_ended: bool) -> None:
    """Hold the products that jobs change against the jobs that have ended: all of each, nothing of the others (J-6)."""
    jobs = [job for job in sorted(writer.jobs, key=lambda job: job.id) if all_ended or job.id in ended]
    expected = writer.after(jobs)
    actual = {cell: on_hand for cell, on_hand in stock.items() if cell not in writer.direct}
    if writer.in_flight is not None and writer.in_flight.kind == "DELETE":
        names = writer.in_flight.quantities
        for code in LOCATIONS:
            left = [name for name in names if (code, name) in actual]
            if left and len(left) < len(names):
                raise DurabilityError(f"J-6: of {list(names)} only {left} are left at {code}")
        expected = {cell: on_hand for cell, on_hand in expected.items() if cell[1] not in names}
        actual = {cell: on_hand for cell, on_hand in actual.items() if cell[1] not in names}
    if expected != actual:
        raise DurabilityError(f"D-1, J-6: {writer.owner} after {len(jobs)} jobs: {_difference(expected, actual)}")


def _difference(expected: Stock, actual: Stock) -> str:
    wrong = [cell for cell in sorted({*expected, *actual}) if expected.get(cell) != actual.get(cell)]
    shown = "; ".join(f"{cell} expected {expected.get(cell)}, is {actual.get(cell)}" for cell in wrong[:8])
    return f"{len(wrong)} records differ: {shown}"
