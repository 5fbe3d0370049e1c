"""Is the embedded store equal to a full rebuild after any stream of orders, and never half-way?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.estimate import Estimate, rate
from metrics.rules import Rules
from metrics.warehouse import cohorts, versions
from metrics.warehouse.answers import NotAFilter, UnknownLabel
from metrics.warehouse.contribution import OrderRows
from metrics.warehouse.file import NotAStore, OtherShop, StoreBusy, prepare
from metrics.warehouse.pull import Shape, part_of, pull
from metrics.warehouse.schema import CELLS
from metrics.warehouse.store import NoStore, Store
from tests.metrics.shop_orders import LEARNED, Order, any_order, any_rules, import_orders, order, plain, stage, store_of

DIMENSIONS = ("all", "channel", "region", "product", "entry", "purchase_count")
ROOT = Path(__file__).parents[2]

ids = st.integers(0, 25).map(str)
streams = st.lists(st.lists(any_order(ids), max_size=12), min_size=1, max_size=5)


def everything(store: Store) -> dict[str, object]:
    """All that is kept, in a form that can be compared."""
    found: dict[str, object] = {dimension: plain(store.counts(dimension)) for dimension in DIMENSIONS}
    found["quality"] = store.quality(date(2030, 1, 1))
    with store.reading() as connection:
        found["customers"] = sorted(
            connection.execute(
                "SELECT * EXCLUDE (label_channel, label_region, label_product) FROM customers"
            ).fetchall(),
            key=str,
        )
    return found


def kept_in(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What an open store keeps, cell by cell, with label names and no batches."""
    cells = {
        table: connection.execute(
            f"SELECT dimension, value, day, what, sum(n) FROM {table} JOIN label ON id = label"
            " GROUP BY ALL HAVING sum(n) <> 0 ORDER BY ALL"
        ).fetchall()
        for table in CELLS
    }
    columns = "customer_hash, first_day, second_day, last_day, purchase_count, amount, entry, cohort"
    labels = "(SELECT value FROM label WHERE id = label_channel), (SELECT value FROM label WHERE id = label_product)"
    return {
        **cells,
        "customers": connection.execute(f"SELECT {columns}, {labels} FROM customers ORDER BY ALL").fetchall(),
    }


def opened(rules: Rules) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:", config={"threads": 1})
    prepare(connection, Path(":memory:"), rules)
    return connection


@settings(max_examples=30)
@given(streams, any_rules)
def test_folding_batches_equals_a_rebuild_and_equals_one_import(stream: list[list[Order]], rules: Rules) -> None:
    """New, late, edited, cancelled and merged orders, ids coming again with other facts."""
    last = {each.order_id: each for batch in stream for each in batch}
    with opened(rules) as folded, opened(rules) as at_once, pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions, "FOLD_SHARE", 10.0**9)
        for number, batch in enumerate(stream):
            stage(folded, batch)
            versions.take(folded, rules, LEARNED + timedelta(days=number))
        after_folds = kept_in(folded)
        versions.rebuild(folded, rules)
        assert kept_in(folded) == after_folds
        stage(at_once, list(last.values()))
        versions.take(at_once, rules, LEARNED)
        assert kept_in(at_once) == after_folds


@settings(max_examples=8)
@given(streams)
def test_counts_in_memory_follow_the_file_batch_by_batch(stream: list[list[Order]]) -> None:
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions, "FOLD_SHARE", 10.0**9)
        store = Store(Path(folder) / "store.duckdb", Rules())
        for number, batch in enumerate(stream):
            import_orders(store, batch, LEARNED + timedelta(days=number))
            store.refresh()
            for dimension in DIMENSIONS:
                store.counts(dimension)
        in_memory = {dimension: plain(store.counts(dimension)) for dimension in DIMENSIONS}
        fresh = Store(store.path, Rules())
        assert in_memory == {dimension: plain(fresh.counts(dimension)) for dimension in DIMENSIONS}


def test_the_same_import_twice_changes_nothing(tmp_path: Path) -> None:
    orders = [order(str(i), f"c{i % 5}", i) for i in range(30)]
    store = store_of(tmp_path, orders)
    before = everything(store)
    taken = import_orders(store, orders)
    store.refresh()
    assert (taken.new, taken.changed, taken.unchanged) == (0, 0, 30)
    assert everything(store) == before


