"""Which bytes does a page become?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.blockkit import render, words
from bot.delivery.row import Payload

if TYPE_CHECKING:
    from datetime import date, datetime

    from bot.page import Page


def payload_of(
    page: Page, *, native: bool = True, data_as_of: date | None = None, known_at: datetime | None = None
) -> Payload:
    """The page, its words-only form, and its replies; `native` False: no charts or data tables.

    `known_at`: until when what it says was learned, where the page does not say so itself.
    """
    message = render(page, native)
    replies = tuple(payload_of(reply, native=native, data_as_of=data_as_of, known_at=known_at) for reply in page.thread)
    about = {"known_at": known_at.isoformat(), **dict(page.about)} if page.about and known_at else dict(page.about)
    return Payload(message.text, tuple(message.blocks), words(page), replies, data_as_of, about)
