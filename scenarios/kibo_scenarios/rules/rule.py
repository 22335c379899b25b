"""What a rule of the catalogue is: what it requires, of whom, where that comes from, and who judges it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from kibo_scenarios.evidence import Evidence
from kibo_scenarios.profile import Level
from kibo_scenarios.rules.verdict import Outcome

FAMILIES: Final = {
    "TH": "Throttling",
    "BA": "Batching",
    "JB": "Jobs",
    "RT": "Retries",
    "WF": "Workflow",
    "ST": "State",
    "FI": "Files",
    "BJ": "Batch jobs",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue.

    Attributes:
        id: Family and number, such as ``TH-1``.
        level: How much a breach weighs; a profile may change it.
        requirement: What a client must do, as seen by the server.
        source: Where the requirement comes from; C-numbers are the client rules of Kibo's guides (docs/rules.md).
        needs: What a run must contain for the rule to conclude anything.
        remedy: What to change in a client that breaks it.
        ability: The kind of work that the rule is about.
        judge: The function that judges a run.
        efficiency: Whether it is about waste; all others are about safety, whatever level a profile gives them.
    """

    id: str
    level: Level
    requirement: str
    source: str
    needs: str
    remedy: str
    ability: str
    judge: Callable[[Evidence], Outcome]
    efficiency: bool = False

    @property
    def family(self) -> str:
        """The name of the rule's family."""
        return FAMILIES[self.id.partition("-")[0]]
