"""Reads the query of a request; nearly all have nothing quoted in them, which makes that a matter of splitting."""

from urllib.parse import parse_qs


def quoted(raw: str) -> bool:
    """Whether a query says something else than it shows."""
    return "%" in raw or "+" in raw


def parameters_of(raw: str) -> dict[str, list[str]]:
    """The values of each parameter in order, empty ones included; aiohttp bounds the request line, and so their number.

    Args:
        raw: as it came.
    """
    if quoted(raw):
        return parse_qs(raw, keep_blank_values=True)
    found: dict[str, list[str]] = {}
    for parameter in raw.split("&"):
        if parameter:
            name, _, value = parameter.partition("=")
            found.setdefault(name, []).append(value)
    return found
