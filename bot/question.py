"""What does a subcommand work with: the question, and who knows the figures?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from metrics.table import LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from bot.grammar import Ask, Vocabulary
    from bot.language import Language
    from bot.page import Page
    from bot.present.watching import PastMorning, Posted
    from metrics.acquisition import Acquisition
    from metrics.day import Span
    from metrics.dormancy import AboutToGoDormant
    from metrics.measure import Measured
    from metrics.moved import Buyers, Moved
    from metrics.nps import Nps
    from metrics.product_ladder import Ladder
    from metrics.reactivation import Reactivation
    from metrics.report import Basis, Report
    from metrics.subscription import Continuation


class Figures(Protocol):
    """Who knows the figures: the desk."""

    @property
    def as_of(self) -> date:
        """The last complete day."""
        ...

    def vocabulary(self) -> Vocabulary:
        """What may be asked for."""
        ...

    def report(
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
        ...

    def basis(self, as_of: date, filters: Sequence[tuple[str, str]] = ()) -> Basis:
        """On what an answer stands."""
        ...

    @property
    def annex(self) -> Annex:
        """The figures of the tables beside the orders."""
        ...

    def moved(self, dimension: str, before: Buyers, after: Buyers) -> Moved:
        """What moved between two groups of first-time buyers."""
        ...

    def pseudonyms(self, customers: Sequence[AboutToGoDormant]) -> Mapping[str, str]:
        """How customers are called before readers, by customer_id."""
        ...

    def candidates(self, report: Report, limit: int) -> tuple[AboutToGoDormant, ...]:
        """Customers about to go dormant, in the order to contact them."""
        ...

    def rules(self, language: Language) -> Page:
        """The list of alert rules."""
        ...


class Annex(Protocol):
    """Who knows the figures of the tables beside the orders."""

    def nps(self, as_of: date, period: Span | None, dimension: str, filters: Sequence[tuple[str, str]]) -> Nps:
        """What customers answered."""
        ...

    def continuation(
        self, as_of: date, period: Span | None, dimension: str, filters: Sequence[tuple[str, str]]
    ) -> Continuation:
        """How many subscriptions go on."""
        ...

    def measured(
        self, as_of: date, period: Span | None, dimension: str, filters: Sequence[tuple[str, str]]
    ) -> Measured:
        """Whether mails and coupons made customers buy."""
        ...

    def reactivation(
        self, as_of: date, period: Span | None, dimension: str, filters: Sequence[tuple[str, str]]
    ) -> tuple[Reactivation, Measured | None]:
        """How many dormant customers came back, and what measures did for that."""
        ...

    def ladder(self, as_of: date, period: Span | None, days: int | None) -> Ladder:
        """How many customers step from product to product."""
        ...

    def acquisition(self, as_of: date, period: Span | None, days: int | None) -> Acquisition:
        """What new customers cost and brought in."""
        ...


class Past(Protocol):
    """Who knows what became of the mornings: the ledger."""

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        ...

    def posted(self, day: date | None) -> Posted | None:
        """The digest of a date, the newest without one."""
        ...

    def mornings(self) -> Sequence[PastMorning]:
        """Those of the last fourteen dates."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """An Ask with what is needed to answer it. `as_of`: the last day that counts."""

    ask: Ask
    figures: Figures
    language: Language
    main_dimension: str
    sees_customers: bool
    as_of: date
    past: Past | None = None
