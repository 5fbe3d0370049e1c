"""What is in the embedded store's file?

`orders` holds each order's current version, `superseded` the earlier ones;
`batch` tells when each was learned. `customers` and the `*_cells` tables are
kept by folding; `label` numbers the labels of every dimension.
"""

from __future__ import annotations

from metrics.rules import Rules

VERSION = 1

FACTS = (
    "source", "order_id", "customer_id", "ordered_at", "amount", "status", "subscription_id", "cycle_no", "first_flag",
)  # fmt: skip
"""Columns of an order besides the shop's dimension columns; all of `incoming`'s but seq."""

HASHES = {"order_hash": "UBIGINT", "customer_hash": "UBIGINT", "customer_check": "UINTEGER"}
"""Short cuts kept with each order; see pull.py."""

_TYPES = {
    "ordered_at": "TIMESTAMP",
    "amount": "BIGINT",
    "cycle_no": "INTEGER",
    "first_flag": "BOOLEAN",
}

_PACKED = {
    "UBIGINT": "uncompressed", "UINTEGER": "uncompressed", "TIMESTAMP": "bitpacking", "BIGINT": "bitpacking",
    "INTEGER": "bitpacking", "UTINYINT": "bitpacking",
}  # fmt: skip
"""How the engine packs a type: what it would choose by itself, after trying everything on every column.

Hashes are as random as bytes can be.
"""
_PACKED_TEXT = {"order_id": "fsst", "customer_id": "fsst", "source": "dictionary", "status": "dictionary"}

CELLS = ("cohort_cells", "gap_cells", "idle_cells", "quality_cells")
_CELL = ("label", "day", "what", "n", "batch")
_STATE = (
    ("customer_hash", "UBIGINT"), ("customer_check", "UINTEGER"), ("first_day", "INTEGER"), ("second_day", "INTEGER"),
    ("last_day", "INTEGER"), ("purchase_count", "INTEGER"), ("amount", "BIGINT"), ("entry", "UTINYINT"),
    ("cohort", "UTINYINT"),
)  # fmt: skip


def name(identifier: str) -> str:
    """The identifier, quoted for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: str) -> str:
    """The string as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def order_columns(rules: Rules) -> tuple[str, ...]:
    """Columns of an order that come from the source, in the order of the tables."""
    return (*FACTS, *rules.columns)


def kept_columns(rules: Rules) -> str:
    """Columns of an order and its hashes, for a select list."""
    return ", ".join(name(column) for column in (*order_columns(rules), *HASHES))


def label_column(column: str) -> str:
    """The customers column that holds the label number of a dimension column."""
    return f"label_{column}"


def create(rules: Rules) -> tuple[str, ...]:
    """DDL of an empty store."""
    facts = ", ".join(_column(column, _TYPES.get(column, "VARCHAR")) for column in order_columns(rules))
    hashes = ", ".join(_column(column, kind) for column, kind in {**HASHES, "batch": "INTEGER"}.items())
    labels = "".join(f", {_column(label_column(column), 'INTEGER')}" for column in rules.columns)
    return (
        "CREATE TABLE meta (key VARCHAR, value VARCHAR)",
        "CREATE TABLE batch (batch INTEGER, known_at TIMESTAMP, added INTEGER, changed INTEGER)",
        f"CREATE TABLE orders ({facts}, {hashes})",
        f"CREATE TABLE superseded ({facts}, {hashes}, gone INTEGER)",
        "CREATE TABLE label (id INTEGER, dimension VARCHAR, value VARCHAR)",
        f"CREATE TABLE customers ({', '.join(_column(*column) for column in _STATE)}{labels})",
        *(f"CREATE TABLE {table} ({', '.join(_column(column, 'INTEGER') for column in _CELL)})" for table in CELLS),
    )


def _column(column: str, kind: str) -> str:
    """One column's DDL. A column of text that the shop names may be anything: the engine has to look."""
    packed = _PACKED_TEXT.get(column) if kind == "VARCHAR" else _PACKED.get(kind)
    return f"{name(column)} {kind}" + (f" USING COMPRESSION {packed}" if packed else "")
