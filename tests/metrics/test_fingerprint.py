"""Have equal stores one fingerprint, however their orders came in, and different ones another?"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.rules import Rules
from metrics.sources import reading
from metrics.sources.reading import Wish
from metrics.warehouse.fingerprint import fingerprint
from metrics.warehouse.store import Store
from tests.metrics.shop_orders import LEARNED, Order, import_orders, many_orders, order, store_of

HEADER = ("order_id", "customer_id", "ordered_at", "amount", "status", "channel", "region", "product")


def of(store: Store) -> tuple[str, bytes]:
    """The fingerprint and the bytes of which it is one."""
    out = io.BytesIO()
    with store.reading() as connection:
        return fingerprint(connection, store.rules, out.write), out.getvalue()


def loaded(folder: Path, files: list[list[Order]]) -> tuple[str, bytes]:
    """A store into which those files were imported, one after the other."""
    store = Store(folder / "store.duckdb", Rules())
    for number, orders in enumerate(files):
        path = folder / f"{number}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = [[getattr(one, column) or "" for column in HEADER] for one in orders]
            csv.writer(file).writerows([HEADER, *rows])
        with store.writing() as connection:
            staged = reading.stage(connection, path, store.rules, Wish(accept_bad=True))
            store.take(connection, LEARNED + timedelta(hours=number), repeats=staged.duplicates > 0)
    return of(store)


@settings(max_examples=6)
@given(many_orders(least=4, most=12), st.data())
def test_twice_overlapping_in_any_order_and_split_anywhere_give_the_same_bytes(
    orders: list[Order], data: st.DataObject
) -> None:
    orders = [replace(one, amount=one.amount or 1) for one in orders]
    cut = data.draw(st.integers(1, len(orders) - 1))
    low, high = sorted(data.draw(st.tuples(st.integers(0, len(orders)), st.integers(0, len(orders)))))
    mixed = data.draw(st.permutations(orders))
    ways = [
        [orders],
        [orders, orders],
        [orders[cut:], orders[:cut]],
        [mixed],
        [part for part in (orders[:high], orders[low:], mixed[:cut]) if part],
    ]
    with TemporaryDirectory() as folder:
        found = []
        for number, files in enumerate(ways):
            here = Path(folder) / str(number)
            here.mkdir()
            found.append(loaded(here, files if sum(map(len, files)) else [orders]))
    once = found[0]
    whole = {one.order_id for one in orders}
    for files, one in zip(ways, found, strict=True):
        if {each.order_id for part in files for each in part} == whole:
            assert one == once
    assert once[0] == hashlib.sha256(once[1]).hexdigest(), "sha256sum of what is written tells the same"


def test_one_changed_cell_gives_another_fingerprint(tmp_path: Path) -> None:
    orders = [order(str(n), f"c{n % 3}", n, channel="web") for n in range(6)]
    first = of(store_of(tmp_path, orders))[0]
    for number, change in enumerate(({"amount": 1001}, {"channel": "Web"}, {"channel": None}, {"status": ""})):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert of(store_of(folder, [*orders[:5], replace(orders[5], **change)]))[0] != first, change


def test_an_empty_text_is_not_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    some, none = (
        of(store_of(tmp_path / name, [order("1", "a", 0, channel=it)])) for name, it in (("a", ""), ("b", None))
    )
    assert some[0] != none[0]


def test_orders_that_their_database_has_deleted_are_as_if_they_had_never_been(tmp_path: Path) -> None:
    orders = [order(str(n), f"c{n % 3}", n * 9, channel="web") for n in range(8)]
    (tmp_path / "kept").mkdir()
    kept = store_of(tmp_path / "kept", orders)
    import_orders(kept, [replace(one, status="deleted") for one in (orders[0], orders[1], orders[7])])
    (tmp_path / "fresh").mkdir()
    assert of(kept) == of(store_of(tmp_path / "fresh", orders[2:7]))
