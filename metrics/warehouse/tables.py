"""What does a warehouse's table of orders look like?"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, MetaData, String, Table

from metrics.rules import Rules

KEY_LENGTH = 190
"""Longest order or customer id in a table we create; MySQL cannot index longer ones."""


def orders_table(rules: Rules, name: str = "orders", metadata: MetaData | None = None) -> Table:
    """Canonical orders: one row per order.

    ordered_at: naive shop-local time; amount: integer minor units; customer_id NULL where
    the customer cannot be identified; one text column per dimension in `rules.columns`.
    """
    return Table(
        name,
        metadata or MetaData(),
        Column("order_id", String(KEY_LENGTH), primary_key=True),
        Column("customer_id", String(KEY_LENGTH)),
        Column("ordered_at", DateTime, nullable=False),
        Column("amount", BigInteger, nullable=False),
        Column("status", String(50), nullable=False),
        Column("subscription_id", String(KEY_LENGTH)),
        Column("cycle_no", Integer),
        Column("first_flag", Boolean),
        *(Column(column, String(KEY_LENGTH)) for column in rules.columns),
    )
