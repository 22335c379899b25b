"""The description of the control plane, made from the declarations of its routes."""

import inspect
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from kibo_simulator.web.control import ROUTE_MODULES, ROUTES, ControlRoute
from kibo_simulator.web.control.openapi import control_document


def test_the_description_is_valid_openapi() -> None:
    """OpenAPI 3.1, judged by its JSON Schema; every schema in it by that of JSON Schema."""
    definitions = pytest.importorskip("schemathesis.specs.openapi.definitions")
    document = msgspec.json.decode(msgspec.json.encode(control_document(ROUTES)))
    judge = jsonschema_rs.Draft202012Validator(definitions.OPENAPI_31)

    assert [] == [error.message for error in judge.iter_errors(document)]
    for schema in document["components"]["schemas"].values():
        assert jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_the_description_has_every_route_once() -> None:
    """Each route is described at its method and path, under a name of its own."""
    described = {
        (method.upper(), path): operation["operationId"]
        for path, methods in control_document(ROUTES)["paths"].items()
        for method, operation in methods.items()
    }

    assert {(route.method, route.full_path): route.name for route in ROUTES} == described
    assert len(ROUTES) == len(set(described.values()))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_every_route_says_what_it_does(route: ControlRoute[Any]) -> None:
    """Summaries are single sentences, and so is what is said of each parameter."""
    for text in (route.summary, *(parameter.does for parameter in route.query)):
        assert (text.endswith("."), "\n" in text) == (True, False)


@pytest.mark.parametrize("module", ROUTE_MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_module_of_routes_says_what_it_is_for(module: Any) -> None:
    """The pages for users and the reader of the code begin with the same sentence."""
    assert (inspect.getdoc(module) or "").partition("\n")[0].endswith((".", ")."))
