"""A shop of a few customers, as a reader writes them, counted by plain loops: a shelf for the desk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np

from metrics.cells import Cells, Idle
from metrics.counts import Counts
from metrics.day import number
from metrics.dormancy import AboutToGoDormant, about_to_go_dormant
from metrics.estimate import Estimate
from metrics.report import Quality
from metrics.segment import ALL, PURCHASE_COUNT, bucket

HORIZON = 180


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer: name, channel, and the days of the purchases."""

    name: str
    channel: str
    days: tuple[date, ...]


@dataclass(slots=True)
class FakeShelf:
    """What the desk reads of a store, made of buyers; `knew`: what was known before an instant."""

    buyers: tuple[Buyer, ...]
    first_at: datetime | None = None
    knew: Mapping[datetime, tuple[Buyer, ...]] = field(default_factory=dict)
    asked: list[datetime] = field(default_factory=list)
    told: bool = False
    last_at: datetime | None = None

    def labels(self, dimension: str, limit: int = 100) -> tuple[str, ...]:
        return tuple(sorted({buyer.channel for buyer in self.buyers}))[:limit] if dimension == "channel" else ()

    def first_import_at(self) -> datetime | None:
        return self.first_at

    def last_import_at(self) -> datetime | None:
        return self.last_at or max(self.knew, default=self.first_at)

    def refresh(self) -> bool:
        return False

    def known(self, known_at: datetime) -> FakeShelf:
        self.asked.append(known_at)
        return FakeShelf(next((buyers for at, buyers in self.knew.items() if known_at <= at), self.buyers))

    def quality(self, as_of: date) -> Quality:
        days = [day for buyer in self.buyers for day in buyer.days if day <= as_of]
        newest = datetime.combine(max(days), datetime.min.time(), UTC) if days else None
        return Quality(
            len(days), len(days), len(self.buyers), (), 0, 0, 0, 0,
            burn_in_shortened=False, newest_at=newest, firsts_told=self.told,
        )  # fmt: skip

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        buyers = [buyer for buyer in self.buyers if not filters or buyer.channel == filters.get("channel")]
        return Counts(dimension, cells(buyers, dimension), HORIZON)

    def about_to_go_dormant(
        self, as_of: date, chances: Mapping[tuple[str, int], Estimate], limit: int = 100
    ) -> tuple[AboutToGoDormant, ...]:
        known = [buyer for buyer in self.buyers if buyer.days and min(buyer.days) <= as_of]
        idle = [(buyer, (as_of - max(day for day in buyer.days if day <= as_of)).days) for buyer in known]
        return tuple(
            about_to_go_dormant(f"id:{buyer.name}", days, len(buyer.days), 1000, chances)
            for buyer, days in idle
            if 60 <= days < 90
        )[:limit]


def cells(buyers: Iterable[Buyer], dimension: str) -> Cells:
    """Cohort, gap and idle cells by one label per buyer (by the purchase's number for purchase_count)."""
    rows: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for buyer in buyers:
        days = sorted(set(buyer.days))
        for k, (day, later) in enumerate(zip(days, (*days[1:], None), strict=True), start=1):
            label = {ALL: "", PURCHASE_COUNT: bucket(k)}.get(dimension, buyer.channel)
            if k == 1 or dimension == PURCHASE_COUNT:
                rows["cohort"].append((label, day))
                if later and (later - day).days <= HORIZON:
                    rows["gap"].append((label, day, (later - day).days))
            if k == 1 or (dimension == PURCHASE_COUNT and bucket(k) != bucket(k - 1)):
                rows["idle"].append((label, day, Idle.SEEN))
            rows["idle"].extend(_moves(label, day, later))
            if later and dimension == PURCHASE_COUNT and bucket(k + 1) != label:
                rows["idle"].append((label, later, Idle.LEFT))
    labels = tuple(sorted({row[0] for row in rows["cohort"]}))
    return Cells(
        labels, *(_array(rows[kind], labels, width) for kind, width in (("cohort", 3), ("gap", 4), ("idle", 4)))
    )


def _moves(label: str, day: date, later: date | None) -> Iterable[tuple[object, ...]]:
    gap = (later - day).days if later else 10_000
    if gap > 60:
        yield label, day + timedelta(days=60), Idle.PRE_DORMANT
    if gap > 90:
        yield label, day + timedelta(days=90), Idle.DORMANT
    if later and gap > 60:
        yield label, later, Idle.BACK_DORMANT if gap > 90 else Idle.BACK_PRE_DORMANT


def _array(rows: list[tuple[object, ...]], labels: tuple[str, ...], width: int) -> np.ndarray:
    found = [(labels.index(label), number(day), *rest, 1) for label, day, *rest in rows]
    return np.array(found, np.int64).reshape(-1, width)


def steady_shop(customers: int = 600) -> tuple[Buyer, ...]:
    """Two years of first purchases, evenly; every fourth customer is back after 10 to 29 days, some again."""
    buyers = []
    for i in range(customers):
        first = date(2026, 11, 20) - timedelta(days=(customers - 1 - i) * 729 // customers)
        gaps = {0: (10 + i % 20,), 4: (10 + i % 20, 45 + i % 60)}.get(i % 8, ())
        days = [first]
        for gap in gaps:
            days.append(days[-1] + timedelta(days=gap))
        kept = tuple(day for day in days if day <= date(2026, 11, 20))
        buyers.append(Buyer(f"c{i:03}", ("LINE", "Google広告", "楽天")[i % 3], kept))
    return tuple(buyers)
