"""How are the counts and the customer state kept beside the orders?

Cells are rows (label, day, what, n, batch); a fold appends its differences,
reading sums them, and `compact` makes one row of each cell again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from metrics.cells import Cells, Ints
from metrics.rules import Rules
from metrics.segment import ALL, BUCKETS, ENTRY, PURCHASE_COUNT
from metrics.warehouse.arrays import execute
from metrics.warehouse.contribution import NEVER, Contribution, Customers, Dropped
from metrics.warehouse.pull import RULE_DIMENSION, label_numbers
from metrics.warehouse.schema import CELLS, label_column, name
from metrics.warehouse.tally import (
    Marks,
    Tally,
    bucket_labels,
    bucket_marks,
    cohort_marks,
    gap_marks,
    idle_events,
    step_events,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


APPENDED = 100_000
"""So many appended differences, and a quarter of the cells, are left before cells are made one row each again."""


_CELL = ("label", "day", "what", "n")


@dataclass(slots=True)
class Ledger:
    """Running sums of every kind of cell while customers are folded in."""

    cohort: Tally = field(default_factory=Tally)
    gap: Tally = field(default_factory=Tally)
    idle: Tally = field(default_factory=Tally)
    quality: Tally = field(default_factory=Tally)

    def tallies(self) -> tuple[Tally, Tally, Tally, Tally]:
        """In the order of schema.CELLS."""
        return self.cohort, self.gap, self.idle, self.quality


@dataclass(frozen=True, slots=True)
class Fixed:
    """Numbers of the labels that do not come from a column."""

    everyone: int
    entry: Ints
    buckets: Ints
    rules: Ints

    @classmethod
    def of(cls, connection: DuckDBPyConnection) -> Fixed:
        """Read, and made where missing."""
        return cls(
            int(label_numbers(connection, ALL, ("",))[0]),
            label_numbers(connection, ENTRY, ("one_off", "subscription")),
            label_numbers(connection, PURCHASE_COUNT, tuple(label for label, _, _ in BUCKETS)),
            label_numbers(connection, RULE_DIMENSION, tuple(rule.name.lower() for rule in Dropped)),
        )


def count(ledger: Ledger, found: Contribution, fixed: Fixed, rules: Rules, sign: int = 1) -> None:
    """Adds (sign 1) or takes away (sign -1) a contribution."""
    customers, purchases = found.customers, found.purchases
    everyone = np.full(len(customers.customer), fixed.everyone)
    member = customers.cohort == 1
    by_column = [(customers.labels[:, i], member) for i in range(len(rules.columns))]
    by_entry = (fixed.entry[customers.entry], customers.trusted == 1)
    events = idle_events(purchases)
    for group, (label, counted) in enumerate(((everyone, member), *by_column, by_entry)):
        ledger.cohort.add(cohort_marks(customers, label, counted), sign, f"{group}")
        ledger.gap.add(gap_marks(customers, label, counted, rules.horizon_days), sign, f"{group}")
        ledger.idle.add(events.under(label[purchases.who]), sign, f"{group}")
    bucket = bucket_labels(purchases, fixed.buckets)
    cohort, gap = bucket_marks(purchases, bucket, rules.horizon_days)
    ledger.cohort.add(cohort, sign, PURCHASE_COUNT)
    ledger.gap.add(gap, sign, PURCHASE_COUNT)
    ledger.idle.add(events.under(bucket), sign, PURCHASE_COUNT)
    ledger.idle.add(step_events(purchases).under(bucket), sign, PURCHASE_COUNT)
    for rule, days in found.days:
        ledger.quality.add(Marks(fixed.rules[rule], days), sign)


def write_cells(connection: DuckDBPyConnection, ledger: Ledger, batch: int) -> None:
    """Appends the ledger's cells to the kept ones."""
    for table, tally in zip(CELLS, ledger.tallies(), strict=True):
        # A rebuild's many cells are written block by block, a fold's few at once.
        for block in (tally.rows().T,) if batch else tally.blocks():
            arrays = {key: np.ascontiguousarray(row) for key, row in zip(_CELL, block, strict=True)}
            execute(connection, f"INSERT INTO {table} SELECT label, day, what, n, {batch} FROM arrays", arrays)


def compact(connection: DuckDBPyConnection) -> bool:
    """One row for each cell, where appended differences have become many; whether any were."""
    done = False
    sizes = " UNION ALL ".join(
        f"SELECT '{table}', count(*), count(*) FILTER (batch = 0) FROM {table}" for table in CELLS
    )
    for table, rows, cells in connection.execute(sizes).fetchall():
        if rows - cells <= cells // 4 + APPENDED:
            continue
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE folded AS SELECT label, day, what, sum(n)::INTEGER AS n, 0 AS batch"
            f" FROM {table} GROUP BY ALL HAVING sum(n) <> 0"
        )
        connection.execute(f"DELETE FROM {table}")
        connection.execute(f"INSERT INTO {table} SELECT * FROM folded")
        connection.execute("DROP TABLE folded")
        done = True
    return done


