"""Who took a list of customers away, and how many rows?

Stands between the questions and the figures: whatever asks for single customers is counted and
written down, whichever room it comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from bot.grammar import Vocabulary
    from bot.language import Language
    from bot.page import Page
    from bot.subcommands import Figures
    from metrics.day import Span
    from metrics.dormancy import AboutToGoDormant
    from metrics.report import Report


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

    def report(
        self,
        as_of: date,
        *,
        filters: Sequence[tuple[str, str]] = (),
        dimensions: Sequence[str] = (),
        period: Span | None = None,
    ) -> Report:
        """The figures of the morning after `as_of`."""
        return self.figures.report(as_of, filters=filters, dimensions=dimensions, period=period)

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
