"""Keeps secrets out of the journal that a client put where none belong: into its query or its path (A-1).

Bodies and headers are never kept. A client that sends its credentials in the query is refused, and just such a client
is looked at in the journal.
"""

import re
from typing import Final
from urllib.parse import unquote

MASK: Final = "********"

_NAME: Final = re.compile(r"(?i)secret|token|passw|credential|authorization|api[-_]?key|app[-_]?claims")
_TICKETS: Final = "/authtickets/"
_ENDPOINTS: Final = ("oauth", "refresh-ticket")


def masked_query(query: str, raw: str) -> str:
    """The query with the values of parameters masked that are called like a secret.

    Args:
        query: decoded, as the journal shows it.
        raw: as it came; only there is it told where a value with an ampersand ends.
    """
    if not query or (query.isascii() and not _shows_a_sign(query.lower())) or not _NAME.search(query):
        return query
    return "&".join(_masked_parameter(parameter) for parameter in raw.split("&"))


def masked_path(path: str) -> str:
    """The path without what follows the endpoints of tokens: it can hardly be anything but a token."""
    before, tickets, rest = path.partition(_TICKETS)
    if not rest or rest in _ENDPOINTS:
        return path
    endpoint, slash, _ = rest.partition("/")
    return f"{before}{tickets}{f'{endpoint}/' if slash and endpoint in _ENDPOINTS else ''}{MASK}"


def _shows_a_sign(query: str) -> bool:
    """Whether a query, in lower case, may hold what `_NAME` looks for, which takes twenty times as long to find out."""
    return (
        "secret" in query
        or "token" in query
        or "passw" in query
        or "credential" in query
        or "authorization" in query
        or "api" in query
        or "app" in query
    )


def _masked_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    name = unquote(name)
    # A semicolon separates nothing for the server, but for some clients it does.
    secret = _NAME.search(name) or (";" in value and _NAME.search(unquote(value)))
    return f"{name}{equals}{MASK}" if secret else f"{name}{equals}{unquote(value)}"