def read_cells(
    connection: DuckDBPyConnection, labels: Ints, values: tuple[str, ...], until: int | None = None
) -> Cells:
    """The kept cells of those label numbers; `values[i]` names `labels[i]`; equal names add up.

    `until`: of the batches up to that one only, which tells the past back to the newest recount.
    """
    only = "" if until is None else f" AND batch <= {int(until)}"
    names = tuple(dict.fromkeys(values))
    at = {value: i for i, value in enumerate(names)}
    place = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    place[labels] = [at[value] for value in values]
    parts = []
    for table in CELLS[:3]:
        # Straight after a recount every cell stands once, and in order: nothing to sum, nothing to sort.
        folded = connection.execute(f"SELECT max(batch) FROM {table}").fetchall()[0][0]
        summed = ("sum(n)", " GROUP BY ALL HAVING sum(n) <> 0") if folded else ("n", "")
        got = execute(
            connection,
            f"SELECT label, day, what, ({summed[0]})::BIGINT AS n"
            f" FROM {table} WHERE label IN (SELECT label FROM arrays){only}{summed[1]}",
            {"label": labels},
        ).fetchnumpy()
        label = place[np.asarray(got["label"])]
        parts.append(np.stack([label, *(np.asarray(got[key], np.int64) for key in _CELL[1:])], axis=1))
    cohort, gap, idle = parts
    return Cells(names, cohort[:, [0, 1, 3]], gap, idle)


def new_cells(connection: DuckDBPyConnection, after: int) -> dict[str, Cells]:
    """The cells of batches later than `after`, by dimension: what brings counts in memory up to date."""
    rows = connection.execute("SELECT id, dimension, value FROM label ORDER BY id").fetchall()
    of = [dimension for _, dimension, _ in rows]
    values = [value for _, _, value in rows]
    code = {dimension: number for number, dimension in enumerate(dict.fromkeys(of))}
    dimension_of = np.array([code[dimension] for dimension in of], np.int64)
    tables = [_later(connection, table, after) for table in CELLS[:3]]
    found = {}
    for dimension, number in code.items():
        mine = np.flatnonzero(dimension_of == number)
        place = np.zeros(len(of), np.int64)
        place[mine] = np.arange(len(mine))
        parts = []
        for table in tables:
            part = table[dimension_of[table[:, 0]] == number]
            parts.append(np.column_stack([place[part[:, 0]], part[:, 1:]]))
        cohort, gap, idle = parts
        found[dimension] = Cells(tuple(values[at] for at in mine), cohort[:, [0, 1, 3]], gap, idle)
    return found


def _later(connection: DuckDBPyConnection, table: str, after: int) -> Ints:
    got = connection.execute(
        "SELECT label::BIGINT AS label, day::BIGINT AS day, what::BIGINT AS what, sum(n)::BIGINT AS n"
        f" FROM {table} WHERE batch > {after} GROUP BY ALL HAVING sum(n) <> 0"
    ).fetchnumpy()
    return np.stack([np.asarray(got[key], np.int64) for key in ("label", "day", "what", "n")], axis=1)


def cells_of(ledger: Ledger, labels: Ints, values: tuple[str, ...]) -> Cells:
    """The ledger's own cells of those label numbers, as read_cells gives the kept ones."""
    names = tuple(dict.fromkeys(values))
    at = {value: i for i, value in enumerate(names)}
    place = np.full(int(labels.max(initial=0)) + 1, -1, np.int64)
    place[labels] = [at[value] for value in values]
    parts = []
    for rows in (tally.rows() for tally in ledger.tallies()[:3]):
        mine = rows[(rows[:, 0] < len(place))]
        mine = mine[place[mine[:, 0]] >= 0].copy()
        mine[:, 0] = place[mine[:, 0]]
        parts.append(mine)
    cohort, gap, idle = parts
    return Cells(names, cohort[:, [0, 1, 3]], gap, idle)


def write_customers(connection: DuckDBPyConnection, customers: Customers, rules: Rules) -> None:
    """Appends customer states; the caller has removed earlier ones."""
    arrays = {
        "customer_hash": customers.customer,
        "customer_check": customers.check,
        "first_day": customers.first_day,
        "second_day": customers.second_day,
        "last_day": customers.last_day,
        "purchase_count": customers.purchase_count,
        "amount": customers.amount,
        "entry": customers.entry,
        "cohort": customers.cohort,
        **{
            label_column(column): np.ascontiguousarray(customers.labels[:, i]) for i, column in enumerate(rules.columns)
        },
    }
    columns = ", ".join(
        f"nullif(second_day, {NEVER}) AS second_day" if key == "second_day" else name(key) for key in arrays
    )
    execute(connection, f"INSERT INTO customers BY NAME SELECT {columns} FROM arrays", arrays)
