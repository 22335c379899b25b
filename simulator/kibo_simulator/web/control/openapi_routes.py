"""The description of the control plane, told by itself."""

from typing import Any

from kibo_simulator.web.control.openapi import control_document
from kibo_simulator.web.control.route import ControlCall, ControlRoute


def openapi(call: ControlCall[None]) -> dict[str, Any]:
    """The OpenAPI document of everything that is offered."""
    return control_document(call.offered)


ROUTES = (
    ControlRoute(
        method="GET",
        path="/openapi.json",
        name="getOpenapi",
        summary="Describes the control plane as an OpenAPI 3.1 document.",
        handle=openapi,
        answers=dict[str, Any],
        turn=False,
    ),
)
