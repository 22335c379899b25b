"""Installs the pinned official SDK once per machine, and says why when it cannot."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
MANIFEST = ("package.json", "package-lock.json", ".npmrc")

# Without one of these npm has seen the registry and something is wrong with us.
_NOT_REACHED = (
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOTFOUND",
    "ERR_SOCKET_TIMEOUT",
    "ETIMEDOUT",
    "E401",
    "E403",
    "E404",
    "ETARGET",
    "SELF_SIGNED_CERT",
    "UNABLE_TO_GET_ISSUER_CERT",
)


class NotInstalledError(Exception):
    """The SDK is not to be had on this machine; says why."""


def installed() -> Path:
    """The ``node_modules`` with the SDK, in the user's cache; a change of the lock file makes another.

    Raises:
        NotInstalledError: Node.js is missing, or the registry does not answer.
        RuntimeError: the registry answers and the installation fails all the same.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotInstalledError("node and npm are not installed")
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in MANIFEST)).hexdigest()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "kibo-simulator-tests")
    target = cache / f"official-sdk-{digest[:16]}"
    if not target.exists():
        _install(npm, cache, target)
    return target / "node_modules"


def _install(npm: str, cache: Path, target: Path) -> None:
    """All or nothing: what was interrupted is never taken for an installation."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="installing-") as temporary:
        folder = Path(temporary, "sdk")
        folder.mkdir()
        for name in MANIFEST:
            shutil.copyfile(HERE / name, folder / name)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--prefer-offline"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        except subprocess.TimeoutExpired:
            raise NotInstalledError("the npm registry did not answer within five minutes") from None
        if done.returncode:
            told = [code for code in _NOT_REACHED if code in done.stderr]
            if told:
                raise NotInstalledError(f"the npm registry does not have it or does not answer ({told[0]})")
            raise RuntimeError(f"npm ci failed:\n{done.stderr}")
        try:
            folder.rename(target)
        except OSError:
            if not target.exists():  # else another run was faster
                raise
