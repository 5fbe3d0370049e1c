"""In which language is it said?

| what | speaks |
| --- | --- |
| a digest, its thread, what it says of itself (late, lost, restated), "has not arrived" | the digest's language |
| an alert: first message, its edits and buttons, replies in its thread; a notice that data is missing | the channel's |
| what the owner is told and asked; the question once it is settled | the owner's own, or their channel's |
| answers, forms, what whoever pressed or sent a form is told | the reader's own, else the channel's |

A digest's is its own, else its owner's (a digest in a direct message), else the channel's. A channel's
is the one chosen for it, else the one of the digest that goes there, else the shop's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.choices.chosen import Plan
from bot.language import Language
from bot.settings import MAIN_DIGEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.access import Who
    from bot.choices.effective import Effective


@dataclass(frozen=True, slots=True)
class Voices:
    """The languages of this moment."""

    now: Callable[[], Effective]

    def digest(self, name: str, channel: str) -> Language:
        """Of a digest there; the channel's where the digest is gone."""
        effective = self.now()
        plan = effective.plan(name) or Plan(MAIN_DIGEST)
        return Language.of(effective.language_of_plan(plan, channel))

    def channel(self, channel: str) -> Language:
        """Of what the bot says there by itself."""
        return Language.of(self.now().language_of_channel(channel))

    def owner(self, channel: str) -> Language:
        """Of what the owner of the deliveries is told, in their channel or direct message."""
        return Language.of(self.now().language_of_owner(channel))

    def reader(self, who: Who) -> Language:
        """Of what one person is told."""
        return Language.of(self.now().language_of_person(who.user, who.channel))
