"""What looks at the clock?

APScheduler ticks, and does nothing else: its jobs live in memory, and which message is
owed is the ledger's business. A tick that fails is logged; the next one comes all the same.
A tick that knows when there is more to do is followed by one at that moment.
"""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.delivery.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

EVERY_SECONDS = 15
JITTER_SECONDS = 14
"""A tick every 15 to 29 s, so that replicas do not march in step: the jitter is added."""
WAKE_JITTER_SECONDS = 2
"""So long after the moment it is woken for a tick comes at the latest, for the same reason."""

log = structlog.get_logger("asakai.schedule")


def awake() -> float:
    """Seconds of a clock that never steps back and, where the system has one, counts suspend."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class Ticker:
    """Calls `tick(now, stopped)` every 15 to 29 s, one at a time, at once after the start.

    What it gives are the seconds until there is something to do again, where that is known;
    if that is sooner than the next tick, one comes then. `signs` grows with every sign of life:
    the watchdog looks at it.
    """

    def __init__(
        self, tick: Callable[[datetime, Callable[[], bool]], float | None], now: Callable[[], datetime] = utc_now
    ) -> None:
        self._tick = tick
        self._now = now
        self._stopped = threading.Event()
        self._idle = threading.Lock()
        self._last = awake()
        self.signs = 0
        self._scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(1)})

    def start(self) -> None:
        """Begin to tick in a thread of its own."""
        self._scheduler.add_job(
            self.tick,
            "interval",
            seconds=EVERY_SECONDS,
            jitter=JITTER_SECONDS,
            next_run_time=utc_now(),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()

    def tick(self) -> None:
        """One tick; whatever it raises is logged and ends only this tick."""
        with self._idle:
            if self._stopped.is_set():
                return
            try:
                self._wake_in(self._tick(self._now(), self._asked))
            except Exception:
                log.exception("tick_failed")
            self._last = awake()
            self.signs += 1

    def _wake_in(self, seconds: float | None) -> None:
        """Tick once more at a moment that comes before the next tick is certain to."""
        if seconds is None or not 0 < seconds < EVERY_SECONDS + JITTER_SECONDS or not self._scheduler.running:
            return
        at = utc_now() + timedelta(seconds=seconds + random.uniform(0, WAKE_JITTER_SECONDS))  # noqa: S311  no secret
        self._scheduler.add_job(
            self.tick, "date", run_date=at, id="wake", replace_existing=True, misfire_grace_time=None
        )

    def _asked(self) -> bool:
        """Whether to stop; whoever asks is alive."""
        self.signs += 1
        return self._stopped.is_set()

    def age_seconds(self) -> float:
        """How long ago the last tick ended: what a watchdog and /healthz ask."""
        return awake() - self._last

    def close(self, within_seconds: float) -> bool:
        """Begin nothing more, wait for what runs; False when it still runs then."""
        self._stopped.set()
        finished = self._idle.acquire(timeout=within_seconds)
        if finished:
            self._idle.release()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        return finished
