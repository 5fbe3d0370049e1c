"""Which of two versions of an order wins, however they came in?"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from metrics.rules import Rules
from metrics.sources import files
from metrics.warehouse import versions
from metrics.warehouse.store import Store
from tests.metrics.shop_orders import LEARNED, import_orders, order, plain


def test_a_tie_between_an_order_known_before_and_a_new_one_goes_by_the_order_id(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    import_orders(store, [order("9", "a", 0, channel="known"), *(order(f"x{i}", f"b{i}", i) for i in range(30))])
    import_orders(store, [order("10", "a", 0, channel="new")])
    store.refresh()
    counts = store.counts("channel")
    assert "new" in counts.labels
    assert counts.idle(date(2025, 2, 1)).active[counts.labels.index("new")] == 1
    again = Store(store.path, Rules())
    again.rebuild()
    assert plain(again.counts("channel")) == plain(counts)


def test_rows_are_staged_in_their_order_so_that_the_later_version_wins(tmp_path: Path) -> None:
    rows = 300_000
    lines = "".join(f"o{i % (rows // 2):06},c{i % 999},2025-01-01,{i}\n" for i in range(rows))
    (tmp_path / "orders.csv").write_text("order_id,customer_id,ordered_at,amount\n" + lines)
    store = Store(tmp_path / "store.duckdb", Rules())
    with store.writing() as connection:
        staged = files.stage(connection, tmp_path / "orders.csv", store.rules)
        assert staged.duplicates == rows // 2
        store.take(connection, LEARNED)
    with store.reading() as connection:
        kept = connection.execute("SELECT count(*), min(amount), max(amount) FROM orders").fetchone()
    assert kept == (rows // 2, rows // 2, rows - 1), "the second half of the file holds the later versions"


@pytest.mark.parametrize("at_a_time", [1, 7, 500_000])
def test_what_comes_again_is_compared_some_orders_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    monkeypatch.setattr(versions, "ORDERS_A_MATCH", at_a_time)
    store = Store(tmp_path / "store.duckdb", Rules())
    import_orders(store, [order(str(n), f"c{n % 9}", n, channel="before") for n in range(40)])
    again = [order(str(n), f"c{n % 9}", n, channel="after" if n % 4 == 0 else "before") for n in range(10, 50)]
    taken = import_orders(store, again)
    assert (taken.new, taken.changed, taken.unchanged) == (10, 7, 23)
    with store.reading() as connection:
        kept = connection.execute("SELECT order_id::INTEGER FROM orders WHERE channel = 'after' ORDER BY 1").fetchall()
        gone = connection.execute("SELECT order_id::INTEGER FROM superseded ORDER BY 1").fetchall()
    assert kept == [(n,) for n in range(12, 50, 4)]
    assert gone == [(n,) for n in range(12, 40, 4)]
