"""How long does a day's work take: fold yesterday's orders, then answer?

In a running process, on a copy of FILE, for each `<stem>.day<n>.csv` beside it: import,
take notice, digest. When the clock is off the last digest is compared with one
after counting everything anew, and with DuckDB's over the orders the store now holds.
"""

from __future__ import annotations

import time
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

import duckdb

from metrics.segment import ALL
from metrics.warehouse.store import Store
from tests.bench import answer as bench
from tests.bench import duckdb_query, kept
from tests.bench.orders import days_of

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

AS_THEY_WERE = ", ".join(f"coalesce({name}, '') AS {name}" for name in bench.DIMENSIONS)


class NotTheSameError(Exception):
    """What was folded is not what counting anew gives."""


def main() -> None:
    """Print the median day, and its parts."""
    path, as_of = kept.arguments()
    with kept.copied(path) as copy:
        store = Store(copy, kept.RULES)
        for name in (ALL, *bench.DIMENSIONS):
            store.counts(name)
        told = kept.digest(store, as_of)
        days: list[tuple[float, ...]] = []
        for batch in days_of(path):
            as_of += timedelta(days=1)
            times = [time.perf_counter()]
            kept.take_in(store, batch, as_of)
            times.append(time.perf_counter())
            store.refresh()
            times.append(time.perf_counter())
            told = kept.digest(store, as_of)
            times.append(time.perf_counter())
            days.append((times[3] - times[0], times[1] - times[0], times[2] - times[1], times[3] - times[2]))
        peak = bench.peak_mb()
        compare(told, store, as_of)
    parts = dict(
        zip(("fold", "refresh", "digest"), (median(part) for part in list(zip(*days, strict=True))[1:]), strict=True)
    )
    bench.say(None, [day[0] for day in days], peak=peak, **parts)


def compare(folded: bench.Answer, store: Store, as_of: date) -> None:
    """Raise NotTheSameError unless the folded counts answer as fresh ones and as the orders do."""
    store.rebuild()
    if kept.digest(Store(store.path, kept.RULES), as_of) != folded:
        raise NotTheSameError("counted anew")
    if duckdb_query.digest(orders_now(store.path), as_of) != folded:
        raise NotTheSameError("asked of the orders")


def orders_now(store: Path) -> Path:
    """The store's current orders as Parquet."""
    orders = store.with_name("now.parquet")
    with duckdb.connect(str(store), read_only=True) as connection:
        connection.execute(f"COPY (SELECT * REPLACE ({AS_THEY_WERE}) FROM orders) TO '{orders}' (FORMAT parquet)")
    return orders


if __name__ == "__main__":
    main()
