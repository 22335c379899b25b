"""What a product identifier in a request matches: exact text or one of Kibo's patterns (I-6).

Laws of this file
1. The operators are ``. * + ? ^ $ [ ]``. Without one, an identifier is an exact match; with any, it is an unanchored,
   case-sensitive search in which every other character is literal.
2. Matching takes time linear in the input whatever the pattern: RE2 does it, many patterns in one pass.
3. Products are matched, never records.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import re2
from msgspec import Struct

from kibo_simulator.steps import Steps, finish

OPERATORS = frozenset(".*+?^$[]")
_IDENTIFIERS_BETWEEN_PAUSES = 1_000
LONGEST_IDENTIFIER = 512
"""Far above any real part number; keeps one request from asking for unbounded automata."""

IdentifierField = Literal["part_number", "upc", "sku"]

_ANY_OPERATOR = re.compile(r"[.*+?^$\[\]]")
_LITERAL_IN_RE2 = frozenset("\\(){}|")


class PatternError(ValueError):
    """An identifier with operators that do not form a pattern; carries the pattern and what is wrong with it."""

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(f"{pattern!r} is not a valid pattern: {reason}")
        self.pattern = pattern
        self.reason = reason


def any_pattern(identifiers: Iterable[str]) -> bool:
    """Whether any of many identifiers holds an operator; one pass over all of them together."""
    return _ANY_OPERATOR.search("\n".join(identifiers)) is not None


def is_pattern(identifier: str) -> bool:
    """Whether the identifier holds an operator and is therefore searched for (I-6)."""
    return not OPERATORS.isdisjoint(identifier)


def to_re2(pattern: str) -> str:
    """Kibo's small pattern language in RE2's syntax: all that is not an operator becomes literal.

    Raises:
        PatternError: a bracket is not closed.
    """
    out: list[str] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "[":
            text, position = _character_class(pattern, position)
            out.append(text)
            continue
        out.append("\\" + character if character in _LITERAL_IN_RE2 or character == "]" else character)
        position += 1
    return "".join(out)


def _character_class(pattern: str, start: int) -> tuple[str, int]:
    """Translate the class that opens at ``start``; a ``]`` directly after the opening belongs to the class."""
    position = start + 1
    opening = "["
    if pattern[position : position + 1] == "^":
        opening, position = "[^", position + 1
    closing = pattern.find("]", position + 1)
    if closing < 0:
        raise PatternError(pattern, f"the [ at character {start + 1} is never closed")
    members = "".join("\\" + member if member in "\\[]" else member for member in pattern[position:closing])
    return f"{opening}{members}]", closing + 1


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 256 << 20
    return options


_RE2_OPTIONS = _options()


def check_pattern(pattern: str) -> None:
    """Refuse an identifier that cannot be searched for.

    Raises:
        PatternError: too long, unbalanced, or an operator with nothing to apply to.
    """
    if len(pattern) > LONGEST_IDENTIFIER:
        raise PatternError(pattern[:40] + "…", f"longer than {LONGEST_IDENTIFIER} characters")
    translated = to_re2(pattern)
    try:
        re2.compile(translated, _RE2_OPTIONS)
    except re2.error as error:
        reason = error.args[0] if error.args else "not understood"
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise PatternError(pattern, text) from error


class Wanted(Struct, frozen=True):
    """One item of a request: the identifiers it names; a product must match all of them (I-1)."""

    part_number: str | None = None
    upc: str | None = None
    sku: str | None = None

    def named(self) -> list[tuple[IdentifierField, str]]:
        """The identifiers that were given, with their fields."""
        named: list[tuple[IdentifierField, str]] = []
        if self.part_number is not None:
            named.append(("part_number", self.part_number))
        if self.upc is not None:
            named.append(("upc", self.upc))
        if self.sku is not None:
            named.append(("sku", self.sku))
        return named


class PatternSet:
    """Many patterns over one identifier field, matched in one linear pass."""

    __slots__ = ("_patterns", "_set")

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        self._set = re2.Set.SearchSet(_RE2_OPTIONS)
        for pattern in self._patterns:
            self._set.Add(to_re2(pattern))
        self._set.Compile()

    def __repr__(self) -> str:
        return f"<PatternSet of {len(self._patterns)}>"

    def matches(self, identifiers: Iterable[tuple[int, str]]) -> dict[str, set[int]]:
        """For each pattern the keys of the identifiers in which it is found."""
        return finish(self.matching(identifiers))

    def matching(self, identifiers: Iterable[tuple[int, str]]) -> Steps[dict[str, set[int]]]:
        """The same in steps."""
        found: dict[str, set[int]] = {pattern: set() for pattern in self._patterns}
        match = self._set.Match
        for count, (key, identifier) in enumerate(identifiers, 1):
            if not count % _IDENTIFIERS_BETWEEN_PAUSES:
                yield
            for index in match(identifier) or ():
                found[self._patterns[index]].add(key)
        return found
