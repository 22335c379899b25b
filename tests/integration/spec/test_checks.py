"""The checks against a published file notice what they are for, shown on a file of four fields."""

from typing import Any

import pytest

from .specification import Specification, fields, told, unknown_names

jsonschema_rs: Any = pytest.importorskip("jsonschema_rs")

FILE: dict[str, Any] = {
    "paths": {
        "/shelf/{id}": {
            "post": {
                "requestBody": {"$ref": "#/components/requestBodies/Shelf"},
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Shelf"}}
                            }
                        }
                    },
                    "400": {},
                },
            }
        }
    },
    "components": {
        "requestBodies": {
            "Shelf": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Shelf"}}}}
        },
        "schemas": {
            "Base": {"type": "object", "properties": {"success": {"type": "boolean"}}},
            "Shelf": {
                "required": ["name"],
                "allOf": [
                    {
                        "properties": {
                            "name": {"type": "string", "description": "What it is called."},
                            "places": {
                                "type": "object",
                                "additionalProperties": {"$ref": "#/components/schemas/Place"},
                            },
                        }
                    },
                    {"$ref": "#/components/schemas/Base"},
                ],
            },
            "Place": {"type": "object", "properties": {"free": {"type": "integer"}}},
        },
    },
}
SHELF = Specification(FILE).operations["POST /api/shelf/{id}"]


def test_compositions_become_one_closed_object() -> None:
    """References and allOf are resolved, at any depth, and every field has the name of its component."""
    assert ["Shelf.success", "Shelf.name", "Shelf.places", "Place.free"] == [label for label, _ in fields(SHELF.answer)]
    assert frozenset({200, 400}) == SHELF.statuses
    assert SHELF.answer["items"] == SHELF.request


@pytest.mark.parametrize(
    ("body", "complaints"),
    [
        ([], 0),
        ([{"name": "a", "places": {"top": {"free": 1}}, "success": True}], 0),
        ([{"name": 1}], 1),
        ([{"places": {}}], 1),
        ([{"name": "a", "colour": "red"}], 1),
        ([{"name": "a", "places": {"top": {"free": "1"}, "low": {"full": 2}}}], 2),
        ({"name": "a"}, 1),
    ],
)
def test_wrong_and_additional_fields_are_noticed(body: Any, complaints: int) -> None:
    """A type, a missing field, and a field that the file does not have are one complaint each."""
    validator = jsonschema_rs.Draft202012Validator(SHELF.answer)

    assert complaints == len(list(validator.iter_errors(body)))


def test_what_was_told_is_named() -> None:
    """Fields are seen wherever they are, and unknown ones are no concern of this check."""
    body = [{"name": "a"}, {"places": {"top": {"free": 1, "full": 2}}, "colour": "red"}]

    assert ["Shelf.name", "Shelf.places", "Place.free"] == list(told(body, SHELF.answer))


def test_what_our_types_do_not_know_is_named() -> None:
    """Our own schema may hide a field behind a reference and behind being optional, but not leave it out."""
    places = {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/Places"}]}
    ours = {"$ref": "#/components/schemas/Ours"}
    components = {"Ours": {"properties": {"name": {}, "places": places}}, "Places": {"properties": {}}}
    assert SHELF.request is not None

    assert ["Shelf.success"] == list(unknown_names(SHELF.request, ours, components))
