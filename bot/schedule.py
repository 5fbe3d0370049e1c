"""What looks at the clock?

APScheduler ticks, and does nothing else: its jobs live in memory, and which message is
owed is the ledger's business. A tick that fails is logged; the next one comes all the same.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.delivery.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

EVERY_SECONDS = 22
JITTER_SECONDS = 7
"""A tick every 15 to 29 s, so that replicas do not march in step."""

log = structlog.get_logger("asakai.schedule")


def awake() -> float:
    """Seconds of a clock that never steps back and, where the system has one, counts suspend."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class Ticker:
    """Calls `tick(now, stopped)` every 15 to 29 s, one at a time, at once after the start.

    `signs` grows with every sign of life: the watchdog looks at it.
    """

    def __init__(
        self, tick: Callable[[datetime, Callable[[], bool]], None], now: Callable[[], datetime] = utc_now
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
                self._tick(self._now(), self._asked)
            except Exception:
                log.exception("tick_failed")
            self._last = awake()
            self.signs += 1

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
