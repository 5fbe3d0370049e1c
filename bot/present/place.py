"""What are the channels in a table called?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.page import Cell, Page, Part, Table

Called = Callable[[str], str]
"""A channel's name by its id."""


def with_names(page: Page, called: Called) -> Page:
    """The page with the names of channels where it has their ids: a table cannot refer to a channel."""
    return replace(page, parts=tuple(_named(part, called) for part in page.parts))


def _named(part: Part, called: Called) -> Part:
    if not isinstance(part, Table):
        return part
    return replace(part, rows=tuple(tuple(_cell(cell, called) for cell in row) for row in part.rows))


def _cell(cell: Cell, called: Called) -> Cell:
    text = cell.text
    for channel in cell.channels:
        text = text.replace(channel, called(channel))
    return replace(cell, text=text) if cell.channels else cell
