"""Where do /kpi status and /kpi digest find the past: in the ledger that runs, or opened for one question?"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.watch import past
from metrics.day import zone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from bot.delivery.ledger import Ledger
    from bot.delivery.row import Delivery
    from bot.present.watching import PastMorning, Posted


@dataclass(frozen=True, slots=True)
class Opened:
    """The ledger of a state database, opened for each question: for the command line."""

    open: Callable[[], Ledger]

    def digests(self, limit: int, channel: str | None = None, name: str | None = None) -> Sequence[Delivery]:
        """The newest digests first."""
        with closing(self.open()) as ledger:
            return ledger.digests(limit, channel, name)


def opened(url: str) -> Opened:
    """The ledger behind a state setting; nothing is opened yet."""

    def open_now() -> Ledger:
        from bot.delivery.ledger import Ledger  # noqa: PLC0415  a question about figures does not pay for SQLAlchemy

        return Ledger.open(url)

    return Opened(open_now)


@dataclass(frozen=True, slots=True)
class Past:
    """The past, as one channel may ask for it."""

    history: past.History
    zone: ZoneInfo
    channel: str = ""

    def posted(self, day: date | None) -> Posted | None:
        """The digest of a date as it was posted."""
        return past.posted(self.history, self.channel, day)

    def mornings(self) -> Sequence[PastMorning]:
        """The last fourteen."""
        return past.mornings(self.history, channel=self.channel)


def past_of(url: str, zone_name: str) -> Past:
    """The past behind a state setting, asked from the host: every channel's."""
    return Past(opened(url), zone(zone_name))
