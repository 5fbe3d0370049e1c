"""What is read from a store besides the kept counts: labels, quality, lists, filtered and past counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from metrics.cells import Cells, Idle, Ints
from metrics.counts import Counts
from metrics.day import number, zone
from metrics.dormancy import DORMANT_DAYS, PRE_DORMANT_DAYS, AboutToGoDormant
from metrics.problem import Problem
from metrics.report import Quality
from metrics.segment import ALL, BUCKETS, ENTRY, OTHER, PURCHASE_COUNT, bucket
from metrics.warehouse import kept
from metrics.warehouse.arrays import execute
from metrics.warehouse.contribution import Contribution, Dropped
from metrics.warehouse.pull import RULE_DIMENSION, STATUS_DIMENSION
from metrics.warehouse.schema import label_column, name, text
from metrics.warehouse.versions import found_in, found_until

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from duckdb import DuckDBPyConnection

    from metrics.estimate import Estimate
    from metrics.rules import Rules

LABELS_KEPT = 500
"""Labels of one dimension kept by name; the customers of the rest are one label, segment.OTHER."""


class NotAFilter(Problem):
    """The dimension changes with every purchase, so it cannot select customers for a past day."""

    key = "not_a_filter"


class UnknownLabel(Problem):
    """No customer has that label."""

    key = "unknown_label"


def ranked_labels(connection: DuckDBPyConnection, dimension: str) -> list[tuple[str, int]]:
    """(label, its number), most customers first, then by name."""
    return connection.execute(
        "SELECT value, id FROM label LEFT JOIN (SELECT label, sum(n) AS customers FROM idle_cells"
        f" WHERE what = {Idle.SEEN:d} GROUP BY label) ON label = id"
        f" WHERE dimension = {text(dimension)} AND customers > 0 ORDER BY customers DESC, value"
    ).fetchall()


def named_labels(connection: DuckDBPyConnection, dimension: str) -> tuple[Ints, tuple[str, ...]]:
    """Label numbers and the names they are shown by: the most frequent by their own, the rest as OTHER."""
    ranked = connection.execute(f"SELECT value, id FROM label WHERE dimension = {text(dimension)}").fetchall()
    if len(ranked) > LABELS_KEPT:
        ranked = ranked_labels(connection, dimension)
    by_name = len(ranked) if len(ranked) <= LABELS_KEPT else LABELS_KEPT - 1
    names = tuple(value if i < by_name else OTHER for i, (value, _) in enumerate(ranked))
    return np.array([place for _, place in ranked], np.int64), names


def customers_where(connection: DuckDBPyConnection, filters: Mapping[str, str]) -> str:
    """SQL condition on `customers` for those labels; raises NotAFilter, UnknownLabel."""
    parts = []
    for dimension, label in sorted(filters.items()):
        if dimension == PURCHASE_COUNT:
            raise NotAFilter(dimension=dimension)
        row = connection.execute(
            f"SELECT id FROM label WHERE dimension = {text(dimension)} AND value = {text(label)}"
        ).fetchone()
        if row is None:
            raise UnknownLabel(dimension=dimension, label=label)
        if dimension == ENTRY:
            parts.append(f"entry = {int(label == 'subscription')}")
        elif dimension != ALL:
            parts.append(f"{name(label_column(dimension))} = {int(row[0])}")
    return " AND ".join(parts) or "true"


def filtered_counts(connection: DuckDBPyConnection, rules: Rules, dimension: str, condition: str) -> Counts:
    """Counts of the customers that satisfy the condition, from their orders."""
    where = f"customer_hash IN (SELECT customer_hash FROM customers WHERE {condition})"
    return counts_of(connection, found_in(connection, "orders", rules, where), rules, dimension)


def cohort_counts(connection: DuckDBPyConnection, rules: Rules, dimension: str, condition: str) -> Counts:
    """First and second purchases of the customers that satisfy the condition; no idle counts.

    Read from the customer state alone, so that a cross filter costs one scan of it.
    """
    column = {ALL: "0", ENTRY: "entry"}.get(dimension) or name(label_column(dimension))
    got = connection.execute(
        f"SELECT {column}::BIGINT AS label, first_day::BIGINT AS day, count(*)::BIGINT AS n,"
        f" CASE WHEN second_day - first_day <= {rules.horizon_days}"
        " THEN second_day - first_day ELSE -1 END::BIGINT AS gap"
        f" FROM customers WHERE cohort = 1 AND {condition} GROUP BY ALL"
    ).fetchnumpy()
    numbers, names = all_labels(connection, dimension)
    place = np.zeros(max(numbers, default=0) + 1, np.int64)
    place[numbers] = np.arange(len(numbers))
    label, back = place[got["label"]], got["gap"] >= 0
    cohort = np.stack([label, got["day"], got["n"]], axis=1)
    gap = np.stack([label, got["day"], got["gap"], got["n"]], axis=1)[back]
    return Counts(dimension, Cells(names, cohort, gap, np.zeros((0, 4), np.int64)), rules.horizon_days)


def all_labels(connection: DuckDBPyConnection, dimension: str) -> tuple[list[int], tuple[str, ...]]:
    """The numbers and names of a dimension's labels, as the customer state has them."""
    if dimension == ALL:
        return [0], ("",)
    if dimension == ENTRY:
        return [0, 1], ("one_off", "subscription")
    rows = connection.execute(f"SELECT id, value FROM label WHERE dimension = {text(dimension)}").fetchall()
    return [row[0] for row in rows], tuple(row[1] for row in rows)


