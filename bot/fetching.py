"""When does the running bot read the shop's databases?

Some minutes before each digest, in a thread of its own: what fails is tried again, and until it
has come in whole the digest waits for its data (bot.delivery.freshness).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

import structlog

from bot.beside import TableFeed
from bot.delivery.clock import due_at
from bot.syncing import sync, without_deleted
from metrics.problem import Problem
from metrics.warehouse.gone import TooManyGone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from metrics.sources.live import Feed
    from metrics.warehouse.store import Store

AGAIN = timedelta(minutes=5)
KEEP = timedelta(hours=12)
"""How long after its time it is still worth reading for a digest."""
LOOK_SECONDS = 15.0

log = structlog.get_logger("asakai")
Turn = tuple[date, time]


def turn(now: datetime, ats: Sequence[time], before: timedelta, zone: ZoneInfo) -> Turn | None:
    """The latest digest for which the databases should have been read by now; None where there is none."""
    today = now.astimezone(zone).date()
    found = [
        (due - before, (day, at))
        for day in (today - timedelta(days=1), today, today + timedelta(days=1))
        for at in ats
        if (due := due_at(day, at, zone)) is not None
    ]
    open_ones = [(start, which) for start, which in found if start <= now < start + KEEP]
    return max(open_ones)[1] if open_ones else None


@dataclass(slots=True)
class Fetching:
    """Reads the feeds once for each turn. `plan`: at which times digests are due, and how long before."""

    store: Store
    feeds: Callable[[], Sequence[Feed | TableFeed]]
    plan: Callable[[], tuple[Sequence[time], timedelta]]
    zone: ZoneInfo
    now: Callable[[], datetime]
    stopping: threading.Event
    _done: Turn | None = None
    _again_at: datetime | None = None

    def look(self) -> bool:
        """Read where a turn has come; whether all came in. Nothing that fails gets out of here."""
        ats, before = self.plan()
        now = self.now()
        which = turn(now, ats, before, self.zone)
        if which is None or which == self._done or (self._again_at and now < self._again_at):
            return False
        try:
            whole = self._read()
        except Problem as problem:
            log.warning("sync_failed", why=problem.key)
            whole = False
        except Exception:
            log.exception("sync_failed")
            whole = False
        self._done, self._again_at = (which, None) if whole else (self._done, now + AGAIN)
        return whole

    def _read(self) -> bool:
        for feed in self.feeds():
            for _ in sync(self.store, feed, self.now):
                if self.stopping.is_set():
                    return False
            if isinstance(feed, TableFeed):
                continue
            try:
                deleted, back = without_deleted(self.store, feed, self.now)
            except TooManyGone as problem:
                log.warning(
                    "sync_deletions_not_believed", source=problem.values["source"], count=problem.values["gone"]
                )
            else:
                log.info("synced", source=feed.people.source, deleted=deleted, back=back)
        return True

    def start(self) -> Callable[[float], bool]:
        """Look every 15 seconds until the stop; gives how to wait for the end."""

        def work() -> None:
            while not self.stopping.is_set():
                self.look()
                self.stopping.wait(LOOK_SECONDS)

        thread = threading.Thread(target=work, name="sync", daemon=True)
        thread.start()

        def close(within_seconds: float) -> bool:
            self.stopping.set()
            thread.join(within_seconds)
            return not thread.is_alive()

        return close
