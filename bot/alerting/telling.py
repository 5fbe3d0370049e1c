"""How does someone who sent a form hear what became of it, and in which language?

A form has no channel; it was opened in one, which it keeps.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.blockkit import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.access import Who
    from bot.deed import Deed
    from bot.page import Page


def kept(deed: Deed) -> Mapping[str, str]:
    """What a form noted of where and for what it was opened."""
    found: Mapping[str, str] = json.loads(deed.body["view"]["private_metadata"])
    return found


def who_opened(deed: Deed) -> Who:
    """Who acts in a form, and in which channel they opened it."""
    return replace(deed.who, channel=kept(deed)["channel"])


def tell(deed: Deed, channel: str, page: Page) -> None:
    """Say a page to this person alone: where the form was opened, else as the deed itself answers."""
    if deed.who.channel or not channel:
        deed.reply(page)
        return
    said = render(page)
    deed.web.call("chat.postEphemeral", channel=channel, user=deed.who.user, text=said.text, blocks=said.blocks)
