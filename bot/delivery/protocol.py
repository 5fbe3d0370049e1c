"""What is the next step of a delivery, given what is known?

Exactly once, late rather than never: look into the channel first, write the intent
down, post once without retries, record the place. An answer that leaves open whether
Slack applied the post keeps the intent; then only a second look after the hold decides.

Everything here is a pure function of a ledger row, an answer and the time, so that a
simulator can drive the very code that runs. The courier (courier.py) carries it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import TYPE_CHECKING

from bot.delivery.row import State

if TYPE_CHECKING:
    from bot.delivery.row import Delivery

LEASE = timedelta(seconds=90)
"""How long a claim keeps the other replicas away."""
HOLD = timedelta(seconds=180)
"""Slack has been seen to apply a post this long after the connection was lost."""
LOOK_AHEAD = timedelta(minutes=10)
"""How long before the due time the look begins."""
GUARD = timedelta(seconds=60)
"""A claim older than this (suspend counted) may not post: its lease could end in the middle."""
AGAIN = timedelta(seconds=15)
BLOCKED_AGAIN = timedelta(minutes=15)
DATA_AGAIN = timedelta(minutes=5)
SWEEPS = (timedelta(minutes=10), timedelta(minutes=30), timedelta(minutes=90), timedelta(hours=20))
"""How long after it was sent the channel is searched for a twin: the last for a process that slept for hours."""
CANNOT_LOOK = "cannot_look"
"""Why an open post is held: without the history scope nobody knows whether it is there."""


class Outcome(StrEnum):
    """What an answer of Slack says about the post."""

    SENT = auto()
    NOT_APPLIED = auto()
    UNKNOWN = auto()
    BLOCKED = auto()
    CONTENT = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """Slack's answer to a post, classified."""

    outcome: Outcome
    ts: str | None = None
    error: str = ""
    retry_after: float | None = None


class Sight(StrEnum):
    """What a look into the channel's history showed. BLIND: the history scope is missing."""

    FOUND = auto()
    ABSENT = auto()
    BLIND = auto()
    FAILED = auto()
    BLOCKED = auto()


@dataclass(frozen=True, slots=True)
class Look:
    """The result of a look."""

    sight: Sight
    ts: str | None = None
    error: str = ""
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """It is in Slack at `ts`: write that down."""

    ts: str


@dataclass(frozen=True, slots=True)
class PutOff:
    """Try again from `until`. `arrived_perhaps`: the intent stays, for the post may be there."""

    state: State
    until: datetime
    why: str
    arrived_perhaps: bool


@dataclass(frozen=True, slots=True)
class GoOn:
    """Nothing speaks against posting. `plain`: post the form without blocks."""

    plain: bool = False


Step = Record | PutOff | GoOn


@dataclass(frozen=True, slots=True)
class Copies:
    """Where our message stands in the channel, oldest first. `certain`: the whole span was read."""

    places: tuple[str, ...] = ()
    certain: bool = True


def sweep_is_due(row: Delivery, now: datetime) -> bool:
    """Whether a moment for a search has come since the last one."""
    if row.sent_at is None:
        return False
    swept = row.swept_at or row.sent_at
    return any(swept < row.sent_at + after <= now for after in SWEEPS)


def twins(row: Delivery, places: Sequence[str]) -> tuple[str, ...]:
    """The copies to take away: all but the one the ledger knows, for its thread hangs on it; else but the oldest."""
    kept = row.slack_ts if row.slack_ts in places else min(places, key=float, default=None)
    return tuple(place for place in places if place != kept)


def after_look(row: Delivery, look: Look, now: datetime) -> Step:
    """Decide on a post after the look."""
    perhaps = row.intent_at is not None
    match look.sight:
        case Sight.FOUND if look.ts is not None:
            return Record(look.ts)
        case Sight.BLOCKED:
            return PutOff(State.BLOCKED, now + BLOCKED_AGAIN, look.error, perhaps)
        case Sight.BLIND if perhaps:
            return PutOff(State.BLOCKED, now + BLOCKED_AGAIN, CANNOT_LOOK, arrived_perhaps=True)
        case Sight.ABSENT | Sight.BLIND:
            return _after_nothing_found(row, now)
        case _:
            return PutOff(State.PENDING, now + _wait(look.retry_after, row), look.error, perhaps)


def _after_nothing_found(row: Delivery, now: datetime) -> Step:
    if row.intent_at is not None and now < row.intent_at + HOLD:
        return PutOff(State.PENDING, row.intent_at + HOLD, row.last_error or "held", arrived_perhaps=True)
    return GoOn()


def after_post(row: Delivery, answer: Answer, now: datetime, *, plain: bool) -> Step:
    """Decide what an answer means for the row. `plain`: what was posted had no blocks."""
    match answer.outcome:
        case Outcome.SENT if answer.ts is not None:
            return Record(answer.ts)
        case Outcome.CONTENT if not plain:
            return GoOn(plain=True)
        case Outcome.BLOCKED | Outcome.CONTENT:
            return PutOff(State.BLOCKED, now + BLOCKED_AGAIN, answer.error, arrived_perhaps=False)
        case Outcome.NOT_APPLIED:
            wait = _wait(answer.retry_after, row)
            return PutOff(State.PENDING, now + wait, answer.error, arrived_perhaps=False)
        case _:
            return PutOff(State.PENDING, now + AGAIN, answer.error, arrived_perhaps=True)


def _wait(retry_after: float | None, row: Delivery) -> timedelta:
    """As long as Slack asked for; else longer with every attempt, up to four minutes."""
    if retry_after is not None:
        return timedelta(seconds=max(1.0, retry_after))
    return AGAIN * (1 << min(row.attempts, 4))
