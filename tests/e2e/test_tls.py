"""``kibo-simulator serve --tls``: trusted with the file it names, by curl and by Python, and by nobody else (A-3)."""

import json
import shutil
import socket
import ssl
import stat
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from kibo_simulator.tls import TlsError, names_for, prepared

from .conftest import Serve, Served, run

pytestmark = pytest.mark.slow

CA_FILE = "kibo-simulator-ca.pem"
KEY_FILE = "kibo-simulator-ca-key.pem"
LOGIN = {"client_id": "sample.app", "client_secret": "sample-secret", "grant_type": "client_credentials"}


@pytest.fixture
def trustme() -> None:
    """TLS comes with an extra."""
    pytest.importorskip("trustme", reason="the extra tls is not installed")


def call(url: str, ca_file: Path | None, body: object | None = None, token: str = "") -> Any:
    """One request by the standard library that trusts one file, or what the machine trusts."""
    request = urllib.request.Request(
        url,
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {token}"} if token else {},
    )
    context = ssl.create_default_context(cafile=ca_file)
    with urllib.request.urlopen(request, timeout=10, context=context) as response:
        return json.loads(response.read())


def advice(served: Served) -> list[str]:
    """The lines on standard error that say how to trust it."""
    assert served.process.stderr is not None
    return [served.process.stderr.readline().rstrip() for _ in range(4)]


def port_of(served: Served) -> str:
    """The port it listens on."""
    return served.url.rpartition(":")[2]


def test_a_client_that_trusts_the_file_is_served(serve: Serve, tmp_path: Path, trustme: None) -> None:
    """Every name of loopback is good; a client that was not told of the authority refuses."""
    served = serve("--tls", "--tls-dir", str(tmp_path))
    version = served.ready["version"]

    assert served.url.startswith("https://127.0.0.1:")
    for host in ("127.0.0.1", "localhost"):
        health = call(f"https://{host}:{port_of(served)}/_simulator/health", tmp_path / CA_FILE)
        assert health == {"status": "ok", "version": version}
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        call(f"{served.url}/_simulator/health", None)


def test_the_tenant_look_up_leads_back_over_tls(serve: Serve, tmp_path: Path, trustme: None) -> None:
    """A-3: over TLS the domain is the host and port that were asked."""
    served = serve("--tls", "--tls-dir", str(tmp_path))
    ca_file = tmp_path / CA_FILE
    token = call(f"{served.url}/api/platform/applications/authtickets/oauth", ca_file, LOGIN)["access_token"]
    tenant = call(f"{served.url}/api/platform/tenants/1001", ca_file, token=token)

    assert [tenant["domain"], tenant["sites"][0]["domain"]] == [f"127.0.0.1:{port_of(served)}"] * 2


def test_the_advice_is_followed_as_printed(serve: Serve, trustme: None) -> None:
    """Without a place to keep it the authority lives in a temporary directory until the end; its key is not there."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    served = serve("--tls")
    lines = advice(served)
    command = lines[3].partition("curl ")[2].strip()
    said = subprocess.run(["bash", "-c", f"{command} --silent"], capture_output=True, text=True, check=False)
    ca_file = Path(lines[1].partition("NODE_EXTRA_CA_CERTS=")[2])
    held = sorted(path.name for path in ca_file.parent.iterdir())
    code, _ = served.stop()

    assert (said.returncode, json.loads(said.stdout)["status"]) == (0, "ok")
    assert f"SSL_CERT_FILE={ca_file}" in lines[2]
    assert (code, held, ca_file.parent.exists()) == (0, [CA_FILE], False)


def test_trust_once_given_lasts(serve: Serve, tmp_path: Path, trustme: None) -> None:
    """The authority beside the data is used again; its key is for its owner only."""
    data = tmp_path / "kibo.db"
    serve("--tls", "--data", str(data)).stop()
    key = (tmp_path / KEY_FILE).read_bytes()
    trusted = tmp_path / "trusted.pem"
    shutil.copyfile(tmp_path / CA_FILE, trusted)
    (tmp_path / CA_FILE).unlink()
    again = serve("--tls", "--data", str(data))

    assert call(f"{again.url}/_simulator/health", trusted)["status"] == "ok"
    assert (tmp_path / KEY_FILE).read_bytes() == key
    assert (tmp_path / CA_FILE).read_bytes() == trusted.read_bytes()
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_more_names(serve: Serve, tmp_path: Path, trustme: None) -> None:
    """``--tls-name`` adds the names that only others know: the certificate is good for them and for no other."""
    served = serve("--tls", "--tls-dir", str(tmp_path), "--tls-name", "kibo.test", "--tls-name", "192.0.2.7")
    context = ssl.create_default_context(cafile=tmp_path / CA_FILE)

    with (
        socket.create_connection(("127.0.0.1", int(port_of(served))), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="kibo.test") as secure,
    ):
        certificate: dict[str, Any] = dict(secure.getpeercert() or {})
    names = {name for _, name in certificate["subjectAltName"]}

    assert names == {"localhost", "127.0.0.1", "0:0:0:0:0:0:0:1", "kibo.test", "192.0.2.7"}


@pytest.mark.parametrize(
    ("host", "more", "names"),
    [
        ("127.0.0.1", (), ("localhost", "127.0.0.1", "::1")),
        ("::1", (), ("localhost", "127.0.0.1", "::1")),
        ("192.0.2.7", ("kibo.test", "localhost"), ("localhost", "127.0.0.1", "::1", "192.0.2.7", "kibo.test")),
        ("0.0.0.0", (), ("localhost", "127.0.0.1", "::1", "machine.test")),
        ("::", ("*.kibo.test",), ("localhost", "127.0.0.1", "::1", "machine.test", "*.kibo.test")),
        ("under_score", (), ("localhost", "127.0.0.1", "::1")),
        ("fe80::1%eth0", (), ("localhost", "127.0.0.1", "::1")),
    ],
)
def test_the_names_of_a_server(
    monkeypatch: pytest.MonkeyPatch, host: str, more: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """Loopback always, the host, the machine's own name where it listens everywhere; what is no name is left out."""
    monkeypatch.setattr(socket, "gethostname", lambda: "machine.test")

    assert names_for(host, more) == names


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "-a", "a..b", "a" * 64, "é", "*", "a.*.b", "http://a", "::1%lo", "a@b"]
)
def test_what_is_no_name(name: str) -> None:
    """A name that was asked for is refused when no certificate can hold it."""
    with pytest.raises(TlsError, match="a host name or an IP address is expected"):
        names_for("127.0.0.1", (name,))


