"""In what world are deliveries tried: one shop, one ledger, one Slack, one clock?"""

from __future__ import annotations

import itertools
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.delivery.clock import Calendar
from bot.delivery.courier import Courier
from bot.delivery.ledger import Ledger
from bot.delivery.morning import Morning, Target
from bot.delivery.protocol import LOOK_AHEAD, Answer, Copies, Look, Outcome, Sight
from bot.delivery.row import Delivery, Key, Payload, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKYO = ZoneInfo("Asia/Tokyo")
EIGHT = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)  # Friday 2026-11-20 08:00 in Tokyo
PAGE = Payload("30日以内リピート率 20.3%", ({"type": "divider"},), "words")


class Killed(BaseException):
    """The process is gone at this point."""


@dataclass
class Slack:
    """A channel that remembers; `answers` says how the next posts go."""

    posts: list[tuple[str, str, bool]] = field(default_factory=list)
    answers: list[Answer | str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    tried: int = 0

    def look(self, row: Delivery, since: datetime) -> Look:
        assert since == row.due_at - LOOK_AHEAD
        if self.looks:
            return self.looks.pop(0)
        found = self.copies(row, since).places
        return Look(Sight.FOUND, found[0]) if found else Look(Sight.ABSENT)

    def copies(self, row: Delivery, since: datetime) -> Copies:
        return Copies(tuple(ts for ts, name, _ in self.posts if name == row.mark))

    def remove(self, row: Delivery, ts: str) -> bool:
        self.posts = [post for post in self.posts if post[0] != ts]
        return True

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        self.tried += 1
        answer = self.answers.pop(0) if self.answers else "sent"
        if isinstance(answer, Answer):
            return answer
        self.posts.append((f"{len(self.posts) + 1}.0", row.mark, plain))
        if answer == "applied, then reset":
            return Answer(Outcome.UNKNOWN, error="broken: ConnectionResetError")
        return Answer(Outcome.SENT, self.posts[-1][0])


@dataclass
class World:
    """One shop, one state database, one Slack, and a clock that only the test moves."""

    ledger: Ledger
    slack: Slack = field(default_factory=Slack)
    now: datetime = EIGHT + timedelta(seconds=5)
    slept: float = 0.0
    rendered: list[Key] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    content: Callable[[Delivery], Payload] | None = None
    channels: tuple[str, ...] = ("C1",)
    starts: int = 0
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keep_time(self.ledger)

    def keep_time(self, ledger: Ledger) -> None:
        """Let a ledger's database show this world's time."""
        ledger._clock = lambda: self.now

    def render(self, row: Delivery) -> Payload:
        self.rendered.append(row.key)
        return PAGE if self.content is None else self.content(row)

    def courier(self, book: Any = None) -> Courier:
        self.starts += 1
        return Courier(
            book or self.ledger,
            self.slack,
            self.render,
            lambda: self.now,
            lambda: self.now.timestamp() + self.slept,
            f"process-{self.starts}",
            lambda row, why: self.told.append(f"{row.key.channel} {why}"),
            self.pauses.append,
        )

    def morning(self, courier: Courier | None = None, **more: Any) -> Morning:
        targets = tuple(Target(channel, time(8, 0), TOKYO, Calendar()) for channel in self.channels)
        return Morning(self.ledger, courier or self.courier(), "T1", lambda: targets, **more)

    def tick(self, times: int = 1, every: timedelta = timedelta(seconds=20)) -> None:
        morning = self.morning()
        for _ in range(times):
            morning.tick(self.now)
            self.now += every

    def states(self) -> dict[tuple[str, str], State]:
        return {(row.key.kind.value, row.key.channel): row.state for row in self.ledger.deliveries()}


@contextmanager
def opened(folder: Path) -> Iterator[World]:
    """A world whose ledger is a file in the folder; names come in order."""
    numbers = itertools.count()
    in_order = lambda size: next(numbers).to_bytes(size, "big")
    with closing(Ledger.open(f"sqlite:///{folder}/state.db", in_order)) as ledger:
        yield World(ledger)
