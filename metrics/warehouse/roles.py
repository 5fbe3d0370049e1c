"""Which role had what an order sold, and which orders have another one than is kept?

An order's role is the front-most of its products' roles on its day. It stands in the order's column
`product_role`, so that it is a label like any other; orders of which no line is kept keep what their source says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metrics.beside import ROLES
from metrics.segment import PRODUCT_ROLE
from metrics.warehouse.beside import has
from metrics.warehouse.schema import name, order_columns, text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules

_KEY = "source, order_id"


def known(connection: DuckDBPyConnection, rules: Rules) -> bool:
    """Whether there are lines and products that tell a role."""
    if PRODUCT_ROLE not in rules.columns or not (has(connection, "order_items") and has(connection, "products")):
        return False
    return connection.execute("SELECT 1 FROM beside_products WHERE role IS NOT NULL LIMIT 1").fetchone() is not None


def tell(connection: DuckDBPyConnection, rules: Rules) -> None:
    """Let the orders of `incoming` come with the role of what they sold."""
    if not known(connection, rules):
        return
    for view in ("incoming_untold", "incoming_told"):
        connection.execute(f"DROP VIEW IF EXISTS temp.{view}")
    connection.execute("ALTER VIEW incoming RENAME TO incoming_untold")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE role_of AS {_roles('incoming_untold')}")
    role = f"CASE WHEN r.order_id IS NULL THEN i.{PRODUCT_ROLE} ELSE r.role END AS {PRODUCT_ROLE}"
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW incoming AS SELECT i.* REPLACE ({role})"
        f" FROM incoming_untold i LEFT JOIN role_of r USING ({_KEY})"
    )


def stage(connection: DuckDBPyConnection, rules: Rules) -> bool:
    """`incoming`: the orders whose role is another than is kept, for Store.take; whether there are any."""
    if not known(connection, rules):
        return False
    columns = ", ".join(f"r.role AS {one}" if one == PRODUCT_ROLE else f"o.{name(one)}" for one in order_columns(rules))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE retold AS SELECT {columns}, row_number() OVER () AS seq"
        f" FROM orders o JOIN ({_roles('orders')}) r USING ({_KEY}) WHERE o.{PRODUCT_ROLE} IS DISTINCT FROM r.role"
    )
    connection.execute("CREATE OR REPLACE TEMP VIEW incoming AS SELECT * FROM retold")
    return connection.execute("SELECT 1 FROM retold LIMIT 1").fetchone() is not None


def roles_of_lines(orders: str) -> str:
    """The role of each line of these orders on their day, as its place in ROLES from 1 on; NULL where none is known."""
    rank = " ".join(f"WHEN {text(role)} THEN {place}" for place, role in enumerate(ROLES, 1))
    since = "valid_from::TIMESTAMP"
    products = (
        f"SELECT product_code, {since} AS since, min(CASE role {rank} END) AS rank,"
        f" lead({since}) OVER (PARTITION BY product_code ORDER BY valid_from) AS until"
        " FROM beside_products WHERE role IS NOT NULL GROUP BY product_code, valid_from"
    )
    return (
        f"SELECT {_KEY}, rank FROM {orders} o JOIN beside_order_items i USING ({_KEY}) LEFT JOIN ({products}) p"
        " ON i.product_code = p.product_code AND o.ordered_at >= p.since"
        " AND (p.until IS NULL OR o.ordered_at < p.until)"
    )


def _roles(orders: str) -> str:
    """Source, id and role of the orders of which lines are kept."""
    front_most = f"[{', '.join(map(text, ROLES))}][min(rank)]"
    return f"SELECT {_KEY}, {front_most} AS role FROM ({roles_of_lines(orders)}) GROUP BY {_KEY}"
