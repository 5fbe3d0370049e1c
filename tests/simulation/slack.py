"""What does Slack do in the simulation? It accepts, refuses, breaks off, lags, and forgets nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.delivery.protocol import Answer, Copies, Look, Outcome, Sight

if TYPE_CHECKING:
    from datetime import datetime

    from bot.delivery.row import Delivery, Key, Payload
    from tests.simulation.hub import Hub


@dataclass(frozen=True)
class Weather:
    """How often what goes wrong."""

    lost_answer: float = 0.0  # accepted, then reset
    lost_request: float = 0.0  # reset, not accepted
    refused: float = 0.0  # 429, connection refused
    blocked: float = 0.0  # not_in_channel, for minutes
    content: float = 0.0  # invalid_blocks
    look_fails: float = 0.0
    lag: float = 0.0  # accepted, but seen in the history only later
    applied_late: float = 0.0  # of those, later than the hold


@dataclass
class Posted:
    """One message in a channel."""

    ts: str
    mark: str
    thread_ts: str | None
    seen_from: float
    posted_at: float
    gone: bool = False


@dataclass
class SimulatedSlack:
    """All channels. `down` until when nothing is answered."""

    hub: Hub
    weather: Weather
    messages: dict[str, list[Posted]] = field(default_factory=dict)
    down: float = 0.0
    blocked_until: dict[str, float] = field(default_factory=dict)
    twins_seen: int = 0
    _number: int = 0
    _marks: dict[Key, str] = field(default_factory=dict)

    def look(self, row: Delivery, since: datetime) -> Look:
        if (trouble := self._trouble(row.key.channel)) is not None:
            return trouble
        found = self._seen(row, since)
        return Look(Sight.FOUND, found[0].ts) if found else Look(Sight.ABSENT)

    def copies(self, row: Delivery, since: datetime) -> Copies:
        if (trouble := self._trouble(row.key.channel)) is not None:
            return Copies(certain=trouble.sight is not Sight.FAILED)
        return Copies(tuple(message.ts for message in self._seen(row, since)))

    def remove(self, row: Delivery, ts: str) -> bool:
        if self.hub.now < self.down:
            return False
        for message in self.messages.get(row.key.channel, ()):
            if message.ts == ts:
                message.gone = True
        return True

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        dice, weather, channel = self.hub.random, self.weather, row.key.channel
        if self.hub.now < self.down:
            return Answer(
                *dice.choice(((Outcome.NOT_APPLIED, None, "unreachable"), (Outcome.UNKNOWN, None, "http_503")))
            )
        if self.hub.now < self.blocked_until.get(channel, 0.0):
            return Answer(Outcome.BLOCKED, error="not_in_channel")
        if dice.random() < weather.refused:
            return Answer(Outcome.NOT_APPLIED, error="ratelimited", retry_after=dice.choice((1, 30, 600)))
        if dice.random() < weather.lost_request:
            return Answer(Outcome.UNKNOWN, error="broken: ConnectionResetError")
        if not plain and dice.random() < weather.content:
            return Answer(Outcome.CONTENT, error="invalid_blocks")
        ts = self._accept(row)
        if dice.random() < weather.lost_answer:
            return Answer(Outcome.UNKNOWN, error="timeout")
        return Answer(Outcome.SENT, ts)

    def _accept(self, row: Delivery) -> str:
        dice, now = self.hub.random, self.hub.now
        lag = 0.0
        if dice.random() < self.weather.lag:
            lag = dice.uniform(180, 500) if dice.random() < self.weather.applied_late else dice.uniform(0, 150)
        self._number += 1
        mark = self._mark(row)
        message = Posted(f"{now:.0f}.{self._number:06}", mark, row.thread_ts, now + lag, now)
        channel = self.messages.setdefault(row.key.channel, [])
        self.twins_seen += any(other.mark == mark and not other.gone for other in channel)
        channel.append(message)
        return message.ts

    def _trouble(self, channel: str) -> Look | None:
        if self.hub.now < self.blocked_until.get(channel, 0.0):
            return Look(Sight.BLOCKED, error="not_in_channel")
        if self.hub.now < self.down or self.hub.random.random() < self.weather.look_fails:
            return Look(Sight.FAILED, error="http_503")
        return None

    def _mark(self, row: Delivery) -> str:
        """A row's mark, hashed once."""
        found = self._marks.get(row.key)
        if found is None:
            found = self._marks[row.key] = row.mark
        return found

    def _seen(self, row: Delivery, since: datetime) -> list[Posted]:
        """What the history shows of a delivery, oldest first."""
        oldest, now, mark = since.timestamp(), self.hub.now, self._mark(row)
        return [
            message
            for message in self.messages.get(row.key.channel, ())
            if message.mark == mark
            and message.thread_ts == row.thread_ts
            and not message.gone
            and message.seen_from <= now
            and float(message.ts) >= oldest
        ]
