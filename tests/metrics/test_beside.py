"""Are the tables beside the orders read rightly, and does each rule of their presets matter?

Beside each export stands what is right, written by hand. A preset without one of its rules gives
something else for at least one of its exports.
"""

from __future__ import annotations

import csv
import gzip
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from metrics.problem import Problem
from metrics.rules import Rules
from metrics.sources.beside.preset import Preset, ScaleOfFive, presets, read
from metrics.sources.beside.reading import Found, stage_file, stage_query
from metrics.sources.checks import CurrencyMismatch, TooManyBadRows
from metrics.sources.columns import DoubledColumn, MissingColumns
from metrics.sources.people import People, of

TABLES = Path(__file__).parent / "tables"
REJECTED = {"meta_ads.ja": 1, "google_ads.en": 1, "google_ads.ja": 1}
"""A day that is none, a campaign in dollars."""
NO_RULES = {"name", "title", "table", "signature", "verified"}
FIXTURES = sorted(path for path in TABLES.glob("*.csv") if ".expected" not in path.name)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def staged(
    connection: duckdb.DuckDBPyConnection, path: Path, preset: Preset | None = None, *, source: str = "file"
) -> Found:
    found = stage_file(connection, path, Rules(), lambda _: of(source), preset, accept_bad=True)
    assert found is not None
    return found


def rows(connection: duckdb.DuckDBPyConnection, columns: str) -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT {columns} FROM beside ORDER BY ALL").fetchall()


def costs(
    connection: duckdb.DuckDBPyConnection, path: Path, preset: Preset | None = None
) -> tuple[list[tuple[str, ...]], int]:
    found = staged(connection, path, preset)
    return [tuple(map(str, row)) for row in rows(connection, "channel, day, cost")], found.staged.rejected


def right(path: Path) -> tuple[list[tuple[str, ...]], int]:
    with (TABLES / f"{path.stem}.expected.csv").open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in list(csv.reader(file))[1:]], REJECTED.get(path.stem, 0)


def written(tmp_path: Path, text: str, name: str = "table.csv") -> Path:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_ad_spend_is_read_with_no_configuration(connection, path):
    assert costs(connection, path) == right(path)
    assert staged(connection, path).layout.preset == presets()[path.name.partition(".")[0]]