def test_a_later_version_wins_and_the_earlier_is_kept(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order("1", "a", 0), order("2", "a", 10), order("1", "a", 0, amount=5000)])
    taken = import_orders(store, [order("2", "a", 10, status="cancelled")], LEARNED + timedelta(days=1))
    assert (taken.new, taken.changed) == (0, 1)
    with store.reading() as connection:
        assert connection.execute("SELECT order_id, amount, status FROM orders ORDER BY 1").fetchall() == [
            ("1", 5000, "completed"), ("2", 1000, "cancelled"),
        ]  # fmt: skip
        assert connection.execute("SELECT order_id, status FROM superseded").fetchall() == [("2", "completed")]


def test_the_same_order_id_in_two_sources_is_two_orders(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb", Rules())
    import_orders(store, [order("1", "a", 0)], source="shop")
    import_orders(store, [order("1", "a", 9)], source="mall")
    assert store.quality(date(2030, 1, 1)).orders == 2


def test_a_past_morning_is_replayed_as_it_was_known(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.duckdb", Rules())
    import_orders(store, [order("1", "a", 0), order("2", "a", 10), order("3", "b", 1)], LEARNED)
    then = plain(store.counts("all"))
    import_orders(store, [order("2", "a", 10, status="cancelled"), order("4", "b", 3)], LEARNED + timedelta(days=5))
    store.refresh()
    assert plain(store.counts("all")) != then
    past = store.known(LEARNED + timedelta(days=1))
    assert plain(past.counts("all")) == then
    assert past.quality(date(2030, 1, 1)).orders == 3
    assert plain(store.known(LEARNED + timedelta(days=5)).counts("all")) == plain(store.counts("all"))
    assert not any(plain(store.known(LEARNED - timedelta(days=1)).counts("all")).values())
    assert store.first_import_at() == LEARNED


def test_other_rules_count_anew_from_the_same_orders(tmp_path: Path) -> None:
    orders = [order("1", "a", 0, 600), order("2", "a", 0, 605), order("3", "a", 9)]
    store = store_of(tmp_path, orders)
    assert store.quality(date(2030, 1, 1)).purchases == 2
    separate = Store(store.path, Rules(same_day="separate"))
    assert separate.quality(date(2030, 1, 1)).purchases == 3
    assert Store(store.path, Rules()).quality(date(2030, 1, 1)).purchases == 2


@pytest.mark.parametrize("others", [Rules(zone="Europe/Paris"), Rules(currency="USD")])
def test_orders_read_by_another_zone_or_currency_are_not_reread_by_this_one(tmp_path: Path, others: Rules) -> None:
    path = store_of(tmp_path, [order("1", "a", 0)]).path
    with pytest.raises(OtherShop):
        Store(path, others).counts("all")
    with pytest.raises(OtherShop), Store(path, others).writing():
        pass
    assert Store(path, Rules()).quality(date(2030, 1, 1)).orders == 1


def test_a_dimension_may_be_added_or_taken_away_between_imports(tmp_path: Path) -> None:
    path = store_of(tmp_path, [order("1", "a", 0, channel="web", region="east")]).path
    more = Store(path, Rules(columns=("channel", "region", "product", "campaign")))
    with more.writing() as connection:
        stage(connection, [order("2", "b", 1, channel="shop")])
        connection.execute("ALTER TABLE incoming ADD COLUMN campaign VARCHAR DEFAULT 'spring'")
        more.take(connection, LEARNED)
    assert set(more.labels("campaign")) == {"", "spring"}
    less = Store(path, Rules(columns=("channel",)))
    import_orders(less, [order("1", "a", 0, amount=5, channel="tv"), order("3", "c", 2, channel="shop")])
    assert less.labels("channel") == ("shop", "tv")
    assert less.quality(date(2030, 1, 1)).orders == 3


def test_quality_counts_what_was_left_out(tmp_path: Path) -> None:
    orders = [
        order("1", "a", 0), order("2", "a", 0, 660), order("3", None, 0), order("4", "b", 1, status="cancelled"),
        order("5", "b", 1, amount=0), order("6", "c", 2, status="mystery"), order("7", "c", 3, status="returned"),
        order("8", "d", 4, first_flag=False),
    ]  # fmt: skip
    store = store_of(tmp_path, orders)
    quality = store.quality(date(2030, 1, 1))
    assert dict(quality.dropped) == {
        "excluded": 1, "zero": 1, "returned": 1, "unidentified": 1, "first_not_trusted": 1,
    }  # fmt: skip
    assert (quality.orders, quality.purchases, quality.merged, quality.customers) == (8, 3, 1, 3)
    assert quality.unknown_statuses == (("mystery", 1),)
    assert store.quality(date(2025, 1, 1)).orders == 3
    newest = store.quality(date(2025, 1, 1)).newest_at
    assert newest is not None
    assert newest.isoformat() == "2025-01-01T11:00:00+09:00"


def test_the_usual_japanese_statuses_are_known(tmp_path: Path) -> None:
    statuses = ("キャンセル", "返品", "交換", "入金待ち", "発送済み", "謎")
    store = store_of(tmp_path, [order(str(i), f"c{i}", i, status=status) for i, status in enumerate(statuses)])
    quality = store.quality(date(2030, 1, 1))
    assert dict(quality.dropped)["excluded"] == 2
    assert (quality.purchases, quality.unknown_statuses) == (4, (("謎", 1),))  # the returned first stays


def test_the_platform_may_tell_of_every_order_whether_it_is_a_first(tmp_path: Path) -> None:
    orders = [
        order("1", "a", 0, first_flag=True), order("2", "a", 3, first_flag=False), order("3", None, 4),
        order("4", "b", 5),
    ]  # fmt: skip
    store = store_of(tmp_path, orders)
    assert store.quality(date(2025, 1, 5)).firsts_told
    assert not store.quality(date(2025, 1, 6)).firsts_told


def test_an_order_without_identity_is_in_no_rate(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order("1", None, 0), order("2", None, 5), order("3", "a", 0)])
    counts = store.counts("all")
    assert counts.idle(date(2025, 2, 1)).active[0] == 1


def test_the_list_is_ranked_in_the_engine_and_agrees_for_a_past_day(tmp_path: Path) -> None:
    orders = [
        order("1", "poor", 0, amount=100), order("2", "rich", 0, amount=9000), order("3", "often", 0, amount=3000),
        order("4", "often", 5, amount=3000), order("5", "active", 60), order("6", "unknown", 20, amount=50),
    ]  # fmt: skip
    store = store_of(tmp_path, orders)
    chances = {("1", idle): rate(10, 100) for idle in range(60, 80)} | {
        ("2", idle): rate(60, 100) for idle in range(60, 90)
    }
    chances |= {("1", idle): Estimate(None, 3) for idle in range(45, 60)}
    as_of = date(2025, 1, 1) + timedelta(days=65)
    listed = store.about_to_go_dormant(as_of, chances)
    assert [(row.customer_id, row.idle_days, row.purchase_count) for row in listed] == [
        ("often", 60, 2), ("rich", 65, 1), ("poor", 65, 1),
    ]  # fmt: skip
    assert listed[0].expected_value == pytest.approx(0.6 * 3000)
    import_orders(store, [order("9", "rich", 70)], LEARNED + timedelta(days=1))
    assert store.about_to_go_dormant(as_of, chances) == listed, "what happened later changes nothing"


def test_labels_are_ranked_by_customers_and_filters_are_checked(tmp_path: Path) -> None:
    orders = [order(str(i), f"c{i}", i, channel="web" if i % 3 else "tel") for i in range(9)]
    store = store_of(tmp_path, orders)
    assert store.labels("channel") == ("web", "tel")
    with pytest.raises(UnknownLabel):
        store.counts("all", {"channel": "radio"})
    with pytest.raises(NotAFilter):
        store.counts("all", {"purchase_count": "1"})
    one = store.cohort_counts("product", {"channel": "web"})
    full = store.counts("product", {"channel": "web"})
    assert plain(one)["cohort"] == plain(full)["cohort"]
    assert plain(one)["gap"] == plain(full)["gap"]
    with pytest.raises(UnknownLabel):
        store.cohort_counts("all", {"channel": "radio"})
    with pytest.raises(NotAFilter):
        store.cohort_counts("all", {"purchase_count": "1"})


@pytest.mark.parametrize("dimension", ["all", "channel", "product", "entry"])
@pytest.mark.parametrize(
    "filters", [{}, {"channel": "web"}, {"channel": "shop", "product": "p1"}, {"entry": "one_off"}]
)
def test_crossed_cohorts_are_the_same_from_memory_and_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dimension: str, filters: dict[str, str]
) -> None:
    orders = [
        order(str(i), f"c{i % 37}", i % 90, channel=("web", "shop")[i % 37 % 2], product=f"p{i % 37 % 3}")
        for i in range(160)
    ]
    store = store_of(tmp_path, orders)
    remembered = plain(store.cohort_counts(dimension, filters))
    assert remembered["cohort"]
    monkeypatch.setattr(cohorts, "MOST_CUSTOMERS", 1)
    assert plain(Store(store.path, store.rules).cohort_counts(dimension, filters)) == remembered


