"""As which application a client is let in: one of its own where the target can be told of it, else the one given."""

from collections.abc import Mapping

from kibo_scenarios.errors import UsageError
from kibo_scenarios.workloads.access import secret_of


def own_application(client: str) -> tuple[str, str]:
    """Return id and secret of a client's own application."""
    return client, secret_of(client)


def given_application(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the id and the secret that the environment names.

    Raises:
        UsageError: It does not.
    """
    found = environment.get("KIBO_CLIENT_ID", ""), environment.get("KIBO_SHARED_SECRET", "")
    if not all(found):
        raise UsageError("a target without a control plane needs KIBO_CLIENT_ID and KIBO_SHARED_SECRET on each worker")
    return found
