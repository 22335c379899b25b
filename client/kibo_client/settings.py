"""Where Kibo is and who we are there: flag over environment over file, and never a secret in sight."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kibo_client.errors import SettingsError

ENVIRONMENT = {
    "api_host": "KIBO_API_HOST",
    "auth_host": "KIBO_AUTH_HOST",
    "tenant": "KIBO_TENANT",
    "site": "KIBO_SITE",
    "client_id": "KIBO_CLIENT_ID",
    "shared_secret": "KIBO_SHARED_SECRET",
    "requests_per_minute": "KIBO_REQUESTS_PER_MINUTE",
    "requests_per_hour": "KIBO_REQUESTS_PER_HOUR",
}
REQUIRED = ("api_host", "tenant", "client_id", "shared_secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The connection to one tenant.

    Attributes:
        api_host: URL of the tenant's API, without a path.
        auth_host: URL of the authentication host; None for the API's own.
        tenant: Tenant id, sent as x-vol-tenant.
        site: Site id, sent as x-vol-site; None to send none.
        client_id: Application key.
        shared_secret: Its secret; appears in no representation.
        requests_per_minute: RPM of the inventory pool (Dev Center > API > Limits); None if not known.
        requests_per_hour: RPH likewise.
        request_timeout_s: Seconds after which a request counts as unanswered.

    Raises:
        SettingsError: A value is unusable.
    """

    api_host: str
    tenant: int
    client_id: str
    shared_secret: str = field(repr=False)
    auth_host: str | None = None
    site: int | None = None
    requests_per_minute: int | None = None
    requests_per_hour: int | None = None
    request_timeout_s: float = 120.0

    def __post_init__(self) -> None:
        for name in ("api_host", "auth_host"):
            url = getattr(self, name)
            if url is not None:
                object.__setattr__(self, name, _origin(name, url))
        for name, least in (("tenant", 1), ("site", 0), ("requests_per_minute", 1), ("requests_per_hour", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise SettingsError(name, f"{value} is too small; an integer of at least {least} is accepted")
        for name in ("client_id", "shared_secret"):
            if not getattr(self, name):
                raise SettingsError(name, "must not be empty")
        if not 0 < self.request_timeout_s <= 3600:
            raise SettingsError("request_timeout_s", "must be more than 0 and at most 3600")


def load_settings(
    flags: Mapping[str, Any], *, file: Path | None = None, environment: Mapping[str, str] | None = None
) -> Settings:
    """Gather settings; a flag that is None was not given. "unknown" for a limit overrides one from further down.

    Args:
        flags: Values by attribute name of `Settings`.
        file: A TOML file with the same names as keys.
        environment: By default the process's own.

    Raises:
        SettingsError: Something is missing, unknown or unusable; the error names where it came from.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, tuple[str, Any]] = {}
    if file is not None:
        values.update((name, (f"{file}: {name}", value)) for name, value in _read_file(file).items())
    for name, variable in ENVIRONMENT.items():
        if environment.get(variable):
            values[name] = (variable, environment[variable])
    for name, value in flags.items():
        if value is not None:
            values[name] = (_flag(name), value)
    if missing := [name for name in REQUIRED if name not in values]:
        ways = ", ".join(_ways_to_give(name) for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        raise SettingsError(", ".join(missing), f"{verb} missing; give {ways} (or a settings file)")
    typed = {name: _typed(name, place, value) for name, (place, value) in values.items()}
    try:
        return Settings(**typed)
    except SettingsError as error:
        raise SettingsError(values.get(error.name, (error.name,))[0], error.message) from error


def limits_given(
    requests_per_minute: int | str | None,
    requests_per_hour: int | str | None,
    *,
    environment: Mapping[str, str] | None = None,
) -> tuple[int | None, int | None]:
    """The two limits from flags, else from the environment; None for one that is unknown.

    Raises:
        SettingsError: One is not a positive integer or "unknown".
    """
    environment = os.environ if environment is None else environment
    flags = {"requests_per_minute": requests_per_minute, "requests_per_hour": requests_per_hour}
    found: list[int | None] = []
    for name, flag in flags.items():
        place, value = (
            (_flag(name), flag) if flag is not None else (ENVIRONMENT[name], environment.get(ENVIRONMENT[name]))
        )
        limit = None if not value else _typed(name, place, value)
        if limit is not None and limit < 1:
            raise SettingsError(place, f"{limit} is too small; an integer of at least 1 is accepted")
        found.append(limit)
    return found[0], found[1]


def _ways_to_give(name: str) -> str:
    # Arguments are there for everybody on the machine to see, so the secret has no flag.
    return ENVIRONMENT[name] if name == "shared_secret" else f"{_flag(name)} or {ENVIRONMENT[name]}"


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _read_file(file: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(str(file), f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(str(file), f"is not TOML: {error}") from error
    if "shared_secret" in content:
        _refuse_readable_secret(file)
    known = {*ENVIRONMENT, "request_timeout_s"}
    for name in content:
        if name not in known:
            raise SettingsError(f"{file}: {name}", f"is not a setting; accepted are {', '.join(sorted(known))}")
    return content


def _refuse_readable_secret(file: Path) -> None:
    """A secret that others on the machine can read is none."""
    if os.name == "posix" and file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError(
            f"{file}: shared_secret",
            f"others can read it; run chmod 600 {file}, or keep it in {ENVIRONMENT['shared_secret']}",
        )


def _typed(name: str, place: str, value: Any) -> Any:
    if name in {"tenant", "site", "requests_per_minute", "requests_per_hour"}:
        if name.startswith("requests_") and value == "unknown":
            return None
        if isinstance(value, bool) or not (isinstance(value, int) or str(value).strip().isdecimal()):
            unknown = ' or "unknown"' if name.startswith("requests_") else ""
            raise SettingsError(place, f"{value!r} is not accepted; give a positive integer{unknown}")
        return int(value)
    if name == "request_timeout_s":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise SettingsError(place, "give a number of seconds")
        return float(value)
    if not isinstance(value, str):
        raise SettingsError(place, "give a text")
    return value


def _origin(name: str, url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 0) >= 0
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable or parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise SettingsError(name, "give a URL of scheme and host, such as https://t1001.example.com")
    return f"{parts.scheme}://{parts.netloc}"
