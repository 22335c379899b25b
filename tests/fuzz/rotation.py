"""Decides whose turn it is and how long: the campaign that has had least of its share, for about two seconds."""

from collections import Counter
from hashlib import blake2b

from tests.fuzz.campaigns import Campaign
from tests.fuzz.turn import Outcome, Turn

SLICE_S = 2.0
FIRST_EXAMPLES = 20
MOST_EXAMPLES = 100_000


class Rotation:
    """The state of a session: time spent and work done by campaign. Reads no clock.

    A campaign that has failed is not run again: it would find the same thing.
    """

    def __init__(self, campaigns: dict[str, Campaign], seed: int) -> None:
        self._campaigns = campaigns
        self._seed = seed
        self._turns: Counter[str] = Counter()
        self.spent = dict.fromkeys(campaigns, 0.0)
        self._examples = dict.fromkeys(campaigns, FIRST_EXAMPLES)
        self._under_way: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.failed: list[Outcome] = []

    def __repr__(self) -> str:
        return f"<Rotation of {len(self._campaigns)}, {sum(self._turns.values())} turns, {len(self.failed)} failed>"

    @property
    def turns(self) -> int:
        """How many turns were given out."""
        return sum(self._turns.values())

    def next_turn(self) -> Turn | None:
        """The next turn, or None when every campaign has failed."""
        failed = {outcome.turn.campaign for outcome in self.failed}
        open_ones = [campaign for campaign in self._campaigns.values() if campaign.name not in failed]
        if not open_ones:
            return None
        chosen = min(open_ones, key=lambda one: (self._share(one), self._turns[one.name]))
        name = chosen.name
        self._turns[name] += 1
        self._under_way[name] += 1
        digest = blake2b(f"{self._seed}:{name}:{self._turns[name]}".encode(), digest_size=4).digest()
        return Turn(name, int.from_bytes(digest, "big"), self._examples[name])

    def record(self, outcome: Outcome) -> None:
        """Note what came of a turn."""
        name = outcome.turn.campaign
        self._under_way[name] -= 1
        self.spent[name] += outcome.seconds
        self.done[name] += outcome.done
        if outcome.failure is not None:
            self.failed.append(outcome)
            return
        rate = outcome.turn.examples / max(outcome.seconds, 0.001)
        # At most four times as many as last time: the first examples of a process pay for its start.
        self._examples[name] = max(1, min(round(rate * SLICE_S), 4 * outcome.turn.examples, MOST_EXAMPLES))

    def totals(self) -> Counter[str]:
        """Work done by unit."""
        totals: Counter[str] = Counter()
        for name, done in self.done.items():
            totals[self._campaigns[name].unit] += done
        return totals

    def _share(self, campaign: Campaign) -> float:
        return (self.spent[campaign.name] + SLICE_S * self._under_way[campaign.name]) / campaign.weight
