"""Is every platform's export read rightly, and does each rule of its preset matter?

Beside each fixture stand the orders that are right, written by hand: purchases, full
returns and orders of a status nobody knows; and what the orders sold. A preset without one of its rules gives others.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import duckdb
import pytest

from metrics.beside import TABLES
from metrics.problem import Problem
from metrics.rules import Rules
from metrics.sources import reading, recognition
from metrics.sources.mapping import Mapping, read
from metrics.sources.reading import Wish
from metrics.warehouse import beside, items

FORMATS = Path(__file__).parent / "formats"
NAMES = sorted(name for name, said in recognition.said().items() if "columns" in said)
# words of our own, so that a status which only sounds right is seen
RULES = Rules(purchase_statuses=("bought",), excluded=("out",), returned=("back",))
COLUMNS = "order_id, customer_id, ordered_at, amount, status, channel, region, product, subscription_id, cycle_no"
REJECTED = {"shopify": 1, "amazon": 1, "woocommerce": 1, "stripe": 1}
"""An order in dollars."""
NO_RULES = {"name", "title", "signature", "verified", "customers"}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def fixture_of(name: str) -> Path:
    return next(path for path in FORMATS.glob(f"{name}.*") if ".expected" not in path.name)


def expected(name: str) -> tuple[list[tuple[str, ...]], int, list[tuple[str, ...]]]:
    rows = listed(FORMATS / f"{name}.expected.csv")
    lines = FORMATS / f"{name}.expected.items.csv"
    orders = [(order, _who(customer, name), *rest) for order, customer, *rest in rows]
    return orders, REJECTED.get(name, 0), listed(lines) if lines.exists() else []


def listed(path: Path) -> list[tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in list(csv.reader(file))[1:]]


def _who(customer: str, source: str) -> str:
    """`id 7` -> id:eccube4/7; `e a@b` and `p 03…` are hashed with the source's name."""
    kind, _, text = customer.partition(" ")
    if kind == "id":
        return f"id:{source}/{text}"
    salted = f"{source}\n{text}".encode()
    return f"{kind}:{hashlib.sha256(salted).hexdigest()[:32]}" if text else ""


def orders(
    connection: duckdb.DuckDBPyConnection, path: Path, mapping: Mapping | None = None
) -> tuple[list[tuple[str, ...]], int, list[tuple[str, ...]]]:
    """The orders that count or are listed, as texts, how many are rejected, and what the orders sold."""
    staged = reading.stage(connection, path, RULES, Wish(mapping=mapping, accept_bad=True))
    found = connection.execute(f"SELECT {COLUMNS} FROM incoming WHERE status <> 'out' ORDER BY seq").fetchall()
    return texts(found), staged.rejected, texts(sold(connection, repeats=staged.duplicates > 0))


def sold(connection: duckdb.DuckDBPyConnection, *, repeats: bool) -> list[tuple[object, ...]]:
    """The lines of all orders, also of those that do not count."""
    beside.create(connection, TABLES["order_items"])
    connection.execute("DELETE FROM beside_order_items")
    items.take(connection, repeats=repeats)
    columns = "order_id, product_code, product_name, quantity, amount"
    return connection.execute(f"SELECT {columns} FROM beside_order_items ORDER BY ALL").fetchall()


def texts(rows: list[tuple[object, ...]]) -> list[tuple[str, ...]]:
    return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]


@pytest.mark.parametrize("name", NAMES)
def test_the_right_orders_are_found_with_no_configuration(connection, name):
    assert orders(connection, fixture_of(name)) == expected(name)


def without_one_rule(said: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every way to leave out one rule: a key, or one of several values."""
    for key, value in said.items():
        if not path and key in NO_RULES:
            continue
        here = ".".join((*path, key))
        if isinstance(value, dict):
            for name, rest in without_one_rule(value, (*path, key)):
                yield name, {**said, key: rest}
            continue
        if isinstance(value, list) and len(value) > 1:
            for one in value:
                yield f"{here} {one}", {**said, key: [other for other in value if other != one]}
            continue
        yield here, {other: deepcopy(kept) for other, kept in said.items() if other != key}


CASES = [
    pytest.param(name, changed, id=f"{name}: {rule}")
    for name in NAMES
    for rule, changed in without_one_rule(recognition.said()[name])
]


@pytest.mark.parametrize(("name", "changed"), CASES)
def test_without_one_rule_the_orders_are_wrong(connection, name, changed):
    try:
        found = orders(connection, fixture_of(name), read(changed, name))
    except Problem:
        return
    assert found != expected(name)
