"""How does one owed message get into Slack?

The steps of docs/reliability.md in their order: claim, render once, look, hold, intent,
guard, post, record, and later the sweep. The courier has no clock, database or Slack of
its own: all are handed in, and may fail or stop at any step without a message being lost
or doubled. Time is the database's: what it was at the claim, and what has passed since.
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
    LEASE,
    LOOK_AHEAD,
    Answer,
    Copies,
    GoOn,
    Look,
    PutOff,
    Record,
    Step,
    after_look,
    after_post,
    twins,
)
from bot.delivery.row import Delivery, Key, Payload, State
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.delivery.clock import Window

PACE_SECONDS = 1.1
SWEPT_AT_ONCE = 5
"""So many messages a tick are searched for a twin: Slack counts the calls."""

log = structlog.get_logger("asakai.delivery")


class Book(Protocol):
    """The ledger, as far as the courier reads and writes it. Its instants are on one clock, its own."""

    def plan(self, key: Key, window: Window, now: datetime) -> bool:
        """Owe a message."""
        ...

    def claim(self, owner: str, *, only: Key | None = None) -> Delivery | None:
        """Take a delivery that may be worked on; its lease begins now."""
        ...

    def find(self, key: Key) -> Delivery | None:
        """Read one row."""
        ...

    def keep(self, row: Delivery, payload: Payload) -> bool:
        """Store the bytes to post."""
        ...

    def intend(self, row: Delivery) -> bool:
        """Write the intent, if the claim still holds."""
        ...

    def put_off(self, row: Delivery, state: State, until: datetime, why: str, *, arrived_perhaps: bool) -> bool:
        """Let go of the claim."""
        ...

    def sent(self, row: Delivery, ts: str) -> str:
        """Record the place; gives the one that counts, which is the first recorded."""
        ...

    def expire(self) -> Sequence[Delivery]:
        """Give up what is too late."""
        ...

    def unswept(self) -> Sequence[Delivery]:
        """Name what was sent and may have a twin."""
        ...

    def swept(self, row: Delivery) -> None:
        """Write down that the channel was searched."""
        ...

    def ripens(self) -> timedelta | None:
        """Say how long until something can be claimed that cannot be now."""
        ...


class Channel(Protocol):
    """Slack, as far as the courier needs it; no call raises for anything Slack or the network does."""

    def look(self, row: Delivery, since: datetime) -> Look:
        """Search the channel (or thread) for the delivery's mark."""
        ...

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        """Post once."""
        ...

    def copies(self, row: Delivery, since: datetime) -> Copies:
        """Search for every message with the delivery's mark."""
        ...

    def remove(self, row: Delivery, ts: str) -> bool:
        """Take a message of ours away; True when it is gone."""
        ...


def blocked(row: Delivery, why: str) -> None:
    """Tell the owner in the log; it is tried again every 15 minutes until it expires."""
    log.error("delivery_blocked", **_names(row), why=why)


