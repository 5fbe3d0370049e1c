"""Which figures answer, from which day and from what was known when?

The desk stands between the store and everyone who asks: the digest, the alert and
the subcommands. It chooses the morning; the arithmetic is `metrics.report`'s.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from bot.alerting.rules import every_rule
from bot.annex import Annex
from bot.grammar import Vocabulary
from bot.present.rules import RuleLine, rows, rules
from bot.remembered import Lately, Remembered
from metrics.burn_in import BurnIn
from metrics.counts import CountsReader
from metrics.day import Span, last_complete, zone
from metrics.dormancy import AboutToGoDormant, return_chance
from metrics.moved import Buyers, Moved, moved
from metrics.problem import Problem
from metrics.report import Basis, NoPurchases, Quality, Report, build
from metrics.segment import ALL, PURCHASE_COUNT, UnknownDimension
from metrics.table import LIMIT, Asked
from metrics.warehouse.further import Further
from metrics.warehouse.store import Store

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from bot.form import Row
    from bot.language import Language
    from bot.page import Page
    from bot.settings import Settings
    from bot.settings.watching import AlertRule
    from metrics.alert import Standing
    from metrics.estimate import Estimate

LABELS_KNOWN: Final = 100
PSEUDONYM_LETTERS: Final = 8
STALE_DAYS: Final = 2


@dataclass(frozen=True, slots=True)
class Stored:
    """What the state database knows of rules: those made in Slack, and how each stands."""

    rules: tuple[tuple[AlertRule, str], ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)


class DayNotOver(Problem):
    """The day asked for has not ended yet."""

    key = "day_not_over"


class Knowledge(CountsReader, Protocol):
    """Orders as known at some instant: today's, or a replay of an earlier one."""

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to as_of."""
        ...


class Past(Protocol):
    """A store's imports: what was known on many past mornings."""

    def knowing(self, known_at: datetime, as_of: date) -> tuple[Knowledge, bool]:
        """What was known then of days up to as_of, and whether today's knowledge differs."""
        ...

    def knew_anything(self, known_at: datetime) -> bool:
        """Whether something had been imported by then."""
        ...


class Shelf(Knowledge, Protocol):
    """The store, as far as the desk reads it."""

    def labels(self, dimension: str, limit: int = 100) -> tuple[str, ...]:
        """The dimension's labels, most customers first."""
        ...

    def known(self, known_at: datetime) -> Knowledge:
        """What was known at that instant."""
        ...

    def history(self) -> Past:
        """What was known on past mornings."""
        ...

    def first_import_at(self) -> datetime | None:
        """When anything was known for the first time."""
        ...

    def last_import_at(self) -> datetime | None:
        """When anything was learned for the last time."""
        ...

    def refresh(self) -> bool:
        """Take notice of later imports; whether there were any."""
        ...

    def about_to_go_dormant(
        self, as_of: date, chances: Mapping[tuple[str, int], Estimate], limit: int = 100
    ) -> tuple[AboutToGoDormant, ...]:
        """Customers idle 60-89 days, in the order to contact them."""
        ...


@dataclass(frozen=True, slots=True)
class _Morning:
    """What a report is of."""

    as_of: date
    known_at: datetime | None = None
    filters: tuple[tuple[str, str], ...] = ()
    dimensions: tuple[str, ...] = ()
    asked: Asked = field(default_factory=Asked)


