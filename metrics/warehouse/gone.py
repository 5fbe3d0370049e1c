"""Which orders has a shop's database deleted, and which came back?

A row that is no longer there is no purchase any more: its order is superseded by a version that says
so, and an earlier morning can still be replayed. A table that was emptied or half loaded is not believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from metrics.problem import Problem
from metrics.rules import DELETED
from metrics.warehouse.arrays import execute
from metrics.warehouse.schema import name, order_columns, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules

FEW = 2
"""So few may always go, however small the shop."""


class TooManyGone(Problem):
    """So many orders are missing that the table was rather emptied or half loaded."""

    key = "sync_too_many_gone"


@dataclass(frozen=True, slots=True)
class Missing:
    """Of the orders placed since a day: how many the store has, which are gone, and which are there again.

    quiet: rows that are gone, too, but were left out anyway, like a cart that nobody paid for.
    """

    known: int
    gone: int
    quiet: int
    back: Sequence[str]


def compare(
    connection: DuckDBPyConnection, rules: Rules, source: str, since: datetime, alive: Iterable[Sequence[str]]
) -> Missing:
    """Hold a source's ids against the store's orders since then (naive, shop-local); leaves `gone`."""
    counted = f"status NOT IN ({', '.join(map(text, (*rules.excluded, DELETED)))})"
    connection.execute("CREATE OR REPLACE TEMP TABLE alive (order_id VARCHAR)")
    for chunk in alive:
        execute(connection, "INSERT INTO alive SELECT order_id FROM arrays", {"order_id": np.array(chunk, object)})
    mine = f"source = {text(source)} AND ordered_at >= {text(since.isoformat(sep=' '))}::TIMESTAMP"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE gone AS SELECT order_id, {counted} AS counted FROM orders WHERE {mine}"
        f" AND {_may_go(rules)} AND order_id NOT IN (SELECT order_id FROM alive)"
    )
    known, gone, quiet = connection.execute(
        f"SELECT count(*) FILTER ({counted}), (SELECT count(*) FILTER (counted) FROM gone),"
        f" (SELECT count(*) FILTER (NOT counted) FROM gone) FROM orders WHERE {mine}"
    ).fetchall()[0]
    back = connection.execute(
        f"SELECT order_id FROM orders WHERE source = {text(source)} AND status = {text(DELETED)}"
        " AND order_id IN (SELECT order_id FROM alive) ORDER BY order_id"
    ).fetchall()
    return Missing(int(known), int(gone), int(quiet), [order_id for (order_id,) in back])


def _may_go(rules: Rules) -> str:
    """What is not known to be gone yet; without a word for that, what counts."""
    known = (DELETED,) if DELETED in rules.excluded else (*rules.excluded, DELETED)
    return f"status NOT IN ({', '.join(map(text, known))})"


def check(missing: Missing, source: str, percent: int) -> None:
    """Raise TooManyGone where more than so many of the orders looked at are gone: that is not believed."""
    if missing.gone > max(FEW, percent * missing.known / 100):
        raise TooManyGone(source=source, gone=missing.gone, known=missing.known, percent=percent)


def stage(connection: DuckDBPyConnection, rules: Rules, source: str) -> None:
    """`incoming`: the orders of `gone` as deleted ones, for Store.take.

    A shop that excludes other statuses only gets the first of those; such orders are not missed a second time.
    """
    status = DELETED if DELETED in rules.excluded else rules.excluded[0]
    columns = ", ".join(
        f"{text(status)} AS status" if column == "status" else name(column) for column in order_columns(rules)
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE vanished AS SELECT {columns}, row_number() OVER () AS seq FROM orders"
        f" WHERE source = {text(source)} AND order_id IN (SELECT order_id FROM gone)"
    )
    connection.execute("CREATE OR REPLACE TEMP VIEW incoming AS SELECT * FROM vanished")
