"""Reads spans of time as people write them: ``90``, ``15m``, ``1h30m``, ``250ms`` or ISO 8601 such as ``PT15M``."""

import re
from decimal import Decimal
from typing import Final

_NUMBER: Final = r"([0-9]{1,12}(?:\.[0-9]{1,6})?)"
_PLAIN: Final = re.compile(rf"{_NUMBER}(?:s)?")
_PARTS: Final = re.compile("".join(rf"(?:{_NUMBER}{unit})?" for unit in ("w", "d", "h", "m", "s", "ms")))
_ISO: Final = re.compile(
    rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?=[0-9])(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_UNITS: Final = tuple(map(Decimal, ("604800", "86400", "3600", "60", "1", "0.001")))


def parse_duration(text: str) -> Decimal:
    """The number of seconds that a text means, exactly.

    Raises:
        ValueError: the text is no duration; the message says what one looks like.
    """
    if plain := _PLAIN.fullmatch(text):
        return Decimal(plain[1])
    found = _ISO.fullmatch(text) or _PARTS.fullmatch(text)
    values = () if found is None else found.groups()
    if not any(values):
        raise ValueError(f"{text!r} is no duration such as 90, 15m, 1h30m, 250ms or PT15M")
    return sum((Decimal(value) * unit for value, unit in zip(values, _UNITS, strict=False) if value), Decimal(0))
