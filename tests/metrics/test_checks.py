"""Which checks do files and databases share, and can their SQL be trusted?"""

from __future__ import annotations

import unicodedata

import duckdb
import pytest

from metrics.rules import Rules
from metrics.sources import cells, checks, columns, files, text

HEADER = ("order_id", "customer_id", "ordered_at", "amount")


@pytest.fixture
def connection():
    with duckdb.connect() as connection:
        yield connection


def value(connection, sql: str, cell: str | None):
    return connection.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS c)", [cell]).fetchone()[0]


def layout(*names: str, rules: Rules | None = None) -> columns.Layout:
    return columns.layout(names, rules or Rules(), file="f", source="s")


def test_a_layout_knows_columns_by_name_and_leaves_the_others_alone():
    found = layout(*HEADER, "note", "region")
    assert found.refs == {**{name: f"c{n}" for n, name in enumerate(HEADER)}, "region": f"c{len(HEADER) + 1}"}
    assert len(found.every) == len(HEADER) + 2


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(columns.DoubledColumn) as caught:
        layout(*HEADER, "amount")
    assert caught.value.values["name"] == "amount"


def test_an_e_mail_column_is_enough_to_know_customers():
    assert "email" in layout("order_id", "email", "ordered_at", "revenue").refs
    with pytest.raises(columns.MissingColumns) as caught:
        layout("order_id", "ordered_at", "revenue")
    assert caught.value.values["missing"] == "customer_id"


def test_the_pass_over_a_file_keeps_its_order_and_runs_in_parallel(connection, tmp_path):
    """A plan other than the batched one (say, a join made of a long IN) would shuffle the rows."""
    path = tmp_path / "orders.csv"
    path.write_text(",".join((*HEADER, "email", "phone", "status", "currency", "cycle_no", "refunded")) + "\n")
    opened = text.open_text(path, tmp_path, frozenset(HEADER))
    found = layout(*opened.header)
    checks.register(connection, found)
    table = files._table(path, ",", found)
    plan = connection.execute(
        f"EXPLAIN CREATE TEMP TABLE staged AS SELECT {checks.selection(found, Rules())} FROM {table}"
    ).fetchall()[0][1]
    assert "BATCH_CREATE_TABLE_AS" in plan
    assert "JOIN" not in plan


def test_staging_leaves_the_optimiser_as_it_was(connection, tmp_path):
    connection.execute("SET disabled_optimizers = 'join_order'")
    path = tmp_path / "orders.csv"
    path.write_text(",".join(HEADER) + "\nA1,C1,2026-11-21,1\n")
    files.stage(connection, path, Rules())
    assert connection.execute("SELECT current_setting('disabled_optimizers')").fetchone() == ("join_order",)


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("jpy", 0), ("USD", 2), ("EUR", 2), ("KRW", 0)])
def test_a_currency_knows_its_decimals(currency, digits):
    assert cells.minor_digits(currency) == digits


@pytest.mark.parametrize("cell", ["0.1", "0.07", "1.15", "19.99", "4.35", "1000000.29"])
def test_cents_that_floats_get_wrong_are_exact(connection, cell):
    whole, cents = cell.split(".")
    expected = int(whole) * 100 + int(cents.ljust(2, "0"))
    assert value(connection, cells.minor_units(cells.number("c"), "USD"), cell) == expected


@pytest.mark.parametrize("cell", ["1,2,3", "12,34", "--5", "5-", "NaN", "inf", "0x10", "1 2", "¥", "", "９９万", None])
def test_what_is_no_number_is_none(connection, cell):
    assert value(connection, cells.number("c"), cell) is None


@pytest.mark.parametrize("cell", ["9" * 30, "1e400", "999999999999", "-999999999999"])
def test_huge_numbers_never_break_the_reading(connection, cell):
    found = value(connection, cells.minor_units(cells.number("c"), "USD"), cell)
    assert found is None or abs(found) == 99_999_999_999_900


@pytest.mark.parametrize("cell", ["ab", " ab ", "\tab", "ab\t", "　ab　", "a b", "東京　", " ", "　", "", "é", None])
def test_outer_spaces_of_every_kind_are_trimmed(connection, cell):
    expected = cell.strip() or None if cell else None
    assert value(connection, cells.trimmed("c"), cell) == expected


@pytest.mark.parametrize("cell", ["Shipped", "SHIPPED ", "　Ｐａｉｄ", "paid", None, "", "発送済み", "On-Hold"])
def test_a_status_is_folded(connection, cell):
    assert value(connection, cells.folded("c"), cell) == (cell or "").strip().lower()


def test_names_are_compared_after_nfkc():
    assert text.normal("\ufeff Ｏｒｄｅｒ－ＩＤ ") == "order_id"
    assert text.normal("受注　番号") == unicodedata.normalize("NFKC", "受注_番号")


def test_a_column_with_a_quote_in_its_name_is_only_a_name(connection, tmp_path):
    rules = Rules(columns=('size"; DROP', "it's"))
    path = tmp_path / "orders.csv"
    path.write_text('order_id,customer_id,ordered_at,amount,"size""; DROP",it\'s\nA1,C1,2026-11-21,1,L,x\n')
    files.stage(connection, path, rules, source="shop's")
    found = connection.execute("SELECT * FROM incoming").fetchone()
    assert (found[0], found[9:11]) == ("shop's", ("L", "x"))
