"""Puts names in the place of secrets and tokens on the way into a file, and the secrets back on the way out.

Tokens are numbered in the order in which they were issued, so ``$token(3)`` means the same token in every replay of
a file, whatever its letters are there.
"""

from kibo_scenarios.replay_file import TenantLine, parsed

TICKETS = "/api/platform/applications/authtickets"
_TOKEN_FIELDS = ("access_token", "refresh_token", "accessToken", "refreshToken")


def secret_of(tenant: TenantLine) -> str:
    """The secret that a replayed world gives a tenant's application: it guards nothing."""
    return f"secret-of-{tenant.client_id}"


class Veil:
    """Knows the secrets of one world by their names."""

    def __init__(self, tenants: tuple[TenantLine, ...]) -> None:
        self._names = {secret_of(tenant): f"$secret({tenant.client_id})" for tenant in tenants}
        self._issued = 0

    def __repr__(self) -> str:
        return f"<Veil over {len(self._names)} secrets>"

    def learn(self, path: str, answer: str) -> None:
        """Note the tokens that an answer issues; only the ticket calls do."""
        if not path.startswith(TICKETS):
            return
        body = parsed(answer)
        if not isinstance(body, dict):
            return
        for field in _TOKEN_FIELDS:
            token = body.get(field)
            if isinstance(token, str):
                self._issued += 1
                self._names[token] = f"$token({self._issued})"

    def hide(self, text: str) -> str:
        """The text with names in the place of secrets."""
        for secret, name in self._names.items():
            text = text.replace(secret, name)
        return text

    def reveal(self, text: str) -> str:
        """The text with secrets in the place of names; a name nobody issued stays."""
        if "$" in text:
            for secret, name in self._names.items():
                text = text.replace(name, secret)
        return text
