"""In what world are rules tried: a ledger with its book, a Slack that remembers, and mornings as letters?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.alerting.alarm import Alarm, Hours, Voice
from bot.alerting.book import Book
from bot.alerting.edits import Edits
from bot.alerting.rules import Watched
from bot.delivery.clock import Calendar
from bot.delivery.morning import Morning, Target
from bot.delivery.payload import payload_of
from bot.delivery.protocol import Answer, Outcome
from bot.delivery.row import Delivery, Payload
from bot.language import Language
from metrics.alert import Rule, Seen, Sight
from metrics.estimate import Estimate, rate
from metrics.problem import Problem
from metrics.report import NoPurchases, Report
from tests.bot.delivering import PAGE, TOKYO, Slack, World, opened

MONDAY = date(2026, 11, 16)
LETTERS = {"g": rate(50, 200), "b": rate(39, 200), "B": rate(20, 200), "-": rate(1, 9)}


class Unreadable(Problem):
    key = "no_store"


@dataclass
class Sky:
    """What rules see: from `first` on one letter per day, good before; `!` cannot be read, `s` is stale."""

    letters: str = ""
    first: date = MONDAY - timedelta(days=1)
    labels: tuple[str, ...] = ("",)

    def letter(self, day: date) -> str:
        at = (day - self.first).days
        return self.letters[at] if 0 <= at < len(self.letters) else "g"

    def sights(self, rule: Rule, as_ofs: Sequence[date]) -> Iterator[Sight]:
        for day in as_ofs:
            letter = self.letter(day)
            if letter == "!":
                raise Unreadable
            if letter == "s":
                yield Sight(day, stale_since=day - timedelta(days=3))
            else:
                yield Sight(day, tuple(Seen(label, self.estimate(letter)) for label in self.labels))

    def estimate(self, letter: str) -> Estimate:
        return LETTERS[letter]

    def alert(self, as_of: date) -> Report:
        raise NoPurchases


@dataclass
class Channels(Slack):
    """A Slack that remembers what each message says now."""

    said: dict[str, Payload] = field(default_factory=dict)
    threads: dict[str, str | None] = field(default_factory=dict)
    edits: list[tuple[str, str]] = field(default_factory=list)
    refusals: list[Answer] = field(default_factory=list)

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        answer = super().post(row, payload, plain=plain)
        if answer.ts or answer.outcome is Outcome.UNKNOWN:
            ts = answer.ts or self.posts[-1][0]
            self.said[ts], self.threads[ts] = payload, row.thread_ts
        return answer

    def update(self, call: dict[str, Any]) -> Answer:
        if self.refusals:
            return self.refusals.pop(0)
        self.edits.append((call["ts"], call["text"]))
        self.said[call["ts"]] = Payload(call["text"], tuple(call["blocks"]), call["text"])
        return Answer(Outcome.SENT, call["ts"])


@dataclass
class Alerted:
    """One shop whose rules are judged; `days` walks through mornings at 08:01."""

    world: World
    book: Book
    sky: Sky
    slack: Channels
    rules: tuple[Watched, ...]
    calendar: Calendar = field(default_factory=lambda: Calendar(None))
    digests: tuple[str, ...] = ("C1",)
    spoken: dict[str, str] = field(default_factory=dict)
    """Channels that speak another language than Japanese."""

    def alarm(self, book: Any = None) -> Alarm:
        language = lambda channel: Language.of(self.spoken.get(channel, "ja"))
        said = lambda key, language: {"ja": f"読めません（{key}）", "en": f"cannot read ({key})"}[language.code]
        voice = Voice(language, payload_of, said, 0.2)
        hours = Hours(time(8, 0), TOKYO, self.calendar)
        return Alarm(book or self.book, self.sky, voice, lambda: hours, lambda: self.rules)

    def edits(self, update: Callable[[dict[str, Any]], Answer] | None = None, holder: str = "one") -> Edits:
        awake = lambda: self.world.now.timestamp() + self.world.slept
        return Edits(self.book, update or self.slack.update, lambda: self.world.now, awake, holder)

    def tick(self, times: int = 3, alarm: Alarm | None = None, *, edits: bool = True) -> None:
        """So many ticks, half a minute apart."""
        alarm, editing = alarm or self.alarm(), self.edits()
        targets = tuple(Target(channel, time(8, 0), TOKYO, self.calendar) for channel in self.digests)
        morning = Morning(self.world.ledger, self.world.courier(), "T1", lambda: targets, alarm.tick)
        for _ in range(times):
            morning.tick(self.world.now)
            if edits:
                editing.round()
            self.world.now += timedelta(seconds=30)

    def at(self, day: date, hour: int = 8, minute: int = 1) -> None:
        """Set the clock."""
        self.world.now = datetime.combine(day, time(hour, minute), TOKYO).astimezone(UTC)

    def days(self, letters: str, ticks: int = 3) -> list[str]:
        """What was posted on each morning from Monday on, digests left out."""
        self.sky.letters = letters
        said = []
        for i in range(len(letters)):
            self.at(MONDAY + timedelta(days=i))
            before = len(self.slack.posts)
            self.tick(ticks)
            said.append(" ".join(self.kinds(before)))
        return said

    def kinds(self, since: int = 0) -> list[str]:
        kind = {row.mark: row.key.kind.value for row in self.world.ledger.deliveries(1000)}
        return [kind[mark] for _, mark, _ in self.slack.posts[since:] if kind[mark] != "digest"]

    def root_in(self, channel: str) -> Payload:
        """What the newest first message of that channel says now."""
        return self.slack.said[next(root.ts for root in self.book.roots() if root.channel == channel and root.ts)]

    def root(self) -> Payload:
        """What the newest first message says now."""
        [root, *_] = self.book.roots()
        assert root.ts is not None
        return self.slack.said[root.ts]


@contextmanager
def alerted(folder: Path, *rules: Watched, **more: Any) -> Iterator[Alerted]:
    """A world whose rules are these, or the default one in C1."""
    numbers = itertools.count()
    in_order = lambda size: next(numbers).to_bytes(size, "big")
    with opened(folder) as world, closing(Book.open(f"sqlite:///{folder}/state.db", "T1", in_order)) as book:
        slack = Channels()
        world.slack = slack
        world.content = lambda _row: PAGE
        usual = (Watched(Rule("repeat", remind_days=0), ("C1",)),)
        yield Alerted(world, book, Sky(), slack, rules or usual, **more)


def words(payload: Payload) -> str:
    """Everything a message says."""
    return str(payload.blocks) + payload.text
