"""Runs a property of the suite again under other settings: for mutants, and for as long as one likes."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test


def rerun(test: Callable[..., object], under: settings, *, seeded: int | None = None) -> int:
    """Run a ``@given`` test, or a state machine, with these settings; seeded by a number, or as the settings say.

    The test itself is left as it is: its body and its strategies are put together anew. Returns how many examples
    of a test ran; 0 for a machine, which counts its own.
    """
    ran = 0
    if isinstance(test, type) and issubclass(test, RuleBasedStateMachine):
        anew: Callable[..., None] = get_state_machine_test(test, settings=under)
    else:
        inner = body_of(test)

        # A function of its own: settings may be put on one only once.
        def body(**values: Any) -> None:
            nonlocal ran
            ran += 1
            inner(**values)

        body.__name__ = inner.__name__
        body.__qualname__ = inner.__qualname__
        anew = under(given(**strategies_of(test))(body))
    (anew if seeded is None else seed(seeded)(anew))()
    return ran


def body_of(test: Callable[..., object]) -> Callable[..., None]:
    """What a ``@given`` test does with one example."""
    handle: Any = getattr(test, "hypothesis", None)
    assert handle is not None, f"{test!r} has no @given"
    inner: Callable[..., None] = handle.inner_test
    return inner


def strategies_of(test: Callable[..., object]) -> dict[str, Any]:
    """What the examples of a ``@given`` test are drawn from."""
    handle: Any = getattr(test, "hypothesis", None)
    assert handle is not None, f"{test!r} has no @given"
    return dict(handle._given_kwargs)
