"""Are the mistakes that others make with platforms' exports avoided, each by name?"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from metrics.problem import Problem
from metrics.rules import Rules
from metrics.sources import reading, recognition
from metrics.sources.columns import DoubledColumn
from metrics.sources.mapping import BadMapping
from metrics.sources.reading import UnknownHeader, Wish

JPY = Rules()
Ask = Callable[..., list[Any]]
SHOPIFY = ("Name", "Id", "Email", "Financial Status", "Created at", "Total", "Refunded Amount", "Lineitem name")
ECCUBE4 = ("注文ID", "会員ID", "メールアドレス", "小計", "値引き", "送料", "対応状況(ID)", "受注日", "商品名",
           "明細区分(ID)", "送料")  # fmt: skip
ECCUBE2 = ("注文番号", "会員ID", "メールアドレス", "小計", "値引き", "お支払い合計", "対応状況", "注文日時", "SHOPメモ")
RAKUTEN = ("注文番号", "ステータス", "サブステータスID", "楽天会員フラグ", "注文日時", "合計金額", "商品合計金額",
           "店舗発行クーポン利用額", "注文者メールアドレス")  # fmt: skip
WOO = ("order_id", "order_date", "status", "order_total", "order_subtotal", "customer_id", "billing_email",
       "wt_import_key")  # fmt: skip


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@pytest.fixture
def ask(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Ask:
    """What a SELECT over `incoming` gives after reading a file of these rows."""

    def read(select: str, header: tuple[str, ...], *rows: tuple[str, ...], wish: Wish | None = None) -> list[Any]:
        path = tmp_path / "orders.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        reading.stage(connection, path, JPY, wish or Wish(accept_bad=True))
        return connection.execute(f"SELECT {select} FROM incoming ORDER BY seq").fetchall()

    return read


@pytest.mark.parametrize("nobody", ["", "0", "null", "guest"])
def test_orders_without_an_id_are_not_merged_into_one_customer(ask, nobody):
    rows = [(str(n), "2026-10-05", "completed", "100", "", nobody, "", "") for n in range(3)]
    assert ask("customer_id", WOO, *rows) == [(None,)] * 3


def test_a_cancelled_order_is_not_numbered_as_a_purchase(ask):
    cancelled = ("1", "7", "a@b.jp", "1000", "0", "0", "3", "2026-10-05", "x", "1", "0")
    bought = ("2", "7", "a@b.jp", "1000", "0", "0", "5", "2026-10-06", "x", "1", "0")
    assert [status in JPY.excluded for (status,) in ask("status", ECCUBE4, cancelled, bought)] == [True, False]


def test_a_refund_row_is_no_purchase_and_lowers_its_order(ask):
    header = ("Date", "Time", "Net Sales", "Event Type", "Transaction ID", "Customer ID")
    rows = [
        ("2026-10-05", "10:00:00", "3000", "Payment", "T1", "Q1"),
        ("2026-10-09", "10:00:00", "-1000", "Refund", "T1", "Q1"),
        ("2026-10-09", "11:00:00", "-500", "Refund", "T9", "Q1"),
    ]
    assert ask("order_id, amount", header, *rows) == [("T1", 2000)]


def test_dates_without_leading_zeros_are_not_compared_as_text(ask):
    rows = [
        (str(n), "1", "", "100", "0", "100", "5", at, "")
        for n, at in enumerate(["2026/9/5 8:07", "2026/10/05 23:00", "2026/11/1"])
    ]
    found = [at for (at,) in ask("ordered_at", ECCUBE2, *rows)]
    assert found == sorted(found) == [datetime(2026, 9, 5, 8, 7), datetime(2026, 10, 5, 23), datetime(2026, 11, 1)]


def test_the_offset_of_each_row_is_not_dropped(ask):
    rows = [
        ("#1", "1", "a@b.jp", "paid", "2026-10-31 23:50:00 -0400", "1", "0", "x"),
        ("#2", "2", "a@b.jp", "paid", "2026-11-01 00:10:00 +0900", "1", "0", "x"),
    ]
    assert ask("ordered_at", SHOPIFY, *rows) == [(datetime(2026, 11, 1, 12, 50),), (datetime(2026, 11, 1, 0, 10),)]


def test_shopify_names_are_no_keys(ask):
    rows = [
        ("#1001", "5001", "a@b.jp", "paid", "2026-10-05 10:00:00 +0900", "1", "0", "x"),
        ("#1001", "", "a@b.jp", "", "", "", "", "y"),
        ("#1001", "6001", "c@d.jp", "paid", "2026-10-05 10:00:00 +0900", "2", "0", "x"),
    ]
    assert ask("order_id, amount", SHOPIFY, *rows) == [("5001", 1), ("6001", 2)]


def test_a_continuation_row_is_neither_an_order_nor_an_error(connection, ask):
    rows = [
        ("#1001", "5001", "a@b.jp", "paid", "2026-10-05 10:00:00 +0900", "1", "0", "x"),
        ("#1001", "", "", "", "", "", "", "y"),
        ("#1001", "", "", "", "", "", "", "z"),
    ]
    assert ask("order_id, product", SHOPIFY, *rows) == [("5001", "x")]
    assert connection.execute("SELECT count(*) FROM rejected").fetchone() == (0,)


def test_shipping_that_stands_twice_in_the_header_is_in_no_revenue(ask):
    row = ("1", "7", "", "5000", "500", "600", "5", "2026-10-05", "x", "1", "650")
    assert ask("amount", ECCUBE4, row) == [(4500,)]


def test_a_shop_that_wants_a_doubled_column_says_which(ask):
    row = ("1", "7", "", "5000", "500", "600", "5", "2026-10-05", "x", "1", "650")
    for name, amount in (("送料", 600), ("送料#2", 650)):
        mapping = recognition.mapping_of("eccube4", {"columns": {"amount": name}, "less": []}, "honten")
        assert ask("amount", ECCUBE4, row, wish=Wish(mapping=mapping)) == [(amount,)]


def test_minus_9999_is_no_amount(ask):
    rows = [
        ("1", "100", "", "1", "2026-10-05 10:00:00", "-9999", "4400", "-9999", "a@b.jp"),
        ("2", "700", "", "1", "2026-10-05 10:00:00", "5000", "4400", "-9999", "a@b.jp"),
    ]
    assert ask("order_id, amount", RAKUTEN, *rows) == [("1", 4400), ("2", 5000)]


def test_totals_that_repeat_on_item_rows_are_not_summed(ask):
    row = ("1", "700", "", "1", "2026-10-05 10:00:00", "5000", "4400", "0", "a@b.jp")
    assert ask("amount", RAKUTEN, row, row, row) == [(5000,)]


def test_a_cart_in_progress_has_no_date_and_is_no_error(connection, ask):
    cart = ("1", "7", "a@b.jp", "1000", "0", "0", "8", "", "x", "1", "0")
    order = ("2", "7", "a@b.jp", "1000", "0", "0", "5", "2026-10-06", "x", "1", "0")
    assert ask("order_id", ECCUBE4, cart, order) == [("2",)]
    assert connection.execute("SELECT count(*) FROM rejected").fetchone() == (0,)


def test_amazon_never_guesses_a_customer(ask):
    header = ("amazon-order-id", "purchase-date", "order-status", "item-price", "item-promotion-discount",
              "ship-postal-code")  # fmt: skip
    row = ("250-1", "2026-10-05T16:30:00+00:00", "Shipped", "1980", "", "100-0001")
    assert ask("customer_id, ordered_at", header, row) == [(None, datetime(2026, 10, 6, 1, 30))]


def test_customers_of_two_sources_are_two_people_unless_joined(ask):
    eccube = ("1", "7", "a@b.jp", "1000", "0", "0", "5", "2026-10-05", "x", "1", "0")
    woo = ("1", "2026-10-05", "completed", "100", "", "7", "A@b.jp", "")
    apart = {ask("customer_id", ECCUBE4, eccube)[0], ask("customer_id", WOO, woo)[0]}
    assert apart == {("id:eccube4/7",), ("id:woocommerce/7",)}
    guests = {
        ask("customer_id", ECCUBE4, (eccube[0], "", *eccube[2:]))[0],
        ask("customer_id", WOO, (*woo[:5], "0", *woo[6:]))[0],
    }
    assert len(guests) == 2
    wish = Wish(joined=True)
    joined = {ask("customer_id", ECCUBE4, eccube, wish=wish)[0], ask("customer_id", WOO, woo, wish=wish)[0]}
    assert len(joined) == 1


def test_the_errors_name_the_row_and_the_column_as_the_file_writes_them(connection, ask):
    rows = [
        ("#1", "1", "a@b.jp", "paid", "2026-10-05 10:00:00 +0900", "1", "0", "x"),
        ("#1", "", "", "", "", "", "", "y"),
        ("#2", "2", "a@b.jp", "paid", "2026/13/45", "1", "0", "x"),
        ("#3", "3", "a@b.jp", "paid", "2026-10-05 10:00:00 +0900", "viel", "0", "x"),
    ]
    ask("order_id", SHOPIFY, *rows)
    assert connection.execute('SELECT row, "column", value, reason FROM rejected ORDER BY row').fetchall() == [
        (4, "Created at", "2026/13/45", "not_a_date"),
        (5, "Total", "viel", "not_a_number"),
    ]


def test_a_ragged_row_is_named_and_the_others_are_read(connection, tmp_path):
    path = tmp_path / "orders.csv"
    rows = ["#1,1,a@b.jp,paid,2026-10-05,1,0,x", "#2,2,a@b.jp,paid", "#3,3,a@b.jp,paid,2026-10-05,1,0,x"]
    path.write_text("\n".join([",".join(SHOPIFY), *rows]) + "\n", encoding="utf-8")
    staged = reading.stage(connection, path, JPY, Wish(accept_bad=True))
    assert [(bad.row, bad.value, bad.reason_key) for bad in staged.bad] == [(3, "4", "ragged_row")]
    assert staged.accepted == 2


def test_an_unknown_header_leads_to_the_wizard(ask):
    with pytest.raises(UnknownHeader) as caught:
        ask("1", ("番号", "だれ", "いつ", "いくら"), ("1", "2", "3", "4"))
    assert "order_id" in str(caught.value.values["missing"])


def test_our_own_column_names_need_no_platform(ask):
    header = ("order_id", "customer_id", "ordered_at", "amount")
    assert ask("customer_id, source", header, ("1", "C1", "2026-10-05", "5")) == [("id:C1", "file")]
    with pytest.raises(DoubledColumn):
        ask("1", (*header, "amount"), ("1", "C1", "2026-10-05", "5", "6"))


@pytest.mark.parametrize(
    "over",
    [
        {"colums": {}},
        {"columns": {"order_id": 5}},
        {"group": "by name"},
        {"drop_rows": {"注文ID": "("}},
        {"statuses": {"bought": ["1"]}},
        {"zone": "Mars/Phobos"},
        {"skip_rows": "two"},
    ],
    ids=str,
)
def test_a_mistake_in_a_mapping_is_named(over):
    with pytest.raises(Problem) as caught:
        recognition.mapping_of("eccube4", over, "honten")
    assert isinstance(caught.value, BadMapping) or caught.value.key == "unknown_zone"


def test_a_shop_s_own_mapping_reads_what_no_preset_knows(ask):
    said = {
        "columns": {"order_id": "番号", "customer_id": "だれ", "ordered_at": "いつ", "amount": "いくら"},
        "date_format": "%d.%m.%Y",
        "drop_rows": {"番号": "^合計"},
    }
    mapping = recognition.mapping_of("", said, "honten")
    rows = [("1", "C1", "05.10.2026", "1,980"), ("合計", "", "", "1,980")]
    found = ask("order_id, customer_id, ordered_at, amount", ("番号", "だれ", "いつ", "いくら"), *rows,
                wish=Wish(source="honten", mapping=mapping))  # fmt: skip
    assert found == [("1", "id:honten/C1", datetime(2026, 10, 5), 1980)]


def test_lines_are_put_together_a_part_at_a_time_with_the_same_result(connection, tmp_path, monkeypatch):
    path = tmp_path / "orders.csv"
    lines = [",".join(SHOPIFY)]
    for n in range(300):
        lines.append(f"#{n},{n},c{n % 50}@b.jp,paid,2026-10-05 10:00:00 +0900,{n},0,x{n}")
        lines += [f"#{n},,,,,,,more"] * (n % 3)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    select = "SELECT order_id, customer_id, amount, product FROM incoming ORDER BY seq"
    reading.stage(connection, path, JPY, Wish())
    whole = connection.execute(select).fetchall()
    monkeypatch.setattr(reading.mapped, "LINES_A_PART", 7)
    reading.stage(connection, path, JPY, Wish())
    assert connection.execute(select).fetchall() == whole
    assert len(whole) == 300
