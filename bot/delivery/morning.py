"""What is owed this morning: whose digest is due?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.delivery.clock import Calendar, Window, due_at, is_business_day, next_due, windows
from bot.delivery.row import Delivery, Key, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zoneinfo import ZoneInfo

    from bot.delivery.courier import Courier

log = structlog.get_logger("asakai.delivery")

DIGEST = "daily"
KEEP = timedelta(hours=12)
"""How long after its due time a digest is still worth posting."""


@dataclass(frozen=True, slots=True)
class Target:
    """A channel that gets a digest: when, and on which days. `name`: which digest.

    `since`: when somebody last changed that; what was due before says nothing of today's plan.
    """

    channel: str
    at: time
    zone: ZoneInfo
    calendar: Calendar
    digest: bool = True
    keep: timedelta = KEEP
    name: str = DIGEST
    since: datetime | None = None


class Plans(Protocol):
    """The ledger, as far as the morning reads and writes it."""

    def plan(self, key: Key, window: Window, now: datetime) -> bool:
        """Owe a message."""
        ...


def data_day(local_date: date) -> date:
    """The last complete day on the morning of a local date: what its digest and alert speak of."""
    return local_date - timedelta(days=1)


@dataclass(slots=True)
class Morning:
    """Plans what is due, lets the courier carry it, then the alerts.

    `alerts` judges the rules and gives whether anything is owed because of them (bot.alerting).
    """

    ledger: Plans
    courier: Courier
    workspace: str
    targets: Callable[[], tuple[Target, ...]]
    alerts: Callable[[datetime], bool] = lambda _now: False
    twins: int = 0
    before_round: Callable[[tuple[Target, ...], datetime], object] = lambda _targets, _now: None
    after_round: Callable[[list[tuple[Target, Window]], datetime], bool] = lambda _due, _now: False

    def tick(self, now: datetime, stopped: Callable[[], bool] = lambda: False) -> float | None:
        """One look at the clock: owe, deliver, judge, and search for twins.

        Gives the seconds until there is something to deliver again, where that is known.
        """
        targets = self.targets()
        due = list(self._due(targets, now))
        self.before_round(targets, now)
        for target, window in due:
            if target.digest and self.ledger.plan(self.key(target, window), window, now):
                log.info("delivery_owed", channel=target.channel, date=str(window.local_date))
        self.courier.round(stopped)
        owed = self.after_round(due, now)
        begun = not stopped() and self.alerts(now)
        if owed or begun:
            self.courier.round(stopped)
        self.twins += self.courier.sweep(stopped)
        return None if stopped() else self._next(targets, now)

    def _next(self, targets: tuple[Target, ...], now: datetime) -> float | None:
        """Until a digest is due, a lease ends, a wait is over: the tick for it need not be left to chance."""
        dues = (next_due(now, target.at, target.zone) for target in targets if target.digest)
        known = [due - now for due in dues if due is not None]
        if (ripens := self.courier.book.ripens()) is not None:
            known.append(ripens)
        return min(known).total_seconds() if known else None

    def key(self, target: Target, window: Window) -> Key:
        """The ledger's key of a target's digest on that date."""
        return Key(self.workspace, Kind.DIGEST, target.name, target.channel, window.local_date)

    def _due(self, targets: tuple[Target, ...], now: datetime) -> Iterator[tuple[Target, Window]]:
        for target in targets:
            for window in windows(now, target.at, target.zone, target.keep):
                if is_business_day(window.local_date, target.calendar):
                    yield target, window


def send_now(courier: Courier, workspace: str, channel: str, now: datetime, zone: ZoneInfo) -> Delivery | None:
    """Send today's digest to a channel at once; it counts as the day's, so the schedule adds none.

    Due since midnight, so that the look finds what was sent earlier that day by a ledger since lost.
    """
    today = now.astimezone(zone).date()
    midnight = due_at(today, time(0, 0), zone) or now
    return courier.send(Key(workspace, Kind.DIGEST, DIGEST, channel, today), Window(today, midnight, now + KEEP))
