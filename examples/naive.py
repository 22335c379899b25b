"""A client as it is often written, on the standard library alone: one product at a time, wait for it, go on."""

import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

INVENTORY = os.environ["KIBO_API_HOST"] + "/api/commerce/inventory"


def call(method: str, url: str, body: Any = None) -> Any:
    """Send a request with a fresh token, and once more if it fails."""
    credentials = {"client_id": os.environ["KIBO_CLIENT_ID"], "client_secret": os.environ["KIBO_SHARED_SECRET"]}
    token = send("POST", os.environ["KIBO_AUTH_HOST"] + "/api/platform/applications/authtickets/oauth", credentials, "")
    try:
        return send(method, url, body, token["access_token"])
    except urllib.error.HTTPError:
        time.sleep(30)
        return send(method, url, body, token["access_token"])


def send(method: str, url: str, body: Any, token: str) -> Any:
    """Send one request."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def main() -> None:
    """Delete every product of the task, one after the other."""
    task = json.loads(Path(os.environ["KIBO_TASK_FILE"]).read_text(encoding="utf-8"))
    for item in task["items"]:
        answer = call("POST", f"{INVENTORY}/v5/inventory/deleteItems", {"items": [item], "allLocations": True})
        for job in answer["jobIDs"]:
            while call("GET", f"{INVENTORY}/v1/queue/{job}")["status"] not in {"SUCCESS", "FAILED"}:
                time.sleep(5)


if __name__ == "__main__":
    main()
