"""Talks with drop points: written as one thing after the other, carried out without ever holding anybody up.

A talk is a generator. Where it yields None it pauses; where it yields a call it wants that call's result, or its
`DropPointError` raised. A local drop point answers on the spot; calls to a remote one go by courier, and the talk goes
on at the instant at which the answer is taken in.
"""

from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any, TypeAlias, TypeVar

from kibo_simulator.drop_points.courier import Courier
from kibo_simulator.drop_points.point import DropPointError
from kibo_simulator.steps import Steps

_T = TypeVar("_T")

Talk: TypeAlias = Generator[Callable[[], Any] | None, Any, _T]


class Talks:
    """Carries talks on.

    Args:
        courier: takes the calls; None where every drop point is local.
    """

    __slots__ = ("_courier", "at")

    def __init__(self, courier: Courier | None) -> None:
        self._courier = courier
        self.at = 0
        """The instant at which the talk that is carried on goes on, microseconds since the epoch."""

    @property
    def by_courier(self) -> bool:
        """Whether talks end later than they begin."""
        return self._courier is not None

    def go(self, talk: "Talk[None]", at: int) -> Iterator[None]:
        """Carry a talk on until it ends or waits for the courier."""
        return self._go(talk, None, at)

    def _go(self, talk: "Talk[None]", answer: Any, at: int) -> Iterator[None]:
        while True:
            self.at = at
            try:
                call = talk.throw(answer) if isinstance(answer, DropPointError) else talk.send(answer)
            except StopIteration:
                return
            answer = None
            if call is None:
                yield
            elif self._courier is None:
                answer = _answered(call)
            else:
                self._courier.send(call, partial(self._go, talk))
                return

    @staticmethod
    def inline(talk: "Talk[_T]") -> "Steps[_T]":
        """The steps of a talk with a local drop point."""
        answer: Any = None
        while True:
            try:
                call = talk.throw(answer) if isinstance(answer, DropPointError) else talk.send(answer)
            except StopIteration as end:
                result: _T = end.value
                return result
            answer = None
            if call is None:
                yield
            else:
                answer = _answered(call)


def _answered(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except DropPointError as error:
        return error
