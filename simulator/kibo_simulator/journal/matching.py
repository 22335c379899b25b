"""Finds the entries that a match means, and says in words why it does not mean others.

Everything here is a function of one entry. An entry that lacks a field does not match what is wanted of it.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import translate
from operator import attrgetter
from typing import Any, Final, TypeVar

from kibo_simulator.journal.entry import JournalEntry
from kibo_simulator.journal.questions import Match, Plain, QuestionError, Wanted
from kibo_simulator.timestamps import InstantError, iso_microseconds, parse_instant

ABSENT: Final = object()
"""Stands for a field that an entry does not have."""

_LONGEST_SHOWN = 60

_T = TypeVar("_T", str, int, "int | str")


def shown(value: object) -> str:
    """A value in a sentence."""
    if value is ABSENT:
        return "absent"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case tuple() | list():
            text = ", ".join(map(shown, value)) or "empty"
        case _:
            text = str(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that is wanted of an entry: what is looked at, when it is as wanted, and both in words."""

    name: str
    read: Callable[[JournalEntry], Any]
    holds: Callable[[Any], bool]
    wanted: str
    show: Callable[[Any], str] = shown

    def met(self, entry: JournalEntry) -> bool:
        """Whether the entry is as wanted."""
        return self.holds(self.read(entry))

    def reason(self, entry: JournalEntry) -> str:
        """Why it is not."""
        return f"{self.name} is {self.show(self.read(entry))}, expected {self.wanted}"


class Matcher:
    """A match ready for use.

    Args:
        match: what is meant.
        path: its JSON path, for errors.
        operations: the names that operations have; absent, any is taken.

    Raises:
        QuestionError: an instant is none, bounds exclude each other, or there is no such operation.
    """

    __slots__ = ("begin", "conditions", "since")

    def __init__(self, match: Match, path: str = "$", operations: Collection[str] | None = None) -> None:
        self.since = match.since
        self.begin = _instant(match.begin, f"{path}.from")
        self.conditions = tuple(_conditions(match, path, self.begin, operations))

    def __str__(self) -> str:
        return " and ".join(f"{each.name} {each.wanted}" for each in self.conditions) or "any"

    def __repr__(self) -> str:
        return f"<Matcher {self}>"

    def matches(self, entry: JournalEntry) -> bool:
        """Whether the entry is meant."""
        return all(condition.met(entry) for condition in self.conditions)

    def misses(self, entry: JournalEntry) -> list[str]:
        """Why the entry is not meant; nothing when it is."""
        return [condition.reason(entry) for condition in self.conditions if not condition.met(entry)]


def field_condition(name: str, wanted: Plain | Wanted, path: str) -> Condition:
    """What is wanted of a field of an entry's summary.

    Raises:
        QuestionError: nothing is wanted, or nothing could be as wanted.
    """
    if not isinstance(wanted, Wanted):
        return Condition(
            name, lambda entry: summary_field(entry, name), lambda value: same(value, wanted), shown(wanted)
        )
    least, most, part = wanted.at_least, wanted.at_most, wanted.contains
    if least is None and most is None and part is None:
        raise QuestionError(path, "needs a value, or one of atLeast, atMost and contains")
    if least is not None and most is not None and least > most:
        raise QuestionError(path, "nothing is both atLeast and atMost that")

    def holds(value: object) -> bool:
        if part is not None and not (isinstance(value, list | tuple) and any(same(each, part) for each in value)):
            return False
        if least is None and most is None:
            return True
        number = is_number(value)
        return number is not None and (least is None or number >= least) and (most is None or number <= most)

    words = (("at least ", least), ("at most ", most), ("a list with ", part))
    text = " and ".join(f"{word}{shown(value)}" for word, value in words if value is not None)
    return Condition(name, lambda entry: summary_field(entry, name), holds, text)


def summary_field(entry: JournalEntry, name: str) -> object:
    """A field of an entry's summary; its details are worked out only where they are needed."""
    value = entry.summary.get(name, ABSENT)
    return entry.whole_summary.get(name, ABSENT) if value is ABSENT and entry.details is not None else value


def is_number(value: object) -> float | None:
    """The value as a number, or None when it is none; true and false are none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def same(value: object, wanted: object) -> bool:
    """Whether two plain values are equal; a truth value is no number, and what is absent is as good as null."""
    if value is ABSENT:
        value = None
    return isinstance(value, bool) == isinstance(wanted, bool) and value == wanted


def _conditions(match: Match, path: str, begin: int | None, operations: Collection[str] | None) -> Iterable[Condition]:
    """The conditions of a match, those first that are cheap and mostly decide."""
    until = _instant(match.until, f"{path}.until")
    if begin is not None and until is not None and until <= begin:
        raise QuestionError(f"{path}.until", "is not later than from: nothing could match")
    if match.since:
        yield Condition("number", attrgetter("seq"), lambda seq: seq > match.since, f"above {match.since}")
    if match.tenant is not None:
        yield _equal("tenant", match.tenant)
    if match.operation is not None:
        names = _several(match.operation)
        for index, name in enumerate(names):
            if operations is not None and name not in operations:
                place = f"{path}.operation" + ("" if isinstance(match.operation, str) else f"[{index}]")
                raise QuestionError(place, f"there is no operation {name[:60]!r}; kibo-simulator endpoints lists them")
        yield Condition("operation", attrgetter("operation"), lambda value: value in names, _either(names))
    if match.method is not None:
        methods = tuple(name.upper() for name in _several(match.method))
        yield Condition("method", attrgetter("method"), lambda value: value in methods, _either(methods))
    if match.status is not None:
        statuses = _several(match.status)
        classes = frozenset(statuses)
        yield Condition(
            "status",
            attrgetter("status"),
            lambda value: value in classes or f"{value // 100}xx" in classes,
            _either(statuses),
        )
    if match.path is not None:
        # Stars and question marks only: brackets are ordinary characters of a path.
        glob = re.compile(translate(match.path.replace("[", "[[]")))
        yield Condition("path", attrgetter("path"), lambda value: glob.match(value) is not None, match.path)
    if match.client is not None:
        yield _equal("client", match.client)
    if begin is not None:
        words = f"from {iso_microseconds(begin)}"
        yield Condition("arrival", attrgetter("at"), lambda at: at >= begin, words, iso_microseconds)
    if until is not None:
        words = f"before {iso_microseconds(until)}"
        yield Condition("arrival", attrgetter("at"), lambda at: at < until, words, iso_microseconds)
    if match.fault is not None:
        yield _fault(match.fault)
    if match.response_lost is not None:
        yield _equal("response_lost", match.response_lost, "responseLost")
    for name, wanted in (match.summary or {}).items():
        yield field_condition(name, wanted, f"{path}.summary.{name}")


def _equal(attribute: str, wanted: object, name: str | None = None) -> Condition:
    return Condition(name or attribute, attrgetter(attribute), lambda value: value == wanted, shown(wanted))


def _fault(wanted: bool | str) -> Condition:  # noqa: FBT001  # a truth value and a name are both ways to ask
    if isinstance(wanted, str):
        return _equal("fault", wanted)
    words = "any" if wanted else "none"
    return Condition("fault", attrgetter("fault"), lambda value: (value is not None) == wanted, words)


def _several(value: _T | tuple[_T, ...]) -> tuple[_T, ...]:
    return value if isinstance(value, tuple) else (value,)


def _either(values: Sequence[object]) -> str:
    return " or ".join(map(shown, values))


def _instant(text: str | None, path: str) -> int | None:
    try:
        return None if text is None else parse_instant(text)
    except InstantError as error:
        raise QuestionError(path, str(error)) from None
