"""Does a first load that is written where it stays end as one that was staged?"""

from __future__ import annotations

from pathlib import Path

import pytest

from metrics.landing import CannotLand
from metrics.rules import Rules
from metrics.sources import files
from metrics.warehouse.schema import CELLS
from metrics.warehouse.store import Store
from tests.metrics.shop_orders import LEARNED, order, store_of

HEADER = "order_id,customer_id,ordered_at,amount,status,channel,product\n"


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, without the order of rows."""
    with store.reading() as connection:
        return {
            table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
            for table in ("orders", "superseded", "batch", "label", "customers", *CELLS)
        }


def csv(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


GOOD = ("1,a,2025-01-01,100,completed,web,p1", "2,,2025-01-02,100,cancelled,,p1", "3,b,2025-02-02,100,,shop,")


def landed(path: Path, rules: Rules, folder: Path) -> Store:
    store = Store(folder / "landed.duckdb", rules)
    with store.writing() as connection, store.landing(connection) as landing:
        files.land(connection, path, rules, landing)
        store.settle(connection, LEARNED)
    return store


def test_what_landed_is_what_staging_would_have_stored(tmp_path: Path) -> None:
    path, rules = csv(tmp_path, *GOOD), Rules()
    staged = Store(tmp_path / "staged.duckdb", rules)
    with staged.writing() as connection:
        files.stage(connection, path, rules)
        staged.take(connection, LEARNED)
    assert everything(landed(path, rules, tmp_path)) == everything(staged)


@pytest.mark.parametrize(
    "row",
    [
        "4,c,2025-13-01,100,,web,p1",
        "4,c,2025-01-01,many,,web,p1",
        "1,a,2025-01-01,200,,web,p1",
        "4,c,2025-01-01,100",
        '4,c,2025-01-01,"1,000",,web,p1',
    ],
)
def test_what_needs_a_second_look_cannot_land_and_leaves_nothing(tmp_path: Path, row: str) -> None:
    rules = Rules()
    store = Store(tmp_path / "orders.duckdb", rules)
    with store.writing() as connection:
        with pytest.raises(CannotLand), store.landing(connection) as landing:
            files.land(connection, csv(tmp_path, *GOOD, row), rules, landing)
        assert connection.execute("SELECT count(*) FROM orders").fetchall() == [(0,)]
        assert connection.execute("SELECT current_setting('disabled_optimizers')").fetchall() == [("",)]
        staged = files.stage(connection, csv(tmp_path, *GOOD, row), rules, accept_bad=True)
        assert staged.rows == 4
        assert store.take(connection, LEARNED).new == staged.accepted - staged.duplicates


def test_nothing_lands_among_other_orders(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order("1", "a", 1)])
    with store.writing() as connection, pytest.raises(CannotLand), store.landing(connection):
        pytest.fail("there are orders already")
