"""Which figures do the tables beside the orders make possible, and what is said where one is missing?

The desk hands this out; a shop without an embedded store has no such tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics.acquisition import COHORT_DAYS, USUAL_HORIZON, Acquisition, Channels, acquisition
from metrics.day import Span
from metrics.measure import Measured, measured
from metrics.nps import Nps, nps
from metrics.problem import Problem
from metrics.product_ladder import USUAL_HORIZON as LADDER_DAYS
from metrics.product_ladder import Ladder, ladder
from metrics.reactivation import Reactivation, reactivation, spans
from metrics.segment import ALL, PURCHASE_COUNT
from metrics.subscription import Continuation, continuation
from metrics.warehouse.further import Further, NoMeasures

if TYPE_CHECKING:
    from datetime import date

    from bot.settings import Settings
    from metrics.counts import Counts

Filters = Sequence[tuple[str, str]]


class NotByCount(Problem):
    """Each delivery is a purchase: by their number the deliveries are told anyway."""

    key = "not_by_count"


class OnlyImported(Problem):
    """Counts alone do not say it, and orders that are read in place are not kept."""

    key = "only_imported"


class NobodyOfThatAge(Problem):
    """No new customers of days with known spend have been watched for so long."""

    key = "nobody_of_that_age"


@dataclass(frozen=True, slots=True)
class Annex:
    """The figures of one shop's other tables.

    check: refuses a day that is not over and an unknown dimension; trusted_from: the first day
    whose first purchases are trusted; counts: of a dimension, of customers with those labels.
    """

    settings: Settings
    further: Further | None
    check: Callable[[date, Sequence[str]], None]
    trusted_from: Callable[[date], date]
    counts: Callable[[str, Mapping[str, str]], Counts]

    @property
    def _kept(self) -> Further:
        """The tables of the embedded store; raises OnlyImported where the orders are read in place."""
        if self.further is None:
            raise OnlyImported
        return self.further

    def nps(self, as_of: date, period: Span | None, dimension: str, filters: Filters) -> Nps:
        """What customers answered, by the labels of a dimension; raises NoAnswers."""
        self.check(as_of, (dimension,))
        return nps(self._kept.answers(as_of, dimension, dict(filters)), as_of, period, dimension)

    def continuation(self, as_of: date, period: Span | None, dimension: str, filters: Filters) -> Continuation:
        """How many subscriptions go on from one delivery to the next; raises NoContracts, NotByCount."""
        self.check(as_of, () if dimension == ALL else (dimension,))
        if dimension == PURCHASE_COUNT:
            raise NotByCount
        contracts = self._kept.contracts(as_of, dimension, dict(filters))
        return continuation(contracts, as_of, period, dimension)

    def ladder(self, as_of: date, period: Span | None, days: int | None) -> Ladder:
        """How many customers step from a front product to a middle and a back-end one; raises NoRoles."""
        self.check(as_of, ())
        return ladder(self._kept.climbers(as_of), as_of, self.trusted_from(as_of), period, days or LADDER_DAYS)

    def measured(self, as_of: date, period: Span | None, dimension: str, filters: Filters) -> Measured:
        """Whether measures made customers buy, by the labels of a dimension; raises NoMeasures."""
        self.check(as_of, () if dimension == ALL else (dimension,))
        return measured(self._kept.sends(as_of, dimension, dict(filters)), as_of, period, dimension)

    def reactivation(
        self, as_of: date, period: Span | None, dimension: str, filters: Filters
    ) -> tuple[Reactivation, Measured | None]:
        """How many dormant customers came back, and what measures did for that; raises OnlyImported."""
        self.check(as_of, () if dimension == ALL else (dimension,))
        chosen, since = dict(filters), spans(as_of, period)[0].start
        found = self._kept.histories(since, as_of, dimension, chosen)
        try:
            sends = self._kept.sends(as_of, ALL, chosen)
        except NoMeasures:
            sent = None
        else:
            sent = measured(sends, as_of, period, dormant=True)
        return reactivation(found, self.counts(dimension, chosen), as_of, period), sent

    def acquisition(self, as_of: date, period: Span | None, days: int | None) -> Acquisition:
        """What new customers cost and brought in within so many days; raises NoSpend, NoChannel, NobodyOfThatAge."""
        self.check(as_of, ())
        horizon = days or USUAL_HORIZON
        known, matured = self._kept.spend_days(), as_of - timedelta(days=horizon)
        last = min(matured, known.last, *((period.last,) if period else ()))
        start = period.start if period else last - timedelta(days=COHORT_DAYS - 1)
        cohort = Span(max(start, known.start, self.trusted_from(as_of)), last + timedelta(days=1))
        if not cohort.days:
            raise NobodyOfThatAge(days=horizon, first=known.start, last=known.last)
        return acquisition(self._kept.acquired(cohort, horizon), Channels(self.settings.channels), as_of)
