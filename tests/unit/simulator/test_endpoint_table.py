"""The table of endpoints, the page made from it, and what operations say of themselves."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from kibo_simulator.cli import main
from kibo_simulator.endpoint_table import DEVIATIONS, PARTIAL, Endpoint, as_json, as_markdown, endpoints
from kibo_simulator.web import application
from kibo_simulator.web.application import OPERATIONS
from kibo_simulator.web.openapi import openapi_document
from kibo_simulator.web.operations import Answer, Operation, inventory_paths

PAGE = Path(__file__).parents[3] / "docs" / "endpoints.md"
ROUTES = sorted(name for name in vars(application) if name.endswith("_routes"))
READERS = {"text", "texts", "whole", "flag"}


def row(name: str) -> Endpoint:
    """The row of one operation."""
    return next(row for row in endpoints(OPERATIONS) if row.operation == name)


def test_the_page_is_up_to_date() -> None:
    """docs/endpoints.md is what the command prints; if not: kibo-simulator endpoints > docs/endpoints.md."""
    printed = CliRunner().invoke(main, ["endpoints"])

    assert (0, PAGE.read_text(encoding="utf-8")) == (printed.exit_code, printed.output)


def test_the_json_holds_every_operation() -> None:
    """The JSON form has one object for each operation, in the order of the routes."""
    printed = CliRunner().invoke(main, ["endpoints", "--format", "json"])

    rows = msgspec.json.decode(printed.output, type=list[Endpoint])

    assert [operation.name for operation in OPERATIONS] == [row.operation for row in rows]
    assert printed.output == as_json(rows)


def test_every_operation_has_one_line_of_the_page() -> None:
    """Each operation is found once in the page's tables, however they are divided."""
    lines = as_markdown(endpoints(OPERATIONS)).splitlines()

    named = [line.split(" | ")[2] for line in lines if re.match(r"\| (GET|POST|PUT|DELETE) ", line)]

    assert sorted(operation.name for operation in OPERATIONS) == sorted(named)


def test_names_of_operations_are_unique() -> None:
    """Tables, journal and notes on deviations go by the name of an operation."""
    names = [operation.name for operation in OPERATIONS]

    assert len(names) == len(set(names))


def test_notes_are_about_operations_that_exist() -> None:
    """No note outlives its operation, and what is partial says what is missing."""
    names = {operation.name for operation in OPERATIONS}

    assert set() == DEVIATIONS.keys() - names
    assert set() == PARTIAL - DEVIATIONS.keys()


@pytest.mark.parametrize(
    ("name", "pool", "token"),
    [
        ("authenticate", None, False),
        ("getTenant", None, True),
        ("deleteItems", "/api/commerce/inventory/*", True),
        ("queryRealtimeInventory", "/api/commerce/inventory/*", True),
        ("listLocationGroups", None, True),
        ("getBatchJob", "/api/platform/*", True),
        ("bulkAddPriceListEntries", "/api/commerce/catalog/*", True),
    ],
)
def test_pools_are_those_of_the_default_limits(name: str, pool: str | None, token: bool) -> None:  # noqa: FBT001
    """RL-1, RL-11: inventory calls and their aliases share a pool; tokens and the tenant look-up are in none."""
    assert (pool, token) == (row(name).pool, row(name).token)


def test_only_unusual_paths_are_listed_beside_the_canonical_one() -> None:
    """The four spellings of an inventory path are said once for all; any other alias is named."""
    assert () == row("deleteItems").also
    assert ("/api/commerce/inventory/v1/export/s3/{name}",) == row("deleteExportSettingsS3").also
    assert ("/cache/invalidate",) == row("invalidateCache").also


def test_texts_are_made_fit_for_users() -> None:
    """Clause ids and the quotes of docstrings stay out; a bar in a text does not end its cell."""

    def handle(call: object) -> Answer:
        """Does ``this | that`` (I-2, J-12)."""
        raise AssertionError(call)

    rows = endpoints([Operation("both", "GET", inventory_paths("/both"), handle)])

    expected = "| GET | `/v5/both` | both | full | inventory | Does `this \\| that`. |  |"
    assert expected in as_markdown(rows).splitlines()


def reads_of_query(module: str) -> Iterator[tuple[str, str]]:
    """Name and kind of each query parameter that the source of a routes module reads."""
    tree = ast.parse(inspect.getsource(vars(application)[module]))
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="call"), attr=kind), args=[ast.Constant(value=str(name)), *_]
            ) if kind in READERS:
                yield name, kind


@pytest.mark.parametrize("module", ROUTES)
def test_operations_declare_the_query_they_read(module: str) -> None:
    """What the routes of a module read from the query is what its operations declare, name and kind."""
    operations: tuple[Operation, ...] = vars(application)[module].OPERATIONS
    declared = {(parameter.name, parameter.kind) for operation in operations for parameter in operation.query}

    assert declared == set(reads_of_query(module))


def test_the_description_has_every_operation_once() -> None:
    """The OpenAPI document names each operation, at its canonical path and method."""
    document = openapi_document(OPERATIONS, "1.0")

    described = {
        (method.upper(), path): operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert {(row.method, row.path): row.operation for row in endpoints(OPERATIONS)} == described


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_only_operations_with_a_body_declare_one(operation: Operation) -> None:
    """POST and PUT declare the type of their body, but for the few calls that have none."""
    bare = {"redistribute", "getBatchJobItems", "getBatchJobItem"}
    has_body = operation.method in {"POST", "PUT"} and operation.name not in bare

    assert has_body == (operation.request is not None)
