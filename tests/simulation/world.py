"""What is one run: a shop somewhere, its replicas, ten mornings, and everything that goes wrong?

One seed is one run: the same seed gives the same run, to the last message.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import inf
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from bot.delivery.clock import Calendar, due_at
from bot.delivery.courier import Courier
from bot.delivery.morning import KEEP, Morning, Target
from bot.delivery.row import OPEN, Key, Kind, Payload, State
from metrics.problem import Problem
from tests.simulation.book import SimulatedBook, forget_old, ripe_at, sweep_at
from tests.simulation.hub import Hub, instant
from tests.simulation.replica import Perils, Replica
from tests.simulation.slack import SimulatedSlack, Weather

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.delivery.row import Delivery

MORNINGS = 10
DAY = 86_400.0
ZONES = tuple(sorted(zone for zone in available_timezones() if zone != "localtime"))
RENDER_SECONDS = 2.0
LAST_SECONDS, MINUTES_SECONDS = 3 * 3600.0, 600.0
CLOSED_SECONDS = 120.0
"""So often, of the many ticks of a long outage, one is played."""
PAGE = Payload("20.3%", (), "20.3%")
THREADED = Payload("20.3%", (), "20.3%", replies=(PAGE,))


class NotReady(Problem):
    """Yesterday's orders are not all there yet."""

    key = "data_not_ready"


@dataclass
class Outcome:
    """What came of a run."""

    mornings: int = 0
    missed: list[str] = field(default_factory=list)
    left_twice: list[str] = field(default_factory=list)
    seen_twice: int = 0
    points: Counter[str] = field(default_factory=Counter)
    late_seconds: list[float] = field(default_factory=list)
    fingerprint: str = ""


