"""Who does the work behind an acknowledged request, and what happens when all are busy?

Most of an answer's time is waiting until Slack has taken it: many may wait, few may count.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

REMEMBER_SECONDS = 600.0
_REMEMBER_AT_MOST = 100_000


class Workers:
    """Some threads and a short queue; what does not fit is refused at once, not kept waiting."""

    def __init__(self, threads: int = 24, queue: int = 48) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="answer")
        self._places = threading.BoundedSemaphore(threads + queue)
        self._running: set[Future[None]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def take(self, work: Callable[[], None]) -> bool:
        """Do it soon; False when every place is taken or the process is about to end."""
        with self._lock:
            if self._closed or not self._places.acquire(blocking=False):
                return False
            future = self._pool.submit(work)
            self._running.add(future)
        future.add_done_callback(self._done)
        return True

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._running.discard(future)
        self._places.release()

    def close(self, within_seconds: float) -> bool:
        """Take no more and wait for what runs; False when something still runs then."""
        with self._lock:
            self._closed = True
            running = set(self._running)
        left = wait(running, timeout=within_seconds).not_done
        self._pool.shutdown(wait=False, cancel_futures=True)
        return not left


class Once:
    """Remembers ids for ten minutes: Slack redelivers, and Bolt does not notice."""

    def __init__(self, clock: Callable[[], float], seconds: float = REMEMBER_SECONDS) -> None:
        self._clock = clock
        self._seconds = seconds
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def first(self, name: str) -> bool:
        """Whether the id is new; an empty one always is."""
        now = self._clock()
        with self._lock:
            while self._seen and (self._oldest() <= now - self._seconds or len(self._seen) >= _REMEMBER_AT_MOST):
                self._seen.popitem(last=False)
            if name and name in self._seen:
                return False
            if name:
                self._seen[name] = now
            return True

    def forget(self, name: str) -> None:
        """Let the id come again."""
        with self._lock:
            self._seen.pop(name, None)

    def _oldest(self) -> float:
        return next(iter(self._seen.values()))
