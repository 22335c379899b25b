"""Describes the control plane as an OpenAPI document, made from the declarations of its routes."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from kibo_simulator.version import __version__
from kibo_simulator.web.control.route import JSON, ControlParameter, ControlRoute
from kibo_simulator.web.openapi import ERROR_SCHEMA, placeholders

_KINDS: Final[dict[str, dict[str, Any]]] = {
    "text": {"type": "string", "maxLength": 200},
    "whole": {"type": "integer", "minimum": 0, "maximum": 10**15 - 1},
    "flag": {"type": "boolean"},
    "tenant": {"type": "integer", "minimum": 0},
}
_REF: Final = "#/components/schemas/{name}"


def control_document(routes: Sequence[ControlRoute[Any]]) -> dict[str, Any]:
    """An OpenAPI 3.1 document of ``routes``."""
    types = [kind for route in routes for kind in (_body(route), route.answers) if kind not in (None, bytes)]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = list(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        described = _described(route, lambda kind: next(schema for known, schema in schema_of if known == kind))
        paths.setdefault(route.full_path, {})[route.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "kibo-simulator control plane",
            "version": __version__,
            "description": "Takes a simulation in hand. Open to this machine, or to whoever sends the control token.",
        },
        "security": [{}, {"controlToken": []}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": ERROR_SCHEMA},
            "securitySchemes": {"controlToken": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(route: ControlRoute[Any], schema_of: Any) -> dict[str, Any]:
    named = placeholders(route.path)
    success: dict[str, Any] = {"description": route.summary}
    if route.status != HTTPStatus.NO_CONTENT:
        # A stream's schema is that of its text; what a line holds is said beside it.
        answer = {} if route.answers is None else schema_of(route.answers)
        success["content"] = {
            media: {"schema": answer} if media == JSON else {"schema": {"type": "string"}} for media in route.media
        }
        if route.answers is not None and JSON not in route.media:
            success["x-line"] = answer
    described: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [
            *({"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in named),
            *map(_parameter, route.query),
        ],
        "responses": {str(route.status): success, **{str(status): _refusal(status) for status in _refusals(route)}},
    }
    if route.request is not None:
        body = {"type": "string"} if _body(route) is bytes else schema_of(_body(route))
        described["requestBody"] = {"required": True, "content": {media: {"schema": body} for media in route.accepts}}
    return described


def _body(route: ControlRoute[Any]) -> Any:
    return route.described_as or route.request


def _parameter(parameter: ControlParameter) -> dict[str, Any]:
    schema = {"type": "string", "enum": list(parameter.choices)} if parameter.choices else _KINDS[parameter.kind]
    return {"name": parameter.name, "in": "query", "description": parameter.does, "schema": schema}


def _refusals(route: ControlRoute[Any]) -> Iterable[int]:
    """Every status that a refusal of this route may have."""
    statuses = {400, 401, 403, *route.refuses}
    if placeholders(route.path) or any(parameter.kind == "tenant" for parameter in route.query):
        statuses.add(404)
    if route.request is not None:
        statuses.add(413)
    return sorted(statuses)


def _refusal(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {"x-vol-correlation": {"required": True, "schema": {"type": "string"}}},
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