def test_customers_beyond_the_most_frequent_labels_are_one_label(tmp_path: Path) -> None:
    orders = [order(str(i), f"c{i}", i % 30, product=f"p{i % 700:03}") for i in range(1400)]
    counts = store_of(tmp_path, orders).counts("product")
    assert len(counts.labels) == 500
    assert counts.idle(date(2025, 2, 1)).active.sum() == 1400
    assert counts.idle(date(2025, 2, 1)).active[counts.labels.index("(other)")] == 2 * 201


# -- bad files -------------------------------------------------------------------


def test_a_file_that_is_no_store_is_named_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("kept as it is\n" * 1000)
    with pytest.raises(NotAStore), Store(path, Rules()).reading():
        pass
    assert path.read_text() == "kept as it is\n" * 1000
    with pytest.raises(NoStore), Store(tmp_path / "missing.duckdb", Rules()).reading():
        pass
    assert not (tmp_path / "missing.duckdb").exists()


def test_a_foreign_duckdb_file_is_refused(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "other.duckdb")) as connection:
        connection.execute("CREATE TABLE mine (x INTEGER)")
    with pytest.raises(NotAStore):
        import_orders(Store(tmp_path / "other.duckdb", Rules()), [order("1", "a", 0)])


# -- interrupted and concurrent ----------------------------------------------------


