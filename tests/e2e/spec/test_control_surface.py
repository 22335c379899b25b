"""Schemathesis over the control plane: whatever is sent, the answer is one that was declared, and never a 5xx."""

import json
import os
import subprocess
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import BIN, Serve

pytestmark = pytest.mark.skipif(find_spec("schemathesis") is None, reason="schemathesis is not installed")

SECONDS = int(os.environ.get("KIBO_SURFACE_SECONDS", "0"))
"""With a number here: every corner of every schema, too, and a fresh seed. Otherwise a fixed little."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "unsupported_method",
    "negative_data_rejection",
)


def described(url: str) -> dict[str, Any]:
    """The description that the control plane gives of itself, without what takes for ever.

    Nothing is followed, and tenants have the stock they have when nobody asks for more.
    """
    with urllib.request.urlopen(f"{url}/_simulator/openapi.json", timeout=10) as response:
        document: dict[str, Any] = json.load(response)
    journal = document["paths"]["/_simulator/journal"]["get"]
    journal["parameters"] = [parameter for parameter in journal["parameters"] if parameter["name"] != "follow"]
    tenant = document["components"]["schemas"]["TenantRequest"]["properties"]
    for name in ("products", "locations"):
        del tenant[name]
    return document


def left_out(document: dict[str, Any]) -> set[str]:
    """Operations that never end, or that take what is no JSON."""
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    return {
        operation["operationId"]
        for operation in operations
        if "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
        or "application/json" not in operation.get("requestBody", {}).get("content", ["application/json"])
    }


@pytest.mark.slow
def test_every_answer_of_the_control_plane_is_declared(serve: Serve, tmp_path: Path) -> None:
    """No 5xx, no undeclared status or shape, wrong methods and wrong bodies refused, no traceback in the log."""
    served = serve("--sample", "2", "12")
    document = tmp_path / "openapi.json"
    description = described(served.url)
    document.write_text(json.dumps(description), encoding="utf-8")
    amount = (
        ("--phases", "coverage,fuzzing", "--max-examples", "200")
        if SECONDS
        else ("--phases", "fuzzing", "--max-examples", "6", "--seed", "1")
    )
    done = subprocess.run(
        [
            str(BIN / "schemathesis"), "run", str(document), "--url", served.url, "--checks", ",".join(CHECKS),
            "--warnings", "off", "--continue-on-failure", "--no-color", *amount,
            *(part for name in left_out(description) for part in ("--exclude-operation-id", name)),
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS + 300,
        check=False,
    )  # fmt: skip
    code, log = served.stop()

    assert 0 == done.returncode, done.stdout
    assert (0, False) == (code, "Traceback" in log), log
