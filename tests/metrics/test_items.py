"""Are the lines of an order kept with it, each once, and replaced by those of its later version?"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.rules import Rules
from metrics.sources import reading
from metrics.sources.mapping import BadMapping, read
from metrics.sources.reading import Wish
from metrics.sources.recognition import mapping_of, recognised
from metrics.warehouse import items
from metrics.warehouse.fingerprint import fingerprint
from metrics.warehouse.store import Store
from tests.metrics.shop_orders import LEARNED

SHOPIFY = (
    "Id", "Email", "Created at", "Total", "Financial Status",
    "Lineitem sku", "Lineitem name", "Lineitem quantity", "Lineitem price",
)  # fmt: skip
Line = tuple[str, str, str, str]
Orders = dict[str, list[Line]]


def shopify(path: Path, orders: Sequence[tuple[str, Sequence[Line]]]) -> Path:
    """An export: an order's own cells stand on its first line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(SHOPIFY)
        for number, lines in orders:
            own = (number, f"c{number}@example.jp", "2026-11-01 09:00:00 +0900", "1000", "paid")
            for at, line in enumerate(lines):
                out.writerow((*(own if at == 0 else ("",) * len(own)), *line))
    return path


def imported(store: Store, path: Path, hours: int = 0, wish: Wish | None = None) -> None:
    with store.writing() as connection:
        staged = reading.stage(connection, path, store.rules, wish or Wish(accept_bad=True))
        store.take(connection, LEARNED + timedelta(hours=hours), repeats=staged.duplicates > 0)


def kept(store: Store) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        return connection.execute("SELECT * EXCLUDE (source) FROM beside_order_items ORDER BY ALL").fetchall()


def content(store: Store) -> str:
    with store.reading() as connection:
        return fingerprint(connection, store.rules)


A: Line = ("A1", "美容液", "1", "1000")
B: Line = ("", "化粧水", "2", "500")


def test_a_later_version_of_an_order_has_the_lines_that_count(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    imported(store, shopify(tmp_path / "1.csv", [("1", [A, B]), ("2", [A])]))
    assert kept(store) == [
        ("1", "A1", "美容液", 1, 1000), ("1", "化粧水", "化粧水", 2, 1000), ("2", "A1", "美容液", 1, 1000),
    ]  # fmt: skip
    imported(store, shopify(tmp_path / "2.csv", [("1", [B])]), 1)
    assert kept(store) == [("1", "化粧水", "化粧水", 2, 1000), ("2", "A1", "美容液", 1, 1000)]


def test_an_order_whose_later_version_sells_nothing_keeps_no_line(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    imported(store, shopify(tmp_path / "1.csv", [("1", [A]), ("2", [A])]))
    imported(store, shopify(tmp_path / "2.csv", [("1", [("", "", "", "")])]), 1)
    assert kept(store) == [("2", "A1", "美容液", 1, 1000)]


def test_one_code_on_two_lines_is_put_together_and_the_last_of_an_order_that_comes_twice_counts(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    more: Line = ("A1", "美容液", "3", "900")
    imported(store, shopify(tmp_path / "1.csv", [("1", [B]), ("2", [A]), ("1", [A, more])]))
    assert kept(store) == [("1", "A1", "美容液", 4, 3700), ("2", "A1", "美容液", 1, 1000)]


def test_a_quantity_that_is_missing_is_one_and_one_that_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    lines = [("A1", "美容液", "", "1000"), ("B1", "化粧水", "二つ", "1000"), ("C1", "石けん", "2", "時価")]
    imported(store, shopify(tmp_path / "1.csv", [("1", lines)]))
    assert kept(store) == [
        ("1", "A1", "美容液", 1, None), ("1", "B1", "化粧水", None, None), ("1", "C1", "石けん", 2, None),
    ]  # fmt: skip


def test_freebies_that_the_shop_ignores_are_no_lines(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    wish = Wish(mapping=mapping_of("shopify", {"items": {"ignore": "おまけ"}}, "shop"), accept_bad=True)
    imported(store, shopify(tmp_path / "1.csv", [("1", [A, ("F1", "おまけの石けん", "1", "0")])]), wish=wish)
    assert kept(store) == [("1", "A1", "美容液", 1, 1000)]


def test_orders_of_a_file_that_does_not_say_what_was_sold_keep_their_lines(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    imported(store, shopify(tmp_path / "1.csv", [("1", [A])]))
    (tmp_path / "2.csv").write_text("order_id,customer_id,ordered_at,amount\n1,c,2026-11-02,500\n", encoding="utf-8")
    imported(store, tmp_path / "2.csv", 1, Wish(source="shopify"))
    assert kept(store) == [("1", "A1", "美容液", 1, 1000)]


def test_a_code_is_found_in_a_cell_only_with_a_group() -> None:
    with pytest.raises(BadMapping):
        read({"items": {"code_in": "x"}}, "shop")
    assert recognised(["定期受注番号", "広告URLグループ名"]) is not None


lines = st.lists(
    st.sampled_from([A, B, ("A1", "美容液", "2", "950"), ("C9", "石けん", "", "1")]), min_size=1, max_size=4
)


@settings(max_examples=8)
@given(st.lists(lines, min_size=3, max_size=9), st.data())
def test_twice_overlapping_split_and_in_any_order_give_the_same_bytes(
    orders: list[list[Line]], data: st.DataObject
) -> None:
    shop = [(str(number), sold) for number, sold in enumerate(orders)]
    cut = data.draw(st.integers(1, len(shop) - 1))
    mixed = data.draw(st.permutations(shop))
    part = data.draw(st.integers(1, 3))
    with TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        patch.setattr(items, "ROWS_A_PART", part)
        found = set()
        for way, files in enumerate([[shop], [shop, shop], [shop[cut:], shop[:cut]], [mixed], [shop[:cut], mixed]]):
            folder = Path(scratch) / str(way)
            folder.mkdir()
            store = Store(folder / "store.duckdb", Rules())
            for number, some in enumerate(files):
                imported(store, shopify(folder / f"{number}.csv", some), number)
            found.add(content(store))
        assert len(found) == 1


def test_the_fingerprint_tells_other_lines_apart(tmp_path: Path) -> None:
    def of(name: str, lines: list[Line]) -> str:
        store = Store(tmp_path / f"{name}.duckdb", Rules())
        imported(store, shopify(tmp_path / f"{name}.csv", [("1", lines)]))
        return content(store)

    assert of("1", [A, B]) == of("2", [A, B]) != of("3", [A, ("", "化粧水", "3", "500")])
