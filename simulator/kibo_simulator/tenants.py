"""Applications and tokens: who may ask, and in whose name (A-1, A-2).

Secrets and tokens are stored as hashes only; a data file gives none of them away.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from kibo_simulator.store.database import Database
from kibo_simulator.timestamps import SECOND

TokenKind = Literal["access", "refresh"]

_TENANT_HOST = re.compile(r"t(\d{1,10})(?:-s(\d{1,10}))?\.")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a valid token opens: a tenant, for an application, until an instant."""

    tenant_id: int
    client_id: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """A freshly issued pair; instants in microseconds since the epoch."""

    access_token: str
    refresh_token: str
    access_expires_at: int
    refresh_expires_at: int


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def tenant_of_host(host: str) -> int | None:
    """The tenant that a host name such as ``t1001-s1.sandbox.mozu.com`` speaks of, or None (A-2)."""
    match = _TENANT_HOST.match(host)
    return int(match[1]) if match else None


def add_application(database: Database, tenant_id: int, client_id: str, shared_secret: str) -> None:
    """Let an application in on behalf of a tenant."""
    database.connection.execute(
        "INSERT OR REPLACE INTO applications VALUES (?, ?, ?)", (client_id, tenant_id, _hash(shared_secret))
    )


class Access:
    """Issues, checks and revokes tokens; keeps the ones in use in memory so that a check is one look-up.

    Tokens are a function of ``stem``, time and count (T-4); two runs that share a data file must not share a stem.
    """

    __slots__ = ("_access_lifetime", "_database", "_grants", "_issued", "_refresh_lifetime", "_stem", "era")

    def __init__(
        self, database: Database, *, stem: str, access_lifetime_s: int, refresh_lifetime_s: int, issued: int = 0
    ) -> None:
        self._database = database
        self._stem = stem
        self._access_lifetime = access_lifetime_s * SECOND
        self._refresh_lifetime = refresh_lifetime_s * SECOND
        self._grants: dict[str, Grant] = {}
        self.era = object()
        """Another object whenever tenants may have gone: for those who were let in before."""
        self._issued = issued

    def __repr__(self) -> str:
        return f"<Access {len(self._grants)} tokens in use>"

    @property
    def issued(self) -> int:
        """How many pairs of tokens were issued under this stem."""
        return self._issued

    def knows(self, client_id: str, shared_secret: str) -> bool:
        """Whether an application has this secret."""
        row = self._database.connection.execute(
            "SELECT secret_hash FROM applications WHERE client_id = ?", (client_id,)
        ).fetchone()
        return row is not None and hmac.compare_digest(bytes(row[0]), _hash(shared_secret))

    def login(self, client_id: str, shared_secret: str, now: int) -> Tokens | None:
        """Tokens for an application that knows its secret, or None (A-1)."""
        row = self._database.connection.execute(
            "SELECT tenant_id, secret_hash FROM applications WHERE client_id = ?", (client_id,)
        ).fetchone()
        if row is None or not hmac.compare_digest(bytes(row[1]), _hash(shared_secret)):
            return None
        return self._issue(int(row[0]), client_id, now)

    def refresh(self, refresh_token: str, now: int) -> Tokens | None:
        """A new pair for a refresh token that is still good, or None; a good one is used up."""
        row = self._database.connection.execute(
            "DELETE FROM tokens WHERE hash = ? AND kind = 'refresh' AND expires_at > ? RETURNING tenant_id, client_id",
            (_hash(refresh_token), now),
        ).fetchone()
        if row is None:
            return None
        return self._issue(int(row[0]), str(row[1]), now)

    def revoke(self, token: str, now: int) -> None:
        """Make a token useless; with a refresh token that is still good go all access tokens of its application."""
        row = self._database.connection.execute(
            "DELETE FROM tokens WHERE hash = ? RETURNING kind, client_id, expires_at", (_hash(token),)
        ).fetchone()
        self._grants.pop(token, None)
        if row is not None and row[0] == "refresh" and row[2] > now:
            self._database.connection.execute("DELETE FROM tokens WHERE kind = 'access' AND client_id = ?", (row[1],))
            self._grants = {t: grant for t, grant in self._grants.items() if grant.client_id != row[1]}

    def expire(self, token: str) -> None:
        """Let an access token expire before its time; its refresh token stays good."""
        self._database.connection.execute("DELETE FROM tokens WHERE hash = ? AND kind = 'access'", (_hash(token),))
        self._grants.pop(token, None)

    def revoke_all(self, client_id: str) -> None:
        """Make every token of an application useless."""
        self._database.connection.execute("DELETE FROM tokens WHERE client_id = ?", (client_id,))
        self._grants = {token: grant for token, grant in self._grants.items() if grant.client_id != client_id}

    def check(self, token: str, now: int) -> Grant | None:
        """What an access token opens at ``now``; None when unknown, revoked or expired (A-1)."""
        grant = self._grants.get(token)
        if grant is None:
            row = self._database.connection.execute(
                "SELECT tenant_id, client_id, expires_at FROM tokens WHERE hash = ? AND kind = 'access'",
                (_hash(token),),
            ).fetchone()
            if row is None:
                return None
            grant = self._grants[token] = Grant(*row)
        if grant.expires_at <= now:
            self._grants.pop(token, None)
            return None
        return grant

    def forget(self, tenant_id: int) -> None:
        """Let no token of a tenant open anything any more; they are gone from the database already."""
        self.era = object()
        self._grants = {token: grant for token, grant in self._grants.items() if grant.tenant_id != tenant_id}

    def new_secret(self, client_id: str) -> str:
        """A secret for an application that has none; a function of the stem, like tokens (T-4)."""
        self._issued += 1
        return blake2b(f"secret:{self._stem}:{self._issued}:{client_id}".encode(), digest_size=16).hexdigest()

    def _issue(self, tenant_id: int, client_id: str, now: int) -> Tokens:
        self._issued += 1
        stem = f"{self._stem}:{now}:{self._issued}:{client_id}"
        tokens = Tokens(
            access_token=blake2b(f"access:{stem}".encode(), digest_size=24).hexdigest(),
            refresh_token=blake2b(f"refresh:{stem}".encode(), digest_size=24).hexdigest(),
            access_expires_at=now + self._access_lifetime,
            refresh_expires_at=now + self._refresh_lifetime,
        )
        execute = self._database.connection.execute
        execute("DELETE FROM tokens WHERE expires_at <= ?", (now,))
        self._grants = {token: grant for token, grant in self._grants.items() if grant.expires_at > now}
        for token, kind, expires_at in (
            (tokens.access_token, "access", tokens.access_expires_at),
            (tokens.refresh_token, "refresh", tokens.refresh_expires_at),
        ):
            execute(
                "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?)",
                (_hash(token), kind, tenant_id, client_id, expires_at),
            )
        return tokens
