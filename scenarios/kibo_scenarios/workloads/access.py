"""How a client of a load scenario is let in: as an application of its own, so that the journal tells clients apart."""

from typing import Final

OAUTH: Final = "/api/platform/applications/authtickets/oauth"


def secret_of(client: str) -> str:
    """Return the secret of a client's application, which lives as long as the run."""
    return f"{client}-secret"


def login_body(client_id: str, secret: str) -> dict[str, str]:
    """Return what an application says to get a token."""
    return {"client_id": client_id, "client_secret": secret, "grant_type": "client_credentials"}
