"""Speaks with the control plane of the simulator that is put under load: its world before, its books after the run."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any, Final

from kibo_scenarios.errors import HarnessError, UsageError

TOKEN_VARIABLE: Final = "KIBO_SIMULATOR_CONTROL_TOKEN"  # noqa: S105 - the name of a variable
_SECONDS: Final = 60.0
_ENTRIES_AT_ONCE: Final = 20_000
_REFUSED_ENTRY: Final = frozenset({401, 403})
_MOST_BYTES: Final = 1 << 30


class ControlPlane:
    """One simulator's control plane.

    Args:
        url: Where the simulator is.
        token: What lets other machines in; empty on the same machine.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/")
        self._token = token

    def __repr__(self) -> str:
        return f"<ControlPlane of {self._url}>"

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One call; ``path`` follows ``/_simulator``. Return the decoded JSON.

        Raises:
            HarnessError: It was refused, or nobody answered.
        """
        content = self.fetch(method, path, body)
        return json.loads(content) if content else None

    def fetch(self, method: str, path: str, body: object = None) -> bytes:
        """The same with the answer as it came."""
        try:
            return self._call(method, path, body)
        except urllib.error.HTTPError as error:
            said = error.read(500).decode("utf-8", "replace")
            raise HarnessError(f"{method} /_simulator{path}: {error.code} {said}") from None
        except (OSError, ValueError) as error:
            raise HarnessError(f"{method} /_simulator{path}: {getattr(error, 'reason', error)}") from None

    def answers(self) -> bool:
        """Return whether there is a control plane.

        Raises:
            UsageError: Nobody answers, or there is one that lets nobody in from here.
        """
        try:
            return bool(json.loads(self._call("GET", "/health")).get("version"))
        except urllib.error.HTTPError as error:
            if error.code in _REFUSED_ENTRY:
                raise UsageError(
                    f"{self._url}: its control plane lets nobody in from here; set {TOKEN_VARIABLE}, or say --bare"
                ) from None
            return False
        except (json.JSONDecodeError, AttributeError):
            return False
        except (OSError, ValueError) as error:
            raise UsageError(f"{self._url}: nobody answers: {getattr(error, 'reason', error)}") from None

    def journal(self, since: int) -> Iterator[bytes]:
        """Return the lines of the journal after an entry, oldest first.

        Raises:
            HarnessError: Entries are missing.
        """
        while True:
            content = self.fetch("GET", f"/journal?since={since}&limit={_ENTRIES_AT_ONCE}")
            lines = content.splitlines(keepends=True)
            if not lines:
                return
            first = int(json.loads(lines[0])["seq"])
            if first != since + 1:
                raise HarnessError(
                    f"the journal of the simulator dropped {first - since - 1:,} entries; raise bounds.journal_entries"
                )
            yield from lines
            since = int(json.loads(lines[-1])["seq"])

    def journal_end(self) -> int:
        """Return the number of the newest entry; 0 when there is none."""
        return int(self.ask("GET", "/journal/status")["last"] or 0)

    def _call(self, method: str, path: str, body: object = None) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(f"{self._url}/_simulator{path}", data, headers, method=method)  # noqa: S310 - checked_url
        with _opener().open(request, timeout=_SECONDS) as answer:
            content: bytes = answer.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"the answer has more than {_MOST_BYTES:,} bytes")
        return content


def checked_url(text: str) -> str:
    """Return the address of a target.

    Raises:
        UsageError: It is none.
    """
    parts = urllib.parse.urlsplit(text)
    try:
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username:
        raise UsageError(f"{text[:200]!r}: expected the address of a server, such as http://127.0.0.1:8765")
    return text.rstrip("/")


def token_of_environment() -> str:
    """Return the token of the control plane that the environment names; empty for none."""
    return os.environ.get(TOKEN_VARIABLE, "")


def _opener() -> urllib.request.OpenerDirector:
    # A proxy of the environment must not come between a master and a simulator on loopback.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
