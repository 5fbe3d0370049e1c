"""What became of past mornings: when did each come, why late, what did it say?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from bot.delivery.morning import DIGEST
from bot.delivery.row import Delivery, State
from bot.present.watching import PastMorning, Posted, Restated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

LATE = timedelta(minutes=15)
"""After so long a digest says of itself that it is late, and its owner hears of it."""
ON_TIME_SECONDS = 60
RATE = "repeat"
LOOK_BACK = 7
MOST_RESTATED = 3
MOST_A_DAY = 20
"""So many digests a day are looked through, at most."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DATA = frozenset({"data_not_ready", "no_purchases", "no_store", "store_busy", "before_first_purchase"})
_SLACK = ("ratelimited", "timeout", "http_", "broken", "unreachable", "internal_error", "fatal_error",
          "request_timeout", "service_unavailable", "no_ts", "held")  # fmt: skip


class History(Protocol):
    """The ledger, as far as the past is asked."""

    def digests(self, limit: int, channel: str | None = None, name: str | None = None) -> Sequence[Delivery]:
        """Give the newest digests first."""
        ...


def planned_at(row: Delivery) -> datetime:
    """When the row was written: its id says so."""
    milliseconds = 0
    for letter in row.id[:10]:
        milliseconds = milliseconds << 5 | _CROCKFORD.index(letter)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def cause(row: Delivery) -> str:
    """Why a message came late or not at all: a key of the words; "" where it came in time."""
    if row.sent_at is not None and (row.sent_at - row.due_at).total_seconds() < ON_TIME_SECONDS:
        return ""
    why = row.last_error or ""
    if why in _DATA:
        return "data"
    if why == "claim_too_old":
        return "slept"
    if why.startswith(_SLACK):
        return "slack"
    if row.state is State.SKIPPED or (len(row.id) == 26 and planned_at(row) - row.due_at > LATE):  # noqa: PLR2004  a ULID
        return "down"
    return "blocked" if why and why[0].islower() else "other"


def mornings(history: History, dates: int = 14, channel: str | None = None) -> tuple[PastMorning, ...]:
    """Every digest of the newest dates, the newest first; to a `channel` no other's direct messages are told."""
    found = [row for row in history.digests(dates * MOST_A_DAY) if _is_told(row, channel)]
    newest = sorted({row.key.local_date for row in found})[-dates:]
    return tuple(
        PastMorning(
            row.key.local_date, row.key.name, row.key.channel, row.state.value, row.due_at, row.sent_at, row.attempts,
            cause(row),
        )
        for row in found
        if row.key.local_date in newest
    )  # fmt: skip


def _is_told(row: Delivery, channel: str | None) -> bool:
    """A person's own digest goes to a direct message, and is nobody else's business."""
    return not channel or row.key.channel == channel or not row.key.channel.startswith("D")


def posted(history: History, channel: str, day: date | None) -> Posted | None:
    """The main digest of that date (the newest without one) as it was posted, in this channel or else in any."""
    for place in (channel, None) if channel else (None,):
        for row in history.digests(400, place, DIGEST):
            if row.state is State.SENT and row.payload and row.sent_at and day in {None, row.key.local_date}:
                message = row.payload
                rate = dict(message.figures).get(_name(row.key.local_date))
                return Posted(
                    row.key.local_date,
                    row.sent_at,
                    message.text,
                    message.blocks,
                    message.plain,
                    row.payload_sha256 or "",
                    rate,
                )
    return None


def late(row: Delivery, now: datetime) -> tuple[datetime, str] | None:
    """When it was due, and why it is late; None in time."""
    if now - row.due_at <= LATE:
        return None
    return row.due_at, cause(row) or "other"


def lost(history: History, row: Delivery) -> tuple[date, ...]:
    """The dates before this one, since the last that came, whose digest was given up."""
    dates = []
    for earlier in history.digests(60, row.key.channel, row.key.name):
        if earlier.key.local_date >= row.key.local_date:
            continue
        if earlier.state is State.SENT:
            break
        if earlier.state in {State.EXPIRED, State.SKIPPED}:
            dates.append(earlier.key.local_date)
    return tuple(reversed(dates))


def said(history: History, row: Delivery) -> dict[date, float]:
    """The rate that was last said of each recent morning, in this channel."""
    sent = [
        earlier
        for earlier in history.digests(LOOK_BACK * 2, row.key.channel, row.key.name)
        if earlier.state is State.SENT and earlier.payload
    ]
    found: dict[date, float] = {}
    for earlier in sorted(sent, key=lambda one: one.key.local_date):
        for name, value in earlier.payload.figures if earlier.payload else ():
            kind, _, day = name.partition(" ")
            if kind == RATE:
                found[datetime.fromisoformat(day).date()] = value
    return {day: found[day] for day in sorted(found)[-LOOK_BACK:] if day < row.key.local_date}


def restated(said_then: dict[date, float], now: Callable[[date], float | None], points: float) -> tuple[Restated, ...]:
    """The posted rates that have moved by more than so many points, the newest first."""
    moved = []
    for day in sorted(said_then, reverse=True):
        value = now(day)
        if value is not None and abs(value - said_then[day]) * 100 > points:
            moved.append(Restated(day, said_then[day], value))
    return tuple(moved[:MOST_RESTATED])


def figures(day: date, rate: float | None, moved: Sequence[Restated]) -> tuple[tuple[str, float], ...]:
    """What a digest says, for later mornings to compare with."""
    own = ((_name(day), rate),) if rate is not None else ()
    return (*own, *((_name(one.local_date), one.now) for one in moved))


def _name(day: date) -> str:
    return f"{RATE} {day.isoformat()}"
