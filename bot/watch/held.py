"""What does somebody say of a post that may be there: it is there, or send it again? Done once, and written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.deed import Deed, Doing, Route
from bot.delivery.payload import payload_of
from bot.present.watching import AGAIN, THERE, settled, settling
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.access import Who
    from bot.delivery.row import Delivery
    from bot.language import Language
    from bot.page import Page

log = structlog.get_logger("asakai.watch")


class Settling(Protocol):
    """The ledger, as far as an open post is settled."""

    def settle(self, delivery_id: str, attempt: int, *, there: bool, who: str, now: datetime) -> Delivery | None:
        """Do what was said, once."""
        ...


class Voices(Protocol):
    """The languages, as far as a question and its answer speak one."""

    def owner(self, channel: str) -> Language:
        """Of what is posted to the owner."""
        ...

    def reader(self, who: Who) -> Language:
        """Of what one person is told."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """The two buttons under a question. `refused`: why somebody may not answer it; asked at every press."""

    ledger: Settling
    refused: Callable[[Who], Problem | None]
    voices: Voices
    now: Callable[[], datetime]

    def routes(self) -> tuple[Route, ...]:
        """Who takes what."""
        return tuple(
            Route(Doing.PRESS, rf"{answer}:\d+", lambda deed, answer=answer: self.take(deed, answer), open_to_all=True)  # type: ignore[misc]  # mypy cannot type a lambda's default
            for answer in (THERE, AGAIN)
        )

    def take(self, deed: Deed, answer: str) -> None:
        """Do it, take the buttons away, and say so."""
        if (problem := self.refused(deed.who)) is not None:
            raise problem
        name, _, attempt = deed.value.partition(" ")
        number = int(attempt) if attempt.isdecimal() else -1
        row = self.ledger.settle(name, number, there=answer == THERE, who=deed.who.user, now=self.now())
        if row is not None:
            log.info("delivery_settled", delivery=row.id, channel=row.key.channel, answer=answer)
            posted = self.voices.owner(deed.who.channel)
            self._show(deed, settled(row.key.channel, row.key.local_date, answer, deed.who.user, posted))
        deed.reply(settling(answer if row else "gone", self.voices.reader(deed.who)))

    def _show(self, deed: Deed, page: Page) -> None:
        said = payload_of(page)
        place = (deed.body.get("container") or {}).get("message_ts", "")
        try:
            deed.web.call("chat.update", channel=deed.who.channel, ts=place, text=said.text, blocks=list(said.blocks))
        except Problem as problem:  # what was said is done, whether it can be shown or not
            log.warning("question_not_edited", why=problem.key)
