"""What do the figures say when one loops over customers and purchases, slowly and plainly?

Written from the definitions alone: no counts, no numpy, no code shared with
`metrics`. `by_label` answers every figure of the catalogue that is made of counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

HORIZON_DAYS = 180
BUCKETS = {"1": range(1, 2), "2": range(2, 3), "3-4": range(3, 5), "5-9": range(5, 10), "10+": range(10, 10**6)}
CANCELLED = {"cancelled", "failed", "test"}
RETURNED = {"returned", "refunded"}


@dataclass(frozen=True)
class Order:
    """An order as a shop's export has it."""

    order_id: str
    customer: str
    at: datetime
    amount: int = 1000
    status: str = "completed"
    channel: str = ""


@dataclass
class Customer:
    """One customer: purchase days in order, money of each, channel of the first."""

    channel: str
    days: list[date] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """A figure of one label."""

    value: float | None
    n: int
    k: int | None = None


@dataclass(frozen=True)
class Spell:
    """From one purchase to the next (None: there is none yet)."""

    start: date
    next: date | None

    def gap(self) -> int | None:
        return (self.next - self.start).days if self.next else None


def customers(orders: Iterable[Order], merge_minutes: int = 60) -> list[Customer]:
    """Orders as purchases, per customer: valid ones, one per day and sitting.

    A fully returned order is none, unless it is the customer's first: then it stays, worth nothing.
    """
    by_customer: dict[str, dict[str, Order]] = defaultdict(dict)
    for order in orders:
        if order.status in RETURNED or (order.status not in CANCELLED and order.amount > 0):
            by_customer[order.customer][order.order_id] = order
    found = []
    for own in by_customer.values():
        in_order = sorted(own.values(), key=lambda order: (order.at, order.order_id))
        in_order = [order for i, order in enumerate(in_order) if i == 0 or order.status not in RETURNED]
        customer = Customer(in_order[0].channel)
        previous: datetime | None = None
        for order in in_order:
            same_sitting = previous is not None and (
                order.at.date() == previous.date() or order.at - previous <= timedelta(minutes=merge_minutes)
            )
            if same_sitting:
                customer.amounts[-1] += worth(order)
            else:
                customer.days.append(order.at.date())
                customer.amounts.append(worth(order))
            previous = order.at
        found.append(customer)
    return found


def worth(order: Order) -> int:
    return 0 if order.status in RETURNED else order.amount


def bucket(count: int) -> str:
    return next(label for label, counts in BUCKETS.items() if count in counts)


def labels(people: list[Customer], dimension: str) -> list[str]:
    if dimension == "all":
        return [""]
    return list(BUCKETS) if dimension == "purchase_count" else sorted({person.channel for person in people})


def spells(people: list[Customer], dimension: str, label: str) -> list[Spell]:
    """From the first to the second purchase; by purchase_count from every purchase to the next."""
    found = []
    for person in people:
        for k, day in enumerate(person.days, start=1):
            following = person.days[k] if k < len(person.days) else None
            if dimension == "purchase_count":
                if bucket(k) == label:
                    found.append(Spell(day, following))
            elif k == 1 and label == (person.channel if dimension == "channel" else ""):
                found.append(Spell(day, following))
    return found


def seen(people: list[Customer], dimension: str, label: str, as_of: date) -> list[list[date]]:
    """Purchase days up to as_of of the customers who have the label then."""
    found = []
    for person in people:
        days = [day for day in person.days if day <= as_of]
        own = {"all": "", "channel": person.channel, "purchase_count": bucket(len(days)) if days else None}[dimension]
        if days and own == label:
            found.append(days)
    return found


