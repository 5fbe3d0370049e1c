"""How did the last mornings go: on time, late, or not at all and why?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.delivery.row import Delivery, Kind, State
from bot.page import Cell, Table

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.language import Language

SHOWN: Final = 14
ON_TIME: Final = timedelta(minutes=5)


class Went(StrEnum):
    """How one morning's digest went."""

    ON_TIME = "on_time"
    LATE = "late"
    WAITING = "waiting"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One digest of one morning. `sent_at`: where it went; `why`: what stopped it, as the ledger says it."""

    day: date
    name: str
    went: Went
    sent_at: datetime | None = None
    why: str = ""
    channel: str = ""


def arrivals(rows: Iterable[Delivery], channels: frozenset[str] | None = None) -> tuple[Arrival, ...]:
    """The last 14 mornings' digests, newest first; `channels`: only those that went there."""
    by_day: dict[date, list[Arrival]] = defaultdict(list)
    for row in rows:
        if row.key.kind is Kind.DIGEST and (channels is None or row.key.channel in channels):
            by_day[row.key.local_date].append(_arrival(row))
    days = sorted(by_day, reverse=True)[:SHOWN]
    return tuple(arrival for day in days for arrival in sorted(by_day[day], key=lambda one: (one.name, one.channel)))


def _arrival(row: Delivery) -> Arrival:
    key = row.key
    if row.state is State.SENT:
        late = row.sent_at is not None and row.sent_at - row.due_at > ON_TIME
        return Arrival(key.local_date, key.name, Went.LATE if late else Went.ON_TIME, row.sent_at, channel=key.channel)
    given_up = row.state in (State.EXPIRED, State.SKIPPED, State.BLOCKED)
    went = Went.MISSING if given_up else Went.WAITING
    return Arrival(key.local_date, key.name, went, why=row.last_error or "", channel=key.channel)


def table(found: Sequence[Arrival], names: dict[str, str], zone: ZoneInfo, language: Language) -> Table:
    """The mornings as a table. `names`: what each digest is called."""
    several = len({arrival.name for arrival in found}) > 1
    headings = [language.say(f"home.mornings.{name}") for name in ("day", "went", "note")]
    rows = tuple(
        (
            Cell(language.day_table(arrival.day)),
            *((Cell(names.get(arrival.name, arrival.name)),) if several else ()),
            Cell(language.say(f"home.went.{arrival.went}")),
            Cell(_note(arrival, zone, language)),
        )
        for arrival in found
    )
    if several:
        headings.insert(1, language.say("home.mornings.digest"))
    return Table(language.say("home.mornings.caption", count=SHOWN), tuple(headings), rows, page_size=7)


def _note(arrival: Arrival, zone: ZoneInfo, language: Language) -> str:
    if arrival.sent_at is not None:
        return language.say("home.sent_at", time=f"{arrival.sent_at.astimezone(zone):%H:%M}")
    if not arrival.why:
        return language.say("home.cause.open")
    code = arrival.why.partition(":")[0].strip()
    word = next((word for word in (code, code.partition("_")[0]) if language.has(f"home.cause.{word}")), "other")
    return language.say(f"home.cause.{word}", code=code)
