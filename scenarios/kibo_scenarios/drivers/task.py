"""What a client is given to do its work, and what it gives back."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import aiohttp

from kibo_scenarios.evidence import RecordKey
from kibo_scenarios.feeds import FeedTask
from kibo_scenarios.file_feeds import FileTask
from kibo_scenarios.pace import Pace
from kibo_scenarios.scenario import ClientPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work, as a client is asked to do it.

    Attributes:
        scenario: The name of the scenario.
        work: The kind of work.
        targets: The records that the work is about.
        added: What is to be added to each of them; None when they are to be deleted.
        feed: What is to be done by a batch job; None when that is not the work.
        files: What is to be sent as inventory files; None when that is not the work.
        folder: A folder for files that the run needs; it is gone after the run.
        pace: How time passes.
        options: What the client's declaration wants handed on to it.
        seen: Tells how many requests, and files at its drop point, the server has had so far.
        output: A driver puts here the last that its client wrote, by name of the stream, however that ended.
        api_host: Where the API and the authentication are.
        shared_secret: Never shown.
        export_file: A Location Export (CSV) of the targets, and of nothing else.
        plan: What the client knows of the limits, and how it is to cut and space its work.
        connect: Makes a connector that reaches the API; a client may close it, and the run closes those left open.
        now: The wall clock, microseconds since the epoch.
        random: The client's own source of chance, so that a run can be repeated.
    """

    scenario: str
    work: str
    targets: frozenset[RecordKey]
    added: int | None = None
    feed: FeedTask | None = None
    files: FileTask | None = None
    folder: Path
    pace: Pace
    options: Mapping[str, Any] = field(default_factory=dict)
    seen: Callable[[], int]
    output: dict[str, str] = field(default_factory=dict, repr=False)
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
    """What the client says it did, and how it ended.

    Attributes:
        undone: The records that it did not do, with the reason.
        details: Its own report, as it gave it.
        failure: How it failed to come to an end by itself, such as ``ended with exit code 3``.
        asked: Whether it was asked to do the scenario's work, rather than watched at its own.
    """

    undone: Mapping[RecordKey, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    failure: str | None = None
    asked: bool = True


Driver: TypeAlias = Callable[[Task], Awaitable[ClientReport]]
