"""Who is told when a morning does not come: the channel that data is missing, the owner that something else is?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.delivery.clock import Window, due_at, is_business_day
from bot.delivery.morning import DIGEST
from bot.delivery.protocol import CANNOT_LOOK
from bot.delivery.row import OPEN, Delivery, Key, Kind, State
from bot.watch.past import LATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from bot.delivery.morning import Target

CATCH_UP_DAYS = 7
_LONGEST = 64

log = structlog.get_logger("asakai.delivery")


class Owing(Protocol):
    """The ledger, as far as a notice is owed and a lost morning is written down."""

    def plan(self, key: Key, window: Window, now: datetime) -> bool:
        """Owe a message."""
        ...

    def find(self, key: Key) -> Delivery | None:
        """Read one row."""
        ...

    def skip(self, key: Key, window: Window, now: datetime) -> bool:
        """Write down a message that is too late to be owed."""
        ...

    def digests(self, limit: int, channel: str | None = None, name: str | None = None) -> Sequence[Delivery]:
        """Give the newest digests first."""
        ...


@dataclass(slots=True)
class Overdue:
    """Looks after every round at what should have come. `owner`: their channel, "" for the log only."""

    ledger: Owing
    key: Callable[[Target, Window], Key]
    owner: Callable[[], str]
    notice_after: timedelta

    def after_round(self, due: Iterable[tuple[Target, Window]], now: datetime) -> bool:
        """Owe notices for what is late; True when one is new."""
        owed = [self._one(target, window, now) for target, window in due if target.digest]  # each, not until the first
        return any(owed)

    def _one(self, target: Target, window: Window, now: datetime) -> bool:
        row = self.ledger.find(self.key(target, window))
        if row is None or row.state not in OPEN:
            return False
        owed = False
        if row.state is State.WAITING_DATA and now >= window.due_at + self.notice_after:
            # Of several digests that wait in one channel the first tells it for all: the key has no digest's name.
            notice = Key(row.key.workspace, Kind.DATA_NOTICE, DIGEST, row.key.channel, row.key.local_date)
            owed = self.ledger.plan(notice, Window(window.local_date, now, window.expires_at), now)
        if now >= window.due_at + LATE:
            owed = self.tell(row, row.last_error or "late", now) or owed
        return owed

    def tell(self, row: Delivery, why: str, now: datetime) -> bool:
        """Owe the owner one message about this delivery and reason."""
        log.error("delivery_late", delivery=row.id, channel=row.key.channel, date=str(row.key.local_date), why=why)
        owner = self.owner()
        if not owner or row.key.kind is Kind.OWNER_NOTICE:
            return False
        asked = f" {row.id} {row.attempts}" if why == CANNOT_LOOK else ""  # each open post is a question of its own
        episode = f"{row.key.channel} {why}{asked}"[:_LONGEST]
        notice = Key(row.key.workspace, Kind.OWNER_NOTICE, row.key.name, owner, row.key.local_date, episode)
        return self.ledger.plan(notice, Window(row.key.local_date, now, row.expires_at), now)

    def catch_up(self, targets: Iterable[Target], now: datetime) -> int:
        """Write down the dates that passed while nothing ran, back to the last known one; gives how many."""
        return sum(self._catch_up(target, now) for target in targets if target.digest)

    def _catch_up(self, target: Target, now: datetime) -> int:
        known = [row.key.local_date for row in self.ledger.digests(CATCH_UP_DAYS * 2, target.channel, target.name)]
        today, skipped = now.astimezone(target.zone).date(), 0
        for back in range(CATCH_UP_DAYS, 0, -1):
            day = today - timedelta(days=back)
            due = due_at(day, target.at, target.zone)
            if not known or day <= min(known) or due is None or due + target.keep > now:
                continue
            if target.since is not None and due < target.since:  # paused, or on other days: not lost
                continue
            if is_business_day(day, target.calendar):
                window = Window(day, due, due + target.keep)
                skipped += self.ledger.skip(self.key(target, window), window, now)
        return skipped
