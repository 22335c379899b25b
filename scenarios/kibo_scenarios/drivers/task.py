"""What a client is given to do its work, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import aiohttp

from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.scenario import ClientPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A bulk deletion, as a client is asked to do it.

    Attributes:
        api_host: Where the API and the authentication are.
        shared_secret: Never shown.
        export_file: A Location Export (CSV) of the records to delete, and of nothing else.
        plan: What the client knows of the limits, and how it is to cut and space its work.
        connect: Makes a connector that reaches the API; a client may close it, and the run closes those left open.
        now: The wall clock, microseconds since the epoch.
        random: The client's own source of chance, so that a run can be repeated.
    """

    api_host: str
    tenant: int
    site: int
    client_id: str
    shared_secret: str = field(repr=False)
    export_file: Path
    plan: ClientPlan
    connect: Callable[[], aiohttp.BaseConnector]
    now: Callable[[], int]
    random: Random


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientReport:
    """What the client says it did; `undone` names the records it did not delete, with the reason."""

    undone: Mapping[RecordKey, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


Driver: TypeAlias = Callable[[Task], Awaitable[ClientReport]]
