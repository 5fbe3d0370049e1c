"""Which figures do the tables beside the orders make possible, and what is said where one is missing?

The desk hands this out; a shop without an embedded store has no such tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics.nps import Nps, nps
from metrics.warehouse.further import Further, NoAnswers

if TYPE_CHECKING:
    from datetime import date

    from bot.settings import Settings
    from metrics.day import Span

Filters = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Annex:
    """The figures of one shop's other tables. `check`: refuses a day that is not over and an unknown dimension."""

    settings: Settings
    further: Further | None
    check: Callable[[date, Sequence[str]], None]

    def nps(self, as_of: date, period: Span | None, dimension: str, filters: Filters) -> Nps:
        """What customers answered, by the labels of a dimension; raises NoAnswers."""
        self.check(as_of, (dimension,))
        if self.further is None:
            raise NoAnswers
        return nps(self.further.answers(as_of, dimension, dict(filters)), as_of, period, dimension)
