"""How does someone who sent a form hear what became of it? A form has no channel; it was opened in one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.blockkit import render

if TYPE_CHECKING:
    from bot.deed import Deed
    from bot.page import Page


def tell(deed: Deed, channel: str, page: Page) -> None:
    """Say a page to this person alone: where the form was opened, else as the deed itself answers."""
    if deed.who.channel or not channel:
        deed.reply(page)
        return
    said = render(page)
    deed.web.call("chat.postEphemeral", channel=channel, user=deed.who.user, text=said.text, blocks=said.blocks)