def test_an_error_inside_an_import_leaves_the_old_state(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order("1", "a", 0)])
    before = everything(store)

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(versions.kept, "write_cells", fails)
        with pytest.raises(ZeroDivisionError):
            import_orders(store, [order("2", "a", 3)])
    assert everything(Store(store.path, Rules())) == before


def test_a_reader_sees_the_old_state_while_an_import_runs(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order("1", "a", 0)])
    seen: list[int] = []

    def read() -> None:
        with store.reading() as connection:
            seen.append(connection.execute("SELECT count(*) FROM orders").fetchall()[0][0])

    def look(_: float) -> None:
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(20)

    with store.writing() as connection:
        stage(connection, [order(str(i), "b", i) for i in range(2, 50)])
        store.take(connection, LEARNED, look)
    read()
    assert len(seen) > 1
    assert {*seen[:-1], 0} == {1, 0}, "the import was not yet committed"
    assert seen[-1] == 49


IMPORTER = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from metrics.rules import Rules
    from metrics.warehouse.store import Store
    from tests.metrics.shop_orders import import_orders, order

    store = Store(Path(sys.argv[1]), Rules())
    print("ready", flush=True)
    for batch in range(10_000):
        orders = [order(f"{batch}-{i}", f"c{(batch * 7 + i) % 90}", i) for i in range(60)]
        import_orders(store, orders, datetime(2026, 1, 1, tzinfo=UTC))
        print(batch, flush=True)