def without_one_rule(said: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every way to leave out one rule: a key, or one of several headers."""
    for key, value in said.items():
        if not path and key in NO_RULES:
            continue
        if isinstance(value, dict):
            for name, rest in without_one_rule(value, (*path, key)):
                yield name, {**said, key: rest}
        elif isinstance(value, list):
            for one in value:
                yield f"{key} {one}", {**said, key: [other for other in value if other != one]}
        else:
            yield key, {other: deepcopy(kept) for other, kept in said.items() if other != key}


def said(name: str) -> dict[str, Any]:
    file = files("metrics.sources.beside").joinpath("presets", f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


CASES = [
    pytest.param(name, changed, id=f"{name}: {rule}")
    for name in sorted(presets())
    for rule, changed in without_one_rule(said(name))
]


@pytest.mark.parametrize(("name", "changed"), CASES)
def test_without_one_rule_the_spend_is_wrong(connection, name, changed):
    def right_with(preset: Preset, path: Path) -> bool:
        try:
            return costs(connection, path, preset) == right(path)
        except Problem:
            return False

    own = [path for path in FIXTURES if path.name.startswith(name)]
    assert not all(right_with(read(changed, name), path) for path in own)


def test_a_month_and_a_day_in_a_table_of_ones_own(connection, tmp_path):
    path = written(tmp_path, "年月,媒体,広告費\n2026/2,ラジオ,28\n2026年3月,ラジオ,31\n")
    found, _ = costs(connection, path)
    assert (found[0], found[27], len(found)) == (("ラジオ", "2026-02-01", "1"), ("ラジオ", "2026-02-28", "1"), 59)
    path = written(tmp_path, "date,channel,cost\n2026-11-20T20:00:00Z,LINE,5\n")
    assert costs(connection, path) == ([("LINE", "2026-11-21", "5")], 0)


def test_an_amount_in_another_currency_is_refused_by_its_header(connection, tmp_path):
    path = written(tmp_path, "Campaign name,Day,Amount spent (USD)\nSerum,2026-10-01,12.00\n")
    with pytest.raises(CurrencyMismatch) as caught:
        staged(connection, path)
    assert (caught.value.values["found"], caught.value.values["expected"]) == ("USD", "JPY")


def test_google_ads_without_the_day_is_refused(connection, tmp_path):
    text = "Report\nOctober 2026\nCampaign,Currency code,Cost\nBrand,JPY,1\n"
    with pytest.raises(MissingColumns) as caught:
        staged(connection, written(tmp_path, text))
    assert caught.value.values["missing"] == "day"


ANSWERS = "会員番号,メールアドレス,スコア,回答日時\n"


def test_answers_name_customers_as_orders_do_and_no_e_mail_is_kept(connection, tmp_path):
    text = ANSWERS + "7,a@example.jp,10,2026-11-20 09:00\n,Ａ@Example.jp ,0,2026/11/20 20:00:00Z\n"
    staged(connection, written(tmp_path, text), source="honten")
    found = rows(connection, "customer_id, score, answered_at::VARCHAR")
    assert found[0][0].startswith("e:")
    assert len(found[0][0]) == 34
    assert found[0][1:] == (0, "2026-11-21 05:00:00")
    assert found[1] == ("id:honten/7", 10, "2026-11-20 09:00:00")


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",,5,2026-11-20", "会員番号", "nobody"),
        ("guest,none,5,2026-11-20", "会員番号", "nobody"),
        ("7,,11,2026-11-20", "スコア", "not_a_score"),
        ("7,,-1,2026-11-20", "スコア", "not_a_score"),
        ("7,,7.5,2026-11-20", "スコア", "not_a_whole_number"),
        ("7,,,2026-11-20", "スコア", "empty_cell"),
        ("7,,5,", "回答日時", "empty_cell"),
        ("7,,5,昨日", "回答日時", "not_a_date"),
        ("7,,5", "", "ragged_row"),
    ],
)
def test_a_row_that_cannot_be_taken_says_where_and_why(connection, tmp_path, row, column, reason):
    found = staged(connection, written(tmp_path, f"{ANSWERS}1,,10,2026-11-20\n{row}\n")).staged
    assert [(bad.row, bad.column, bad.reason_key) for bad in found.bad] == [(3, column, reason)]
    assert (found.rows, found.accepted, found.rejected) == (2, 1, 1)


def test_more_than_one_percent_of_bad_rows_refuses_the_file(connection, tmp_path):
    path = written(tmp_path, f"{ANSWERS}1,,10,2026-11-20\n2,,11,2026-11-20\n")
    with pytest.raises(TooManyBadRows) as caught:
        stage_file(connection, path, Rules(), lambda _: People())
    assert caught.value.staged.bad[0].reason_key == "not_a_score"


def test_a_scale_of_five_is_refused_by_its_values_and_by_its_name(connection, tmp_path):
    fives = "".join(f"{n},,{1 + n % 5},2026-11-20\n" for n in range(1, 21))
    with pytest.raises(ScaleOfFive) as caught:
        staged(connection, written(tmp_path, ANSWERS + fives))
    assert caught.value.values["column"] == "スコア"
    assert staged(connection, written(tmp_path, f"{ANSWERS}{fives}21,,6,2026-11-20\n")).staged.accepted == 21
    with pytest.raises(ScaleOfFive):
        staged(connection, written(tmp_path, "会員番号,満足度（5段階）,回答日時\n1,4,2026-11-20\n"))


def test_the_same_answer_twice_is_one_and_the_later_counts(connection, tmp_path):
    found = staged(connection, written(tmp_path, f"{ANSWERS}1,,10,2026-11-20\n1,,3,2026-11-20\n")).staged
    assert found.duplicates == 1
    assert rows(connection, "score") == [(3,)]


def test_products_contracts_measures_and_items_are_told_apart_by_their_headers(connection, tmp_path):
    def kept(text: str, columns: str) -> tuple[str, list[tuple[object, ...]]]:
        found = staged(connection, written(tmp_path, text))
        return found.layout.table.name, rows(connection, columns)

    text = "商品コード,役割,原価\nB1,バック,\nF1,フロント,310\n"
    assert kept(text, "product_code, role, unit_cost, valid_from::TEXT") == (
        "products", [("B1", "back", None, "1970-01-01"), ("F1", "front", 310, "1970-01-01")],
    )  # fmt: skip
    text = "定期番号,顧客番号,開始日,解約日\nT1,7,2026/10/01,\nT2,8,2026/10/01,2026/11/01\n"
    assert kept(text, "subscription_id, customer_id, started_at::TEXT, ended_at::TEXT") == (
        "subscriptions", [("T1", "id:7", "2026-10-01", None), ("T2", "id:8", "2026-10-01", "2026-11-01")],
    )  # fmt: skip
    text = "施策名,会員番号,配信日時,対照群\n休眠DM,7,2026-10-01 10:00,0\n休眠DM,8,2026-10-01 10:00,はい\n"
    assert kept(text, "name, customer_id, cost, hold_out") == (
        "measures", [("休眠DM", "id:7", None, False), ("休眠DM", "id:8", None, True)],
    )  # fmt: skip
    text = "注文番号,商品コード,数量,金額\nK1,M1,2,1000\nK1,M1,1,500\nK1,F1,,100\n"
    assert kept(text, "order_id, product_code, quantity, amount") == (
        "order_items", [("K1", "F1", 1, 100), ("K1", "M1", 3, 1500)],
    )  # fmt: skip


def test_a_role_that_is_none_and_a_column_twice_are_said(connection, tmp_path):
    found = staged(connection, written(tmp_path, "sku,role\nA,front\nB,side\n")).staged
    assert found.bad[0].reason_key == "not_a_role"
    with pytest.raises(DoubledColumn):
        staged(connection, written(tmp_path, "sku,商品コード,role\nA,A,front\n"))


def test_orders_and_strange_files_are_no_such_table(connection, tmp_path):
    def take(text: str) -> Found | None:
        return stage_file(connection, written(tmp_path, text), Rules(), lambda _: People())

    assert take("order_id,customer_id,ordered_at,amount\n1,2,2026-11-20,3\n") is None
    assert take("a,b\n1,2\n") is None


def test_a_workbook_and_a_packed_file_in_another_encoding_are_the_same(connection, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "costs.xlsx") as book:
        sheet = book.add_worksheet()
        for place, row in enumerate([("日付", "チャネル", "費用"), ("2026-10-01", "ラジオ①", 1980)]):
            sheet.write_row(place, 0, row)
    (tmp_path / "costs.csv.gz").write_bytes(
        gzip.compress("日付;チャネル;費用\r\n2026-10-01;ラジオ①;1980\r\n".encode("cp932"))
    )
    for name in ("costs.xlsx", "costs.csv.gz"):
        assert costs(connection, tmp_path / name) == ([("ラジオ①", "2026-10-01", "1980")], 0)


def test_a_select_gives_the_same_rows_and_reasons(connection, tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute(
            "CREATE TABLE spend AS SELECT * FROM (VALUES (DATE '2026-10-01', 'LINE', 12.0),"
            " (DATE '2026-10-02', NULL, 7.0)) AS t(d, place, yen)"
        )
    preset = read({"table": "channel_costs"}, "spend")
    select = "SELECT d AS date, place AS channel, yen AS cost FROM spend ORDER BY d"
    url = f"duckdb:///{tmp_path / 'shop.duckdb'}"
    found = stage_query(connection, url, select, Rules(), lambda _: People(), preset, accept_bad=True)
    assert rows(connection, "channel, day::TEXT, cost") == [("LINE", "2026-10-01", 12)]
    assert [(bad.row, bad.column, bad.reason_key) for bad in found.staged.bad] == [(2, "channel", "empty_cell")]
