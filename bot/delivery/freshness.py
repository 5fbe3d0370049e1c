"""Is yesterday all there? Where that cannot be said, the digest waits.

A day is complete when an import ran after its end, or an order of a later day is known; and
when it has not suspiciously few orders: under 60 % of the same weekday's median of four weeks
and fewer than chance explains, for a small shop has quiet days. Where nothing is imported, for
the orders are read in place, the newest order tells: it is of a later day, or so late on that
day that chance explains the silence after it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import TYPE_CHECKING, Protocol

from bot.delivery.clock import due_at
from metrics.problem import Problem

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from metrics.report import Quality

SHARE = 0.6
WEEKS = 4
CHANCE = 0.001
"""A count rarer than this, were all well, is taken as a half-loaded day."""


class DataNotReady(Problem):
    """Yesterday's orders are not all there. `reason`: not_imported or too_few; `newest_at`: the newest order."""

    key = "data_not_ready"


class Imports(Protocol):
    """The store, as far as the gate asks it."""

    def quality(self, as_of: date) -> Quality:
        """How many orders there are up to a day."""
        ...

    def last_import_at(self) -> datetime | None:
        """When the last import ended."""
        ...


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is known of a day. `usual`: orders of the same weekday in the four weeks before.

    `in_place`: nothing is ever imported, the shop's own database is read.
    """

    ended_at: datetime
    imported_at: datetime | None
    newest_at: datetime | None
    orders: int
    usual: tuple[int, ...]
    in_place: bool = False


def missing(loaded: Loaded) -> str:
    """Why the day cannot be taken as complete; "" where it can."""
    later = (loaded.imported_at, loaded.newest_at)
    expected = median(loaded.usual) if loaded.usual else 0.0
    if not any(at is not None and at >= loaded.ended_at for at in later) and not _ends_quietly(loaded, expected):
        return "not_imported"
    if loaded.orders < SHARE * expected and _chance_of_at_most(loaded.orders, expected) < CHANCE:
        return "too_few"
    return ""


def _ends_quietly(loaded: Loaded, expected: float) -> bool:
    """Whether the day's last order, read in place, is late enough that no more may have come."""
    if not loaded.in_place or loaded.newest_at is None:
        return False
    silence = (loaded.ended_at - loaded.newest_at) / timedelta(days=1)
    return silence < 1 and math.exp(-silence * expected) >= CHANCE


def _chance_of_at_most(count: int, mean: float) -> float:
    """Of a Poisson number."""
    logs = (k * math.log(mean) - mean - math.lgamma(k + 1) for k in range(count + 1))
    return sum(map(math.exp, logs))


def loaded(store: Imports, as_of: date, zone: ZoneInfo) -> Loaded:
    """What the store knows of that day."""
    at = as_of + timedelta(days=1)
    ended_at = due_at(at, time(0), zone) or due_at(at + timedelta(days=1), time(0), zone)
    if ended_at is None:  # no zone leaves out two dates in a row
        raise AssertionError(as_of)
    same = (as_of - timedelta(weeks=back) for back in range(1, WEEKS + 1))
    first = as_of - timedelta(weeks=WEEKS, days=1)
    known = store.quality(first).orders > 0  # a shop younger than that has no usual day yet
    newest = store.quality(at + timedelta(days=1)).newest_at
    return Loaded(
        ended_at,
        getattr(store, "whole_at", store.last_import_at)(),  # a sync that is underway has not brought all
        newest,
        _orders(store, as_of),
        tuple(_orders(store, day) for day in same) if known else (),
        getattr(store, "reads_in_place", False),
    )


def _orders(store: Imports, day: date) -> int:
    return store.quality(day).orders - store.quality(day - timedelta(days=1)).orders


def require_complete(store: Imports, as_of: date, zone: ZoneInfo) -> None:
    """Let a complete day pass; raises DataNotReady."""
    found = loaded(store, as_of, zone)
    if reason := missing(found):
        newest = found.newest_at
        raise DataNotReady(day=as_of, reason=reason, newest_at=newest.isoformat() if newest else "")
