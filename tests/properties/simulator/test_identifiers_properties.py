"""Identifier patterns against the standard library's engine on small inputs (I-6)."""

import re

import pytest
from hypothesis import assume, example, given, reject, settings
from hypothesis import strategies as st

from kibo_simulator.stock.identifiers import OPERATORS, PatternError, PatternSet, check_pattern, is_pattern, to_re2

identifiers = st.text(alphabet="abAB1.-+$^[]*?(){}|\\ ", max_size=8)
# Short, and with few repetitions: the engine compared with backtracks.
patterns = st.text(alphabet="abAB1-.+*?^$[](){}|\\", min_size=1, max_size=7)


def stdlib_pattern(pattern: str) -> str:
    """The same rules in the standard library's syntax, written independently of the translation under test."""
    out = ""
    opened: int | None = None
    for index, character in enumerate(pattern):
        if opened is not None:
            # A bracket that comes first in a class, or right after its caret, is a member.
            if character == "]" and index > opened + 1 + (pattern[opened + 1] == "^"):
                opened, out = None, out + "]"
            else:
                out += "\\" + character if character in "\\[]&~|" else character
        elif character == "[":
            opened, out = index, out + "["
        elif character in ".*+?^$":
            out += character
        else:
            out += re.escape(character)
    return out


@settings(max_examples=1_000, deadline=None)
@example("[1[^]]", ["1", "1]", "^]", "]"])
@given(pattern=patterns, candidates=st.lists(identifiers, max_size=6))
def test_patterns_mean_what_the_standard_library_means(pattern: str, candidates: list[str]) -> None:
    """I-6: where both engines accept a pattern, they find it in the same identifiers."""
    try:
        check_pattern(pattern)
        other = re.compile(stdlib_pattern(pattern))
    except (PatternError, re.error, IndexError):
        reject()
    # Possessive and lazy marks differ between the two engines only in what they capture, not in what they find,
    # except that the standard library's possessive ``++`` and ``?+`` may give up; those are no patterns here.
    assume(not re.search(r"[*+?]\+", pattern))
    found = PatternSet([pattern]).matches(enumerate(candidates))[pattern]

    assert found == {index for index, text in enumerate(candidates) if other.search(text)}


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="abc-.+*?^$[]", min_size=1, max_size=12))
def test_quoting_each_operator_as_a_class_matches_the_text_itself(text: str) -> None:
    """I-6: ``[.]`` is the way to take an operator literally; a caret has none and is left out here."""
    assume("^" not in text)
    quoted = "^" + "".join(f"[{c}]" if c in OPERATORS else c for c in text) + "$"
    check_pattern(quoted)
    found = PatternSet([quoted]).matches([(1, text), (2, text + "a"), (3, "a" + text)])

    assert found == {quoted: {1}}


@settings(max_examples=200, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=30), st.lists(identifiers, max_size=10))
def test_many_patterns_at_once_find_what_each_finds_alone(many: list[str], candidates: list[str]) -> None:
    """I-6: the set is only a faster way to ask each pattern."""
    good = []
    for pattern in many:
        try:
            check_pattern(pattern)
        except PatternError:
            continue
        good.append(pattern)
    together = PatternSet(sorted(set(good))).matches(enumerate(candidates))

    for pattern in good:
        assert PatternSet([pattern]).matches(enumerate(candidates))[pattern] == together[pattern]


@pytest.mark.parametrize(
    ("pattern", "translated"),
    [
        ("a.b", "a.b"),
        ("a(b)", r"a\(b\)"),
        ("[.]", "[.]"),
        ("[]]", r"[\]]"),
        ("[^]a]", r"[^\]a]"),
        ("a]", r"a\]"),
        ("[[]", r"[\[]"),
    ],
)
def test_the_translation(pattern: str, translated: str) -> None:
    """I-6: only the eight operators keep their meaning."""
    assert to_re2(pattern) == translated


@pytest.mark.parametrize("pattern", ["[", "a[", "[]", "[^]", "*a", "+", "a**", "a" * 600 + ".", "[z-a]"])
def test_what_is_no_pattern(pattern: str) -> None:
    """I-6: an operator with nothing to apply to is refused with the pattern."""
    with pytest.raises(PatternError):
        check_pattern(pattern)


def test_only_the_eight_operators_make_a_pattern() -> None:
    """I-6: anything else is exact."""
    assert [text for text in ("A-1", "A{2}", "(x)", "a|b", "a\\b", "é") if is_pattern(text)] == []
    assert [operator for operator in ".*+?^$[]" if not is_pattern(f"a{operator}")] == []
