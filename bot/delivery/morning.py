"""What is owed this morning: whose digest is due, and does the repeat rate call for an alert?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.delivery.clock import Calendar, Window, due_at, is_business_day, windows
from bot.delivery.row import Delivery, Episode, Key, Kind, State
from metrics import alert
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from zoneinfo import ZoneInfo

    from bot.delivery.courier import Courier

log = structlog.get_logger("asakai.delivery")

DIGEST = "daily"
ALERT = "repeat"
KEEP = timedelta(hours=12)
"""How long after its due time a digest is still worth posting."""


@dataclass(frozen=True, slots=True)
class Target:
    """A channel that gets the digest, alerts or both: when, and on which days."""

    channel: str
    at: time
    zone: ZoneInfo
    calendar: Calendar
    digest: bool = True
    alerts: bool = True
    keep: timedelta = KEEP


class Episodes(Protocol):
    """The ledger, as far as the morning reads and writes it."""

    def plan(self, key: Key, window: Window, now: datetime) -> bool:
        """Owe a message."""
        ...

    def find(self, key: Key) -> Delivery | None:
        """Read one row."""
        ...

    def open_episode(self, workspace: str, name: str, channel: str) -> Episode | None:
        """Read the episode that is not over."""
        ...

    def begin_episode(self, key: Key, since: date | None, window: Window, now: datetime) -> Episode | None:
        """Open an episode and owe its alert."""
        ...

    def end_episode(self, episode_id: str, now: datetime) -> bool:
        """Close an episode."""
        ...


def data_day(local_date: date) -> date:
    """The last complete day on the morning of a local date: what its digest and alert speak of."""
    return local_date - timedelta(days=1)


@dataclass(slots=True)
class Morning:
    """Plans what is due, lets the courier carry it, then checks the alert of that day.

    `judge` gives the repeat rate's judgement as of a complete day. A channel is checked
    after its digest is sent, and once per process and date; again would change nothing,
    for the ledger remembers the episode.
    """

    ledger: Episodes
    courier: Courier
    workspace: str
    targets: Callable[[], tuple[Target, ...]]
    judge: Callable[[date], alert.Judgement]
    by: alert.JudgeBy = "interval"
    checked: set[Key] = field(default_factory=set)
    twins: int = 0
    before_round: Callable[[tuple[Target, ...], datetime], object] = lambda _targets, _now: None
    after_round: Callable[[list[tuple[Target, Window]], datetime], bool] = lambda _due, _now: False

    def tick(self, now: datetime, stopped: Callable[[], bool] = lambda: False) -> None:
        """One look at the clock: owe, deliver, check."""
        targets = self.targets()
        due = list(self._due(targets, now))
        self.before_round(targets, now)
        for target, window in due:
            if target.digest and self.ledger.plan(self.key(target, window), window, now):
                log.info("delivery_owed", channel=target.channel, date=str(window.local_date))
        self.courier.round(stopped)
        owed = self.after_round(due, now)
        begun = [self._check(target, window, now) for target, window in due if target.alerts and not stopped()]
        if owed or any(begun):
            self.courier.round(stopped)
        self.twins += self.courier.sweep(stopped)

    def key(self, target: Target, window: Window) -> Key:
        """The ledger's key of a target's digest on that date."""
        return Key(self.workspace, Kind.DIGEST, DIGEST, target.channel, window.local_date)

    def _due(self, targets: tuple[Target, ...], now: datetime) -> Iterator[tuple[Target, Window]]:
        for target in targets:
            for window in windows(now, target.at, target.zone, target.keep):
                if is_business_day(window.local_date, target.calendar):
                    yield target, window

    def _check(self, target: Target, window: Window, now: datetime) -> bool:
        """Open or close the channel's episode; True when an alert is owed now."""
        key = self.key(target, window)
        if key in self.checked or (target.digest and not self._sent(key)):
            return False
        try:
            judgement = self.judge(data_day(window.local_date))
        except Problem as problem:
            log.warning("alert_not_judged", channel=target.channel, why=problem.key)
            return False
        self.checked.add(key)
        return self._step(target, window, judgement, now)

    def _sent(self, key: Key) -> bool:
        row = self.ledger.find(key)
        return row is not None and row.state is State.SENT

    def _step(self, target: Target, window: Window, judgement: alert.Judgement, now: datetime) -> bool:
        kept = self.ledger.open_episode(self.workspace, ALERT, target.channel)
        before = alert.Episode() if kept is None else alert.Episode(alert.State.FIRING, kept.since)
        _, news = alert.step(before, judgement, data_day(window.local_date), self.by)
        if news is alert.News.FIRED:
            key = Key(self.workspace, Kind.ALERT, ALERT, target.channel, window.local_date)
            return self.ledger.begin_episode(key, judgement.since, window, now) is not None
        if news is alert.News.RECOVERED and kept is not None and self.ledger.end_episode(kept.id, now):
            log.info("alert_over", channel=target.channel, episode=kept.id)
        return False


def send_now(courier: Courier, workspace: str, channel: str, now: datetime, zone: ZoneInfo) -> Delivery | None:
    """Send today's digest to a channel at once; it counts as the day's, so the schedule adds none.

    Due since midnight, so that the look finds what was sent earlier that day by a ledger since lost.
    """
    today = now.astimezone(zone).date()
    midnight = due_at(today, time(0, 0), zone) or now
    return courier.send(Key(workspace, Kind.DIGEST, DIGEST, channel, today), Window(today, midnight, now + KEEP))
