"""A process of its own for a bulk deletion: the project's client, which needs an event loop that Locust does not have.

``python -m`` this module with a `DeletionTask` as JSON on standard input prints the failure as a JSON text, or null.
"""

import sys
import tempfile
import time
from pathlib import Path
from random import Random

import aiohttp
import msgspec

from kibo_scenarios.drivers import Task, reference_client
from kibo_scenarios.locust_users.messages import DeletionTask
from kibo_scenarios.pace import Clock, Pace, run_at


def delete(task: DeletionTask) -> str | None:
    """Do the work to its end, and return how the client failed; None when it did not."""
    pace = Pace(f"x{task.go.speed:g}", task.go.speed)

    async def main(clock: Clock) -> str | None:
        connector = aiohttp.TCPConnector()
        with tempfile.TemporaryDirectory(prefix="kibo-scenarios-") as folder:
            export = Path(folder) / "location-export.csv"
            export.write_text(task.export, encoding="utf-8")
            report = await reference_client(
                Task(
                    scenario=task.scenario,
                    work="bulk-delete",
                    targets=frozenset(),
                    folder=Path(folder),
                    pace=pace,
                    seen=lambda: 0,
                    api_host=task.api_host,
                    tenant=task.tenant,
                    site=task.site,
                    client_id=task.client_id,
                    shared_secret=task.shared_secret,
                    export_file=export,
                    plan=task.plan,
                    connect=lambda: connector,
                    now=clock.wall_us,
                    random=Random(task.seed),  # noqa: S311 - a repeatable run is the point
                )
            )
        await connector.close()
        return report.failure

    try:
        return run_at(pace, main, start=task.go.now(time.time_ns() // 1_000), seed=0)
    except Exception as error:  # noqa: BLE001 - this is the border between the client and the harness
        return f"stopped with {type(error).__name__}: {error}"


if __name__ == "__main__":
    told = msgspec.json.decode(sys.stdin.buffer.read(), type=DeletionTask)
    sys.stdout.buffer.write(msgspec.json.encode(delete(told)))
