"""Schemathesis over the whole surface: whatever is sent, the answer is one that was declared, and never a 5xx."""

import json
import os
import subprocess
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.e2e.conftest import BIN, Serve

from kibo_simulator.web.application import OPERATIONS

from .surface import prepare, small_world

pytestmark = pytest.mark.skipif(find_spec("schemathesis") is None, reason="schemathesis is not installed")

SECONDS = int(os.environ.get("KIBO_SURFACE_SECONDS", "0"))
"""With a number here: so long, and with a fresh seed, which is printed. Otherwise a fixed little."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "ignored_auth",
)
"""Left out: checks of methods, as Kibo's paths overlap (``DELETE export/create`` means the settings called create), and
checks of what is accepted, as types cannot say which names exist."""

SELDOM = {
    "getTag", "updateTag", "deleteTag", "deletePriceListEntry", "getBatchJobItem", "readBatchJobItem",
}  # fmt: skip
"""Operations that may never succeed here: another call has usually deleted the category, list or job first."""


def reached(url: str) -> set[str]:
    """The operations that succeeded at least once, by the journal."""
    with urllib.request.urlopen(f"{url}/_simulator/journal?limit=1000000", timeout=60) as response:
        entries = [json.loads(line) for line in response]
    return {entry["operation"] for entry in entries if entry["status"] == 200}


@pytest.mark.slow
def test_every_answer_is_declared(serve: Serve, tmp_path: Path) -> None:
    """No 5xx, no status or error body that the description does not have, no traceback in the log."""
    # Ten times as fast, so that jobs end in time; but tokens live for an hour, which a long run needs.
    served = serve("--limits", "off", "--clock", "real" if SECONDS else "x10", "--sample", "2", "12")
    token, found = prepare(served.url)
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(small_world(found)), encoding="utf-8")
    amount = ("--max-time", str(SECONDS)) if SECONDS else ("--seed", "1", "--max-examples", "8")
    done = subprocess.run(
        [
            str(BIN / "schemathesis"), "run", str(document), "--url", served.url,
            "--header", f"Authorization: Bearer {token}",
            "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing,stateful",
            "--warnings", "off", "--continue-on-failure", "--no-color", *amount,
        ],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS + 300,
        check=False,
    )  # fmt: skip
    succeeded = reached(served.url)
    code, log = served.stop()

    assert 0 == done.returncode, done.stdout
    assert (0, False) == (code, "Traceback" in log), log
    # What a fresh seed comes to in its time is luck; the fixed one is known to come to everything.
    wanted = set() if SECONDS else {operation.name for operation in OPERATIONS} - SELDOM
    assert set() == wanted - succeeded
