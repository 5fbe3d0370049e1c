"""Has an order the role of what it sold, and does a customer keep that of the first one?"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from metrics.rules import Rules
from metrics.segment import DEFAULT_COLUMNS, PRODUCT_ROLE
from metrics.sources import reading
from metrics.sources.beside.reading import stage_file
from metrics.sources.people import People
from metrics.sources.reading import Wish
from metrics.warehouse import beside, roles
from metrics.warehouse.store import Store
from tests.metrics.shop_orders import LEARNED

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES = Rules(columns=(*DEFAULT_COLUMNS, PRODUCT_ROLE))
PRODUCTS = "F,front,\nM,middle,\nB,back,\n"
ITEMS = "1,M\n1,F\n1,none\n2,B\n3,none\n4,B\n4,M\n"
ORDERS = "1,a,2025-01-01\n2,a,2025-01-11\n3,b,2025-01-02\n4,c,2025-01-03\n5,d,2025-01-04\n"
SAID = {"1": "front", "2": "back", "3": None, "4": "middle", "5": None}


class Shop:
    """A store, and files that go into it as they do for a shop."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.files = folder, 0
        self.store = Store(folder / "store.duckdb", RULES)

    @property
    def now(self) -> datetime:
        return LEARNED + timedelta(hours=self.files)

    def written(self, head: str, rows: str) -> Path:
        self.files += 1
        path = self.folder / f"{self.files}.csv"
        path.write_text(f"{head}\n{rows}", encoding="utf-8")
        return path

    def orders(self, rows: str = ORDERS) -> tuple[int, int, int]:
        """Orders new, changed and as they were."""
        priced = "".join(f"{row},1000\n" for row in rows.splitlines())
        path = self.written("order_id,customer_id,ordered_at,amount", priced)
        with self.store.writing() as connection:
            reading.stage(connection, path, RULES, Wish())
            taken = self.store.take(connection, self.now)
        return taken.new, taken.changed, taken.unchanged

    def table(self, name: str, head: str, rows: str) -> None:
        path = self.written(head, rows)
        with self.store.writing() as connection:
            assert stage_file(connection, path, RULES, lambda _: People())
            beside.take(connection, name, "file")
            if roles.stage(connection, RULES):
                self.store.take(connection, self.now, repeats=False)

    def products(self, rows: str = PRODUCTS) -> None:
        self.table("products", "product_code,role,valid_from", rows)

    def items(self, rows: str = ITEMS) -> None:
        self.table("order_items", "order_id,product_code", rows)

    def roles(self) -> dict[str, str | None]:
        with self.store.reading() as connection:
            return dict(connection.execute("SELECT order_id, product_role FROM orders ORDER BY 1").fetchall())

    def customers(self) -> dict[str, int]:
        """Customers by the role they began with."""
        with self.store.reading() as connection:
            found = connection.execute(
                "SELECT value, count(*) FROM customers JOIN label ON id = label_product_role GROUP BY 1"
            ).fetchall()
        return dict(found)


@pytest.mark.parametrize("order", ["oip", "opi", "iop", "ipo", "poi", "pio"])
def test_the_front_most_role_counts_in_whichever_order_the_files_come(tmp_path: Path, order: str) -> None:
    shop = Shop(tmp_path)
    for letter in order:
        {"o": shop.orders, "i": shop.items, "p": shop.products}[letter]()
    assert shop.roles() == SAID
    assert shop.customers() == {"front": 1, "middle": 1, "": 2}
    assert shop.orders() == (0, 0, 5)


def test_the_role_is_that_of_the_day_of_the_order(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.orders("1,a,2025-01-01\n2,b,2025-01-05\n3,c,2025-01-09\n")
    shop.items("1,P\n2,P\n3,P\n")
    shop.products("P,front,2025-01-05\nP,back,2025-01-06\n")
    assert shop.roles() == {"1": None, "2": "front", "3": "back"}


def test_other_roles_and_other_lines_tell_anew(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for fill in (shop.orders, shop.items, shop.products):
        fill()
    shop.products("F,back,\nnone,front,\n")
    assert shop.roles() == {"1": "front", "2": "back", "3": "front", "4": "middle", "5": None}
    shop.items("3,M\n5,F\n")
    assert shop.roles() == {"1": "front", "2": "back", "3": "middle", "4": "middle", "5": "back"}
    assert sum(shop.customers().values()) == 4


def test_orders_without_lines_keep_the_role_that_their_source_says(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.products()
    shop.items()
    path = shop.written(
        "order_id,customer_id,ordered_at,amount,product_role", "2,a,2025-01-01,1,front\n9,b,2025-01-01,1,front\n"
    )
    for _ in range(2):
        with shop.store.writing() as connection:
            reading.stage(connection, path, RULES, Wish())
            shop.store.take(connection, shop.now)
        assert shop.roles() == {"2": "back", "9": "front"}


def versions(shop: Shop) -> Sequence[object]:
    with shop.store.reading() as connection:
        return connection.execute("SELECT count(*) FROM superseded").fetchall()


def test_products_that_come_again_change_nothing(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    for fill in (shop.orders, shop.items, shop.products):
        fill()
    before = versions(shop)
    shop.products()
    shop.items()
    shop.orders()
    assert versions(shop) == before
