"""A batch job survives kill -9 in the middle of its work: what is acknowledged stays, nothing is done twice (D-1)."""

import json
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.conftest import Serve

JOBS = "/api/platform/data/batchJob"
PRODUCTS = "/api/commerce/catalog/admin/products"
ITEMS = 60
KILLS = (10, 35)
"""How many items are completed when the process is killed."""

CONFIGURATION = """\
access: {auth: "off"}
limits: {pools: []}
sample: {locations: 1, products: 1}
batch: {base_s: 1, per_item_s: 1, slice: 5, retries: 0}
"""


def ask(url: str, method: str, path: str, body: Any = None) -> Any:
    """One request; the answer's JSON."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url + path, data, method=method), timeout=30) as answer:
        return json.load(answer)


def completed(url: str) -> int:
    """How many items are completed."""
    summary = ask(url, "GET", f"{JOBS}/actions/job/summary")
    return sum(c["count"] for r in summary["resources"] for c in r["counts"] if c["status"] == "Completed")


@pytest.mark.slow
def test_a_batch_job_goes_on_after_kill(serve: Serve, tmp_path: Path) -> None:
    """Killed twice while slices are being worked, it ends as if nothing had happened."""
    configuration = tmp_path / "kibo.yaml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    # Fifty items a second of the machine's: a slice is at work at any moment.
    flags = ("--config", str(configuration), "--data", str(tmp_path / "kibo.db"), "--clock", "x50")
    served = serve(*flags)
    ask(served.url, "POST", JOBS, {"code": "job", "name": "Job", "domain": "Catalog"})
    for number in range(ITEMS):
        product = {"productCode": f"P{number}", "content": {"productName": "x"}}
        ask(served.url, "POST", f"{PRODUCTS}?batchJobCode=job", product)
    ask(served.url, "POST", f"{JOBS}/actions/job", {"action": "start"})
    seen = 0
    for enough in KILLS:
        while seen < enough:
            seen = completed(served.url)
        served.stop(signal.SIGKILL)
        served = serve(*flags)
        afterwards = completed(served.url)
        assert afterwards >= seen
    ask(served.url, "POST", "/_simulator/clock/advance", {"untilIdle": True})
    job = ask(served.url, "GET", f"{JOBS}/job")
    page = ask(served.url, "POST", f"{JOBS}/actions/job/items?pageSize=1000", {})
    products = ask(served.url, "GET", f"{PRODUCTS}?filter=productCode%20sw%20P&pageSize=200")

    # A change that was made twice would have found its product there, and failed.
    assert ("Completed", {"Completed"}) == (job["status"], {item["processingStatus"] for item in page["items"]})
    assert (ITEMS, ITEMS) == (page["totalCount"], products["totalCount"])