"""


def importer(path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(IMPORTER), str(path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("wait", [0.0, 0.03, 0.08, 0.15, 0.23])
def test_an_import_killed_half_way_leaves_a_whole_batch_or_none_of_it(tmp_path: Path, wait: float) -> None:
    path = tmp_path / "killed.duckdb"
    process = importer(path)
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    process.stdout.close()
    store = Store(path, Rules())
    orders = store.quality(date(2030, 1, 1)).orders
    assert orders >= 60
    assert orders % 60 == 0, "a batch is in as a whole or not at all"
    kept = everything(store)
    store.rebuild()
    assert everything(store) == kept


def test_a_reader_in_another_process_does_not_stop_imports(tmp_path: Path) -> None:
    path = tmp_path / "busy.duckdb"
    store = store_of(tmp_path, [order("first", "a", 0)])
    store.path.rename(path)
    process = importer(path)
    assert process.stdout is not None
    process.stdout.readline()
    reader = Store(path, Rules())
    counted: list[int] = []
    while len(counted) < 20:
        with reader.reading() as connection:
            counted.append(connection.execute("SELECT count(*) FROM orders").fetchall()[0][0])
    process.kill()
    process.wait(20)
    process.stdout.close()
    assert counted == sorted(counted)
    assert counted[-1] > counted[0], "imports went on between the reads"


HOLDER = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"


def test_who_waits_too_long_for_the_file_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "locked.duckdb"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(StoreBusy):
        import_orders(Store(path, Rules(), wait_seconds=0.1), [order("1", "a", 0)])
    holder.communicate()


def test_a_later_cancellation_moves_the_second_purchase(tmp_path: Path) -> None:
    orders = [order("1", "a", 0), order("2", "a", 10), order("3", "a", 40)]
    store = store_of(tmp_path, orders)
    import_orders(store, [replace(orders[1], status="cancelled")], datetime(2026, 2, 1, tzinfo=UTC))
    store.refresh()
    assert list(plain(store.counts("all"))["gap"]) == [("", 20089, 40)]


def test_a_rebuild_in_many_chunks_equals_one_in_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    orders = [order(str(i), f"c{i % 23}", i % 90, channel=f"ch{i % 4}", amount=100 * (i % 7)) for i in range(300)]
    store = store_of(tmp_path, orders)
    before = everything(store)
    monkeypatch.setattr(versions, "ORDERS_A_PULL", 9)
    monkeypatch.setattr(versions, "ORDERS_A_CHUNK", 3)
    seen: list[float] = []
    assert store.rebuild(seen.append) == 23
    assert len(seen) > 30
    assert everything(Store(store.path, Rules())) == before


@pytest.mark.parametrize("most", [100, 30_000, 2**33])
def test_orders_that_wait_in_small_types_come_out_as_they_were(tmp_path: Path, most: int) -> None:
    days = (-40_000, 0, 400)  # 1917 to 2027: as seconds since 1970 one is below what four bytes hold
    orders = [order(str(i), f"c{i}", days[i % 3], amount=most * (i % 4), channel=f"ch{i % 2}") for i in range(60)]
    with store_of(tmp_path, orders).reading() as connection:
        usual = pull(connection, "orders", Rules())
        waiting = pull(connection, "orders", Rules(), shape=Shape.small(connection, "orders"))
    assert (waiting.amount.itemsize, waiting.labels.itemsize, waiting.row.itemsize) == (
        {100: 2, 30_000: 4, 2**33: 8}[most], 1, 1,
    )  # fmt: skip
    upper, there = part_of(waiting, 1, 2), np.flatnonzero(usual.customer >= np.uint64(2**63))
    assert 0 < len(there) < 60
    for field in OrderRows.__slots__:
        assert getattr(upper, field).tolist() == getattr(usual, field)[there].tolist(), field
    assert (upper.amount.itemsize, upper.labels.itemsize) == (8, 4)


def test_a_new_store_packs_no_column_worse_than_the_engine_would(tmp_path: Path) -> None:
    store = store_of(tmp_path, [order(str(i), f"c{i % 700}", i % 90, amount=100 * (i % 70)) for i in range(5000)])
    with store.reading() as connection:
        packed = dict(
            connection.execute(
                "SELECT DISTINCT column_name, compression FROM pragma_storage_info('orders')"
                " WHERE segment_type <> 'VALIDITY' AND column_name IN ('order_hash', 'order_id', 'ordered_at')"
            ).fetchall()
        )
    assert packed == {"order_hash": "Uncompressed", "order_id": "FSST", "ordered_at": "BitPacking"}


def test_cells_are_made_one_row_each_again_and_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(tmp_path, [order(str(i), f"c{i % 5}", i) for i in range(40)])
    in_memory = {dimension: store.counts(dimension) for dimension in DIMENSIONS}
    assert in_memory["all"].start is not None
    monkeypatch.setattr(versions.kept, "APPENDED", 0)
    for day in range(6):
        import_orders(store, [order(f"n{day}-{i}", f"d{day}-{i}", 50 + day) for i in range(3)])
    with store.reading() as connection:
        rows, cells = connection.execute(
            "SELECT count(*), count(DISTINCT (label, day, what)) FROM idle_cells"
        ).fetchall()[0]
    assert rows == cells
    store.refresh()
    compacted = everything(store)
    store.rebuild()
    assert everything(Store(store.path, Rules())) == compacted
