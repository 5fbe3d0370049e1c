"""What would the orders of a shop look like, if there were one to try things on?

An invented maker of medicated cosmetics (薬用化粧品) that sells direct: two years of orders, with
one planted change. From ten weeks before the last day on, customers won through
Meta広告 come back half as often. The same last day and seed give the same bytes on
every machine: chance comes from `Random.random` alone and no logarithm is taken.
"""

from __future__ import annotations

import csv
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from metrics.sources import sample_measures

DAYS = 730
CUSTOMERS = 6_000
DROP_DAYS = 70
DROP_CHANNEL = "Meta広告"
DROP_RATE = 0.11
SEED = 21

# name: (share of new customers, share since the drop began, 30-day repeat rate, cost of a new customer in yen)
CHANNELS: dict[str, tuple[int, int, float, int]] = {
    "Google広告": (26, 23, 0.205, 5_200),
    DROP_CHANNEL: (32, 40, 0.210, 4_600),
    "自社サイト": (24, 21, 0.235, 0),
    "LINE": (18, 16, 0.235, 1_900),
}
REGIONS = {"関東": 37, "近畿": 18, "中部": 16, "九州・沖縄": 11, "東北": 7, "中国": 5, "北海道": 4, "四国": 2}
# code, name, role, price in yen, unit cost
PRODUCTS = (
    ("F01", "薬用美白トライアルセット", "front", 1_980, 620),
    ("F02", "薬用洗顔フォーム お試しサイズ", "front", 980, 310),
    ("F03", "敏感肌スターターキット", "front", 1_480, 480),
    ("M01", "薬用ローション", "middle", 4_950, 1_050),
    ("M02", "薬用美白美容液", "middle", 6_600, 1_480),
    ("M03", "クレンジングバーム", "middle", 3_850, 870),
    ("M04", "薬用UVミルク", "middle", 3_080, 760),
    ("B01", "薬用エイジングケアクリーム", "back", 9_900, 2_100),
    ("B02", "スペシャルケア3点セット", "back", 14_300, 3_400),
    ("B03", "年間美肌プログラム", "back", 29_700, 8_200),
)
_FIRST = (34, 20, 14, 10, 8, 6, 4, 3, 1, 0)
_LATER = (1, 1, 1, 24, 22, 14, 12, 14, 8, 3)
_SUBSCRIBED = (0, 0, 0, 40, 34, 16, 0, 10, 0, 0)
_HOURS = (6, 3, 2, 1, 1, 1, 3, 6, 8, 8, 9, 10, 13, 10, 8, 8, 8, 9, 11, 14, 18, 22, 22, 14)
_WEEKDAYS = (100, 92, 88, 94, 104, 118, 126)
_SOON = (0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 14, 13, 11, 8, 6)


@dataclass(frozen=True, slots=True)
class SampleShop:
    """Where the sample lies and how large it is."""

    orders: Path
    products: Path
    nps: Path
    channel_costs: Path
    subscriptions: Path
    order_items: Path
    measures: Path
    customers: int
    order_count: int
    first_day: date
    last_day: date
    drop_day: date

    @property
    def files(self) -> tuple[Path, ...]:
        """The orders, and the tables beside them."""
        return (
            self.orders, self.order_items, self.products, self.nps, self.channel_costs, self.subscriptions,
            self.measures,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Customer:
    number: int
    day: int
    channel: str
    region: str
    guest: bool

    @property
    def id(self) -> str:
        return "" if self.guest else f"C{self.number:05d}"

    @property
    def email(self) -> str:
        return f"kokyaku{self.number:05d}@example.jp"


@dataclass(frozen=True, slots=True)
class _Order:
    minute: int
    customer: _Customer | None
    product: int
    amount: int
    status: str
    subscription_id: str = ""
    cycle_no: int | None = None


@dataclass(slots=True)
class _Story:
    """The shop as it unfolds: chance, and what happened so far."""

    chance: Random
    orders: list[_Order] = field(default_factory=list)
    subscriptions: list[tuple[str, _Customer, int, int | None]] = field(default_factory=list)
    owed: dict[str, float] = field(default_factory=dict)

    def happens(self, share: float) -> bool:
        return self.chance.random() < share

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.chance.random() * (high - low + 1))

    def pick(self, weights: Sequence[int]) -> int:
        """A position, as often as its weight says."""
        sums = list(accumulate(weights))
        return bisect(sums, int(self.chance.random() * sums[-1]))

    def falls_due(self, what: str, share: float) -> bool:
        """True for `share` of the calls, spread evenly: rates then stay near what was meant."""
        self.owed[what] = self.owed.get(what, self.chance.random()) + share
        if self.owed[what] < 1:
            return False
        self.owed[what] -= 1
        return True