def counts_of(connection: DuckDBPyConnection, found: Contribution, rules: Rules, dimension: str) -> Counts:
    """Counts of one dimension from a contribution whose labels the store has numbered."""
    ledger = kept.Ledger()
    kept.count(ledger, found, kept.Fixed.of(connection), rules)
    labels, values = named_labels(connection, dimension)
    return Counts(dimension, kept.cells_of(ledger, labels, values), rules.horizon_days)


@dataclass(frozen=True, slots=True)
class QualityCounts:
    """Orders by rule and day, ready for any as_of.

    `untold_on`: first day with an order that does not say whether it is its customer's first.
    """

    running: Mapping[tuple[str, str], tuple[Ints, Ints]]
    newest: tuple[Ints, Ints]
    zone: ZoneInfo
    untold_on: int | None = None

    def until(self, as_of: date) -> Quality:
        """Quality of the orders on days up to and on as_of."""

        def total(dimension: str, value: str) -> int:
            days, sums = self.running.get((dimension, value), (np.zeros(0), np.zeros(0)))
            at = int(np.searchsorted(days, number(as_of), side="right"))
            return int(sums[at - 1]) if at else 0

        rules = {rule: total(RULE_DIMENSION, rule.name.lower()) for rule in Dropped}
        statuses = ((value, total(dim, value)) for dim, value in sorted(self.running) if dim == STATUS_DIMENSION)
        dropped = (Dropped.EXCLUDED, Dropped.ZERO, Dropped.RETURNED, Dropped.UNIDENTIFIED, Dropped.FIRST_NOT_TRUSTED)
        return Quality(
            orders=rules[Dropped.ORDERS],
            purchases=rules[Dropped.PURCHASES],
            customers=rules[Dropped.CUSTOMERS],
            dropped=tuple((rule.name.lower(), rules[rule]) for rule in dropped),
            merged=rules[Dropped.MERGED],
            unidentified=rules[Dropped.UNIDENTIFIED],
            firsts_in_burn_in=0,
            burn_in_days=0,
            burn_in_shortened=False,
            newest_at=self._newest(as_of),
            unknown_statuses=tuple((value, n) for value, n in statuses if n),
            firsts_told=self.untold_on is None or self.untold_on > number(as_of),
        )

    def _newest(self, as_of: date) -> datetime | None:
        days, seconds = self.newest
        at = int(np.searchsorted(days, number(as_of), side="right"))
        if not at:
            return None
        return datetime(1970, 1, 1, tzinfo=self.zone) + timedelta(seconds=int(seconds[at - 1]))


