"""Runs a property of the suite again under other settings: for mutants, and for as long as one likes."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test


def rerun(test: Callable[..., object], under: settings, *, seeded: int | None = None) -> None:
    """Run a ``@given`` test, or a state machine, with these settings; seeded by a number, or as the settings say.

    The test itself is left as it is: its body and its strategies are put together anew.
    """
    if isinstance(test, type) and issubclass(test, RuleBasedStateMachine):
        anew: Callable[..., None] = get_state_machine_test(test, settings=under)
    else:
        handle: Any = getattr(test, "hypothesis", None)
        assert handle is not None, f"{test!r} has no @given"
        strategies = handle._given_kwargs
        anew = under(given(**strategies)(_copied(handle.inner_test)))
    (anew if seeded is None else seed(seeded)(anew))()


def _copied(inner: Callable[..., None]) -> Callable[..., None]:
    """A function of its own, as settings may be put on one only once; Hypothesis looks at its signature."""

    def body(**values: Any) -> None:
        inner(**values)

    body.__name__ = inner.__name__
    body.__qualname__ = inner.__qualname__
    return body
