"""Finds what a terminal, a line of a log or a cell of a table would obey in names and codes, and shows it harmlessly.

Control characters are the C0 and C1 sets and DEL (Unicode category Cc), line ends among them.
"""

import re
from typing import Final

CONTROLS: Final = r"\x00-\x1f\x7f-\x9f"
"""The inside of a character class with all of them."""

_CONTROL: Final = re.compile(f"[{CONTROLS}]")


def control_in(text: str) -> str | None:
    """What is wrong with a text that holds a control character, naming the first; None where there is none."""
    found = _CONTROL.search(text)
    return None if found is None else f"has the control character U+{ord(found[0]):04X} in it"


def printable(text: str) -> str:
    """A text without anything that a terminal would obey."""
    return "".join(each if each.isprintable() else f"\\x{ord(each):02x}" for each in text)