def read_quality(connection: DuckDBPyConnection, rules: Rules) -> QualityCounts:
    """The kept quality cells, and the newest order of each day."""
    rows = connection.execute(
        "SELECT dimension, value, day, sum(n) FROM quality_cells JOIN label ON label = id GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    running: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
    for dimension, value, day, n in rows:
        days, sums = running.setdefault((dimension, value), ([], []))
        days.append(day)
        sums.append(int(n) + (sums[-1] if sums else 0))
    newest = connection.execute(
        "SELECT day, max(second) FROM"
        " (SELECT epoch_us(ordered_at) // 1000000 AS second, second // 86400 AS day FROM orders)"
        " GROUP BY day ORDER BY day"
    ).fetchall()
    untold = connection.execute(
        "SELECT min(epoch_us(ordered_at) // 86400000000) FROM orders"
        " WHERE first_flag IS NULL AND customer_id IS NOT NULL"
    ).fetchone()
    return QualityCounts(
        {key: (np.array(days), np.array(sums)) for key, (days, sums) in running.items()},
        (np.array([row[0] for row in newest], np.int64), np.array([row[1] for row in newest], np.int64)),
        zone(rules.zone),
        int(untold[0]) if untold and untold[0] is not None else None,
    )


def ranked_list(
    connection: DuckDBPyConnection,
    rules: Rules,
    as_of: date,
    chances: Mapping[tuple[str, int], Estimate],
    limit: int,
) -> tuple[AboutToGoDormant, ...]:
    """Idle 60-89 days on as_of, by P(return) x mean purchase value; unknown chances last."""
    today = number(as_of)
    latest = connection.execute("SELECT coalesce(max(last_day), 0) FROM customers").fetchone()
    if latest and int(latest[0]) > today:
        _state_on(connection, rules, as_of)
    else:
        connection.execute("CREATE OR REPLACE TEMP VIEW state AS SELECT * FROM customers")
    table = {
        "bucket": np.array([label for label, _ in chances], object),
        "idle_days": np.array([idle for _, idle in chances], np.int64),
        "chance": np.array([np.nan if e.value is None else e.value for e in chances.values()], float),
    }
    rows = execute(
        connection,
        f"SELECT customer_hash, {today} - last_day AS idle, purchase_count, amount,"
        " coalesce(nullif(chance, 'nan'::DOUBLE), 0) * amount / purchase_count AS expected FROM ("
        f"SELECT *, CASE {_bucket_case()} END AS bucket FROM state"
        f" WHERE {today} - last_day BETWEEN {PRE_DORMANT_DAYS} AND {DORMANT_DAYS - 1}) s"
        f" LEFT JOIN arrays c ON c.bucket = s.bucket AND c.idle_days = {today} - s.last_day"
        f" ORDER BY expected DESC, amount DESC, idle DESC, customer_hash LIMIT {int(limit)}",
        table,
    ).fetchall()
    ids = _customer_ids(connection, [row[0] for row in rows])
    return tuple(
        AboutToGoDormant(ids[who], idle, n, amount, chances[bucket(n), idle], expected)
        for who, idle, n, amount, expected in rows
    )


def _bucket_case() -> str:
    return " ".join(f"WHEN purchase_count >= {least} THEN {text(label)}" for label, least, _ in reversed(BUCKETS))


def _state_on(connection: DuckDBPyConnection, rules: Rules, as_of: date) -> None:
    """`state`: customers as the orders up to as_of leave them."""
    found = found_until(connection, rules, as_of)
    arrays = {key: getattr(found.customers, key) for key in ("customer", "last_day", "purchase_count", "amount")}
    execute(
        connection,
        "CREATE OR REPLACE TEMP TABLE state AS SELECT * RENAME (customer AS customer_hash) FROM arrays",
        arrays,
    )


def _customer_ids(connection: DuckDBPyConnection, hashes: list[int]) -> dict[int, str]:
    if not hashes:
        return {}
    wanted = {"customer_hash": np.array(hashes, np.uint64)}
    select = "SELECT customer_hash, any_value(customer_id) FROM orders JOIN arrays USING (customer_hash) GROUP BY ALL"
    return dict(execute(connection, select, wanted).fetchall())
