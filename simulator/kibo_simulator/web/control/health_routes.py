"""Whether the simulator is there, and which one."""

from msgspec import Struct

from kibo_simulator.version import __version__
from kibo_simulator.web.control.route import ControlCall, ControlRoute


class Health(Struct):
    """The answer of ``GET health``."""

    status: str
    version: str


def health(call: ControlCall[None]) -> Health:
    """Say that the simulator answers."""
    return Health("ok", __version__)


ROUTES = (
    ControlRoute(
        method="GET",
        path="/health",
        name="health",
        summary="Says that the simulator answers, and its version.",
        handle=health,
        answers=Health,
    ),
)
