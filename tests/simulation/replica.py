"""What does one process live through? Production code on a bad machine: it dies, sleeps and wakes anywhere."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from greenlet import getcurrent, greenlet

from tests.simulation.hub import Hub, Killed, instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

TICK = (15.0, 29.0)
SLACK_CALLS = frozenset({"look", "post", "copies", "remove"})


class DatabaseDown(Exception):
    """What SQLAlchemy would raise."""


@dataclass(frozen=True)
class Perils:
    """How often what happens to a process and its database, per step."""

    kill: float = 0.0
    pause: float = 0.0
    long_pause: float = 0.0  # of the pauses, those of hours
    restart_seconds: float = 300.0
    statement_fails: float = 0.0
    commit_unheard: float = 0.0  # applied, but the answer is lost


class Port:
    """Stands between the production code and the ledger or Slack: every call is two named points."""

    def __init__(self, replica: Replica, behind: Any) -> None:
        self._replica, self._behind = replica, behind

    def __getattr__(self, name: str) -> Any:
        method, replica = getattr(self._behind, name), self._replica

        def call(*given: Any, **named: Any) -> Any:
            replica.point(f"before {name}", name)
            if name not in SLACK_CALLS:
                replica.database_may_fail(applied=False)
            result = method(*given, **named)
            if name not in SLACK_CALLS:
                replica.changed()
                if not replica.calm:
                    replica.database_may_fail(applied=True)
            replica.point(f"after {name}", name)
            return result

        setattr(self, name, call)
        return call


@dataclass
class Replica:
    """One process after another under one name. `life` makes what ticks, anew after every death."""

    name: str
    hub: Hub
    perils: Perils
    life: Callable[[Replica], Callable[[datetime], None]]
    next_work: Callable[[], float]
    skew: float = 0.0
    drift: float = 1.0
    started: int = 0
    calm: bool = False
    database_down: Callable[[], bool] = lambda: False
    changed: Callable[[], None] = lambda: None
    wake_at: float = field(default=0.0)
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

    def point(self, where: str, what: str) -> None:
        dice, perils = self.hub.random, self.perils
        if where[0] == "b":  # before: the others go on; after it this one does, unless its fate decides otherwise
            self.hub.sleep(dice.random() * (0.3 if what in SLACK_CALLS else 0.005))
        if self.calm:
            return
        fate = dice.random()
        if fate < perils.kill:
            self.hub.points[f"kill {where}"] += 1
            raise Killed(where)
        if fate < perils.kill + perils.pause:
            self.hub.points[f"pause {where}"] += 1
            long = dice.random() < perils.long_pause
            self.hub.sleep(dice.expovariate(1 / 5400) if long else dice.expovariate(1 / 60))

    def database_may_fail(self, *, applied: bool) -> None:
        dice, perils = self.hub.random, self.perils
        if not applied and self.database_down():
            raise DatabaseDown
        if not self.calm and dice.random() < (perils.commit_unheard if applied else perils.statement_fails):
            raise DatabaseDown

    # --- its life -------------------------------------------------------------------------

    def start(self, after: float) -> None:
        self.hub.at(self.hub.now + after, greenlet(self._live).switch)

    def _live(self) -> None:
        self.started += 1
        tick = self.life(self)
        try:
            while True:
                self._tick(tick)
                self._rest()
        except Killed:
            self._turn += 1
            self._sleeping = None
            self.start(self.hub.random.expovariate(1 / self.perils.restart_seconds))

    def _tick(self, tick: Callable[[datetime], None]) -> None:
        with suppress(DatabaseDown):  # the ticker logs it, and the next tick comes
            tick(self.now())

    def _rest(self) -> None:
        """Until the next tick that can find something to do: those between would do nothing."""
        self._sleeping = getcurrent()
        self._plan_wake(max(self.hub.now, self.next_work()))
        self.hub.park()
        self._sleeping = None

    def _plan_wake(self, ripe: float) -> None:
        self._turn += 1
        turn, least = self._turn, self.hub.now + TICK[0]
        self.wake_at = max(least, ripe) + self.hub.random.random() * (TICK[1] - TICK[0])
        self.hub.at(self.wake_at, lambda: self._wake(turn))

    def _wake(self, turn: int) -> None:
        if turn == self._turn and self._sleeping is not None:
            self._sleeping.switch()

    def rouse(self, ripe: float) -> None:
        """Something has become ripe earlier than this replica thought."""
        if self._sleeping is not None and ripe + TICK[1] < self.wake_at:
            self._plan_wake(max(self.hub.now, ripe))