def sample_shop(folder: Path, last_day: date, seed: int = SEED) -> SampleShop:
    """Write the shop's canonical tables into `folder`; the data end with `last_day`, complete."""
    folder.mkdir(parents=True, exist_ok=True)
    story = _Story(Random(seed))  # noqa: S311  # an invented shop needs no secret chance
    calendar = _Calendar(last_day - timedelta(days=DAYS - 1))
    customers = list(_customers(story, calendar))
    for customer in customers:
        _live(story, customer)
    _unknown_callers(story)
    orders = sorted((o for o in story.orders if 0 <= o.minute < DAYS * 1440), key=lambda o: o.minute)
    first_day = calendar.first_day
    return SampleShop(
        _write(folder / "orders.csv", _ORDER_HEADER, _order_rows(orders, calendar)),
        _write(folder / "products.csv", ("product_code", "product_name", "role", "unit_cost", "price", "valid_from"),
               ((*PRODUCTS[i][:3], PRODUCTS[i][4], PRODUCTS[i][3], first_day) for i in range(len(PRODUCTS)))),
        _write(folder / "nps.csv", ("customer_id", "email", "score", "answered_at"), _nps(story, orders, calendar)),
        _write(folder / "channel_costs.csv", ("date", "channel", "cost"), _costs(story, customers, calendar)),
        _write(folder / "subscriptions.csv", ("subscription_id", "customer_id", "started_at", "ended_at", "status"),
               _subscriptions(story, calendar)),
        _write(folder / "order_items.csv", ("order_id", "product_code", "product_name", "quantity", "amount"),
               _items(orders)),
        _write(folder / "measures.csv", ("name", "customer_id", "sent_at", "cost", "hold_out"),
               _measures(story, orders, calendar)),
        len(customers), len(orders), first_day, last_day, calendar.day(DAYS - DROP_DAYS),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Calendar:
    first_day: date

    def day(self, number: int) -> date:
        return self.first_day + timedelta(days=number)

    def instant(self, minute: int) -> str:
        start = datetime.combine(self.first_day, datetime.min.time())
        return (start + timedelta(minutes=minute, seconds=minute * 37 % 60)).isoformat(" ")


def _customers(story: _Story, calendar: _Calendar) -> Iterator[_Customer]:
    """About 6,000 customers, more towards the end of a week and a few more every month."""
    mean = sum(_WEEKDAYS) / 7
    expected = [
        CUSTOMERS
        / DAYS
        * _WEEKDAYS[calendar.day(day).weekday()]
        / mean
        * (0.85 + 0.3 * day / DAYS)
        * (0.9 + 0.2 * story.chance.random())
        for day in range(DAYS)
    ]
    number, owed = 0, 0.0
    for day, arrivals in enumerate(expected):
        owed += arrivals
        while owed >= 1:
            owed -= 1
            number += 1
            weights = [after if day >= DAYS - DROP_DAYS else before for before, after, *_ in CHANNELS.values()]
            channel = list(CHANNELS)[story.pick(weights)]
            region = list(REGIONS)[story.pick(list(REGIONS.values()))]
            yield _Customer(number, day, channel, region, guest=story.happens(0.06))


def _live(story: _Story, customer: _Customer) -> None:
    """Everything that one customer buys."""
    if not customer.guest and story.happens(0.12):
        _subscribe(story, customer, customer.day)
        if story.happens(0.15):
            _buy(story, customer, customer.day + story.between(5, 80), _LATER)
        return
    _buy(story, customer, customer.day, _FIRST)
    gap = _first_gap(story, customer)
    day = customer.day
    subscribes = not customer.guest and story.happens(0.23)
    while gap is not None and day + gap < DAYS:
        day += gap
        if subscribes:
            _subscribe(story, customer, day)
            return
        _buy(story, customer, day, _LATER)
        gap = story.between(12, 75) if story.happens(0.62) else None


def _first_gap(story: _Story, customer: _Customer) -> int | None:
    """Days until the second purchase; None where there will be none."""
    rate = CHANNELS[customer.channel][2]
    if customer.channel == DROP_CHANNEL and customer.day >= DAYS - DROP_DAYS:
        rate = DROP_RATE
    week = customer.day // 7
    rate *= 0.96 + 0.08 * ((week * 7 + len(customer.channel) * 3) % 11) / 10
    if story.falls_due(customer.channel, rate):
        return story.pick(_SOON)
    if story.happens(0.15):
        return story.between(31, 75)
    if story.happens(0.14):
        return story.between(76, 300)
    return None


def _buy(story: _Story, customer: _Customer | None, day: int, weights: Sequence[int]) -> None:
    """One visit to the shop: mostly one order, sometimes a cancelled one before or a second basket after."""
    minute = day * 1440 + story.pick(_HOURS) * 60 + story.between(0, 59)
    product = story.pick(weights)
    if story.happens(0.035):
        story.orders.append(_Order(minute - story.between(2, 9), customer, product, PRODUCTS[product][3], "cancelled"))
    story.orders.append(_Order(minute, customer, product, _price(story, product), _status(story, day)))
    if story.happens(0.04):
        extra = story.pick(_LATER)
        story.orders.append(
            _Order(minute + story.between(2, 25), customer, extra, _price(story, extra), _status(story, day))
        )


def _price(story: _Story, product: int) -> int:
    price = PRODUCTS[product][3] * (2 if product > 2 and story.happens(0.08) else 1)  # noqa: PLR2004  # not of trial sets
    return price - 500 if price > 3_000 and story.happens(0.12) else price  # noqa: PLR2004  # coupon


def _status(story: _Story, day: int) -> str:
    """Old orders are shipped or, a few, returned; the newest are still on their way."""
    age = DAYS - 1 - day
    if age < 2:  # noqa: PLR2004  # packed within two days
        return "processing"
    if age < 9:  # noqa: PLR2004  # bank transfers are open for about a week
        return "pending" if story.happens(0.3) else "shipped"
    return "returned" if story.happens(0.012) else "shipped"


def _subscribe(story: _Story, customer: _Customer, day: int) -> None:
    """A subscription with its deliveries, early in the morning, until it is cancelled."""
    number = f"T{len(story.subscriptions) + 1:05d}"
    product = story.pick(_SUBSCRIBED)
    every = (30, 30, 45, 60)[story.between(0, 3)]
    start, cycle, ended = day, 1, None
    while day < DAYS:
        hour = story.pick(_HOURS) if cycle == 1 else 6
        minute = day * 1440 + hour * 60 + story.between(0, 59)
        price = PRODUCTS[product][3] * (50 if cycle == 1 else 85) // 100
        story.orders.append(_Order(minute, customer, product, price, _status(story, day), number, cycle))
        if story.happens((0.26, 0.17, 0.12)[min(cycle, 3) - 1]):
            ended = day + story.between(3, every - 5)
            break
        cycle, day = cycle + 1, day + every
    story.subscriptions.append((number, customer, start, ended if ended is not None and ended < DAYS else None))


def _unknown_callers(story: _Story) -> None:
    """A few telephone orders that nobody wrote a name to."""
    for _ in range(12):
        _buy(story, None, story.between(0, DAYS - 1), _LATER)


_ORDER_HEADER = (
    "order_id", "customer_id", "email", "ordered_at", "amount", "currency", "status", "channel", "region", "product",
    "subscription_id", "cycle_no",
)  # fmt: skip


def _order_rows(orders: Iterable[_Order], calendar: _Calendar) -> Iterator[tuple[object, ...]]:
    for number, order in enumerate(orders, start=1):
        buyer = order.customer
        yield (
            f"K{number:06d}", buyer.id if buyer else "", _typed_email(buyer, number), calendar.instant(order.minute),
            order.amount, "JPY", order.status, buyer.channel if buyer else "", buyer.region if buyer else "",
            PRODUCTS[order.product][1], order.subscription_id, order.cycle_no or "",
        )  # fmt: skip


def _items(orders: Iterable[_Order]) -> Iterator[tuple[object, ...]]:
    """One line per order: its product once, or twice where so much was paid."""
    for number, order in enumerate(orders, start=1):
        code, name, _, price, _ = PRODUCTS[order.product]
        yield f"K{number:06d}", code, name, max(1, (order.amount + 500) // price), order.amount


def _typed_email(buyer: _Customer | None, number: int) -> str:
    """People do not always type their address the same way."""
    if buyer is None:
        return ""
    return buyer.email.title() if buyer.guest and number % 4 == 0 else buyer.email


def _subscriptions(story: _Story, calendar: _Calendar) -> Iterator[tuple[object, ...]]:
    for number, customer, start, ended in sorted(story.subscriptions):
        status = "active" if ended is None else "cancelled"
        yield number, customer.id, calendar.day(start), "" if ended is None else calendar.day(ended), status


def _measures(story: _Story, orders: Iterable[_Order], calendar: _Calendar) -> Iterator[tuple[object, ...]]:
    """Mails and coupons, and whom they were not sent to so that they can be judged."""
    bought: dict[str, list[int]] = {}
    for order in orders:
        kept = order.status not in {"cancelled", "returned"} and (order.cycle_no or 1) == 1
        if order.customer and order.customer.id and kept:
            bought.setdefault(order.customer.id, []).append(order.minute // 1440)
    for name, customer, day, cost, held in sample_measures.sent(story.chance, bought, DAYS):
        yield name, customer, calendar.instant(day * 1440 + 600), cost, held


def _nps(story: _Story, orders: Iterable[_Order], calendar: _Calendar) -> Iterator[tuple[object, ...]]:
    """One answer in twelve, ten days after a delivery; scores as a liked shop gets them."""
    answered: set[int] = set()
    for order in orders:
        buyer, day = order.customer, order.minute // 1440 + 10
        if buyer is None or buyer.number in answered or day >= DAYS or not story.happens(0.05):
            continue
        answered.add(buyer.number)
        unlucky = buyer.channel == DROP_CHANNEL and buyer.day >= DAYS - DROP_DAYS
        score = story.pick(
            (3, 1, 2, 3, 4, 9, 9, 15, 20, 17, 17) if not unlucky else (6, 3, 4, 6, 7, 15, 14, 16, 14, 8, 7)
        )
        yield (
            buyer.id,
            buyer.email if buyer.guest else "",
            score,
            calendar.instant(day * 1440 + story.between(480, 1380)),
        )


def _costs(story: _Story, customers: Iterable[_Customer], calendar: _Calendar) -> Iterator[tuple[object, ...]]:
    """What each paid channel cost each day: about so much for every customer it brought that week."""
    won: dict[tuple[int, str], int] = {}
    for customer in customers:
        week = (customer.day // 7, customer.channel)
        won[week] = won.get(week, 0) + 1
    for day in range(DAYS):
        for channel, (*_, cost) in CHANNELS.items():
            if cost:
                yield calendar.day(day), channel, won.get((day // 7, channel), 0) * cost * story.between(85, 115) // 700


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path