def trusted_from(people: list[Customer], as_of: date, burn_in_days: int) -> date:
    days = [day for person in people for day in person.days]
    if not days:
        return as_of
    history = max(0, (as_of - min(days)).days + 1)
    return min(days) + timedelta(days=min(burn_in_days, history // 2))


def confirmed(own: list[Spell], as_of: date, trusted: date) -> Answer:
    width = 28
    while True:
        cohort = [
            spell for spell in own
            if max(trusted, as_of - timedelta(days=29 + width)) <= spell.start <= as_of - timedelta(days=30)
        ]  # fmt: skip
        if len(cohort) >= 200 or width == 180:
            back = sum(1 for spell in cohort if spell.next and (spell.next - spell.start).days <= 30)
            return Answer(back / len(cohort) if cohort else None, len(cohort), back)
        width = min(180, width + 7)


def early(own: list[Spell], as_of: date, trusted: date) -> Answer:
    left, least = Fraction(1), None
    for age in range(31):
        watched = back = 0
        for spell in own:
            day = spell.start + timedelta(days=age)
            if spell.start < trusted or not as_of - timedelta(days=28) < day <= as_of:
                continue
            if spell.next and spell.next < day:
                continue
            watched += 1
            back += spell.next == day
        least = watched if least is None else min(least, watched)
        left *= 1 - Fraction(back, watched) if watched else 1
    least = least or 0
    return Answer(float(1 - left) if least >= 20 else None, least)


def watched_until(own: list[Spell], as_of: date, start: date) -> list[tuple[int, bool]]:
    """(days watched, whether it ended by coming back) of spells that began from `start` to as_of."""
    found = []
    for spell in own:
        if start <= spell.start <= as_of:
            back = spell.next is not None and spell.next <= as_of
            end = spell.next if back and spell.next else as_of
            days = (end - spell.start).days
            found.append((min(days, HORIZON_DAYS), back and days <= HORIZON_DAYS))
    return found


def curve(times: list[tuple[int, bool]]) -> list[Fraction | None]:
    """Kaplan-Meier's survival at 0..180; None once nobody is watched."""
    survival: list[Fraction | None] = []
    left: Fraction | None = Fraction(1)
    for age in range(HORIZON_DAYS + 1):
        at_risk = sum(1 for days, _ in times if days >= age)
        back = sum(1 for days, came in times if came and days == age)
        if left:
            left = left * (1 - Fraction(back, at_risk)) if at_risk else None
        survival.append(left)
    return survival


def gap_times(own: list[Spell], as_of: date, trusted: date) -> list[tuple[int, bool]]:
    return watched_until(own, as_of, max(trusted, as_of - timedelta(days=364)))


def days_until(own: list[Spell], as_of: date, trusted: date, share: Fraction) -> Answer:
    times = gap_times(own, as_of, trusted)
    for age, left in enumerate(curve(times)):
        if left is not None and left <= 1 - share:
            return Answer(float(age), len(times))
    return Answer(None, len(times))


def returned(own: list[Spell], as_of: date, trusted: date, days: int) -> Answer:
    times = gap_times(own, as_of, trusted)
    left = curve(times)[days]
    return Answer(None if left is None else float(1 - left), len(times))


def restricted(own: list[Spell], as_of: date, trusted: date) -> Answer:
    times = gap_times(own, as_of, trusted)
    first = curve(times)[:90]
    total = Fraction(0)
    for left in first:
        if left is None:
            return Answer(None, len(times))
        total += left
    return Answer(float(total), len(times))


def bounded(own: list[Spell], as_of: date, trusted: date) -> list[int]:
    gaps = [
        spell.gap() for spell in own
        if trusted <= spell.start <= as_of - timedelta(days=180)
    ]  # fmt: skip
    return sorted(gap for gap in gaps if gap is not None and gap <= 180)


def mean(gaps: list[int]) -> Answer:
    return Answer(sum(gaps) / len(gaps) if gaps else None, len(gaps))


def median(gaps: list[int]) -> Answer:
    if not gaps:
        return Answer(None, 0)
    half = len(gaps) // 2
    return Answer(float(gaps[half]) if len(gaps) % 2 else (gaps[half - 1] + gaps[half]) / 2, len(gaps))


def chance(own: list[Spell], as_of: date, trusted: date, idle: int = 60) -> Answer:
    times = watched_until(own, as_of, trusted)
    at_risk = sum(1 for days, _ in times if days > idle)
    survival = curve(times)
    before, after = survival[idle], survival[idle + 90]
    if at_risk < 30 or not before or after is None:
        return Answer(None, at_risk)
    return Answer(float(1 - after / before), at_risk)


BySpell = Callable[[list[Spell], date, date], Answer]

BY_SPELL: dict[str, BySpell] = {
    "repeat": confirmed,
    "repeat_provisional": early,
    "gap_median": lambda own, as_of, trusted: days_until(own, as_of, trusted, Fraction(1, 2)),
    "gap_days_to_20": lambda own, as_of, trusted: days_until(own, as_of, trusted, Fraction(1, 5)),
    "gap_returned_30": lambda own, as_of, trusted: returned(own, as_of, trusted, 30),
    "gap_returned_60": lambda own, as_of, trusted: returned(own, as_of, trusted, 60),
    "gap_returned_90": lambda own, as_of, trusted: returned(own, as_of, trusted, 90),
    "gap_rmst90": restricted,
    "gap_bounded_mean": lambda own, as_of, trusted: mean(bounded(own, as_of, trusted)),
    "gap_bounded_median": lambda own, as_of, trusted: median(bounded(own, as_of, trusted)),
    "return_chance": chance,
}


def idle(days: list[date], as_of: date) -> int:
    return (as_of - days[-1]).days


IDLE: dict[str, Callable[[int], bool]] = {
    "customers": lambda _: True,
    "active": lambda days: days < 60,
    "pre_dormant": lambda days: 60 <= days < 90,
    "dormant": lambda days: days >= 90,
    "entering_pre_dormant": lambda days: days == 60,
    "crossing_dormant": lambda days: days == 90,
}

BACK: dict[str, Callable[[int], bool]] = {
    "back_pre_dormant": lambda idle_yesterday: 60 <= idle_yesterday < 90,
    "back_dormant": lambda idle_yesterday: idle_yesterday >= 90,
}


def came_back(people: list[Customer], dimension: str, label: str, as_of: date, was: Callable[[int], bool]) -> int:
    """Customers who bought on as_of and were idle so long the evening before, by their label then."""
    yesterday = as_of - timedelta(days=1)
    return sum(
        1
        for person in people
        if as_of in person.days
        for days in seen([person], dimension, label, yesterday)
        if was(idle(days, yesterday))
    )


FIGURES = (*BY_SPELL, *IDLE, *BACK)


def by_label(figure: str, people: list[Customer], dimension: str, as_of: date, burn_in_days: int) -> dict[str, Answer]:
    """A figure of every label of a dimension."""
    found = {}
    trusted = trusted_from(people, as_of, burn_in_days)
    for label in labels(people, dimension):
        if figure in BY_SPELL:
            found[label] = BY_SPELL[figure](spells(people, dimension, label), as_of, trusted)
        elif figure in IDLE:
            own = seen(people, dimension, label, as_of)
            n = sum(1 for days in own if IDLE[figure](idle(days, as_of)))
            found[label] = Answer(float(n), n)
        else:
            n = came_back(people, dimension, label, as_of, BACK[figure])
            found[label] = Answer(float(n), n)
    return found
