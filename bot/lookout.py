"""What does a rule see on a morning: with today's knowledge, or with what was known then?

Alerts look through it every morning; a back-test and a preview look through the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics.report import NoPurchases
from metrics.segment import ALL
from metrics.watch import Shop, sights

if TYPE_CHECKING:
    from datetime import date

    from bot.desk import Desk, Knowledge, Past
    from metrics.alert import Rule, Sight
    from metrics.report import Report


@dataclass(frozen=True, slots=True)
class Lookout:
    """The desk's orders, as rules see them."""

    desk: Desk

    @property
    def as_of(self) -> date:
        """The last complete day of the shop."""
        return self.desk.as_of

    def alert(self, as_of: date) -> Report:
        """The shop's figures of a morning, judged against the alert's threshold."""
        return self.desk.alert(as_of)

    def sights(self, rule: Rule, as_ofs: Sequence[date], reader: Knowledge | None = None) -> Iterator[Sight]:
        """What a rule sees on those mornings, oldest first, with today's knowledge or another `reader`'s."""
        store = reader or self.desk.store
        start = store.counts(ALL).start
        if start is None:
            raise NoPurchases
        burn_in = self.desk.burn_in(start, store.quality(as_ofs[-1]))
        yield from sights(store, rule, as_ofs, Shop(burn_in, lambda day: self._newest(store, day)))

    def past_sights(self, rule: Rule, as_ofs: Sequence[date]) -> tuple[tuple[Sight, ...], int, bool]:
        """What a rule would have seen on past mornings, with what was known then.

        Also how many of them today's knowledge would tell otherwise, and whether all lie after the first import.
        Mornings of one knowledge are asked for at once.
        """
        found: list[Sight] = []
        history = self.desk.store.history()
        differ = 0
        for reader, days, replayed in self._by_knowledge(history, as_ofs):
            found.extend(self.sights(rule, days, reader))
            differ += len(days) if replayed else 0
        known = all(history.knew_anything(self.desk.due(day)) for day in as_ofs)
        return tuple(found), differ, known

    def _by_knowledge(self, history: Past, as_ofs: Sequence[date]) -> Iterator[tuple[Knowledge, list[date], bool]]:
        reader: Knowledge = self.desk.store
        days: list[date] = []
        differs = False
        for day in as_ofs:
            now, other = history.knowing(self.desk.due(day), day)
            if days and now is not reader:
                yield reader, days, differs
                days = []
            reader, differs = now, other
            days.append(day)
        if days:
            yield reader, days, differs

    def _newest(self, store: Knowledge, as_of: date) -> date | None:
        """The day of the newest order up to and on `as_of`."""
        newest_at = store.quality(as_of).newest_at
        return newest_at.astimezone(self.desk.zone).date() if newest_at else None
