"""What is to happen later, by the workspace's clock?

Moving the clock does what became due before it returns. On the machine's own time the
server's loop looks in when something is due.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.local_slack.clock import Clock


class Agenda:
    """Things to do at a time, earliest first."""

    def __init__(self, clock: Clock) -> None:
        self.wake: Callable[[float], None] = lambda _seconds: None
        """Set by the server: look in again after so many seconds."""
        self._clock = clock
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._lock = threading.Lock()
        clock.listen(self.run_due)

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do `action` so much later."""
        with self._lock:
            heapq.heappush(self._due, (self._clock.now() + seconds, next(self._order), action))
        # a little later than due, for two clocks never agree to the last digit
        self.wake(seconds + 0.05)

    def run_due(self) -> None:
        """Do what is due; each thing once."""
        while (action := self._next()) is not None:
            action()

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            if self._due and self._due[0][0] <= self._clock.now():
                return heapq.heappop(self._due)[2]
        return None
