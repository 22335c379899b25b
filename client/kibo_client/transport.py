"""One HTTP request at a time, with a token, as a value: the thin shell around aiohttp (A-1, WF-3, C14).

Nothing is sent twice here: aiohttp's own second attempt for a GET whose connection dropped is refused, since every
request has to be paid for in the budget.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import aiohttp
import anyio
from yarl import URL

from kibo_client.errors import CredentialsRefusedError, UnreachableError
from kibo_client.exchange import Exchange, OnExchange, log
from kibo_client.retry import backoff
from kibo_client.settings import Settings
from kibo_client.tls_probe import complains_of_plain_http, is_plain_answer, speaks_tls
from kibo_client.units import SECOND
from kibo_client.wire import OAUTH_PATH, Unreadable, read_error, read_token, token_request_body

LARGEST_BODY = 64 << 20
USER_AGENT = "kibo-client"
# A token is renewed this long before it ends (or a tenth of its life), so that none ends on the way.
RENEW_AHEAD = 30 * SECOND


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete HTTP answer."""

    status: int
    body: bytes
    retry_after: str | None
    date: str | None
    correlation: str | None

    def explain(self) -> str:
        """What an error answer says, with the id that Kibo's support asks for."""
        said = read_error(self.body) or "no message"
        return f"{said} (x-vol-correlation {self.correlation})" if self.correlation else said