def test_servers_that_start_together_agree(tmp_path: Path, trustme: None) -> None:
    """Several servers that find no authority in the same place end with one, whole, and nothing beside it."""
    together = Barrier(6)

    def start(_: int) -> bytes:
        together.wait()
        with prepared(tmp_path / "ca", names_for("127.0.0.1")) as tls:
            return tls.ca_file.read_bytes()

    with ThreadPoolExecutor(6) as pool:
        seen = set(pool.map(start, range(6)))

    assert seen == {(tmp_path / "ca" / CA_FILE).read_bytes()}
    assert sorted(path.name for path in (tmp_path / "ca").iterdir()) == [KEY_FILE, CA_FILE]


def test_ipv6(serve: Serve, tmp_path: Path, trustme: None) -> None:
    """The address of loopback in IPv6 is good as well."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    served = serve("--tls", "--tls-dir", str(tmp_path), "--host", "::1")

    assert served.url.startswith("https://[::1]:")
    assert call(f"{served.url}/_simulator/health", tmp_path / CA_FILE)["status"] == "ok"


def test_kibo_client_is_served(serve: Serve, tmp_path: Path, trustme: None) -> None:
    """Our own client needs nothing but the variable of the advice."""
    export = tmp_path / "export.csv"
    export.write_text("LocationCode,PartNumber,UPC,SKU,OnHand\nL1,A-1,,,5\n")
    served = serve("--tls", "--tls-dir", str(tmp_path), "--inventory", str(export))
    result = run(
        *("kibo-client", "delete", "--export", str(export), "--dry-run", "--quiet", "--rpm", "50", "--rph", "200"),
        SSL_CERT_FILE=str(tmp_path / CA_FILE),
        KIBO_API_HOST=served.url,
        KIBO_TENANT="1001",
        KIBO_CLIENT_ID="sample.app",
        KIBO_SHARED_SECRET="sample-secret",
    )

    assert (result.returncode, result.stderr) == (0, "")
    assert "scope        1 record of 1 product at 1 location" in result.stdout


def test_plain_http_to_a_tls_port_is_not_an_accident(serve: Serve, tmp_path: Path, trustme: None) -> None:
    """Whoever speaks plain HTTP is hung up on; the server goes on and says nothing."""
    served = serve("--tls", "--tls-dir", str(tmp_path))
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        urllib.request.urlopen(f"http://127.0.0.1:{port_of(served)}/", timeout=10)
    health = call(f"{served.url}/_simulator/health", tmp_path / CA_FILE)
    code, errors = served.stop()

    assert (health["status"], code, len(errors.splitlines())) == ("ok", 0, 4)


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--tls-dir", "here"], "--tls-dir: only means something with --tls"),
        (["--tls-name", "kibo.test"], "--tls-name: only means something with --tls"),
        (["--tls", "--tls-name", "no such name"], "--tls-name no such name: a host name or an IP address is expected"),
        (["--tls", "--tls-dir", "/dev/null/here"], "--tls-dir"),
    ],
)
def test_a_wrong_flag_is_one_line_and_exit_2(flags: list[str], says: str, trustme: None) -> None:
    """Contract: one line that names the flag, exit 2."""
    result = run("kibo-simulator", "serve", "--port", "0", *flags)

    assert (result.returncode, result.stdout) == (2, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("content", [b"", b"not a key\n", None])
def test_a_spoilt_authority_is_named(tmp_path: Path, content: bytes | None, trustme: None) -> None:
    """A key file that holds no key, or no certificate, is named with the way out; it is left as it was."""
    key_file = tmp_path / KEY_FILE
    if content is None:
        import trustme as made  # type: ignore[import-not-found,unused-ignore]

        content = made.CA().private_key_pem.bytes()
    key_file.write_bytes(content)
    result = run("kibo-simulator", "serve", "--port", "0", "--tls", "--tls-dir", str(tmp_path))

    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert f"{key_file} holds no certificate with its key; remove it to begin anew" in result.stderr
    assert (key_file.read_bytes(), sorted(tmp_path.iterdir())) == (content, [key_file])


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """The package is imported only with ``--tls``; when it is missing, the message says how to get it."""
    (tmp_path / "trustme.py").write_text("raise ImportError(__name__)\n")
    result = run("kibo-simulator", "serve", "--port", "0", "--tls", PYTHONPATH=str(tmp_path))

    assert (result.returncode, result.stdout, len(result.stderr.splitlines())) == (2, "", 1)
    assert "pip install trustme" in result.stderr
