"""From which day on is a first purchase believed to be the customer's first?

Where the data begin in the middle of a shop's life, its oldest customers look
like new ones. So first purchases within the burn-in are not trusted as first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

DEFAULT_DAYS = 365


@dataclass(frozen=True, slots=True)
class BurnIn:
    """The burn-in of a shop: its first day of data and the days asked for.

    `start` is the shop's, never a segment's: a channel opened last month has no
    burn-in of its own. At most half of the history is given up (then `shortened`),
    so that something is left to count.
    """

    start: date | None
    days: int = DEFAULT_DAYS

    def days_at(self, as_of: date) -> int:
        """How many days are given up on the morning of `as_of`."""
        return min(self.days, self._history(as_of) // 2)

    def shortened(self, as_of: date) -> bool:
        """Whether history is too short for the days asked for."""
        return self.days_at(as_of) < self.days

    def trusted_from(self, as_of: date) -> date:
        """The first day whose first purchases are trusted."""
        return (self.start or as_of) + timedelta(days=self.days_at(as_of))

    def _history(self, as_of: date) -> int:
        return max(0, (as_of - self.start).days + 1) if self.start else 0


def trusted_from(start: date | None, as_of: date, burn_in_days: int = DEFAULT_DAYS) -> date:
    """The first day whose first purchases are trusted as first."""
    return BurnIn(start, burn_in_days).trusted_from(as_of)
