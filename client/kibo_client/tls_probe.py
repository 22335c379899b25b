"""Tells whether the other end of a connection speaks TLS where it was spoken to without (C14)."""

from __future__ import annotations

import ssl
from typing import Final

import anyio
from yarl import URL

_PATIENCE_S: Final = 5.0
# What nginx, Go and Apache answer, in clear, to a request in clear at a port for TLS.
_COMPLAINTS: Final = (
    b"plain http request was sent to https port",
    b"client sent an http request to an https server",
    b"speaking plain http to an ssl-enabled server port",
)
# How OpenSSL calls a first answer that is no TLS; which of them depends on its version.
_NO_TLS: Final = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})


def complains_of_plain_http(status: int, body: bytes) -> bool:
    """Whether an answer to a request in clear says that TLS was expected."""
    return status == 400 and any(complaint in body[:4096].lower() for complaint in _COMPLAINTS)


def is_plain_answer(error: OSError) -> bool:
    """Whether a handshake failed because what came back is no TLS at all."""
    return isinstance(error, ssl.SSLError) and error.reason in _NO_TLS


async def speaks_tls(host: str) -> bool:
    """Shake hands with the host of a URL, and send nothing more; whoever it is, it is not asked for a certificate."""
    url = URL(host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is said to it: the question is what it speaks, not who it is.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with anyio.move_on_after(_PATIENCE_S):
        try:
            stream = await anyio.connect_tcp(
                url.host or "", url.port or 80, tls=True, ssl_context=context, tls_standard_compatible=False
            )
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream):
            return False
        await stream.aclose()
        return True
    return False
