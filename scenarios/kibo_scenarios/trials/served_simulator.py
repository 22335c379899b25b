"""A simulator in a process of its own on a free loopback port, for tests of programs in any language."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from kibo_scenarios.errors import HarnessError, UsageError
from kibo_scenarios.evidence import PoolLimit, RoundTrip, decode_journal
from kibo_scenarios.pace import TOLERANCE
from kibo_scenarios.trials.verdicts import Trial

READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
_MOST_ENTRIES: Final = 1_000_000

_numbers = count(10_001)


@dataclass(frozen=True, slots=True)
class ServedSimulator:
    """A served simulator as one tenant sees it.

    Attributes:
        url: Where it listens.
        tenant: The tenant.
        site: The tenant's site.
        client_id: Whom the tenant lets in.
        shared_secret: The secret of that application.
        shared: Whether other tests have tenants here, so that requests of nobody in particular are not this one's.
    """

    url: str
    tenant: int
    site: int
    client_id: str
    shared_secret: str = field(repr=False)
    shared: bool = False

    @property
    def environment(self) -> Mapping[str, str]:
        """What a client is told: the names of the official SDK, and KIBO_API_HOST."""
        return {
            "KIBO_API_HOST": self.url,
            "KIBO_AUTH_HOST": self.url,
            "KIBO_TENANT": str(self.tenant),
            "KIBO_SITE": str(self.site),
            "KIBO_CLIENT_ID": self.client_id,
            "KIBO_SHARED_SECRET": self.shared_secret,
        }

    def control(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control plane; ``path`` follows ``/_simulator``.

        Returns:
            The decoded JSON, or None when there is no body.

        Raises:
            HarnessError: The control plane refused, with its reason.
        """
        content = self.fetch(method, path, body)
        return json.loads(content) if content else None

    def fetch(self, method: str, path: str, body: object = None) -> bytes:
        """The same with the answer as it came.

        Raises:
            HarnessError: The control plane refused, with its reason.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/_simulator{path}", data, headers, method=method)  # noqa: S310  # our own loopback address
        try:
            with urllib.request.urlopen(request, timeout=READY_SECONDS) as answer:  # noqa: S310  # as above
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            raise HarnessError(
                f"{method} {path}: {error.status} {error.read()[:500].decode('utf-8', 'replace')}"
            ) from None

    def advance(self, seconds: float) -> None:
        """Move the simulated clock ahead."""
        self.control("POST", "/clock/advance", {"seconds": seconds})

    def trial(self) -> Trial:
        """What this tenant's clients left behind, to be graded."""
        speed = float(self.control("GET", "/clock")["speed"])
        limits = self.control("GET", f"/limits?tenant={self.tenant}")
        return Trial(
            journal=tuple(
                entry
                for entry in decode_journal(self.fetch("GET", f"/journal?limit={_MOST_ENTRIES}").splitlines())
                if entry.tenant == str(self.tenant) or not (entry.tenant or self.shared)
            ),
            limits=tuple(
                PoolLimit(route=pool["route"], requests_per_minute=pool.get("rpm"), requests_per_hour=pool.get("rph"))
                for pool in limits["pools"]
            ),
            tolerance=round(TOLERANCE * max(1.0, speed)),
            round_trip=RoundTrip(greatest=round(TOLERANCE * max(1.0, speed))),
        )


@contextmanager
def serving(folder: Path, settings: Mapping[str, Any], flags: Sequence[str] = ()) -> Iterator[ServedSimulator]:
    """Serve a simulator until the context ends.

    Args:
        folder: For its configuration and its log.
        settings: As in a configuration file.
        flags: Of ``kibo-simulator serve``, such as ``--clock x60``.

    Raises:
        HarnessError: It did not start; with what it said.
    """
    configuration, log = folder / "simulator.yaml", folder / "simulator.log"
    # JSON is YAML.
    configuration.write_text(json.dumps(dict(settings)), encoding="utf-8")
    command = [sys.executable, "-m", "kibo_simulator.cli", "serve", "--config", str(configuration), "--port", "0"]
    with (
        log.open("wb") as errors,
        subprocess.Popen(  # noqa: S603  # our own program
            # It must not outlive us, even if we are killed.
            [*command, "--end-with-stdin", *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise HarnessError(f"the simulator did not start: {log.read_text('utf-8', 'replace').strip()[-2_000:]}")
            ready = json.loads(line)
            sample = {
                "client_id": "sample.app",
                "shared_secret": "sample-secret",
                "site": 1,
                **settings.get("sample", {}),
            }
            yield ServedSimulator(
                ready["url"], ready["tenant"], sample["site"], sample["client_id"], sample["shared_secret"]
            )
        finally:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def tenant_request(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the control plane is asked for when a test wants a tenant with these settings.

    Raises:
        UsageError: A setting is not the tenant's own but the whole simulator's.
    """
    sample = {"locations": 6, "products": 240, **settings.get("sample", {})}
    for place, name in [
        *(("$", name) for name in settings if name not in {"limits", "sample"}),
        *(("$.sample", name) for name in sample if name not in {"locations", "products"}),
    ]:
        raise UsageError(f"{place}.{name}: is not a tenant's own; set it in the fixture kibo_session_settings")
    request = {"name": "a test", **sample}
    return request | {"limits": settings["limits"]} if "limits" in settings else request


@contextmanager
def own_tenant(server: ServedSimulator, request: Mapping[str, Any]) -> Iterator[ServedSimulator]:
    """Add a tenant to a served simulator, and remove it again.

    Raises:
        HarnessError: The control plane refused.
    """
    # Never the number of an earlier test: the journal still speaks of that one.
    made = server.control("POST", "/tenants", {**request, "tenant": next(_numbers)})
    try:
        yield ServedSimulator(
            server.url, made["tenant"], made["site"], made["clientId"], made["sharedSecret"], shared=True
        )
    finally:
        server.control("DELETE", f"/tenants/{made['tenant']}")
