"""What is owed this morning: whose digest is due?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.delivery.clock import Calendar, Window, due_at, is_business_day, windows
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
    """A channel that gets a digest: when, and on which days. `name`: which digest."""

    channel: str
    at: time
    zone: ZoneInfo
    calendar: Calendar
    digest: bool = True
    keep: timedelta = KEEP
    name: str = DIGEST


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

    def tick(self, now: datetime, stopped: Callable[[], bool] = lambda: False) -> None:
        """One look at the clock: owe, deliver, judge."""
        for target, window in list(self._due(now)):
            if target.digest and self.ledger.plan(self.key(target, window), window, now):
                log.info("delivery_owed", channel=target.channel, date=str(window.local_date))
        self.courier.round(stopped)
        if not stopped() and self.alerts(now):
            self.courier.round(stopped)

    def key(self, target: Target, window: Window) -> Key:
        """The ledger's key of a target's digest on that date."""
        return Key(self.workspace, Kind.DIGEST, target.name, target.channel, window.local_date)

    def _due(self, now: datetime) -> Iterator[tuple[Target, Window]]:
        for target in self.targets():
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
