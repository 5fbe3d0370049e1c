"""Does a channel belong to this company alone? Where another one is in it, nothing is delivered.

It is asked at every delivery, for a channel can be shared long after it was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.delivery.post import SlackBusy, SlackUnreachable
from bot.delivery.protocol import Answer, Copies, Look, Outcome, Sight
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.delivery.courier import Channel
    from bot.delivery.row import Delivery, Payload

SHARED = "shared_channel"
"""Why a delivery is blocked: another company would read it."""


@dataclass(frozen=True, slots=True)
class OursAlone:
    """A Channel that looks, first of all, who is in it. `shared` raises a Problem where Slack does not say."""

    behind: Channel
    shared: Callable[[str], bool]

    def look(self, row: Delivery, since: datetime) -> Look:
        """Search for the mark; blocked where another company would see what is posted."""
        return self._barred(row.key.channel) or self.behind.look(row, since)

    def change(self, call: dict[str, Any], carry_out: Callable[[dict[str, Any]], Answer]) -> Answer:
        """Edit a message that stands there, on the same condition."""
        barred = self._barred(str(call["channel"]))
        if barred is None:
            return carry_out(call)
        outcome = Outcome.BLOCKED if barred.sight is Sight.BLOCKED else Outcome.NOT_APPLIED
        return Answer(outcome, error=barred.error, retry_after=barred.retry_after)

    def _barred(self, channel: str) -> Look | None:
        try:
            return Look(Sight.BLOCKED, error=SHARED) if self.shared(channel) else None
        except SlackUnreachable as problem:
            pause = problem.seconds if isinstance(problem, SlackBusy) else None
            return Look(Sight.FAILED, error=str(problem.values["reason"]), retry_after=pause)
        except Problem:
            return None  # gone, never ours, or an app that may only post: the call itself says so

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        """Post once."""
        return self.behind.post(row, payload, plain=plain)

    def copies(self, row: Delivery, since: datetime) -> Copies:
        """Search for every message with the mark."""
        return self.behind.copies(row, since)

    def remove(self, row: Delivery, ts: str) -> bool:
        """Take a message of ours away."""
        return self.behind.remove(row, ts)
