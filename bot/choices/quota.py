"""Has one person asked too much?

Per minute it is counted in this process, for it guards this machine; per day in the state
database, for all replicas: files each time, questions ten at a time. While that is away nobody
is refused for it.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from bot.settings import Quotas
from metrics.problem import Problem

MINUTE = timedelta(minutes=1)
QUESTION, EXPORT = "question", "export"
WRITTEN_AT_ONCE = 10
_PEOPLE = 10_000

log = structlog.get_logger("asakai.choices")


class TooManyInAMinute(Problem):
    """That many questions in a minute; in a moment there will be answers again."""

    key = "too_many_in_a_minute"


class TooManyToday(Problem):
    """That many questions on one day."""

    key = "too_many_today"


class TooManyExports(Problem):
    """That many files on one day."""

    key = "too_many_exports"


class Counter(Protocol):
    """Who counts per day: the store."""

    def use(self, who: str, kind: str, day: date, times: int = 1) -> int:
        """Count uses; how many there were that day."""
        ...


@dataclass(slots=True)
class Quota:
    """Counts what each person asks for; raises a Problem that says when again."""

    counter: Counter
    now: Callable[[], datetime]
    _recent: dict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    _today: dict[tuple[str, date], tuple[int, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def question(self, who: str, limits: Quotas, zone: ZoneInfo) -> None:
        """Count a question."""
        now = self.now()
        if limits.questions_per_minute:
            wait = self._wait(who, limits.questions_per_minute, now)
            if wait is not None:
                raise TooManyInAMinute(limit=limits.questions_per_minute, seconds=wait)
        if limits.questions_per_day and self._asked(who, self._day(zone)) > limits.questions_per_day:
            raise TooManyToday(limit=limits.questions_per_day)

    def export(self, who: str, limits: Quotas, zone: ZoneInfo) -> None:
        """Count a file or a customer list."""
        if limits.exports_per_day and self._count(who, EXPORT, self._day(zone), 1) > limits.exports_per_day:
            raise TooManyExports(limit=limits.exports_per_day)

    def _wait(self, who: str, limit: int, now: datetime) -> int | None:
        """After how many seconds there is room again; None where there is now, and it is taken."""
        with self._lock:
            if len(self._recent) > _PEOPLE:
                self._recent.clear()
            asked = self._recent[who]
            while asked and asked[0] <= now - MINUTE:
                asked.popleft()
            if len(asked) >= limit:
                return int((asked[0] + MINUTE - now).total_seconds()) + 1
            asked.append(now)
            return None

    def _day(self, zone: ZoneInfo) -> date:
        return self.now().astimezone(zone).date()

    def _asked(self, who: str, day: date) -> int:
        """The questions of that day: those in the database when it was last asked, and ours since."""
        with self._lock:
            if len(self._today) > _PEOPLE:
                self._today.clear()
            written, ours = self._today.get((who, day), (0, 0))
            first, ours = not written, ours + 1
            self._today[who, day] = (written, ours)
        if not first and ours < WRITTEN_AT_ONCE:
            return written + ours
        written = self._count(who, QUESTION, day, ours)
        with self._lock:
            self._today[who, day] = (written, 0)
        return written

    def _count(self, who: str, kind: str, day: date, times: int) -> int:
        try:
            return self.counter.use(who, kind, day, times)
        except Exception as error:  # noqa: BLE001  a state database that is away silences nobody
            log.warning("quota_not_counted", why=type(error).__name__)
            return 0
