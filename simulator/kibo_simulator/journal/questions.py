"""The vocabulary of questions about the journal: which requests are meant, and what is expected of them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Status = Annotated[int, Meta(ge=0, le=599)] | Annotated[str, Meta(pattern="^[1-5]xx$")]
Number = Annotated[int, Meta(ge=0, le=10**15)]
Limit = Annotated[float, Meta(ge=-(10**15), le=10**15)]
Seconds = Annotated[float, Meta(ge=0, le=10**10)]
Plain = bool | int | float | Annotated[str, Meta(max_length=1_000)] | None


class Wanted(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """What a field must be: a number within bounds, or a list with an element; all that is given holds."""

    at_least: Limit | None = None
    at_most: Limit | None = None
    contains: Plain = None


class Bounds(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """How many, or how much in all; all that is given holds."""

    exactly: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None


class Apart(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """Seconds between one request and the next: from start to start, or from the answer to the next start."""

    at_least: Seconds | None = None
    at_most: Seconds | None = None
    measured: Literal["starts", "answer"] = "starts"


Fields = Annotated[dict[Name, Plain | Wanted], Meta(min_length=1, max_length=50)]


class Match(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """Which requests are meant; what is absent does not matter.

    In ``path`` a ``*`` is any text and ``?`` any character. A status is a number or a class such as ``4xx``; where
    several values are given, one of them. ``summary`` names fields of the entry's summary. ``since`` leaves out the
    entries up to that number, ``from`` what arrived before an instant, ``until`` what arrived at or after one.
    ``fault`` is the id of an injected fault, or whether there was one.
    """

    method: Name | Annotated[tuple[Name, ...], Meta(min_length=1, max_length=20)] | None = None
    path: Name | None = None
    operation: Name | Annotated[tuple[Name, ...], Meta(min_length=1, max_length=100)] | None = None
    tenant: Number | None = None
    client: Name | None = None
    status: Status | Annotated[tuple[Status, ...], Meta(min_length=1, max_length=100)] | None = None
    summary: Fields | None = None
    fault: bool | Name | None = None
    response_lost: bool | None = None
    since: Number = 0
    begin: Name | None = field(name="from", default=None)
    until: Name | None = None


class Expectations(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """What is expected of the requests that match; at least one of these.

    Attributes:
        count: How many there are.
        each: What a field of every one's summary is.
        total: What a field of their summaries adds up to.
        apart: How far each is from the one before.
        before: All were answered before the first of these began.
        after: All began after the first of these was answered.
        alone: None began while another was unanswered.
        jobs_ended: None began before polls had shown the end of every job that the ones before had made.
    """

    count: Number | Bounds | None = None
    each: Fields | None = None
    total: Annotated[dict[Name, Number | Bounds], Meta(min_length=1, max_length=50)] | None = None
    apart: Apart | None = None
    before: Match | None = None
    after: Match | None = None
    alone: Literal[True] | None = None
    jobs_ended: Literal[True] | None = None


class Question(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """What is expected of some requests; ``name`` is for whoever reads the answer."""

    expect: Expectations
    match: Match = Match()
    name: Name | None = None


class Questions(Struct, rename="camel", frozen=True, forbid_unknown_fields=True):
    """Body of ``POST verify``."""

    questions: Annotated[tuple[Question, ...], Meta(min_length=1, max_length=100)]


class QuestionError(ValueError):
    """A question that cannot be meant; ``path`` is the JSON path of the fault."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
