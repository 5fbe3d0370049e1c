"""Which rows about people have been kept long enough?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from bot.settings.keeping import Keeping

log = structlog.get_logger("asakai.choices")


class Kept(Protocol):
    """The store, as far as it is tidied."""

    def purge(self, audit_before: datetime | None, used_before: date) -> int:
        """Delete older rows; how many there were."""
        ...


@dataclass(slots=True)
class Tidying:
    """Deletes what is too old at the first call of each day."""

    kept: Kept
    wanted: Keeping
    _done_on: date | None = None

    def tidy(self, now: datetime) -> None:
        """Delete once a day; what fails is tried again at the next call."""
        today = now.date()
        if today == self._done_on:
            return
        days = self.wanted.audit_days
        gone = self.kept.purge(now - timedelta(days=days) if days else None, today - timedelta(self.wanted.quota_days))
        self._done_on = today
        if gone:
            log.info("old_rows_deleted", rows=gone)
