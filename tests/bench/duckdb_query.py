"""How long does the best hand-written DuckDB query over the raw orders take?

Written for speed: of eight ways to find first, second and last day and the
first labels (window functions, lists, two-step grouping, struct minima) this
one was the fastest from 0.3 to 10 million orders. FILE is a DuckDB file with a
table `orders`, a Parquet file or a CSV.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from tests.bench import answer as bench

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from pathlib import Path

CUSTOMERS = f"""
CREATE OR REPLACE TEMP TABLE customers AS
WITH valid AS (
    SELECT customer_id, order_id, ordered_at, CAST(ordered_at AS DATE) - DATE '1970-01-01' AS day, {{dimensions}}
    FROM {{orders}}
    WHERE status <> '{bench.CANCELLED}' AND amount > 0 AND ordered_at < DATE '{{as_of}}' + INTERVAL 1 DAY
), bounds AS (
    SELECT customer_id, min(ordered_at) AS first_at, CAST(min(ordered_at) AS DATE) - DATE '1970-01-01' AS first_on,
        max(day) AS last_on
    FROM valid GROUP BY customer_id
), found AS (
    SELECT customer_id, first_on, last_on, min(day) FILTER (day > first_on) AS second_on,
        arg_min({{{{{{labels}}}}}}, order_id) FILTER (ordered_at = first_at) AS label
    FROM valid JOIN bounds USING (customer_id) GROUP BY ALL
)
SELECT first_on, second_on - first_on AS gap, DATE '{{as_of}}' - DATE '1970-01-01' - last_on AS idle,
    {{first_labels}}
FROM found
"""

NUMBERS = f"""{{rate}},
    count(*) FILTER ({{settled}}), avg(gap) FILTER ({{settled}}), median(gap) FILTER ({{settled}}),
    count(*) FILTER (idle < {bench.PRE_DORMANT}),
    count(*) FILTER (idle >= {bench.PRE_DORMANT} AND idle < {bench.DORMANT}),
    count(*) FILTER (idle >= {bench.DORMANT})"""

SETS = ", ".join(f"({dimension})" for dimension in bench.DIMENSIONS)


def customers(orders: str, as_of: date, dimensions: Sequence[str]) -> str:
    """The statement that makes `customers`, with the labels of those dimensions."""
    return CUSTOMERS.format(
        orders=orders,
        as_of=as_of,
        dimensions=", ".join(dimensions),
        labels=", ".join(f"'{dimension}': {dimension}" for dimension in dimensions),
        first_labels=", ".join(f"label.{dimension} AS {dimension}" for dimension in dimensions),
    )


def numbers(as_of: date, days: int = bench.WINDOW) -> str:
    """The numbers of a group, in the order of `Cell`."""
    settled = f"first_on <= {number(as_of) - bench.HORIZON} AND gap <= {bench.HORIZON}"
    return NUMBERS.format(rate=rate(as_of, days), settled=settled)


def opened(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection that reads the file."""
    connection = duckdb.connect()
    if path.suffix == ".duckdb":
        connection.execute(f"ATTACH '{path}' AS source (READ_ONLY)")
    return connection


def orders_in(path: Path) -> str:
    """The table expression that reads the file."""
    if path.suffix == ".duckdb":
        return "source.orders"
    if path.suffix == ".parquet":
        return f"read_parquet('{path}')"
    return f"read_csv('{path}', force_not_null = {list(bench.DIMENSIONS)})"


def number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - 719_163


def rate(as_of: date, days: int = bench.WINDOW) -> str:
    """Customers of the matured cohort, and those of them who came back within 30 days."""
    last = number(as_of) - bench.WITHIN
    cohort = f"first_on BETWEEN {last - days + 1} AND {last}"
    return f"count(*) FILTER ({cohort}), count(*) FILTER ({cohort} AND gap <= {bench.WITHIN})"


def grouped(rows: Iterable[tuple[object, ...]]) -> dict[str, dict[str, bench.Cell]]:
    """The rows of GROUPING SETS by dimension; the one that names its label is meant."""
    groups: dict[str, dict[str, bench.Cell]] = {name: {} for name in ("all", *bench.DIMENSIONS)}
    for which, *row in rows:
        labels, counted = row[: len(bench.DIMENSIONS)], row[len(bench.DIMENSIONS) :]
        name = {0b111: "all", 0b011: "channel", 0b101: "product", 0b110: "region"}[int(str(which))]
        label = "" if name == "all" else str(labels[bench.DIMENSIONS.index(name)])
        groups[name][label] = bench.cell(counted)  # type: ignore[arg-type] # DuckDB's rows have no types
    return groups


def digest(path: Path, as_of: date) -> bench.Answer:
    """The whole digest from the file."""
    connection = opened(path)
    connection.execute(customers(orders_in(path), as_of, bench.DIMENSIONS))
    dimensions = ", ".join(bench.DIMENSIONS)
    rows = connection.execute(
        f"SELECT grouping({dimensions}), {dimensions}, {numbers(as_of)} FROM customers"
        f" GROUP BY GROUPING SETS ((), {SETS})"
    ).fetchall()
    mornings = ", ".join(rate(day) for day in bench.mornings(as_of))
    trend = connection.execute(f"SELECT {mornings} FROM customers").fetchone() or ()
    return bench.answer(grouped(rows), zip(trend[::2], trend[1::2], strict=True))


if __name__ == "__main__":
    bench.tell(digest)
