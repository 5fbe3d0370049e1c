"""Who took a list of customers away, and how many rows?

Stands between the questions and the figures: whatever asks for single customers is counted and
written down, whichever room it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metrics.table import LIMIT

if TYPE_CHECKING:
    from datetime import date, datetime

    from bot.grammar import Vocabulary
    from bot.language import Language
    from bot.page import Page
    from bot.question import Annex, Figures
    from metrics.day import Span
    from metrics.dormancy import AboutToGoDormant
    from metrics.moved import Buyers, Moved
    from metrics.report import Basis, Report


@dataclass(frozen=True, slots=True)
class Witness:
    """The figures, watched. `before` may refuse a list (raises a Problem), `after` writes its length down."""

    figures: Figures
    before: Callable[[], None]
    after: Callable[[int], None]

    @property
    def as_of(self) -> date:
        """The last complete day."""
        return self.figures.as_of

    def vocabulary(self) -> Vocabulary:
        """What may be asked for."""
        return self.figures.vocabulary()

    def report(  # the figures' own arguments
        self,
        as_of: date,
        *,
        filters: Sequence[tuple[str, str]] = (),
        dimensions: Sequence[str] = (),
        period: Span | None = None,
        known_at: datetime | None = None,
        limit: int = LIMIT,
    ) -> Report:
        """The figures of the morning after `as_of`."""
        return self.figures.report(
            as_of, filters=filters, dimensions=dimensions, period=period, known_at=known_at, limit=limit
        )

    def basis(self, as_of: date, filters: Sequence[tuple[str, str]] = ()) -> Basis:
        """On what an answer stands."""
        return self.figures.basis(as_of, filters)

    @property
    def annex(self) -> Annex:
        """The figures of the tables beside the orders."""
        return self.figures.annex

    def moved(self, dimension: str, before: Buyers, after: Buyers) -> Moved:
        """What moved between two groups of first-time buyers."""
        return self.figures.moved(dimension, before, after)

    def pseudonyms(self, customers: Sequence[AboutToGoDormant]) -> Mapping[str, str]:
        """How customers are called before readers."""
        return self.figures.pseudonyms(customers)

    def candidates(self, report: Report, limit: int) -> tuple[AboutToGoDormant, ...]:
        """Customers about to go dormant; counted, and written down."""
        self.before()
        found = self.figures.candidates(report, limit)
        self.after(len(found))
        return found

    def rules(self, language: Language) -> Page:
        """The list of alert rules."""
        return self.figures.rules(language)
