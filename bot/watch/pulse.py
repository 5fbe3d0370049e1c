"""Is the process alive, and who outside hears of it?

The watchdog ends a process whose ticks have stopped, so that its supervisor starts a new one.
The heartbeat calls a URL after a good tick, so that somebody else can notice when none comes.
"""

from __future__ import annotations

import threading
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bot.stop import leave

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_SECONDS = 90.0
LOOK_EVERY_SECONDS = 5.0
BEAT_EVERY_SECONDS = 60.0
DEADLINE_SECONDS = 10.0
STUCK = 70

log = structlog.get_logger("asakai.watch")


@dataclass(slots=True)
class Watchdog:
    """Counts its own looks that saw no progress: a machine that slept has not hung.

    `progress` is any value that changes with every sign of life.
    """

    progress: Callable[[], object]
    end: Callable[[int], object] = leave
    every_seconds: float = LOOK_EVERY_SECONDS
    longest_seconds: float = LONGEST_SECONDS
    _seen: object = None
    _looks: int = 0

    def look(self) -> bool:
        """One look; True while there is life."""
        now = self.progress()
        self._looks = 0 if now != self._seen else self._looks + 1
        self._seen = now
        if self._looks * self.every_seconds < self.longest_seconds:
            return True
        log.critical("ticks_have_stopped", seconds=self._looks * self.every_seconds)
        self.end(STUCK)
        return False

    def start(self, stop: threading.Event) -> None:
        """Look until `stop`, in a thread of its own."""

        def run() -> None:
            while not stop.wait(self.every_seconds) and self.look():
                pass

        threading.Thread(target=run, name="watchdog", daemon=True).start()


@dataclass(slots=True)
class Heartbeat:
    """Calls the URL at most once a minute; a call that fails is noted and nothing more."""

    url: str
    clock: Callable[[], float]
    last: float = float("-inf")

    def beat(self) -> None:
        """A tick has gone well."""
        if not self.url or self.clock() - self.last < BEAT_EVERY_SECONDS:
            return
        self.last = self.clock()
        thread = threading.Thread(target=self._call, name="heartbeat", daemon=True)  # nobody waits for a stranger
        thread.start()

    def _call(self) -> None:
        try:
            with urllib.request.urlopen(self.url, timeout=DEADLINE_SECONDS) as answer:  # noqa: S310  the shop's own setting
                answer.read(100)
        except (OSError, ValueError) as error:
            log.warning("heartbeat_failed", why=type(error).__name__)  # the URL is a secret, and errors quote it
