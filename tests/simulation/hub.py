"""Who runs next, and what time is it? One thread, one heap of instants, one seed.

Each replica is a greenlet that runs the production code; wherever that code asks the
outside world something, it sleeps here for a while, and another replica goes on. At each
such place it may be killed or paused. Nothing waits for real, so a day takes a millisecond.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING

from greenlet import getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class Killed(BaseException):
    """The process is gone at this point: no `except Exception` sees it."""


@dataclass
class Hub:
    """True time, and what happens when."""

    random: Random
    now: float
    points: Counter[str] = field(default_factory=Counter)
    _heap: list[tuple[float, int, Callable[[], object]]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _main: greenlet = field(default_factory=getcurrent)
    _until: float = 0.0

    def at(self, when: float, what: Callable[[], object]) -> None:
        heapq.heappush(self._heap, (when, next(self._numbers), what))

    def sleep(self, seconds: float) -> None:
        """Let the others run; to be called inside a greenlet."""
        when = self.now + seconds
        if when <= self._until and (not self._heap or when < self._heap[0][0]):
            self.now = when  # nobody else has anything to do until then
            return
        self.at(when, getcurrent().switch)
        self._main.switch()

    def park(self) -> None:
        """Sleep until somebody switches here."""
        self._main.switch()

    def run(self, until: float) -> None:
        self._until = until
        while self._heap and self._heap[0][0] <= until:
            when, _, what = heapq.heappop(self._heap)
            self.now = max(self.now, when)
            what()
        self.now = until
