"""Do spend, new customers and what they bring in meet rightly, and is the payback day the first one?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from metrics.acquisition import Acquired, Channels, Loose, Won, acquisition, loose_ends
from metrics.day import Span
from metrics.rules import Rules
from metrics.segment import OTHER
from metrics.sources import files
from metrics.sources.beside.reading import stage_file
from metrics.sources.people import People
from metrics.warehouse import beside
from metrics.warehouse.further import Further, NoChannel, NoSpend
from metrics.warehouse.store import Store

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AS_OF = date(2026, 11, 20)
OCTOBER = Span(date(2026, 10, 1), date(2026, 10, 11))


def test_the_first_pattern_that_fits_gives_the_channel_and_what_meets_nothing_is_listed() -> None:
    channels = Channels({"(?i)facebook|fb_": "Meta", "brand": "Google"})
    assert [channels.of(name) for name in ("FB_brand", "brand①", "LINE")] == ["Meta", "Google", "LINE"]
    spend, orders = [("FB_1", 5), ("fb_2", 7), ("TV", 100)], [("Facebook", 3), ("LINE", 9), ("", 1)]
    assert loose_ends(channels, spend, orders) == Loose((("TV", 100),), (("LINE", 9), ("", 1)))


def group(label: int, values: list[int]) -> tuple[list[int], list[int]]:
    return [label] * len(values), values


def acquired(*groups: tuple[list[int], list[int]], spend: dict[str, int], by_age: list[list[int]]) -> Acquired:
    label, value = (np.array([one for part in parts for one in part]) for parts in zip(*groups, strict=True))
    names = ("fb", "line", "organic")
    return Acquired(OCTOBER, 2, names, label, value, np.array(by_age), tuple(spend.items()), less_goods=False)


def test_each_channel_has_its_cost_its_value_and_the_first_day_that_pays_back() -> None:
    found = acquisition(
        acquired(
            group(0, [100] * 20 + [300] * 20), group(1, [90] * 30), group(2, [70] * 31),
            spend={"FB-1": 5_000, "FB-2": 1_000, "radio": 500, "line": 3_600},
            by_age=[[4_000, 2_000, 2_000], [900, 900, 900], [2_170, 0, 0]],
        ),
        Channels({"(?i)^fb": "Meta"}), AS_OF,
    )  # fmt: skip
    meta, organic, line = found.channels
    assert (meta.channel, meta.customers, meta.spend, meta.cpo, meta.value.value) == ("Meta", 40, 6_000, 150, 200)
    assert (meta.surplus.value, meta.payback) == (50, 1)  # 4,000 on day 0, 6,000 by day 1
    low, high = meta.surplus.interval or (0, 0)
    assert (low, high) == (
        pytest.approx(50 - 31, abs=4),
        pytest.approx(50 + 31, abs=4),
    )  # 1.96 x 100 / sqrt(40) = 31 around 50
    assert organic == Won("organic", 31, 0, None, organic.value, organic.surplus, None)
    assert (line.cpo, line.surplus.value, line.payback) == (120, -30, None)
    assert (found.whole.customers, found.whole.spend, found.whole.payback) == (101, 10_100, 2)
    assert found.loose == Loose((("radio", 500),), (("organic", 31),))


def test_few_customers_have_no_value_and_the_smallest_channels_go_together() -> None:
    found = acquisition(
        acquired(group(0, [100] * 29), group(1, [90] * 4), group(2, [70] * 8), spend={"fb": 290}, by_age=[[0] * 3] * 3),
        Channels(), AS_OF,
    )  # fmt: skip
    assert [(one.channel, one.customers, one.cpo, one.value.value) for one in found.channels] == [
        ("fb", 29, 10, None), (OTHER, 12, None, None),
    ]  # fmt: skip


def test_the_order_of_customers_decides_nothing() -> None:
    values = list(range(100, 160))
    one, other = (
        acquisition(acquired(group(0, given), spend={"fb": 100}, by_age=[[0] * 3] * 3), Channels(), AS_OF)
        for given in (values, values[::-1])
    )
    assert one == other


ORDERS = """
1,A,2026-10-01,1000,fb,,
2,A,2026-10-11,500,line,,
3,A,2026-10-12,9000,line,,
4,B,2026-10-02,800,fb,returned,
5,C,2026-10-10,700,line,cancelled,
6,C,2026-10-10,700,line,,1
7,C,2026-10-20,100,line,,2
8,D,2026-10-11,700,line,,
9,E,2026-09-30,700,fb,,
10,E,2026-10-05,700,fb,,
"""
ITEMS = "1,P,2\n2,P,1\n3,P,1\n4,P,1\n5,P,1\n6,Q,1\n7,Q,1\n8,P,1\n9,P,1\n10,P,1\n"
PRODUCTS = "P,100,\nP,150,2026-10-05\nQ,40,\n"
COSTS = "2026-09-30,fb,1\n2026-10-01,fb,10\n2026-10-10,fb,20\n2026-10-11,fb,40\n2026-10-03,line,5\n"


def shop(folder: Path, rules: Rules | None = None, **tables: str) -> Further:
    store = Store(folder / "store.duckdb", rules or Rules())
    heads = {
        "order_items": "order_id,product_code,quantity", "products": "product_code,unit_cost,valid_from",
        "channel_costs": "date,channel,cost",
    }  # fmt: skip
    (folder / "orders.csv").write_text(f"order_id,customer_id,ordered_at,amount,channel,status,cycle_no\n{ORDERS}")
    with store.writing() as connection:
        files.stage(connection, folder / "orders.csv", store.rules)
        store.take(connection, NOW)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(f"{heads[name]}\n{text}")
        with store.writing() as connection:
            assert stage_file(connection, folder / f"{name}.csv", store.rules, lambda _: People())
            beside.take(connection, name, "file")
    return Further(store)


def test_a_cohorts_customers_bring_in_what_they_bought_less_what_the_goods_cost_then(tmp_path: Path) -> None:
    """A bought for 1,000 (two P at 100) and, on day 10, for 500 (one P at 150 by then); day 11 is too late.

    B sent everything back and brought in nothing. C's renewal counts. D came too late, E too early.
    """
    further = shop(tmp_path, order_items=ITEMS, products=PRODUCTS, channel_costs=COSTS)
    found = further.acquired(OCTOBER, 10)
    by_label = sorted(zip((found.labels[at] for at in found.label), found.value.tolist(), strict=True))
    assert by_label == [("fb", 0), ("fb", 1000 - 200 + 500 - 150), ("line", 700 - 40 + 100 - 40)]
    assert found.by_age[found.labels.index("fb")].tolist() == [800, *[0] * 9, 350]
    assert found.spend == (("fb", 30), ("line", 5))
    assert found.less_goods
    assert further.spend_days() == Span(date(2026, 9, 30), date(2026, 10, 12))


@pytest.mark.parametrize(
    "tables",
    [
        {},
        {"products": PRODUCTS},
        {"order_items": ITEMS},
        {"order_items": ITEMS, "products": "P,100,\n"},
        {"order_items": ITEMS.replace("1,P,2\n", ""), "products": PRODUCTS},
    ],
    ids=["no table", "no items", "no products", "one product has no cost", "one order has no items"],
)
def test_goods_are_taken_off_only_where_they_are_known(tmp_path: Path, tables: dict[str, str]) -> None:
    found = shop(tmp_path, channel_costs=COSTS, **tables).acquired(OCTOBER, 10)
    assert not found.less_goods
    assert sorted(found.value.tolist()) == [0, 800, 1500]


def test_without_spend_or_without_a_channel_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoSpend):
        shop(tmp_path).spend_days()
    (tmp_path / "other").mkdir()
    with pytest.raises(NoChannel):
        shop(tmp_path / "other", Rules(columns=("region",))).acquired(OCTOBER, 10)
