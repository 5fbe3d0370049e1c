"""Which orders do all contenders get, and in which forms?"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import duckdb

from metrics.warehouse.store import Store
from tests.bench import kept, questions
from tests.bench.answer import DIMENSIONS
from tests.bench.contest import STORE

if TYPE_CHECKING:
    from pathlib import Path

AT = "strftime(ordered_at, '%Y-%m-%dT%H:%M:%S') AS ordered_at"
MOST_NEW, LATE_DAYS, CANCELLED_DAYS = 10_000, 30, 60

BATCH = """
WITH chosen AS (
    SELECT *, row_number() OVER () AS place
    FROM (FROM orders ORDER BY hash(order_id, '{day}') LIMIT {new} + {few})
), fresh AS (
    SELECT * EXCLUDE (place) REPLACE (
        'N{day}-' || place AS order_id,
        CASE WHEN place % 5 < 2 THEN 'N{day}-' || place ELSE customer_id END AS customer_id,
        DATE '{day}' - CASE WHEN place > {new} THEN 1 + place % {late} ELSE 0 END * INTERVAL 1 DAY
            + (ordered_at - date_trunc('day', ordered_at)) AS ordered_at,
        'completed' AS status
    ) FROM chosen
), cancelled AS (
    SELECT * REPLACE ('cancelled' AS status) FROM orders
    WHERE status <> 'cancelled' AND ordered_at >= DATE '{day}' - INTERVAL {recent} DAY AND ordered_at < DATE '{day}'
    ORDER BY hash(order_id, '{day}', 'cancelled') LIMIT {few}
)
SELECT * REPLACE ({at}) FROM (FROM fresh UNION ALL FROM cancelled)
"""
"""One day's file: new orders (two of five by new customers), late ones, and earlier ones that were cancelled."""


def every_form(parquet: Path) -> Path:
    """Write the CSV and the DuckDB table of the Parquet file beside it; the path without suffix."""
    stem = parquet.with_suffix("")
    stem.with_suffix(".duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(stem.with_suffix(".duckdb"))) as connection:
        connection.execute(f"CREATE TABLE orders AS FROM read_parquet('{parquet}')")
        connection.execute(f"COPY (SELECT * REPLACE ({AT}) FROM orders) TO '{stem.with_suffix('.csv')}' (HEADER)")
    return stem


def for_us(stem: Path, as_of: date, days: int, seed: int) -> None:
    """Write what our side needs besides: the store, the questions, and the files of the days after `as_of`."""
    kept.take_in(Store(stem.with_suffix(STORE), kept.RULES), stem.with_suffix(".csv"), as_of)
    with duckdb.connect(str(stem.with_suffix(".duckdb")), read_only=True) as connection:
        labels = {name: _labels(connection, name) for name in DIMENSIONS}
        new = min(MOST_NEW, max(50, int(_labels(connection, "count(*)")[0]) // 100))
        for number in range(1, days + 1):
            batch = BATCH.format(
                day=as_of + timedelta(days=number),
                new=new, few=new // 50, late=LATE_DAYS, recent=CANCELLED_DAYS, at=AT,
            )  # fmt: skip
            connection.execute(f"COPY ({batch}) TO '{stem.with_suffix(f'.day{number:02}.csv')}' (HEADER)")
    questions.write(questions.draw(labels, as_of, seed), stem)


def _labels(connection: duckdb.DuckDBPyConnection, column: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(f"SELECT DISTINCT {column} FROM orders ORDER BY 1").fetchall()]


def days_of(orders: Path) -> list[Path]:
    """The files of the days after, beside any form of the orders."""
    return sorted(orders.parent.glob(f"{orders.name.partition('.')[0]}.day*.csv"))
