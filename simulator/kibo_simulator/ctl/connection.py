"""Speaks HTTP to the control plane: one request at a time, with refusals and absences as one-line errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import click
import msgspec

from kibo_simulator.plain_text import printable

if TYPE_CHECKING:
    # Slow to import: not for --help or a wrong flag.
    import ssl
    from collections.abc import Iterator, Mapping
    from http.client import HTTPConnection, HTTPResponse
    from pathlib import Path

PREFIX = "/_simulator"

_CONNECT_SECONDS = 10.0
_CHUNK = 1 << 16
_MOST_OF_A_REFUSAL = 1 << 20


class CtlError(click.ClickException):
    """A command that cannot be carried out: one line on standard error, exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the line."""
        click.echo(f"kibo-simulator ctl: {printable(self.message)}", file=file, err=file is None)


class RefusedError(CtlError):
    """The control plane said no; ``status`` and ``correlation_id`` are the answer's."""

    def __init__(self, status: int, message: str, correlation_id: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.correlation_id = correlation_id


def segment(name: str) -> str:
    """A name as one segment of a path, whatever is in it."""
    return quote(name, safe="")


class Connection:
    """The control plane of the simulator at a URL.

    Args:
        url: where the simulator listens, such as ``http://127.0.0.1:8765``.
        token: its control token, where it has one.
        ca_file: certificates to trust for https, beside those of the machine.

    Raises:
        CtlError: the URL is not one that can be meant.
    """

    def __init__(self, url: str, token: str | None = None, ca_file: Path | None = None) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise CtlError(f"--url {url}: {error}") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise CtlError(f"--url {url}: expected http://HOST:PORT or https://HOST:PORT")
        if parts.username or parts.password:
            raise CtlError("--url: holds a user or password, which are not used; the control token is --token")
        if token is not None and not (token.isascii() and token.isprintable()):
            raise CtlError("--token: a header cannot hold it; expected printable ASCII")
        self._secure = parts.scheme == "https"
        self._host = parts.hostname
        self._port = port
        self._token = token
        self._ca_file = ca_file
        self._shown = f"{parts.scheme}://{parts.netloc}"

    def __repr__(self) -> str:
        return f"<Connection {self._shown}>"

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        content_type: str = "application/json",
    ) -> Any:
        """The decoded JSON answer; a body that is not bytes is sent as JSON. ``path`` follows ``/_simulator``.

        Raises:
            RefusedError: the control plane said no.
            CtlError: nothing answers, or not as a simulator does.
        """
        with self._answer(method, path, query, body, content_type) as response:
            text = response.read()
        try:
            return msgspec.json.decode(text) if text else None
        except msgspec.DecodeError:
            raise CtlError(f"{self._shown} did not answer like a kibo-simulator") from None

    def lines(self, path: str, *, query: Mapping[str, object] | None = None) -> Iterator[bytes]:
        """The lines of a streamed answer, as they come, without their ends."""
        with self._answer("GET", path, query, None, "") as response:
            for line in response:
                yield line.rstrip(b"\r\n")

    def chunks(self, path: str, *, query: Mapping[str, object] | None = None) -> Iterator[bytes]:
        """The bytes of a large answer, piece by piece."""
        with self._answer("GET", path, query, None, "") as response:
            while chunk := response.read1(_CHUNK):
                yield chunk

    @contextmanager
    def _answer(
        self, method: str, path: str, query: Mapping[str, object] | None, body: object, content_type: str
    ) -> Iterator[HTTPResponse]:
        import http.client  # noqa: PLC0415  # slow to import, as above

        data = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        headers = {} if data is None else {"Content-Type": content_type}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        told = {name: _as_text(value) for name, value in (query or {}).items() if value is not None}
        target = PREFIX + path + (f"?{urlencode(told)}" if told else "")
        connection = self._connection()
        try:
            connection.connect()
            # Time may be moved a long way before the answer comes.
            connection.sock.settimeout(None)
            connection.request(method, target, body=data, headers=headers)
            response = connection.getresponse()
            if response.status >= http.client.BAD_REQUEST:
                raise self._refusal(response.status, response.read(_MOST_OF_A_REFUSAL))
            yield response
        except http.client.HTTPException as error:
            scheme = "https" if self._secure else "http"
            raise CtlError(f"{self._shown} broke off or does not speak {scheme} ({type(error).__name__})") from None
        except OSError as error:
            untrusted = getattr(error, "verify_message", None)
            if untrusted is not None:
                raise CtlError(f"{self._shown} is not trusted ({untrusted}); --ca FILE names its authority") from None
            raise CtlError(f"nothing answers at {self._shown}: {error.strerror or error}") from None
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415  # slow to import, as above

        if not self._secure:
            return HTTPConnection(self._host, self._port, timeout=_CONNECT_SECONDS)
        return HTTPSConnection(self._host, self._port, timeout=_CONNECT_SECONDS, context=self._trust())

    def _trust(self) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415  # slow to import, and only needed here

        context = ssl.create_default_context()
        if self._ca_file is not None:
            try:
                context.load_verify_locations(self._ca_file)
            except OSError as error:
                why = "holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
                raise CtlError(f"--ca {self._ca_file}: {why}") from None
        return context

    def _refusal(self, status: int, body: bytes) -> RefusedError:
        try:
            told = msgspec.json.decode(body)
        except msgspec.DecodeError:
            told = None
        message = told.get("message") if isinstance(told, dict) else None
        if not isinstance(message, str):
            return RefusedError(status, f"{self._shown} answered {status}, and not like a kibo-simulator")
        identity = told.get("correlationId") if isinstance(told, dict) else None
        suffix = f" (correlation id {identity})" if status >= 500 else ""
        return RefusedError(status, f"{message}{suffix}", identity)


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