@dataclass
class World:
    """One shop. `protocol` makes what a replica does at each tick; the naive variants are others."""

    seed: int
    mornings: int = MORNINGS
    calm: bool = False
    protocol: Callable[[World, Replica], Callable[[datetime], None]] | None = None
    sweeps: bool = True
    patience: float = 12 * 3600.0
    perils: Perils | None = None
    ticks_always: bool = False

    def __post_init__(self) -> None:
        dice = self.random = Random(self.seed)
        self.zone = ZoneInfo(dice.choice(ZONES))
        self.first = date(2011, 1, 1) + timedelta(days=dice.randrange(25 * 365))
        self.at = time(dice.randrange(24), dice.choice((0, 30, dice.randrange(60))))
        self.channels = ("C1",) if dice.random() < 0.8 else ("C1", "C2")
        self.page = THREADED if dice.random() < 0.3 else PAGE
        start = datetime.combine(self.first, time(0), tzinfo=self.zone).timestamp() - DAY
        self.hub = Hub(dice, start)
        self.slack = SimulatedSlack(self.hub, self._weather())
        self.database_skew = 0.0 if self.calm else dice.uniform(-240, 240)
        self.database_down_until = 0.0
        self.book = SimulatedBook(self.database_now, dice.randbytes, changed=self._changed)
        self.targets = tuple(
            Target(channel, self.at, self.zone, Calendar(None, every_day=True)) for channel in self.channels
        )
        self.expected = self._expected()
        self._dues = self._all_dues()
        self._unplanned: list[float] = []
        self._counted = -1
        self.perils = self.perils or (Perils() if self.calm else self._perils())
        self.replicas = [self._replica(number) for number in range(dice.randint(1, 5))]
        self.replicas[0].absence = self._kept_short
        self.unready_until = 0.0

    # --- what goes wrong --------------------------------------------------------------------

    def _weather(self) -> Weather:
        if self.calm:
            return Weather()
        odd = lambda most: self.random.random() ** 3 * most
        return Weather(odd(0.5), odd(0.5), odd(0.5), 0.0, odd(0.3), odd(0.5), odd(0.4), odd(0.1))

    def _perils(self) -> Perils:
        odd = lambda most: self.random.random() ** 2 * most
        return Perils(odd(0.04), odd(0.03), odd(0.3), odd(1200) + 10, odd(0.05), odd(0.05))

    def _disasters(self) -> None:
        """Plan the outages of each morning: of the database, Slack, the data, the ledger, everything at once."""
        if self.calm:
            return
        dice = self.random
        for due, _ in self.expected:
            begin = due.timestamp() + dice.uniform(-600, 3600)
            for odds, what in (
                (0.08, lambda until: setattr(self, "database_down_until", until)),
                (0.08, lambda until: setattr(self.slack, "down", until)),
                (0.08, lambda until: self.slack.blocked_until.update({"C1": until})),
                (0.08, lambda until: setattr(self, "unready_until", until)),
            ):
                if dice.random() < odds:
                    until = begin + dice.expovariate(1 / 1200)
                    self.hub.at(begin, lambda what=what, until=until: what(min(until, self.hub.now + 3 * 3600)))
            if dice.random() < 0.02:
                self.hub.at(begin, self._lose_ledger)
            if dice.random() < 0.02:
                kept = dict(self.book.rows)
                self.hub.at(begin - 1800, lambda kept=kept: (kept.clear(), kept.update(self.book.rows)))
                self.hub.at(begin + 1800, lambda kept=kept: self._restore_ledger(kept))
            if dice.random() < 0.05:
                self.hub.at(begin, lambda: setattr(self, "database_skew", dice.uniform(-240, 240)))
            if dice.random() < 0.05:
                self.hub.at(begin + 12 * 3600, self._change_time)

    def _lose_ledger(self) -> None:
        self.hub.points["ledger lost"] += 1
        self._replace_ledger({})

    def _restore_ledger(self, kept: dict[Key, Delivery]) -> None:
        self.hub.points["ledger restored"] += 1
        self._replace_ledger(dict(kept))

    def _replace_ledger(self, rows: dict[Key, Delivery]) -> None:
        self.book.replace_all(rows)
        for number, replica in enumerate(self.replicas):
            replica.rouse(self._next_work(number))

    def _change_time(self) -> None:
        """Someone moves the digest by an hour in the afternoon: no date may get a second one."""
        if not self.targets:
            return
        moved = time((self.targets[0].at.hour + 1) % 24, self.targets[0].at.minute)
        if moved.hour:
            self.targets = tuple(Target(target.channel, moved, target.zone, target.calendar) for target in self.targets)
            self._dues, self._counted = self._all_dues(), -1

    # --- who is there -----------------------------------------------------------------------

    def database_now(self) -> datetime:
        return instant(self.hub.now + self.database_skew)

    def _expected(self) -> list[tuple[datetime, date]]:
        days = [self.first + timedelta(days=n) for n in range(self.mornings)]
        return [(due, day) for day in days if (due := due_at(day, self.at, self.zone)) is not None]

    def _all_dues(self) -> list[tuple[float, date]]:
        """When each date from before the first to after the last is due, as the digest is set now."""
        days = (self.first + timedelta(days=n) for n in range(-3, self.mornings + 4))
        at = self.targets[0].at
        return [(due.timestamp(), day) for day in days if (due := due_at(day, at, self.zone)) is not None]

    def _replica(self, number: int) -> Replica:
        make = self.protocol or production
        dice = self.random
        return Replica(
            f"replica-{number}",
            self.hub,
            self.perils,
            lambda replica: make(self, replica),
            lambda: self._next_work(number),
            skew=0.0 if self.calm else dice.choice((0.0, dice.uniform(-5, 5), dice.uniform(-3600, 3600))),
            drift=1.0 if self.calm else dice.uniform(0.9999, 1.0001),
            ticks_always=self.ticks_always,
            closed=lambda: self.hub.now < self.database_down_until,
        )

    def _kept_short(self, seconds: float) -> float:
        """Machines that are off until it is too late post nothing: in the last hours the first one sleeps minutes."""
        now = self.hub.now
        at = bisect_right(self._dues, now - KEEP.total_seconds(), key=lambda due: due[0])
        if at == len(self._dues):
            return seconds
        last = self._dues[at][0] + KEEP.total_seconds() - LAST_SECONDS
        return min(seconds, max(last - now, MINUTES_SECONDS))

    def _next_work(self, number: int) -> float:
        """When a tick will next find something to do: a row is ripe, or a date becomes due by somebody's clock.

        Only the first replica rises for nothing but a sweep; the others sweep when they are up.
        """
        now, down = self.hub.now, self.database_down_until
        ripe = self.book.ripe_at(sweeps=self.sweeps and number == 0)
        next_ = inf if ripe is None else ripe.timestamp() - self.database_skew
        next_ = min(next_, self._next_due(self.replicas[number].skew))
        return next_ if now >= down else max(next_, min(down, now + CLOSED_SECONDS))

    def _next_due(self, skew: float) -> float:
        """When a date that is not planned is, or was, due by a replica's clock."""
        if not self.targets:
            return inf
        if self._counted != self.book.inserts:
            self._counted = self.book.inserts
            planned = [key.local_date for key in self.book.rows if key.kind is Kind.DIGEST]
            self._unplanned = [due for due, day in self._dues if planned.count(day) < len(self.channels)]
        begin = bisect_right(self._unplanned, self.hub.now + skew - self.patience)
        return self._unplanned[begin] - skew if begin < len(self._unplanned) else inf

    def _changed(self, row: Delivery) -> None:
        """A row is another one: whoever rests may have to rise earlier."""
        ripe = ripe_at(row) if row.state in OPEN else None
        sweep = sweep_at(row) if self.sweeps else None
        for replica in self.replicas:
            if (at := ripe or sweep) is not None:
                replica.rouse(at.timestamp() - self.database_skew)
            sweep = None

    def content(self, _row: Delivery) -> Payload:
        self.hub.sleep(self.random.random() * RENDER_SECONDS)
        if self.hub.now < self.unready_until:
            raise NotReady
        return self.page

    # --- the run ----------------------------------------------------------------------------

    def run(self) -> Outcome:
        self._disasters()
        for replica in self.replicas:
            replica.start(self.random.random() * 60)
        for due, day in self.expected:
            self.hub.run(due.timestamp() - 3600)
            forget_old(self.book, due)
            self._delete_by_hand(day)
        self.hub.run(self.hub.now + 0.6 * DAY)
        self.targets = ()  # the last digest has been due half a day ago; what follows are sweeps
        self.hub.run(self.hub.now + 1.9 * DAY)
        return self.judged()

    def _delete_by_hand(self, day: date) -> None:
        """A person deletes yesterday's digest: it must not come again."""
        if (
            self.calm
            or self.random.random() > 0.02
            or self.hub.points["ledger lost"]
            or self.hub.points["ledger restored"]
        ):
            return
        for row in self.book.rows.values():
            if row.state is State.SENT and row.key.local_date == day - timedelta(days=1) and not row.thread_ts:
                self.slack.remove(row, row.slack_ts or "")
                self.hub.points["deleted by hand"] += 1

    def judged(self) -> Outcome:
        for replica in self.replicas:
            replica.end()
        outcome = Outcome(seen_twice=self.slack.twins_seen, points=self.hub.points)
        for channel in self.channels:
            messages = self.slack.messages.get(channel, [])
            for due, day in self.expected:
                key = Key("T1", Kind.DIGEST, "daily", channel, day)
                mark = row_mark(key)
                ours = [message for message in messages if message.mark == mark]
                left = [message for message in ours if not message.gone]
                name = f"seed {self.seed}: {channel} {day}"
                outcome.mornings += 1
                if not ours:
                    outcome.missed.append(name)
                if len(left) > 1:
                    outcome.left_twice.append(name)
                if ours:
                    outcome.late_seconds.append(ours[0].posted_at - due.timestamp())
        said = [(channel, vars(message)) for channel, all_ in sorted(self.slack.messages.items()) for message in all_]
        outcome.fingerprint = hashlib.sha256(repr((said, sorted(self.hub.points.items()))).encode()).hexdigest()
        return outcome


def row_mark(key: Key) -> str:
    from bot.delivery.row import Delivery  # noqa: PLC0415  only for its mark

    nobody = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    return Delivery("", key, nobody, nobody).mark


def production(world: World, replica: Replica) -> Callable[[datetime], None]:
    """What runs in a shop: Morning and Courier, unchanged."""
    book, slack = replica.port(world.book), replica.port(world.slack)
    courier = (Courier if world.sweeps else Unswept)(
        book, slack, world.content, replica.now, replica.awake, replica.owner, lambda *_: None, world.hub.sleep
    )
    return Morning(book, courier, "T1", lambda: world.targets).tick


class Unswept(Courier):
    """A courier that never looks for twins: how many would there be?"""

    def sweep(self, stopped: Callable[[], bool] = lambda: False) -> int:
        return 0