@dataclass(frozen=True, slots=True)
class Courier:
    """Carries claimed deliveries to Slack.

    `content` renders a row's message (a Problem puts it off until the data is there);
    `now` is the wall clock, which only names new rows; `awake` a monotonic one in seconds that
    counts suspend; `tell` is called when a target is blocked for a new reason; `pause` waits
    between two posts to one channel, when each was `posted`.
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
        for late in self.book.expire():
            log.error("delivery_expired", **_names(late), why=late.last_error)
        done = 0
        while not stopped():
            claimed = self.awake()
            row = self.book.claim(self.owner)
            if row is None:
                break
            self.deliver(row, claimed)
            done += 1
        return done

    def sweep(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Take away twins of what was sent; gives how many there were."""
        removed = 0
        for row in self.book.unswept()[:SWEPT_AT_ONCE]:
            if stopped():
                break
            found = self.channel.copies(row, row.due_at - LOOK_AHEAD)
            gone = [self._remove(row, ts) for ts in twins(row, found.places)]
            removed += sum(gone)
            if found.certain and all(gone):
                self.book.swept(row)
        return removed

    def _remove(self, row: Delivery, ts: str) -> bool:
        gone = self.channel.remove(row, ts)
        log.warning("delivery_twin", **_names(row), ts=ts, removed=gone)
        return gone

    def send(self, key: Key, window: Window) -> Delivery | None:
        """Owe and deliver one message now; None while another process is at it."""
        self.book.plan(key, window, self.now())
        claimed = self.awake()
        if (row := self.book.claim(self.owner, only=key)) is not None:
            self.deliver(row, claimed)
        return self.book.find(key)

    def deliver(self, row: Delivery, claimed: float) -> None:
        """Take one claimed row as far as it goes now."""
        clock = self._clock(row)
        try:
            ready = self._rendered(row, clock)
            if ready is not None:
                self._look_and_post(ready, claimed, clock)
        except Exception as error:
            # A bug must not end the round. The intent stays: the post may have happened.
            log.exception("delivery_bug", **_names(row))
            self.book.put_off(row, State.PENDING, clock() + DATA_AGAIN, type(error).__name__, arrived_perhaps=True)

    def _clock(self, row: Delivery) -> Callable[[], datetime]:
        """The database's clock: what it said at the claim, and what has passed since; no replica's own counts."""
        began = self.awake()
        claimed_at = (row.lease_until or self.now() + LEASE) - LEASE
        return lambda: claimed_at + timedelta(seconds=self.awake() - began)

    def _rendered(self, row: Delivery, clock: Callable[[], datetime]) -> Delivery | None:
        if row.payload is not None:
            return row
        try:
            payload = self.content(row)
        except Problem as problem:
            log.warning("delivery_waits_for_data", **_names(row), why=problem.key)
            self._carry(row, PutOff(State.WAITING_DATA, clock() + DATA_AGAIN, problem.key, row.intent_at is not None))
            return None
        if not self.book.keep(row, payload):
            return None
        return replace(row, payload=payload)

    def _look_and_post(self, row: Delivery, claimed: float, clock: Callable[[], datetime]) -> None:
        look = self.channel.look(row, row.due_at - LOOK_AHEAD)
        step = after_look(row, look, clock())
        if isinstance(step, GoOn):
            if not self.book.intend(row):
                log.warning("delivery_claim_lost", **_names(row))
                return
            step = self._post(row, claimed, clock)
        self._carry(row, step)

    def _post(self, row: Delivery, claimed: float, clock: Callable[[], datetime]) -> Step:
        step: Step = GoOn()
        while isinstance(step, GoOn):
            self._pace(row.key.channel)
            if row.payload is None or timedelta(seconds=self.awake() - claimed) > GUARD:
                return PutOff(State.PENDING, row.due_at, "claim_too_old", arrived_perhaps=False)
            plain = step.plain
            answer = self.channel.post(row, row.payload, plain=plain)
            log.info("delivery_posted", **_names(row), outcome=answer.outcome, why=answer.error, plain=plain)
            step = after_post(row, answer, clock(), plain=plain)
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
                counts = self.book.sent(row, ts)
                log.info("delivery_sent", **_names(row), attempts=row.attempts)
                if counts != ts:  # another replica was first: this process slept before it posted
                    self._remove(row, ts)
            case PutOff(state, until, why, perhaps):
                if state is State.BLOCKED and why != row.last_error:
                    self.tell(row, why)  # before it is written down: a death in between tells again, not never
                self.book.put_off(row, state, until, why, arrived_perhaps=perhaps)
            case GoOn():
                raise AssertionError(step)


def _names(row: Delivery) -> dict[str, str]:
    """What a log line says of a delivery: never what is in it."""
    return {"delivery": row.id, "kind": row.key.kind, "channel": row.key.channel, "date": str(row.key.local_date)}
