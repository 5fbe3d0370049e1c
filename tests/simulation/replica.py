"""What does one process live through? Production code on a bad machine: it dies, sleeps and wakes anywhere."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent, greenlet

from bot.schedule import EVERY_SECONDS, JITTER_SECONDS, WAKE_JITTER_SECONDS
from tests.simulation.hub import Hub, Killed, instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

SLACK_CALLS = frozenset({"look", "post", "copies", "remove"})
SLACK_SECONDS, DATABASE_SECONDS = 0.3, 0.005
"""How long a call takes at most."""


class DatabaseDown(Exception):
    """What SQLAlchemy would raise."""


@dataclass(frozen=True)
class Perils:
    """How often what happens to a process and its database, per step.

    `once`: the one point at which one process dies, once in a run.
    """

    kill: float = 0.0
    pause: float = 0.0
    long_pause: float = 0.0  # of the pauses, those of hours
    restart_seconds: float = 300.0
    statement_fails: float = 0.0
    commit_unheard: float = 0.0  # applied, but the answer is lost
    once: str = ""

    @property
    def risk(self) -> float:
        """How likely fate has a say at a point."""
        return 1.0 if self.once else self.kill + self.pause


class Port:
    """Stands between the production code and the ledger or Slack: every call is two named points."""

    def __init__(self, replica: Replica, behind: Any) -> None:
        self._replica, self._behind = replica, behind

    def __getattr__(self, name: str) -> Any:
        call = self._slack_call(name) if name in SLACK_CALLS else self._database_call(name)
        setattr(self, name, call)
        return call

    def _slack_call(self, name: str) -> Callable[..., Any]:
        method, replica = getattr(self._behind, name), self._replica
        sleep, dice, risk = replica.hub.sleep, replica.hub.random.random, replica.perils.risk
        before, after = f"before {name}", f"after {name}"

        def call(*given: Any, **named: Any) -> Any:
            sleep(dice() * SLACK_SECONDS)  # the others go on; after it this one does, unless its fate decides otherwise
            if risk and (drawn := dice()) < risk:
                replica.fate(before, drawn)
            result = method(*given, **named)
            if risk and (drawn := dice()) < risk:
                replica.fate(after, drawn)
            return result

        return call

    def _database_call(self, name: str) -> Callable[..., Any]:
        method, replica = getattr(self._behind, name), self._replica
        sleep, dice, risk, down = replica.hub.sleep, replica.hub.random.random, replica.perils.risk, replica.closed
        fails, unheard = risk + replica.perils.statement_fails, risk + replica.perils.commit_unheard
        before, after = f"before {name}", f"after {name}"

        def call(*given: Any, **named: Any) -> Any:
            sleep(dice() * DATABASE_SECONDS)
            if not risk:
                return method(*given, **named)
            if (drawn := dice()) < fails:
                replica.fate(before, drawn)
            if down():
                raise DatabaseDown
            result = method(*given, **named)
            if (drawn := dice()) < unheard:
                replica.fate(after, drawn)
            return result

        return call


@dataclass
class Replica:
    """One process after another under one name. `life` makes what ticks, anew after every death.

    `next_work` is when a tick can find something to do. The ticks before that would do nothing, and
    are left out, unless it `ticks_always`. `absence` bounds how long it is dead or asleep.
    """

    name: str
    hub: Hub
    perils: Perils
    life: Callable[[Replica], Callable[[datetime], float | None]]
    next_work: Callable[[], float]
    skew: float = 0.0
    drift: float = 1.0
    started: int = 0
    ticks_always: bool = False
    closed: Callable[[], bool] = lambda: False
    absence: Callable[[float], float] = lambda seconds: seconds
    ports: dict[int, Port] = field(default_factory=dict)
    dies_from: float = 0.0
    wake_at: float = field(default=0.0)
    _next_tick: float = 0.0
    _life: greenlet | None = None
    _sleeping: greenlet | None = None
    _turn: int = 0

    @property
    def owner(self) -> str:
        return f"{self.name}/{self.started}"

    def now(self) -> datetime:
        """This machine's wall clock, which may be wrong."""
        return instant(self.hub.now + self.skew)

    def awake(self) -> float:
        """A clock that never steps and counts suspend, with a start and a speed of its own."""
        return 1000.0 + self.hub.now * self.drift

    def fate(self, where: str, drawn: float) -> None:
        """Die, sleep, or be told that the database has failed."""
        hub, perils = self.hub, self.perils
        if drawn < perils.kill or (perils.once == where and self._dies_now(where)):
            hub.points[f"kill {where}"] += 1
            raise Killed(where)
        if drawn >= perils.risk:
            raise DatabaseDown
        if drawn < perils.kill + perils.pause:
            hub.points[f"pause {where}"] += 1
            long = hub.random.random() < perils.long_pause
            hub.sleep(self.absence(hub.random.expovariate(1 / 5400) if long else hub.random.expovariate(1 / 60)))

    def _dies_now(self, where: str) -> bool:
        return self.hub.now >= self.dies_from and not self.hub.points[f"kill {where}"]

    def port(self, behind: Any) -> Port:
        """The way to the ledger or to Slack, the same in every life."""
        return self.ports.setdefault(id(behind), Port(self, behind))

    # --- its life -------------------------------------------------------------------------

    def start(self, after: float) -> None:
        self._life = greenlet(self._live)
        self.hub.at(self.hub.now + after, self._life.switch)

    def end(self) -> None:
        """Unwind its stack, which no garbage collector would."""
        if self._life is not None:
            self._life.throw()

    def _live(self) -> None:
        self.started += 1
        tick = self.life(self)
        try:
            while True:
                self._rest(self._tick(tick))
        except Killed:
            self._turn += 1
            self._sleeping = None
            self.start(self.absence(self.hub.random.expovariate(1 / self.perils.restart_seconds)))

    def _tick(self, tick: Callable[[datetime], float | None]) -> float | None:
        with suppress(DatabaseDown):  # the ticker logs it, and the next tick comes
            return tick(self.now())
        return None

    def _rest(self, told: float | None) -> None:
        """Until the next tick that can find something to do. `told`: in how many seconds, if the last one knew."""
        now, dice = self.hub.now, self.hub.random.random
        self._sleeping = getcurrent()
        self._next_tick = now + EVERY_SECONDS + dice() * JITTER_SECONDS
        woken = inf if told is None or told <= 0 else now + told + dice() * WAKE_JITTER_SECONDS
        if self.ticks_always:
            self._wake_at(min(woken, self._next_tick))
        else:
            self._plan(self.next_work(), woken)
        self.hub.park()
        self._sleeping = None

    def _plan(self, ripe: float, woken: float = inf) -> None:
        """The first tick at or after `ripe`: one of every 15 to 29 s, or the one it is woken for."""
        if ripe > self._next_tick:  # the tick before it learns of it
            self._wake_at(ripe + self.hub.random.random() * WAKE_JITTER_SECONDS)
        else:
            self._wake_at(woken if ripe <= woken < self._next_tick else self._next_tick)

    def _wake_at(self, when: float) -> None:
        self._turn += 1
        turn = self._turn
        self.wake_at = when
        self.hub.at(when, lambda: self._wake(turn))

    def _wake(self, turn: int) -> None:
        if turn != self._turn or self._sleeping is None:
            return
        if not self.ticks_always and (ripe := self.next_work()) > self.hub.now:
            self._roll()
            self._plan(ripe)  # somebody else has done it
        else:
            self._sleeping.switch()

    def _roll(self) -> None:
        """The ticks that were left out have passed: when is the next one?"""
        if self._next_tick <= self.hub.now:
            span = EVERY_SECONDS + self.hub.random.random() * JITTER_SECONDS
            self._next_tick = self.hub.now + self.hub.random.random() * span

    def rouse(self, ripe: float) -> None:
        """Something has become ripe earlier than this replica thought."""
        if self._sleeping is not None and not self.ticks_always and ripe + WAKE_JITTER_SECONDS < self.wake_at:
            self._roll()
            self._plan(ripe)
