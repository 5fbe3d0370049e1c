"""What did the lines of an order sell?

Everything here gives SQL: a list of (code, name, quantity, amount), one per line that sold something.
A code that comes twice in an order is put together where the list is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from metrics.sources import cells
from metrics.sources.checks import VALID
from metrics.sources.columns import MissingColumns
from metrics.sources.mapping import Items

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.sources.mapping import Mapping

Refs = Callable[[Sequence[str]], tuple[str, ...]]
"""Headers -> the SQL columns that are there."""


def of_line(items: Items, refs: Refs, missing: tuple[str, ...], currency: str) -> str | None:
    """The list of one line; None where the mapping or the file does not say what was sold."""
    if not refs(items.code):
        return None
    code, name = _first(refs(items.code)), _first(refs(items.name))
    quantity, unit, amount = (
        [_number(ref, missing) for ref in refs(headers)[:1]] for headers in (items.quantity, items.unit, items.amount)
    )
    sold = f"CASE WHEN {cells.is_empty(quantity[0])} THEN 1 ELSE {cells.whole(quantity[0])} END" if quantity else "1"
    paid = _money(amount or (unit + quantity), currency) if amount or unit else "NULL::BIGINT"
    if items.split:
        return _several(items, code, sold, paid)
    ignored = _ignored(items, f"coalesce({name}, {code})")
    return f"CASE WHEN {code} IS NULL OR {ignored} THEN [] ELSE [{_struct(code, name, sold, paid)}] END"


def clear(connection: DuckDBPyConnection) -> None:
    """Make an empty `incoming_items`: what was sold, `seq` telling with which order."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE incoming_items"
        " (seq BIGINT, code VARCHAR, name VARCHAR, quantity INTEGER, amount BIGINT)"
    )


def add(connection: DuckDBPyConnection, lists: str) -> None:
    """Add what a SELECT of seq and a list `sold` gives."""
    connection.execute(
        "INSERT INTO incoming_items SELECT seq, item.code, item.name, item.quantity, item.amount"
        f" FROM (SELECT seq, unnest(sold) AS item FROM ({lists}))"
    )


def show(connection: DuckDBPyConnection, source: str, seq: str) -> None:
    """Show the good orders of `staged` as `itemised`: what each sold lies in `incoming_items` under `seq`."""
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW itemised AS SELECT {cells.literal(source)} AS source, order_id, {seq} AS seq"
        f" FROM staged WHERE {VALID}"
    )


def stage(connection: DuckDBPyConnection, lines: str, header: Sequence[str], mapping: Mapping, currency: str) -> None:
    """Make `incoming_items` of the table `lines` for the orders of `staged`.

    The columns of `lines`, i0, i1 and so on, have canonical names. Raises MissingColumns.
    """
    places = {name.lower(): f"i{place}" for place, name in enumerate(header)}
    missing = [name for name in ("order_id", "product_code") if name not in places]
    if missing:
        raise MissingColumns(path=mapping.name, missing=", ".join(missing), found=", ".join(header))
    named = Items(
        ignore=mapping.items.ignore, code=("product_code", "product_name"), name=("product_name",),
        quantity=("quantity",), amount=("amount",),
    )  # fmt: skip
    sold = of_line(named, lambda names: tuple(places[name] for name in names if name in places), (), currency)
    clear(connection)
    mine = f"{cells.trimmed(places['order_id'])} = s.order_id"
    add(connection, f"SELECT s.rowid AS seq, {sold} AS sold FROM {lines} JOIN staged s ON {mine}")


def _several(items: Items, cell: str, sold: str, paid: str) -> str:
    """The list of a cell that holds several, each with its code or none."""
    one = "trim(one)"
    code, name = one, one
    if items.code_in:
        pattern = cells.literal(items.code_in)
        code = f"coalesce(nullif(trim(regexp_extract({one}, {pattern}, 1)), ''), {one})"
        name = f"trim(regexp_replace({one}, {pattern}, ''))"
    found = f"string_split({cell}, {cells.literal(items.split)})"
    real = f"{one} <> '' AND NOT {_ignored(items, one)}"
    return f"coalesce([{_struct(code, name, sold, paid)} FOR one IN {found} IF {real}], [])"


def _struct(code: str, name: str, sold: str, paid: str) -> str:
    return f"{{'code': {code}, 'name': {name}, 'quantity': {sold}, 'amount': {paid}}}"


def _ignored(items: Items, text: str) -> str:
    return f"coalesce(regexp_matches({text}, {cells.literal(items.ignore)}), false)" if items.ignore else "false"


def _first(refs: tuple[str, ...]) -> str:
    return f"coalesce({', '.join([*map(cells.trimmed, refs), 'NULL::VARCHAR'])}, NULL)"


def _number(ref: str, missing: tuple[str, ...]) -> str:
    """The cell, or nothing where it holds the platform's word for that."""
    return f"(CASE WHEN {cells.member(cells.trimmed(ref), missing)} THEN NULL ELSE {ref} END)" if missing else ref


def _money(factors: list[str], currency: str) -> str:
    """The product in minor units; NULL where a factor cannot be read."""
    product = " * ".join(f"({cells.number(one)})::DOUBLE" for one in factors)
    return f"try_cast(round({product} * {10 ** cells.minor_digits(currency)}) AS BIGINT)"
