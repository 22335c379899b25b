"""Makes a certificate authority and a certificate signed by it, so that clients which insist on https are served.

The tenant look-up sends the official SDKs to ``https://`` (A-3), and nobody signs a certificate for 127.0.0.1.
Certificates are judged by the client's clock and not by the simulator's (T-1), so theirs is no simulated time: they are
good from 2000 to 3000, also for a client that is shown another date.
"""

import os
import re
import socket
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final

CA_FILE: Final = "kibo-simulator-ca.pem"
KEY_FILE: Final = "kibo-simulator-ca-key.pem"

_ALWAYS: Final = ("localhost", "127.0.0.1", "::1")
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # recognised, not listened on
_ORGANISATION: Final = "kibo-simulator (development only)"
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME: Final = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*", re.IGNORECASE)


class TlsError(Exception):
    """TLS cannot be offered; the message names the flag and what would help."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What a server needs to speak TLS, and the file that makes a client trust it."""

    context: ssl.SSLContext
    ca_file: Path

    def advice(self, url: str) -> tuple[str, ...]:
        """How to trust this server, a line for each kind of client."""
        return (
            f"TLS is signed by {self.ca_file}; to trust it:",
            f"  Node.js  NODE_EXTRA_CA_CERTS={self.ca_file}",
            f"  Python   SSL_CERT_FILE={self.ca_file}",
            f"  curl     curl --cacert {self.ca_file} {url}/_simulator/health",
        )


def names_for(host: str, more: Sequence[str] = ()) -> tuple[str, ...]:
    """The names a certificate must carry for a server that listens on ``host``, each once.

    A server that listens everywhere is also known by its machine's name; ``more`` is for names that only others know it
    by, such as that of a container.

    Raises:
        TlsError: one of ``more`` is neither a host name nor an IP address.
    """
    for name in more:
        if not _is_name(name):
            raise TlsError(f"--tls-name {name}: a host name or an IP address is expected")
    own = socket.gethostname() if host in _EVERYWHERE else host
    # What cannot stand in a certificate (an underscore, say) must not keep the server from being reached otherwise.
    return tuple(dict.fromkeys((*_ALWAYS, *((own,) if _is_name(own) else ()), *more)))


@contextmanager
def prepared(directory: Path | None, names: Sequence[str]) -> Iterator[Tls]:
    """A context for a server known by ``names``, signed by the authority kept in ``directory``.

    The authority is made when there is none yet and used again when there is, so that trust once given lasts. Without a
    directory it lives as long as this block does, its certificate in a temporary directory and its key in memory only.

    Raises:
        TlsError: trustme is missing, or the directory cannot be used.
    """
    try:
        # cryptography is slow to import, and few need it; checked with and without the extra.
        import trustme  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415
    except ImportError:
        raise TlsError("--tls: the package trustme is needed; pip install trustme brings it") from None
    with tempfile.TemporaryDirectory(prefix="kibo-simulator-") as temporary:
        if directory is None:
            authority = trustme.CA(organization_name=_ORGANISATION)
            ca_file = Path(temporary, CA_FILE)
            ca_file.write_bytes(authority.cert_pem.bytes())
        else:
            key_file = directory / KEY_FILE
            ca_file = directory.absolute() / CA_FILE
            try:
                if not key_file.exists():
                    fresh = trustme.CA(organization_name=_ORGANISATION)
                    _keep(key_file, fresh.cert_pem.bytes() + fresh.private_key_pem.bytes())
                pem = key_file.read_bytes()
                authority = trustme.CA.from_pem(pem, pem)
                _publish(ca_file, authority.cert_pem.bytes())
            except OSError as error:
                raise TlsError(f"--tls-dir {directory}: {error.strerror or error}: {error.filename}") from error
            except (ValueError, TypeError) as error:
                raise TlsError(
                    f"--tls-dir: {key_file} holds no certificate with its key; remove it to begin anew"
                ) from error
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        authority.issue_cert(*names, organization_name=_ORGANISATION).configure_cert(context)
        yield Tls(context, ca_file)


def _is_name(text: str) -> bool:
    with suppress(ValueError):
        return "%" not in str(ip_address(text))
    return len(text) <= 253 and _HOST_NAME.fullmatch(text) is not None


def _keep(key_file: Path, pem: bytes) -> None:
    """Write the authority in one step, for its owner only; one that another server has just made is left alone."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=key_file.parent, prefix=f".{KEY_FILE}-")  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
        with suppress(FileExistsError):
            os.link(temporary, key_file)
    finally:
        Path(temporary).unlink()


def _publish(ca_file: Path, pem: bytes) -> None:
    """Write the certificate that clients are to trust, for everybody to read, unless it is there already."""
    with suppress(FileNotFoundError):
        if ca_file.read_bytes() == pem:
            return
    handle, temporary = tempfile.mkstemp(dir=ca_file.parent, prefix=f".{CA_FILE}-")
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(ca_file)
