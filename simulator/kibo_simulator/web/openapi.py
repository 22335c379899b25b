"""Describes the simulator's own API as an OpenAPI document, made from its operations and the types of their bodies.

Successful answers are described by their status only: Kibo's own files say what is in them. Errors are described
in full, as every operation shares one envelope.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from kibo_simulator.web.operations import Operation, Parameter, ParameterKind

_PLACEHOLDER = re.compile(r"\{(\w+)(?::[^}]*)?\}")
_KINDS: Final[dict[ParameterKind, dict[str, Any]]] = {
    "text": {"type": "string"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "whole": {"type": "integer"},
    "flag": {"type": "boolean"},
}
ERROR_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error", "errorCode", "message", "statusCode", "items", "correlationId"],
    "properties": {
        "applicationName": {"type": "string"},
        "error": {"type": "string"},
        "errorCode": {"type": "string"},
        "message": {"type": "string"},
        "statusCode": {"type": "integer", "minimum": 400, "maximum": 599},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["errorCode", "message", "additionalErrorData"],
                "properties": {
                    "errorCode": {"type": "string"},
                    "message": {"type": "string"},
                    "additionalErrorData": {"type": "array"},
                },
            },
        },
        "correlationId": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
}
"""The envelope that all refusals share, of the API and of the control plane."""


def plain_path(path: str) -> str:
    """A route's path with its placeholders as OpenAPI writes them, without the patterns that aiohttp needs."""
    return _PLACEHOLDER.sub(r"{\1}", path)


def openapi_document(operations: Sequence[Operation], version: str) -> dict[str, Any]:
    """An OpenAPI 3.1 document of ``operations``, each at the first of its paths."""
    requests = [operation.request for operation in operations if operation.request is not None]
    bodies, components = msgspec.json.schema_components(requests, ref_template="#/components/schemas/{name}")
    body_of = dict(zip(requests, bodies, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = plain_path(operation.paths[0])
        paths.setdefault(path, {})[operation.method.lower()] = _described(operation, path, body_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "kibo-simulator", "version": version},
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": ERROR_SCHEMA},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(operation: Operation, path: str, body_of: Mapping[type[Any], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in placeholders(path)
            ),
            *(_query(parameter) for parameter in operation.query),
        ],
        "security": [] if operation.open else [{"bearer": []}],
        "responses": {
            "200": {"description": "Success"},
            **{str(status): {"description": when} for status, when in operation.statuses},
            "4XX": _refusal("The request is refused"),
            "429": {"description": "Too many requests", "headers": {"Retry-After": {"schema": {"type": "integer"}}}},
            "504": _refusal("Enqueueing would take too long; nothing was enqueued"),
        },
    }
    if operation.request is not None:
        content = {"application/json": {"schema": body_of[operation.request]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def placeholders(path: str) -> list[str]:
    """The names of a path's placeholders."""
    return _PLACEHOLDER.findall(path)


def _query(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.name, "in": "query", "schema": _KINDS[parameter.kind]}


def _refusal(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
