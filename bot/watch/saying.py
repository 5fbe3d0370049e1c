"""What do a digest and the notices about it say, given what became of the mornings before?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from bot.delivery.freshness import Imports, loaded, missing, require_complete
from bot.delivery.protocol import CANNOT_LOOK
from bot.delivery.row import Delivery, Kind
from bot.page import Page
from bot.present.digest import headline
from bot.present.few import is_few
from bot.present.watching import additions, data_notice, owner_notice
from bot.watch import past
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from bot.language import Language
    from metrics.report import Report


class Desk(Protocol):
    """Who knows the figures."""

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        ...

    def report(self, as_of: date, *, filters: Sequence[tuple[str, str]] = ()) -> Report:
        """Give the figures of the morning after a day, with today's knowledge."""
        ...


@dataclass(frozen=True, slots=True)
class Said:
    """A digest with what it says of itself, and its figures for later mornings."""

    page: Page
    figures: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """Puts a digest's words together.

    `gate`: whether an incomplete day is refused; `points`: from which move on is told; `filters`: of
    which customers the digest speaks.
    """

    desk: Desk
    store: Imports
    history: past.History
    language: Language
    now: Callable[[], datetime]
    gate: bool = True
    points: float = 0.5
    filters: tuple[tuple[str, str], ...] = ()

    def digest(self, row: Delivery, make: Callable[[], Page]) -> Said:
        """The morning's page, if its day is complete; raises DataNotReady."""
        day, zone = row.key.local_date, self.desk.zone
        if self.gate:
            require_complete(self.store, day - timedelta(days=1), zone)
        page, rate = make(), self._rate(day)
        late = past.late(row, self.now())
        moved = past.restated(past.said(self.history, row), self._rate, self.points)
        lost = [self._lost_line(one) for one in past.lost(self.history, row)]
        more = additions(late and (late[0].astimezone(zone), late[1]), lost, moved, self.language)
        parts = (page.parts[0], *more, *page.parts[1:]) if page.parts else more
        return Said(replace(page, parts=parts), past.figures(day, rate, moved))

    def notice(self, row: Delivery) -> Page:
        """What the channel or the owner is told instead of the digest."""
        day = row.key.local_date
        if row.key.kind is Kind.OWNER_NOTICE:
            channel, _, rest = row.key.episode.partition(" ")
            why, _, held = rest.partition(" ") if rest.startswith(CANNOT_LOOK) else (rest, "", "")
            return owner_notice(channel, day, why, self.language, held=held)
        found = loaded(self.store, day - timedelta(days=1), self.desk.zone)
        newest = found.newest_at and found.newest_at.astimezone(self.desk.zone)
        return data_notice(day - timedelta(days=1), newest, missing(found) or "not_imported", self.language)

    def _rate(self, morning: date) -> float | None:
        """What may be said of that morning: of fewer than five customers nothing, not even that it moved."""
        try:
            rate = self._report(morning).repeat.now.rate
        except Problem:
            return None
        return None if is_few(rate.n) else rate.value

    def _report(self, morning: date) -> Report:
        return self.desk.report(morning - timedelta(days=1), filters=self.filters)

    def _lost_line(self, morning: date) -> str:
        say, day = self.language.say, self.language.day_short(morning)
        try:
            return say(
                "watch.missed_line",
                day=day,
                headline=headline(self._report(morning), self.language),
            )
        except Problem:
            return say("watch.missed_none", day=day)