@dataclass(slots=True)
class Desk:
    """Answers for one shop. `now` is the only clock; `key` names customers by pseudonyms."""

    settings: Settings
    store: Shelf
    now: Callable[[], datetime]
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    stored: Callable[[], Stored] = Stored
    further: Further | None = None
    _vocabulary: Vocabulary | None = field(default=None, init=False)
    _remembered: Remembered | None = field(default=None, init=False)
    _reports: Lately[Report] = field(default_factory=Lately, init=False)
    _moves: Lately[Moved] = field(default_factory=Lately, init=False)

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return zone(self.settings.zone)

    @property
    def as_of(self) -> date:
        """The last complete day of the shop."""
        return last_complete(self.now(), self.zone)

    def refresh(self) -> None:
        """Take notice of imports since the last look."""
        if self.store.refresh():
            self._vocabulary, self._remembered = None, None
            self._reports, self._moves = Lately(), Lately()

    @property
    def _reader(self) -> Remembered:
        """The store as it is now, which remembers what was just asked."""
        if self._remembered is None:
            self._remembered = Remembered(self.store)
        return self._remembered

    def vocabulary(self) -> Vocabulary:
        """The dimensions and labels that a question may name."""
        if self._vocabulary is None:
            known = tuple((name, self.store.labels(name, LABELS_KNOWN)) for name in self.settings.dimensions)
            self._vocabulary = Vocabulary(self.settings.dimension_names, known)
        return self._vocabulary

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
        """The figures of the morning after `as_of`, with today's knowledge or that of `known_at`.

        A past morning says so: its basis names the instant of knowledge. `limit`: rows of a segment table.
        Raises DayNotOver, NoPurchases, BeforeFirstPurchase, UnknownDimension.
        """
        self._check(as_of, dimensions)
        asked = Asked(target=self.settings.target, period=period, limit=limit)
        morning = _Morning(as_of, None, tuple(filters), tuple(dimensions), asked)
        if known_at is not None and not self._knew_all(known_at):
            return self._build(self.store.known(known_at), replace(morning, known_at=known_at))
        reports, reader = self._reports, self._reader
        found = reports.get(morning, lambda: self._build(reader, morning))
        known_at = known_at or (self.now() if as_of < self.as_of else None)
        return replace(found, basis=replace(found.basis, known_at=known_at)) if known_at else found

    def basis(self, as_of: date, filters: Sequence[tuple[str, str]] = ()) -> Basis:
        """On what an answer stands that is no report; raises DayNotOver, NoPurchases."""
        self._check(as_of, ())
        return self._basis(self._reader, _Morning(as_of, filters=tuple(filters)))[0]

    @property
    def annex(self) -> Annex:
        """The figures of the tables beside the orders."""
        return Annex(self.settings, self.further, self._check, self._trusted_from, self._reader.counts)

    def _trusted_from(self, as_of: date) -> date:
        """The first day whose first purchases are trusted as first."""
        reader = self._reader
        return self.burn_in(reader.counts(ALL).start, reader.quality(as_of)).trusted_from(as_of)

    def moved(self, dimension: str, before: Buyers, after: Buyers) -> Moved:
        """The change of the repeat rate between two groups of first-time buyers, by the labels of a dimension."""
        moves, reader = self._moves, self._reader
        return moves.get((dimension, before, after), lambda: _moved(reader, dimension, before, after))

    def digest(
        self, as_of: date | None = None, *, known_at: datetime | None = None, dimensions: Sequence[str] = ()
    ) -> Report:
        """The report of a morning's digest: a past morning as it was known then.

        Where nothing had been imported yet on that morning, with today's knowledge,
        and the basis says so. `known_at` asks for another instant of knowledge.
        """
        day = as_of or self.as_of
        dimensions = tuple(dimensions) or (self.settings.main_dimension,)
        self._check(day, dimensions)
        if known_at is None and day < self.as_of:
            known_at = self._morning_if_known(day)
        if known_at is None:
            return self.report(day, dimensions=dimensions)
        morning = _Morning(day, known_at, dimensions=dimensions, asked=Asked(target=self.settings.target))
        return self._build(self.store.known(known_at), morning)

    def alert(self, as_of: date) -> Report:
        """The report of a morning against the alert's threshold instead of the target."""
        dimension = self.settings.main_dimension
        self._check(as_of, (dimension,))
        morning = _Morning(as_of, dimensions=(dimension,), asked=Asked(target=self.settings.threshold))
        return self._build(self.store, morning)

    def rules(self, language: Language) -> Page:
        """The list of alert rules with owner and last state."""
        return rules(self._rule_lines(), self.now().astimezone(self.zone), language)

    def rule_rows(self, language: Language) -> tuple[Row, ...]:
        """The same for Home."""
        return rows(self._rule_lines(), self.now().astimezone(self.zone), language)

    def _rule_lines(self) -> tuple[RuleLine, ...]:
        stored = self.stored()
        return tuple(
            RuleLine(
                one.rule, one.source.value, one.owner, one.channels, stored.standings.get(one.name), enabled=one.enabled
            )
            for one in every_rule(self.settings, stored.rules)
        )

    def due(self, day: date) -> datetime:
        """When the digest of the morning after that day was due."""
        local = datetime.combine(day + timedelta(days=1), self.settings.digest.at, tzinfo=self.zone)
        return local.astimezone(UTC)

    def candidates(self, report: Report, limit: int) -> tuple[AboutToGoDormant, ...]:
        """Customers about to go dormant on the report's day, in the order to contact them."""
        as_of = report.basis.as_of
        counts = self.store.counts(PURCHASE_COUNT)
        chances = return_chance(counts, as_of, self.burn_in(report.basis.start, report.basis.quality))
        return self.store.about_to_go_dormant(as_of, chances, limit)

    def pseudonyms(self, customers: Sequence[AboutToGoDormant]) -> Mapping[str, str]:
        """How customers are called before readers, by customer_id."""
        return {customer.customer_id: self._name(customer.customer_id) for customer in customers}

    def stale_since(self, report: Report) -> date | None:
        """The day of the newest order, where it is so old that yesterday can hardly be complete."""
        newest_at = report.basis.quality.newest_at
        if newest_at is None:
            return None
        newest = newest_at.astimezone(self.zone).date()
        return newest if (report.basis.as_of - newest).days >= STALE_DAYS else None

    def _knew_all(self, known_at: datetime) -> bool:
        """Whether nothing was learned since then; of orders that are read in place nobody can say."""
        last = self.store.last_import_at()
        return last is not None and last <= known_at

    def _name(self, customer_id: str) -> str:
        kind, _, shop_id = customer_id.partition(":")
        if self.settings.customers.show_ids and kind == "id":
            return shop_id
        return hmac.new(self.key, customer_id.encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_LETTERS]

    def _check(self, as_of: date, dimensions: Sequence[str]) -> None:
        if as_of > self.as_of:
            raise DayNotOver(day=as_of, last=self.as_of)
        known = self.settings.dimension_names
        for dimension in dimensions:
            if dimension not in known:
                raise UnknownDimension(name=dimension, known=known)

    def _morning_if_known(self, day: date) -> datetime | None:
        """When the digest of that day was due, where something had been imported by then."""
        morning, first = self.due(day), self.store.first_import_at()
        return morning if first is not None and first <= morning else None

    def _build(self, reader: Knowledge, morning: _Morning) -> Report:
        basis, burn_in = self._basis(reader, morning)
        return build(reader, basis, burn_in, morning.dimensions, morning.asked)

    def _basis(self, reader: Knowledge, morning: _Morning) -> tuple[Basis, BurnIn]:
        settings = self.settings
        everyone, quality = reader.counts(ALL), reader.quality(morning.as_of)
        start = everyone.start
        if start is None:
            raise NoPurchases
        burn_in = self.burn_in(start, quality)
        basis = Basis(
            shop=settings.shop,
            zone=settings.zone,
            currency=settings.currency,
            as_of=morning.as_of,
            known_at=morning.known_at,
            start=start,
            filters=morning.filters,
            rules=settings.rules.differing(),
            quality=quality.burnt_in(everyone, burn_in, morning.as_of),
        )
        return basis, burn_in

    def burn_in(self, start: date | None, quality: Quality) -> BurnIn:
        """The shop's burn-in: none where its platform tells which orders are firsts."""
        return BurnIn(start, 0 if quality.firsts_told else self.settings.purchases.burn_in_days)


def _moved(reader: CountsReader, dimension: str, before: Buyers, after: Buyers) -> Moved:
    counts = [
        (reader.counts(ALL, dict(group.filters)), reader.counts(dimension, dict(group.filters)))
        for group in (before, after)
    ]
    return moved((*counts[0], before.cohort), (*counts[1], after.cohort))


def desk(settings: Settings, store: Shelf, now: Callable[[], datetime]) -> Desk:
    """The desk of a shop; pseudonyms stay the same where their key is set."""
    key = settings.customers.pseudonym_key
    found = Desk(settings, store, now, key.get_secret_value().encode()) if key else Desk(settings, store, now)
    if isinstance(store, Store):  # what stands beside the orders lies in the embedded store
        found.further = Further(store)
    return found
