"""Does the store notice each import, and open its file for nothing else?"""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest

from metrics.rules import Rules
from metrics.warehouse.file import looks
from metrics.warehouse.store import Store
from tests.metrics.shop_orders import LEARNED, Order, import_orders, order, plain


def store_of(folder: Path, orders: list[Order]) -> Store:
    store = Store(folder / "store.duckdb", Rules())
    import_orders(store, orders)
    return store


def test_a_file_that_nobody_wrote_to_is_not_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, [order("1", "a", 0)])
    aged(store.path)
    assert store.refresh(), "the first look"
    monkeypatch.setattr("metrics.warehouse.store.connect", lambda *_, **__: pytest.fail("it was opened"))
    assert not store.refresh()
    monkeypatch.undo()
    import_orders(Store(store.path, Rules()), [order("2", "b", 3)], LEARNED + timedelta(days=1))
    assert store.refresh(), "another process has imported, a moment ago"
    assert store.quality(date(2030, 1, 1)).orders == 2
    import_orders(Store(store.path, Rules()), [order("3", "c", 4)], LEARNED + timedelta(days=2))
    aged(store.path)
    assert store.refresh(), "and once more, with nothing but the file to tell it"


def test_an_import_that_was_noticed_by_the_way_is_still_told(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order("1", "a", 0)])
    assert store.refresh()
    import_orders(Store(store.path, Rules()), [order("2", "b", 3)], LEARNED + timedelta(days=1))
    store.counts("channel")  # read from the file as it is now
    assert store.refresh()
    assert not store.refresh()


def test_a_file_written_a_moment_ago_has_no_looks_to_go_by(tmp_path: Path) -> None:
    path = store_of(tmp_path, [order("1", "a", 0)]).path
    assert looks(path) is None, "another change may fall into the same tick of the clock"
    aged(path)
    assert looks(path) is not None
    assert looks(path) == looks(path)
    path.with_name(path.name + ".wal").write_bytes(b"")
    assert looks(path) is None
    assert looks(tmp_path / "nowhere") is None


def aged(path: Path) -> None:
    """As if the file had been written some seconds ago."""
    then = path.stat().st_mtime - 10
    os.utime(path, (then, then))


def test_an_import_is_noticed_by_crossed_cohorts(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order("1", "a", 1, channel="web")])
    assert plain(store.cohort_counts("all", {"channel": "web"}))["cohort"]
    import_orders(store, [order("2", "b", 1, channel="web")])
    store.refresh()
    assert list(plain(store.cohort_counts("all", {"channel": "web"}))["cohort"].values()) == [2]
