"""How does one owed message get into Slack?

The steps of docs/delivery.md in their order: claim, render once, look, hold, intent,
guard, post, record. The courier has no clock, database or Slack of its own: all are
handed in, and may fail or stop at any step without a message being lost or doubled.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.delivery.protocol import (
    DATA_AGAIN,
    GUARD,
    LOOK_AHEAD,
    Answer,
    GoOn,
    Look,
    PutOff,
    Record,
    Step,
    after_look,
    after_post,
)
from bot.delivery.row import Delivery, Key, Payload, State
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.delivery.clock import Window

PACE_SECONDS = 1.1

log = structlog.get_logger("asakai.delivery")


class Book(Protocol):
    """The ledger, as far as the courier reads and writes it."""

    def plan(self, key: Key, window: Window, now: datetime) -> bool:
        """Owe a message."""
        ...

    def claim(self, owner: str, now: datetime, only: Key | None = None) -> Delivery | None:
        """Take a delivery that may be worked on."""
        ...

    def find(self, key: Key) -> Delivery | None:
        """Read one row."""
        ...

    def keep(self, row: Delivery, payload: Payload) -> bool:
        """Store the bytes to post."""
        ...

    def intend(self, row: Delivery, now: datetime) -> bool:
        """Write the intent."""
        ...

    def put_off(self, row: Delivery, state: State, until: datetime, why: str, *, arrived_perhaps: bool) -> bool:
        """Let go of the claim."""
        ...

    def sent(self, row: Delivery, ts: str, now: datetime) -> None:
        """Record the place."""
        ...

    def expire(self, now: datetime) -> Sequence[Delivery]:
        """Give up what is too late."""
        ...


class Channel(Protocol):
    """Slack, as far as the courier needs it; neither call raises for anything Slack or the network does."""

    def look(self, row: Delivery, since: datetime) -> Look:
        """Search the channel (or thread) for the delivery's mark."""
        ...

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        """Post once."""
        ...


def blocked(row: Delivery, why: str) -> None:
    """Tell the owner in the log; it is tried again every 15 minutes until it expires."""
    log.error("delivery_blocked", **_names(row), why=why)


@dataclass(frozen=True, slots=True)
class Courier:
    """Carries claimed deliveries to Slack.

    `content` renders a row's message (a Problem puts it off until the data is there);
    `now` is the wall clock, `awake` a monotonic one in seconds that counts suspend;
    `tell` is called once when a target is blocked; `pause` waits between two posts to one
    channel, when each was `posted`.
    """

    book: Book
    channel: Channel
    content: Callable[[Delivery], Payload]
    now: Callable[[], datetime]
    awake: Callable[[], float]
    owner: str
    tell: Callable[[Delivery, str], None] = blocked
    pause: Callable[[float], None] = time.sleep
    posted: dict[str, float] = field(default_factory=dict)

    def round(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Work on everything that is ripe; one target's failure never stops another."""
        for late in self.book.expire(self.now()):
            log.error("delivery_expired", **_names(late), why=late.last_error)
        done = 0
        while not stopped():
            claimed = self.awake()
            row = self.book.claim(self.owner, self.now())
            if row is None:
                break
            self.deliver(row, claimed)
            done += 1
        return done

    def send(self, key: Key, window: Window) -> Delivery | None:
        """Owe and deliver one message now; None while another process is at it."""
        self.book.plan(key, window, self.now())
        claimed = self.awake()
        if (row := self.book.claim(self.owner, self.now(), key)) is not None:
            self.deliver(row, claimed)
        return self.book.find(key)

    def deliver(self, row: Delivery, claimed: float) -> None:
        """Take one claimed row as far as it goes now."""
        try:
            ready = self._rendered(row)
            if ready is not None:
                self._look_and_post(ready, claimed)
        except Exception as error:
            # A bug must not end the round. The intent stays: the post may have happened.
            log.exception("delivery_bug", **_names(row))
            self.book.put_off(row, State.PENDING, self.now() + DATA_AGAIN, repr(error), arrived_perhaps=True)

    def _rendered(self, row: Delivery) -> Delivery | None:
        if row.payload is not None:
            return row
        try:
            payload = self.content(row)
        except Problem as problem:
            log.warning("delivery_waits_for_data", **_names(row), why=problem.key)
            self._carry(
                row, PutOff(State.WAITING_DATA, self.now() + DATA_AGAIN, str(problem), row.intent_at is not None)
            )
            return None
        if not self.book.keep(row, payload):
            return None
        return replace(row, payload=payload)

    def _look_and_post(self, row: Delivery, claimed: float) -> None:
        look = self.channel.look(row, row.due_at - LOOK_AHEAD)
        step = after_look(row, look, self.now())
        if isinstance(step, GoOn):
            if not self.book.intend(row, self.now()):
                log.warning("delivery_claim_lost", **_names(row))
                return
            step = self._post(row, claimed)
        self._carry(row, step)

    def _post(self, row: Delivery, claimed: float) -> Step:
        step: Step = GoOn()
        while isinstance(step, GoOn):
            self._pace(row.key.channel)
            if row.payload is None or timedelta(seconds=self.awake() - claimed) > GUARD:
                return PutOff(State.PENDING, self.now(), "claim too old", arrived_perhaps=False)
            plain = step.plain
            answer = self.channel.post(row, row.payload, plain=plain)
            log.info("delivery_posted", **_names(row), outcome=answer.outcome, why=answer.error, plain=plain)
            step = after_post(row, answer, self.now(), plain=plain)
        return step

    def _pace(self, channel: str) -> None:
        """Slack takes about one message per second and channel."""
        wait = self.posted.get(channel, float("-inf")) + PACE_SECONDS - self.awake()
        if wait > 0:
            self.pause(wait)
        self.posted[channel] = self.awake()

    def _carry(self, row: Delivery, step: Step) -> None:
        match step:
            case Record(ts):
                self.book.sent(row, ts, self.now())
                log.info("delivery_sent", **_names(row), attempts=row.attempts)
            case PutOff(state, until, why, perhaps):
                self.book.put_off(row, state, until, why, arrived_perhaps=perhaps)
                if state is State.BLOCKED and why != row.last_error:
                    self.tell(row, why)
            case GoOn():
                raise AssertionError(step)


def _names(row: Delivery) -> dict[str, str]:
    """What a log line says of a delivery: never what is in it."""
    return {"delivery": row.id, "kind": row.key.kind, "channel": row.key.channel, "date": str(row.key.local_date)}
