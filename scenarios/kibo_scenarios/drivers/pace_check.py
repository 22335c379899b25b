"""Tells from what a client did whether it lived in the time it was given, or in the machine's own."""

from collections.abc import Sequence
from typing import Final

from kibo_scenarios.evidence import JournalEntry
from kibo_scenarios.moments import SECOND

#: A clock that runs in real time waits `speed` times too long; other reasons for such waits are rarer below this.
LEAST_SPEED: Final = 4.0
_NEAR: Final = (0.85, 1.3)


def lived_in_real_time(journal: Sequence[JournalEntry], speed: float) -> bool:
    """Whether every wait after a 429 took about `speed` times as long as it should have.

    Such a client waited the right number of seconds, but of the machine's: it is not to blame, and cannot be judged.
    """
    if speed < LEAST_SPEED:
        return False
    ratios = []
    for index, refusal in enumerate(journal):
        if refusal.status != 429 or not refusal.retry_after_s:
            continue
        later = next((entry for entry in journal[index + 1 :] if entry.pool == refusal.pool), None)
        if later is not None:
            ratios.append((later.started_at - refusal.finished_at) / (refusal.retry_after_s * SECOND))
    # Several refusals at once share one wait, and only the last of them is followed by it.
    waited = [ratio for ratio in ratios if ratio >= 0.5]
    return bool(waited) and all(_NEAR[0] * speed <= ratio <= _NEAR[1] * speed for ratio in waited)
