"""How long does the usual pandas script take: read, sort, drop duplicates, groupby-shift?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from tests.bench import answer as bench

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


def read(path: Path) -> pd.DataFrame:
    """The orders, with the columns that are needed."""
    columns = list(bench.COLUMNS)
    if path.suffix == ".parquet":
        return pd.read_parquet(path, columns=columns)
    return pd.read_csv(path, usecols=columns, parse_dates=["ordered_at"], keep_default_na=False)


def customers_of(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """One row per customer: first, second and last purchase day, and the first labels."""
    orders = orders[(orders["status"] != bench.CANCELLED) & (orders["amount"] > 0)]
    orders = orders.assign(day=orders["ordered_at"].dt.normalize())
    orders = orders[orders["day"] <= as_of]
    orders = orders.sort_values(["customer_id", "ordered_at", "order_id"])
    purchases = orders.drop_duplicates(["customer_id", "day"])
    by_customer = purchases.groupby("customer_id", sort=False)["day"]
    purchases = purchases.assign(second=by_customer.shift(-1), last=by_customer.transform("max"))
    customers = purchases.drop_duplicates("customer_id").rename(columns={"day": "first"})
    return customers.assign(
        gap=(customers["second"] - customers["first"]).dt.days,
        idle=(as_of - customers["last"]).dt.days,
    )


def cell(customers: pd.DataFrame, as_of: pd.Timestamp) -> bench.Cell:
    """One group's numbers."""
    day = pd.Timedelta(days=1)
    n, k = rate(customers, as_of)
    gaps = customers.loc[(customers["first"] <= as_of - bench.HORIZON * day) & (customers["gap"] <= bench.HORIZON)]
    gap, idle = gaps["gap"], customers["idle"]
    return bench.cell(
        [
            *(n, k, len(gap), gap.mean() if len(gap) else None, gap.median() if len(gap) else None),
            int((idle < bench.PRE_DORMANT).sum()),
            int(idle.between(bench.PRE_DORMANT, bench.DORMANT - 1).sum()),
            int((idle >= bench.DORMANT).sum()),
        ]
    )


def rate(customers: pd.DataFrame, as_of: pd.Timestamp) -> tuple[int, int]:
    """Customers of the matured cohort, and those of them who came back within 30 days."""
    start, last = bench.cohort(as_of.date())
    cohort = customers[customers["first"].between(pd.Timestamp(start), pd.Timestamp(last))]
    return len(cohort), int((cohort["gap"] <= bench.WITHIN).sum())


def digest(path: Path, as_of: date) -> bench.Answer:
    """The whole digest from the file."""
    today = pd.Timestamp(as_of)
    customers = customers_of(read(path), today)
    groups = {"all": {"": cell(customers, today)}}
    for dimension in bench.DIMENSIONS:
        groups[dimension] = {str(label): cell(part, today) for label, part in customers.groupby(dimension)}
    return bench.answer(groups, [rate(customers, pd.Timestamp(day)) for day in bench.mornings(as_of)])


if __name__ == "__main__":
    bench.tell(digest)
