"""How does the first message of an episode come to show the present state?

By chat.update with the whole message: an edit that is done twice changes nothing, and one that was lost
is wanted still. Only who holds the episode edits it; a hold that was slept through is noticed afterwards,
and the newest text is shown once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import structlog

from bot.delivery.protocol import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.alerting.book import Book, Root
    from bot.delivery.protocol import Answer

GUARD: Final = timedelta(seconds=60)
"""A hold older than this (suspend counted) may not edit: it could end in the middle."""

AGAIN: Final = timedelta(seconds=30)
BLOCKED_AGAIN: Final = timedelta(minutes=15)
GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
"""Somebody deleted it, or it cannot be edited any more: what is owed to it is given up."""

log = structlog.get_logger("asakai.alerts")


@dataclass(frozen=True, slots=True)
class Edits:
    """Carries wanted edits to Slack. `update` asks Slack once; `awake` is a monotonic clock that counts suspend."""

    book: Book
    update: Callable[[dict[str, Any]], Answer]
    now: Callable[[], datetime]
    awake: Callable[[], float]
    holder: str

    def round(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Do every edit that is wanted; one channel's failure never stops another."""
        done = 0
        while not stopped():
            held = self.awake()
            root = self.book.claim_edit(self.holder, self.now())
            if root is None:
                break
            self._edit(root, held)
            done += 1
        return done

    def _edit(self, root: Root, held: float) -> None:
        if timedelta(seconds=self.awake() - held) > GUARD:
            self.book.put_off_edit(root, self.holder, self.now(), "held_too_long")
            return
        answer = self.update(_call(root, plain=False))
        if answer.outcome is Outcome.CONTENT:
            answer = self.update(_call(root, plain=True))
        if answer.outcome is Outcome.SENT:
            self.book.edited(root, self.holder)
            return
        gone = answer.error in GONE
        wait = BLOCKED_AGAIN if answer.outcome is Outcome.BLOCKED else AGAIN
        wait = timedelta(seconds=answer.retry_after) if answer.retry_after else wait
        log.warning("alert_edit_failed", rule=root.name, channel=root.channel, why=answer.error, gone=gone)
        self.book.put_off_edit(root, self.holder, self.now() + wait, answer.error, give_up=gone)


def _call(root: Root, *, plain: bool) -> dict[str, Any]:
    payload = root.payload
    # Slack keeps blocks that are not sent: the form without blocks takes them away by an empty list.
    blocks = [] if plain else list(payload.blocks)
    text = payload.plain if plain else payload.text
    return {"channel": root.channel, "ts": root.ts, "text": text, "blocks": blocks}
