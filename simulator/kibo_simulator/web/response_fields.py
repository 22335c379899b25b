"""Cuts answers down to the fields that ``responseFields`` names, as Kibo's SDKs can ask for.

A selection is a list of names separated by commas; a name may be followed by a selection in parentheses for what lies
below it: ``jobID,messages`` or ``items(productCode,content(productName))``. Lists are cut element by element.
"""

from typing import Any

Selection = dict[str, "Selection | None"]
"""The names that are kept; None below a name keeps all of it."""

_DEEPEST = 32
_LONGEST = 4_000


class SelectionError(ValueError):
    """A text that is no selection; says where it goes wrong."""


def parse_selection(text: str) -> Selection:
    """What a ``responseFields`` text selects.

    Raises:
        SelectionError: parentheses that do not match, an empty name, or too much of either.
    """
    if len(text) > _LONGEST:
        raise SelectionError(f"longer than {_LONGEST} characters")
    stack: list[Selection] = [{}]
    name = ""
    closed = False
    for position, character in enumerate(text + ",", 1):
        if character not in ",()":
            if closed:
                raise SelectionError(f"a comma is missing before character {position}")
            name += character
            continue
        name = name.strip()
        if character == "(":
            if not name or closed or len(stack) == _DEEPEST:
                raise SelectionError(f"no name before the parenthesis at character {position}, or too many of them")
            below: Selection = {}
            stack[-1][name] = below
            stack.append(below)
        else:
            if not closed:
                if not name:
                    raise SelectionError(f"an empty name at character {position}")
                stack[-1].setdefault(name, None)
            closed = character == ")"
            if closed:
                if len(stack) == 1:
                    raise SelectionError(f"a parenthesis too many at character {position}")
                stack.pop()
        name = ""
    if len(stack) > 1:
        raise SelectionError("a parenthesis is never closed")
    return stack[0]


def select(value: Any, selection: Selection) -> Any:
    """The value with nothing but what is selected; names it does not have are no error."""
    if isinstance(value, list):
        return [select(element, selection) for element in value]
    if not isinstance(value, dict):
        return value
    return {
        name: value[name] if below is None else select(value[name], below)
        for name, below in selection.items()
        if name in value
    }
