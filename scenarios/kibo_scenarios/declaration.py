"""What a client declares of itself, in a small YAML file: its name, the work it does, and what it knows."""

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from kibo_scenarios.errors import ScenarioFileError
from kibo_scenarios.scenario import WorkKind
from kibo_simulator.files.yaml_places import read_yaml
from kibo_simulator.plain_text import control_in

Work = Literal["bulk-delete", "polling", "adjust", "refresh", "files", "batch-jobs"]

#: The kinds of work, with the ability that the rules about it ask for.
ABILITIES: Final[dict[Work, str]] = {
    "bulk-delete": "delete",
    "polling": "jobs",
    "adjust": "adjust",
    "refresh": "refresh",
    "files": "files",
    "batch-jobs": "batch-jobs",
}


#: The name of a client that does not give itself one.
UNNAMED: Final = "client"


class Declaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client as it presents itself; rules about work that it does not do are not applicable to it.

    Attributes:
        name: What reports and baselines call it.
        does: The kinds of work it does; ``polling`` is to follow jobs to their end.
        knows_limits: Whether it makes use of the limits that the scenario tells it.
        options: Handed on to the client in its task file, as they are.
    """

    name: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^\S(.*\S)?$")] = UNNAMED
    does: Annotated[tuple[Work, ...], Meta(min_length=1)] = ("bulk-delete", "polling")
    knows_limits: bool = True
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def abilities(self) -> frozenset[str]:
        """The abilities that rules speak of; every client talks to the API, and so has the one called auth."""
        return frozenset({"auth", *(ABILITIES[work] for work in self.does)})


def does_the_work(work: WorkKind, name: str) -> Declaration:
    """Return the declaration of a client that does a scenario's work, follows its jobs, and does nothing else.

    Batch jobs are followed in a service of their own, and nobody is handed the jobs that are made of files: the rules
    about the job queue are not about them.
    """
    return Declaration(name=name, does=(work,) if work in {"batch-jobs", "files"} else (work, "polling"))


def read_declaration(file: Path) -> Declaration:
    """Read and check a declaration.

    Raises:
        ScenarioFileError: With the line, the column, the path and what is accepted.
    """
    document = read_yaml(file, what="client", failure=ScenarioFileError)
    try:
        declaration = msgspec.convert(document.value, Declaration)
    except msgspec.ValidationError as error:
        raise document.rejection(str(error)) from None
    problem = control_in(declaration.name)
    if problem is not None:
        raise document.error("$.name", problem)
    return declaration
