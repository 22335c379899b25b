"""The rate ledger's clauses read literally: no counters, only a list of the instants that count (RL-2 to RL-10)."""

from dataclasses import dataclass, field

from kibo_simulator.rate_limits import LADDER, LimitsDocument, PoolLimit

SECOND = 1_000_000
MINUTE = 60 * SECOND
QUARTER = 900 * SECOND


@dataclass
class EveryTimestamp:
    """The clauses read literally: no counters, only a list of the instants that count."""

    document: LimitsDocument
    limit: PoolLimit
    counted: list[int] = field(default_factory=list)
    restricted_until: int = 0
    value: int = 0
    rejections: int = 0

    def in_minute(self, now: int) -> int:
        return sum(1 for at in self.counted if at // MINUTE == now // MINUTE)

    def in_hour(self, now: int, *, without_oldest: int = 0) -> int:
        newest = now // QUARTER
        oldest = newest - 3 + without_oldest
        return sum(1 for at in self.counted if oldest <= at // QUARTER <= newest)

    def has_room(self, now: int) -> bool:
        rpm, rph = self.limit.rpm, self.limit.rph
        return (rpm is None or self.in_minute(now) < rpm) and (rph is None or self.in_hour(now) < rph)

    def needed(self, now: int) -> int:
        waits = [0]
        if self.limit.rpm is not None and self.in_minute(now) >= self.limit.rpm:
            waits.append(60)
        if self.limit.rph is not None and self.in_hour(now) >= self.limit.rph:
            waits.append(900 * next((k for k in (1, 2, 3) if self.in_hour(now, without_oldest=k) < self.limit.rph), 4))
        return max(waits)

    def request(self, now: int) -> int:
        document = self.document
        if now >= self.restricted_until:
            if self.has_room(now):
                self.counted.append(now)
                return 0
            if document.count_rejected:
                self.counted.append(now)
            self.value, self.rejections = self.needed(now), 0
            self.restricted_until = now + self.value * SECOND
            return self.value
        if document.count_rejected:
            self.counted.append(now)
        self.rejections += 1
        floor = self.needed(now) if document.count_rejected else 0
        if document.extension != "off" and self.rejections == document.violation_threshold + 1:
            if document.extension == "escalate":
                self.value = LADDER[min(LADDER.index(self.value) + 1, 4)]
            self.value, self.rejections = max(self.value, floor), 0
            self.restricted_until = now + self.value * SECOND
            return self.value
        left = self.restricted_until - now
        return max(floor, min(value for value in LADDER if value * SECOND >= left))
