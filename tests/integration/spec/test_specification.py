"""Kibo's published OpenAPI file against what the simulator answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from kibo_simulator.web.application import OPERATIONS
from kibo_simulator.web.openapi import openapi_document, plain_path

from .overlay import ADDED, MERGED, NEVER_TOLD, PATHS, REQUIRED, STATUSES, TYPES, UNREAD, UNSERVED
from .specification import Specification, fields, shape, told, unknown_names
from .story import Exchange

jsonschema_rs: Any = pytest.importorskip("jsonschema_rs")

READ_BY_ALL = {"x-vol-site"}
"""Query parameters that the gate or the simulator as a whole takes, whatever the operation."""


def served() -> dict[tuple[str, str], Any]:
    """Our operations by method and shape of path, all aliases included."""
    return {(each.method, shape(plain_path(path))): each for each in OPERATIONS for path in each.paths}


def complaints(schema: dict[str, Any], value: Any) -> Iterator[str]:
    """Every place where a value is not what a schema says."""
    for error in jsonschema_rs.Draft202012Validator(schema, validate_formats=True).iter_errors(value):
        yield f"{'/'.join(map(str, error.instance_path))}: {error.message[:200]}"


def test_every_published_operation_is_served(specification: Specification) -> None:
    """No operation of the file is missing here, but for those with a reason."""
    ours = served()
    missing = {name for name, each in specification.operations.items() if (each.method, shape(each.path)) not in ours}

    assert UNSERVED.keys() == missing


def test_the_story_calls_every_published_operation(specification: Specification, exchanges: list[Exchange]) -> None:
    """Each operation of the file is called with success and, where one can be wrong, also refused."""
    succeeded = {each.operation for each in exchanges if each.reply.status == 200}

    assert set() == specification.operations.keys() - UNSERVED.keys() - succeeded
    assert set() == succeeded - specification.operations.keys()


def test_answers_are_what_the_file_says(specification: Specification, exchanges: list[Exchange]) -> None:
    """The body of every success is valid by the file's schema, and holds nothing that the schema does not have."""
    found = [
        f"{each.operation}: {complaint}"
        for each in exchanges
        if each.reply.status == 200
        for complaint in complaints(specification.operations[each.operation].answer, each.reply.body)
    ]

    assert [] == found


def test_requests_are_what_the_file_says(specification: Specification, exchanges: list[Exchange]) -> None:
    """The story sends what clients made from the file would send."""
    found = [
        f"{each.operation}: {complaint}"
        for each in exchanges
        if each.reply.status == 200 and (schema := specification.operations[each.operation].request) is not None
        for complaint in complaints(schema, each.request)
    ]

    assert [] == found


def test_refusals_have_a_status_of_the_file(specification: Specification, exchanges: list[Exchange]) -> None:
    """Errors are JSON with ``error`` and ``message``, under a status that the file has for the operation."""
    found = {
        (each.operation, each.reply.status)
        for each in exchanges
        if each.reply.status not in specification.operations[each.operation].statuses
    }

    assert set(STATUSES) == found
    for each in exchanges:
        if each.reply.status != 200:
            assert {str} == {type(each.reply.body[name]) for name in ("error", "message")}


def test_every_published_field_is_told(specification: Specification, exchanges: list[Exchange]) -> None:
    """Each field of the file's answers appears in some answer of the story, but for those with a reason."""
    published = Specification(specification.document, corrected=False)
    known = {label for each in published.operations.values() for label, _ in fields(each.answer)}
    seen = {
        label
        for each in exchanges
        if each.reply.status == 200
        for label in told(each.reply.body, specification.operations[each.operation].answer)
    }

    assert set(NEVER_TOLD) == known - seen
    assert set() == ADDED.keys() - seen


def test_every_published_field_is_read(specification: Specification) -> None:
    """Each field of the file's bodies and queries is known to our types, but for those with a reason."""
    ours = served()
    document = openapi_document(OPERATIONS, "0")
    components = document["components"]["schemas"]
    unread: set[str] = set()
    for each in specification.operations.values():
        operation = ours[each.method, shape(each.path)]
        unread |= {
            f"{each.name} ?{name}"
            for name in each.query - READ_BY_ALL - {parameter.name for parameter in operation.query}
        }
        if each.request is not None:
            described = document["paths"][plain_path(operation.paths[0])][operation.method.lower()]
            body = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            unread |= set(unknown_names(each.request, body, components))

    assert set(UNREAD) == unread


def test_the_overlay_is_needed(specification: Specification) -> None:
    """Every correction changes something that the file has, and every addition is something that it has not."""
    published = Specification(specification.document, corrected=False)
    before, after = every_field(published), every_field(specification)
    merged = tuple(f"{component}." for component in MERGED)
    components = specification.document["components"]["schemas"]

    assert set() == PATHS.keys() - specification.document["paths"].keys()
    assert set(TYPES) == {label for label in TYPES if label in before and before[label] != after[label]}
    assert set(REQUIRED) == {name for name in REQUIRED if set(components[name]["required"]) != set(REQUIRED[name][0])}
    assert set(ADDED) == {label for label in after.keys() - before.keys() if not label.startswith(merged)}
    assert [] == [component for component in merged if f"{component}lockName" in before]


def every_field(specification: Specification) -> dict[str, Any]:
    """Every field of requests and answers by its label."""
    schemas = [
        schema
        for each in specification.operations.values()
        for schema in (each.request, each.answer)
        if schema is not None
    ]
    return {label: field for schema in schemas for label, field in fields(schema)}
