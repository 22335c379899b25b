"""Renders a board as one HTML file that needs nothing else: no script, no font, no request, readable in ten years.

Everything that comes from a run is text and is escaped by the template engine.
"""

from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kibo_scenarios.reports.board import DATA_BEGIN, DATA_END, Board, encode_board
from kibo_scenarios.reports.page_view import page_view

_TEMPLATES: Final = Path(__file__).parent / "templates"


def render_page(board: Board) -> bytes:
    """Return the page of a board; the same board always gives the same bytes."""
    environment = _environment()
    # The document is escaped by `encode_board`; as text of the page it would no longer be JSON.
    data = Markup(DATA_BEGIN + encode_board(board).decode() + DATA_END)  # noqa: S704 - see above
    style = Markup((_TEMPLATES / "page.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    text = environment.get_template("page.html.j2").render(page=page_view(board), style=style, data=data)
    return text.encode()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
