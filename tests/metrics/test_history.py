"""Is what was known on a past morning the same as a replay of its orders, however it is found?"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.rules import Rules
from metrics.warehouse.history import Slice
from metrics.warehouse.store import Store
from tests.metrics.shop_orders import LEARNED, any_order, import_orders, order, plain

streams = st.lists(st.lists(any_order(st.integers(0, 25).map(str)), min_size=1, max_size=8), min_size=2, max_size=3)


@given(streams)
@settings(max_examples=6, deadline=None)
def test_every_past_morning_is_what_a_replay_says(stream: list) -> None:
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "s.duckdb", Rules())
        import_orders(store, [order(f"x{i}", f"old{i}", i) for i in range(60)], LEARNED - timedelta(days=1))
        for day, orders in enumerate(stream):
            import_orders(store, orders, LEARNED + timedelta(days=day))
        history = store.history()
        for day in range(len(stream)):
            at = LEARNED + timedelta(days=day, hours=1)
            found, _ = history.knowing(at, date(2030, 1, 1))
            replay = store.known(at)
            for dimension in ("all", "channel"):
                assert plain(found.counts(dimension)) == plain(replay.counts(dimension))


def shop(folder: Path, *imports: tuple[int, list]) -> Store:
    store = Store(folder / "s.duckdb", Rules())
    for day, orders in imports:
        import_orders(store, orders, LEARNED + timedelta(days=day))
    return store


MANY = [order(f"m{i}", f"c{i}", i % 40) for i in range(400)]


def test_a_later_import_of_later_orders_needs_no_replay(tmp_path: Path) -> None:
    store = shop(tmp_path, (0, MANY), (1, [order("new", "c1", 60)]))
    last = order("x", "x", 50).ordered_at.date()
    found, differs = store.history().knowing(LEARNED, last)
    assert (found is store, differs) == (True, False)


def test_a_late_cancellation_is_found_in_the_kept_cells(tmp_path: Path) -> None:
    store = shop(tmp_path, (0, MANY), (1, [order("m3", "c3", 3, status="cancelled")]))
    last = order("x", "x", 50).ordered_at.date()
    found, differs = store.history().knowing(LEARNED, last)
    assert differs
    assert isinstance(found, Slice)
    assert plain(found.counts("all")) == plain(store.known(LEARNED).counts("all")) != plain(store.counts("all"))


def test_after_a_recount_the_orders_are_replayed(tmp_path: Path) -> None:
    store = shop(tmp_path, (0, MANY), (1, [order("m3", "c3", 3, status="cancelled")]))
    before = plain(store.known(LEARNED).counts("all"))
    store.rebuild()
    found, differs = store.history().knowing(LEARNED, order("x", "x", 50).ordered_at.date())
    assert (isinstance(found, Slice), differs) == (False, True)
    assert plain(found.counts("all")) == before


def test_before_the_first_import_it_is_what_is_known_now(tmp_path: Path) -> None:
    store = shop(tmp_path, (0, MANY))
    history = store.history()
    assert history.knowing(LEARNED - timedelta(days=1), order("x", "x", 50).ordered_at.date()) == (store, False)
    assert not history.knew_anything(LEARNED - timedelta(days=1))
    assert history.knew_anything(LEARNED)


def test_the_newest_order_is_that_of_the_time(tmp_path: Path) -> None:
    store = shop(tmp_path, (0, MANY), (2, [order("late", "c1", 41), order("m3", "c3", 3, status="cancelled")]))
    last = order("x", "x", 50).ordered_at.date()
    found, _ = store.history().knowing(LEARNED + timedelta(days=1), last)
    newest = found.quality(last).newest_at
    assert newest is not None
    assert newest < (store.quality(last).newest_at or newest)


def test_a_filter_has_no_cells(tmp_path: Path) -> None:
    store = shop(tmp_path, (0, MANY), (1, [order("m3", "c3", 3, status="cancelled")]))
    found, _ = store.history().knowing(LEARNED, order("x", "x", 50).ordered_at.date())
    with pytest.raises(ValueError, match="LINE"):
        found.counts("all", {"channel": "LINE"})
