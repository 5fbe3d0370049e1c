"""Does a channel belong to this company alone? Where another one is in it, nothing is delivered.

It is asked at every delivery, for a channel can be shared long after it was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.delivery.post import ScopeMissing, SlackUnreachable
from bot.delivery.protocol import Answer, Copies, Look, Sight
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
        try:
            if self.shared(row.key.channel):
                return Look(Sight.BLOCKED, error=SHARED)
        except SlackUnreachable as problem:
            return Look(Sight.FAILED, error=str(problem.values["reason"]))
        except ScopeMissing:
            pass  # an app that may only post: whoever installed it has chosen the channel
        except Problem:
            pass  # gone, or never ours: the search itself says so
        return self.behind.look(row, since)

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        """Post once."""
        return self.behind.post(row, payload, plain=plain)

    def copies(self, row: Delivery, since: datetime) -> Copies:
        """Search for every message with the mark."""
        return self.behind.copies(row, since)

    def remove(self, row: Delivery, ts: str) -> bool:
        """Take a message of ours away."""
        return self.behind.remove(row, ts)
