"""Is the store the same whichever way the same exports come in?

Twice, overlapping, in any order, split between any two orders: what the tables hold is equal,
apart from in which batch it was learned.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from metrics.rules import Rules
from metrics.sources import reading
from metrics.sources.reading import Wish
from metrics.warehouse.store import Store

FORMATS = Path(__file__).parent / "formats"
RULES = Rules(burn_in_days=0)
LEARNED = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def filled(folder: Path, files: Sequence[Path]) -> dict[str, Any]:
    """What every table holds after these files, labels by their names and without batches."""
    folder.mkdir()
    store = Store(folder / "store.duckdb", RULES)
    for number, file in enumerate(files):
        with store.writing() as connection:
            staged = reading.stage(connection, file, RULES, Wish(accept_bad=True))
            store.take(connection, LEARNED + timedelta(hours=number), repeats=staged.duplicates > 0)
    with store.reading() as connection:
        labels = {row[0]: row[1:] for row in connection.execute("SELECT id, dimension, value FROM label").fetchall()}
        return {
            **{table: _rows(connection, table, labels) for table in ("orders", "customers", "superseded")},
            **{table: _cells(connection, table, labels) for table in ("cohort_cells", "gap_cells", "idle_cells")},
            "quality_cells": _cells(connection, "quality_cells", labels),
        }


def _rows(connection, table: str, labels: dict[int, Any]) -> list[Any]:
    cursor = connection.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return sorted(
        (
            tuple(
                labels.get(cell, cell) if name.startswith("label_") else cell
                for name, cell in zip(names, row, strict=True)
                if name not in {"batch", "gone"}
            )
            for row in cursor.fetchall()
        ),
        key=str,
    )


def _cells(connection, table: str, labels: dict[int, Any]) -> list[Any]:
    found = connection.execute(f"SELECT label, day, what, sum(n) AS n FROM {table} GROUP BY ALL HAVING sum(n) <> 0")
    return sorted(((labels.get(label, label), *rest) for label, *rest in found.fetchall()), key=str)


def parts(folder: Path, name: str, key: str, encoding: str = "utf-8", delimiter: str = ",") -> list[list[list[str]]]:
    """The rows of a fixture, by order; the header is the first part."""
    path = next(path for path in FORMATS.glob(f"{name}.*") if ".expected" not in path.name)
    with path.open(encoding=encoding, newline="") as file:
        header, *rows = csv.reader(file, delimiter=delimiter)
    orders: list[list[list[str]]] = []
    for row in rows:
        order = row[header.index(key)]
        if order and (not orders or order != orders[-1][0][header.index(key)]):
            orders.append([])
        orders[-1].append(row)
    return [[header], *orders]


def written(folder: Path, name: str, header: list[list[str]], orders: Sequence[list[list[str]]]) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([*header, *(row for order in orders for row in order)])
    return path


SHOPS = [("shopify", "Id", "utf-8"), ("eccube4", "注文ID", "cp932"), ("rakuten", "注文番号", "cp932")]


@pytest.mark.parametrize(("name", "key", "encoding"), SHOPS)
def test_the_same_file_twice_changes_nothing(tmp_path, name, key, encoding):
    header, *orders = parts(tmp_path, name, key, encoding)
    whole = written(tmp_path, "whole.csv", header, orders)
    assert filled(tmp_path / "twice", [whole, whole]) == filled(tmp_path / "once", [whole])


@pytest.mark.parametrize(("name", "key", "encoding"), SHOPS)
def test_a_file_split_between_two_orders_gives_the_same(tmp_path, name, key, encoding):
    header, *orders = parts(tmp_path, name, key, encoding)
    once = filled(tmp_path / "once", [written(tmp_path, "whole.csv", header, orders)])
    for cut in range(1, len(orders), 3):
        first = written(tmp_path, f"first-{cut}.csv", header, orders[:cut])
        second = written(tmp_path, f"second-{cut}.csv", header, orders[cut:])
        assert filled(tmp_path / f"split-{cut}", [second, first] if cut % 2 else [first, second]) == once


@pytest.mark.parametrize(("name", "key", "encoding"), SHOPS)
def test_overlapping_files_in_any_order_give_the_same(tmp_path, name, key, encoding):
    header, *orders = parts(tmp_path, name, key, encoding)
    third = len(orders) // 3
    files = [
        written(tmp_path, "a.csv", header, orders[: 2 * third]),
        written(tmp_path, "b.csv", header, orders[third:]),
        written(tmp_path, "c.csv", header, orders[third : 2 * third]),
    ]
    once = filled(tmp_path / "once", [written(tmp_path, "whole.csv", header, orders)])
    for number, order in enumerate(list(permutations(files))[::2]):
        assert filled(tmp_path / f"order-{number}", order) == once
