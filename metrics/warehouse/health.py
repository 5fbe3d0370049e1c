"""What about the orders looks odd?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from metrics.rules import Rules
from metrics.warehouse.schema import text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Health:
    """Counts over the current orders; instants are shop-local.

    twins: orders that another one equals in customer, instant and amount. hours: orders by hour,
    of those that have a time of day. strange: statuses that no rule names, most orders first.
    channelless: purchases without a channel; None where the shop has no such column.
    """

    orders: int
    oldest_at: datetime | None
    newest_at: datetime | None
    unidentified: int
    future: int
    twins: int
    hours: tuple[int, ...]
    strange: tuple[tuple[str, int], ...]
    channelless: int | None


def look(connection: DuckDBPyConnection, rules: Rules, now: datetime) -> Health:
    """The health of the orders; `now` is shop-local wall time."""
    at = text(now.replace(tzinfo=None).isoformat(sep=" ")) + "::TIMESTAMP"
    out = ", ".join(map(text, rules.excluded)) or "''"
    orders, oldest, newest, unidentified, future = connection.execute(
        "SELECT count(*), min(ordered_at), max(ordered_at), count(*) - count(customer_id),"
        f" count(*) FILTER (WHERE ordered_at > {at}) FROM orders WHERE status NOT IN ({out})"
    ).fetchall()[0]
    twins = connection.execute(
        "SELECT coalesce(sum(n - 1), 0)::BIGINT FROM (SELECT count(*) AS n FROM orders WHERE customer_id IS NOT NULL"
        f" AND amount > 0 AND status NOT IN ({out}) AND ordered_at <> date_trunc('day', ordered_at)"
        " GROUP BY customer_hash, ordered_at, amount HAVING n > 1)"
    ).fetchall()[0][0]
    by_hour = dict(
        connection.execute(
            "SELECT hour(ordered_at), count(*) FROM orders WHERE ordered_at <> date_trunc('day', ordered_at) GROUP BY 1"
        ).fetchall()
    )
    hours = tuple(by_hour.get(hour, 0) for hour in range(24))
    return Health(
        orders, oldest, newest, unidentified, future, twins, hours, strange(connection, rules),
        _channelless(connection, rules, out),
    )  # fmt: skip


def strange(connection: DuckDBPyConnection, rules: Rules, table: str = "orders") -> tuple[tuple[str, int], ...]:
    """The statuses that no rule names, and so count as purchases, most orders first; an order counts once."""
    known = ", ".join(map(text, {*rules.purchase_statuses, *rules.excluded, *rules.returned})) or "''"
    found = connection.execute(
        f"SELECT status, count(DISTINCT (source, order_id)) AS n FROM {table} WHERE status NOT IN ({known})"
        f" GROUP BY 1 ORDER BY n DESC, 1 LIMIT {_SHOWN}"
    ).fetchall()
    return tuple((status, n) for status, n in found)


def _channelless(connection: DuckDBPyConnection, rules: Rules, out: str) -> int | None:
    if "channel" not in rules.columns:
        return None
    row = connection.execute(
        f"SELECT count(*) FROM orders WHERE coalesce(channel, '') = '' AND status NOT IN ({out})"
    ).fetchone()
    return int(row[0]) if row else 0