class TransportError(Exception):
    """No answer came; the message says what happened.

    `sent` says whether the request may have reached the server, `permanent` that trying again is of no use.
    """

    def __init__(self, message: str, *, sent: bool, permanent: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.permanent = permanent


class _SendOnce:
    """An aiohttp middleware that lets one attempt through and refuses aiohttp's own repetition."""

    def __init__(self) -> None:
        self._sent = False

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if self._sent:
            raise aiohttp.ServerDisconnectedError("the connection dropped")
        self._sent = True
        return await handler(request)


class Transport:
    """Authenticated requests to one tenant.

    Args:
        settings: Where and who.
        now: The clock, in microseconds since the epoch.
        connector: How to connect; None for real sockets. It is not closed here.
        on_exchange: Told of each request once it has ended.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], int],
        connector: aiohttp.BaseConnector | None = None,
        on_exchange: OnExchange | None = None,
    ) -> None:
        self._on_exchange = on_exchange
        self._settings = settings
        self._now = now
        self._connector = connector
        self._session: aiohttp.ClientSession | None = None
        self._token: str | None = None
        self._token_ends_at = 0
        self._renewal = anyio.Lock()
        self._renewals_failed = 0
        self._renew_from = 0
        self._renewal_trouble = ""
        self._reached: set[str] = set()
        self._unreachable: UnreachableError | None = None

    @property
    def unreachable(self) -> UnreachableError | None:
        """Why the host of the newest request could not be reached, if it has never answered; None if it has."""
        return self._unreachable

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            connector_owner=self._connector is None,
            # Exact times: above the threshold aiohttp rounds to whole seconds. Its default total is shorter
            # than we allow.
            timeout=aiohttp.ClientTimeout(
                total=self._settings.request_timeout_s,
                sock_connect=min(30.0, self._settings.request_timeout_s),
                ceil_threshold=1e9,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self, method: str, path: str, *, body: bytes | None = None, query: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send one request once. A 401 makes the next call fetch a new token.

        Raises:
            TransportError: There was no complete answer.
            CredentialsRefusedError: A token was needed and refused.
        """
        token = await self._valid_token()
        headers = {"Authorization": f"Bearer {token}", "x-vol-tenant": str(self._settings.tenant)}
        if self._settings.site is not None:
            headers["x-vol-site"] = str(self._settings.site)
        answer = await self._send(method, self._settings.api_host, path, headers, body, query)
        if answer.status == 401 and token == self._token:
            self._token = None
        return answer

    async def authorize(self) -> None:
        """Fetch a token now if there is none, so that the next request leaves without delay.

        Raises:
            TransportError: The authentication host gave no usable answer.
            CredentialsRefusedError: It refused.
        """
        await self._valid_token()

    async def _valid_token(self) -> str:
        async with self._renewal:
            if self._token is None or self._now() >= self._token_ends_at:
                await self._renew_when_due()
            assert self._token is not None, "a renewal leaves a token or raises"
            return self._token

    async def _renew_when_due(self) -> None:
        """Renew, but wait longer after each failure; until then nobody gets a token, nor asks for one (RT-1, RT-2)."""
        if self._now() < self._renew_from:
            raise TransportError(self._renewal_trouble, sent=False)
        try:
            await self._renew()
        except TransportError as error:
            if not error.permanent:
                self._renewals_failed += 1
                self._renew_from = self._now() + backoff(self._renewals_failed, 0.0)
                self._renewal_trouble = str(error)
            raise
        self._renewals_failed = 0

    async def _renew(self) -> None:
        settings = self._settings
        body = token_request_body(settings.client_id, settings.shared_secret)
        asked_at = self._now()
        try:
            answer = await self._send("POST", settings.auth_host or settings.api_host, OAUTH_PATH, {}, body, None)
        except TransportError as error:
            raise TransportError(f"no token: {error}", sent=False, permanent=error.permanent) from error
        if answer.status in {400, 401, 403, 404}:
            raise CredentialsRefusedError(answer.status, answer.explain())
        if answer.status != 200:
            raise TransportError(f"no token: {answer.status} {answer.explain()}", sent=False)
        try:
            token = read_token(answer.body)
        except Unreadable:
            # The body may hold a token: nothing of it goes into the message, nor as a cause.
            raise TransportError("no token: the authentication host's answer is unreadable", sent=False) from None
        life = int(token.expires_in * SECOND)
        self._token = token.access_token
        self._token_ends_at = asked_at + life - min(RENEW_AHEAD, life // 10)

    async def _send(
        self,
        method: str,
        host: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        query: Mapping[str, str] | None,
    ) -> HttpAnswer:
        sent_at = self._now()
        answer, error = None, "cancelled"
        try:
            answer = await self._send_once(method, host, path, headers, body, query)
        except TransportError as trouble:
            error = str(trouble)
            raise
        finally:
            exchange = Exchange(
                method=method,
                path=path,
                status=0 if answer is None else answer.status,
                correlation=None if answer is None else answer.correlation,
                retry_after=None if answer is None else answer.retry_after,
                sent_at=sent_at,
                ended_at=self._now(),
                bytes_out=len(body or b""),
                bytes_in=0 if answer is None else len(answer.body),
                error="" if answer is not None else error,
            )
            log(exchange)
            if self._on_exchange is not None:
                self._on_exchange(exchange)
        return answer

    async def _send_once(
        self,
        method: str,
        host: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        query: Mapping[str, str] | None,
    ) -> HttpAnswer:
        assert self._session is not None, "use the client as an async context manager"
        sent_headers = {**headers, "Content-Type": "application/json"} if body is not None else headers
        try:
            async with self._session.request(
                method,
                # Variables of a path come quoted, and stay so.
                URL(host + path, encoded=True),
                data=body,
                params=query,
                headers=sent_headers,
                allow_redirects=False,
                middlewares=(_SendOnce(),),
            ) as response:
                if response.status != 400:
                    self._reached.add(host)
                content = await _bounded_body(response)
                if host not in self._reached and complains_of_plain_http(response.status, content):
                    raise self._wrong_scheme(host)
                self._reached.add(host)
                self._unreachable = None
                return HttpAnswer(
                    status=response.status,
                    body=content,
                    retry_after=response.headers.get("Retry-After"),
                    # A cache's or a proxy's stamp says nothing of the server's clock.
                    date=None if "Age" in response.headers else response.headers.get("Date"),
                    correlation=response.headers.get("x-vol-correlation"),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            said, permanent = _no_connection(error)
            if host not in self._reached:
                if isinstance(error, aiohttp.ClientConnectorSSLError) and is_plain_answer(error.os_error):
                    raise self._wrong_scheme(host) from error
                self._unreachable = UnreachableError(host, said, permanent=permanent)
            raise TransportError(f"no connection to {host}: {said}", sent=False, permanent=permanent) from error
        except TimeoutError as error:
            raise TransportError(f"no answer within {self._settings.request_timeout_s:g} s", sent=True) from error
        except (aiohttp.ClientError, OSError) as error:
            if await self._speaks_tls_instead(host):
                raise self._wrong_scheme(host) from error
            said = str(error) or type(error).__name__
            if not isinstance(error, aiohttp.ClientError):
                said = error.strerror or said
            raise TransportError(f"no answer: {said}", sent=True) from error

    async def _speaks_tls_instead(self, host: str) -> bool:
        """Whether a host that hung up on its first request expects TLS; only asked over sockets of our own."""
        if self._connector is not None or host in self._reached or not host.startswith("http://"):
            return False
        return await speaks_tls(host)

    def _wrong_scheme(self, host: str) -> TransportError:
        """The error for a URL with http where it should be https, or the other way round: nothing was carried out."""
        scheme, rest = host.split("://", 1)
        told = "it speaks TLS" if scheme == "http" else "it does not speak TLS"
        said = f"{told}; the URL should be {'https' if scheme == 'http' else 'http'}://{rest}"
        self._unreachable = UnreachableError(host, said, permanent=True)
        return TransportError(f"no connection to {host}: {said}", sent=False, permanent=True)


def _no_connection(error: aiohttp.ClientError) -> tuple[str, bool]:
    """Why there is no connection, in few words, and whether trying again is of no use."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        why = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else str(cause)
        return f"its certificate is not trusted ({why}); name a file with its issuer in SSL_CERT_FILE", True
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        why = error.os_error.reason if isinstance(error.os_error, ssl.SSLError) else error.os_error.strerror
        return f"it does not speak TLS as expected ({why})", False
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        # The event loop puts the address into its own words; a number says more plainly what happened.
        number = cause.errno or 0
        return (os.strerror(number) if number > 0 else cause.strerror or str(cause)), False
    if isinstance(error, aiohttp.InvalidURL):
        return "the URL is not valid", True
    return str(error), False


async def _bounded_body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > LARGEST_BODY:
            raise TransportError(f"the answer is larger than {LARGEST_BODY >> 20} MiB", sent=True)
    return bytes(body)
