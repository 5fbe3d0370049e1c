"""Does an export in any encoding and any wrapping give the right orders, or one clear sentence?"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from metrics.rules import Rules
from metrics.sources import reading, text, workbook
from metrics.sources.mapping import read as mapping
from metrics.sources.reading import Wish

HEADER = ["注文番号", "会員ID", "メールアドレス", "小計", "値引き", "お支払い合計", "対応状況", "注文日時", "都道府県",
          "SHOPメモ"]  # fmt: skip
ROWS = [
    ["1", "12", "", "1,980", "0", "1980", "5", "2026/10/05 08:07:00", "①髙﨑㈱～", "二行の\nメモ, 「」"],
    ["2", "0", "a@b.jp", "2,980", "0", "2980", "5", "2026/10/06 08:07:00", "東京都", ""],
]
PLAIN = ["東京都" if cell == "①髙﨑㈱～" else cell for cell in ROWS[0]]
RIGHT = [("1", "id:eccube2/12", 1980), ("2", "e", 2980)]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def table(rows: list[list[str]] = ROWS, ends: str = "\r\n", delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator=ends, delimiter=delimiter).writerows([HEADER, *rows])
    return out.getvalue()


def read(connection: duckdb.DuckDBPyConnection, folder: Path, content: bytes, name: str = "orders.csv") -> list[tuple]:
    path = folder / name
    path.write_bytes(content)
    reading.stage(connection, path, Rules(), Wish())
    found = connection.execute("SELECT order_id, customer_id, amount FROM incoming ORDER BY seq").fetchall()
    return [(order, who if who.startswith("id") else who[0], amount) for order, who, amount in found]


def packed(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files:
            pack.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_signs_beyond_shift_jis_come_through_in_every_encoding(connection, tmp_path, encoding):
    assert read(connection, tmp_path, table().encode(encoding)) == RIGHT
    assert connection.execute("SELECT region FROM incoming ORDER BY seq").fetchall() == [("①髙﨑㈱～",), ("東京都",)]


@pytest.mark.parametrize("encoding", ["euc_jp", "iso2022_jp"])
def test_older_japanese_encodings_are_read_too(connection, tmp_path, encoding):
    assert read(connection, tmp_path, table([PLAIN, ROWS[1]]).encode(encoding)) == RIGHT


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found(connection, tmp_path, delimiter, ends):
    rows = [[*row[:-1], "一行"] for row in ROWS]
    assert read(connection, tmp_path, table(rows, ends, delimiter).encode()) == RIGHT


def test_mixed_line_ends_quoted_ones_blank_lines_and_nul_hurt_nobody(connection, tmp_path):
    lines = table().splitlines(keepends=True)
    mixed = "".join(line.replace("\r\n", "\n") if n % 2 else line for n, line in enumerate(lines)) + "\n\n"
    assert read(connection, tmp_path, mixed.encode("cp932")) == RIGHT
    for whole, broken in (("二行", "二\0行"), (",12,", ",12\0,")):
        assert read(connection, tmp_path, table().replace(whole, broken).encode()) == RIGHT


def test_a_header_in_full_width_is_the_same_header(connection, tmp_path):
    assert read(connection, tmp_path, table().replace("会員ID", "会員ＩＤ").encode("cp932")) == RIGHT


@pytest.mark.parametrize("name", ["orders.txt", "orders.xlsx", "orders", "orders.csv.gz"])
def test_a_wrong_extension_does_not_matter(connection, tmp_path, name):
    assert read(connection, tmp_path, table().encode("cp932"), name) == RIGHT


def test_gzip_and_zip_are_unpacked_whatever_they_are_called(connection, tmp_path):
    content = table().encode("cp932")
    assert read(connection, tmp_path, gzip.compress(content), "orders.csv") == RIGHT
    assert read(connection, tmp_path, packed(("注文.csv", content), ("__MACOSX/._注文.csv", b"x")), "a.zip") == RIGHT


def book(sheets: dict[str, list[list[object]]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as made:
        when = made.add_format({"num_format": "yyyy/mm/dd hh:mm"})
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for y, row in enumerate(rows):
                for x, cell in enumerate(row):
                    sheet.write(y, x, cell, when) if isinstance(cell, datetime) else sheet.write(y, x, cell)
    return out.getvalue()


WORKBOOK_ROWS: list[list[object]] = [
    list(HEADER),
    [1, 12, "", 1980, 0, 1980, 5, datetime(2026, 10, 5, 8, 7), "①髙﨑㈱～", "二行の\nメモ"],
    [2, 0, "a@b.jp", 2980.0, 0, 2980, 5, "2026/10/06 08:07", "東京都", ""],
]


def test_a_workbook_is_read_with_its_numbers_and_dates(connection, tmp_path):
    assert read(connection, tmp_path, book({"受注": WORKBOOK_ROWS}), "orders.xlsx") == RIGHT
    found = connection.execute("SELECT ordered_at FROM incoming ORDER BY seq").fetchall()
    assert found == [(datetime(2026, 10, 5, 8, 7),), (datetime(2026, 10, 6, 8, 7),)]
    assert read(connection, tmp_path, book({"受注": WORKBOOK_ROWS}), "orders.csv") == RIGHT


def test_a_sheet_is_named_and_a_title_above_the_header_is_skipped(connection, tmp_path):
    path = tmp_path / "orders.xlsx"
    path.write_bytes(book({"表紙": [["受注一覧"]], "受注": [["受注一覧"], ["2026年10月"], *WORKBOOK_ROWS]}))
    columns = {"order_id": "注文番号", "customer_id": "会員ID", "ordered_at": "注文日時", "amount": "小計"}
    said = {"name": "honten", "columns": columns, "sheet": "受注", "skip_rows": 2}
    reading.stage(connection, path, Rules(), Wish(mapping=mapping(said, "honten")))
    assert connection.execute("SELECT count(*) FROM incoming").fetchone() == (2,)
    with pytest.raises(workbook.NoSuchSheet) as caught:
        reading.stage(connection, path, Rules(), Wish(mapping=mapping({**said, "sheet": "注文"}, "honten")))
    assert caught.value.values["known"] == ("表紙", "受注")


OURS: list[list[object]] = [
    ["order_id", "customer_id", "ordered_at", "amount"],
    *([n, n, datetime(2026, 10, n, 8, 7), 1000 + n] for n in range(1, 20)),
]
COVER: list[list[object]] = [["受注一覧"], ["作成", "2026/11/1"]]


@pytest.mark.parametrize(
    ("sheets", "name"),
    [
        ({"受注": [*COVER, *OURS]}, "under a title"),
        ({"表紙": COVER, "受注": OURS}, "on the second sheet"),
        ({"表紙": COVER, "受注": [*COVER, *OURS]}, "there under a title"),
        ({"空": [], "受注": OURS}, "behind an empty sheet"),
    ],
)  # fmt: skip
def test_a_table_whose_names_are_known_is_found_wherever_it_begins(connection, tmp_path, sheets, name):
    found = read(connection, tmp_path, book(sheets), "orders.xlsx")
    assert (len(found), found[0]) == (19, ("1", "id:1", 1001)), name


def test_a_platform_is_known_below_a_title_and_rows_keep_their_numbers(connection, tmp_path):
    assert read(connection, tmp_path, f"受注一覧\r\n2026年10月分\r\n{table()}".encode("cp932")) == RIGHT
    path = tmp_path / "ours.csv"
    good = "".join(f"{n},C{n},2026-10-05,1\n" for n in range(200))
    path.write_text(f"Orders\n\norder_id,customer_id,ordered_at,amount\n{good}x,C1,never,1\n", encoding="utf-8")
    [bad] = reading.stage(connection, path, Rules(), Wish()).bad
    assert (bad.row, bad.value) == (204, "never")


def test_a_workbook_of_excel_97_is_read(connection):
    said = {"name": "honten", "columns": {"order_id": "注文番号", "customer_id": "お客様番号", "ordered_at": "注文日",
                                          "amount": "金額"}}  # fmt: skip
    path = Path(__file__).parent / "workbooks" / "excel97.xls"
    reading.stage(connection, path, Rules(), Wish(mapping=mapping(said, "honten")))
    found = connection.execute("SELECT order_id, ordered_at, amount FROM incoming ORDER BY seq").fetchall()
    assert found[0] == ("1", datetime(2026, 10, 1, 9, 5), 1001)
    assert len(found) == 3


HUGE = table([[*ROWS[0][:-1], "x" * 10_000_000]]).encode()
REFUSED = {
    "a cell of 10 MB": (HUGE, text.CellTooLong),
    "a gzip cut off": (gzip.compress(table(ROWS * 500).encode())[:-40], text.TruncatedGzip),
    "a gzip bomb": (gzip.compress(bytes(150 << 20)), text.PackedTooTight),
    "a zip bomb": (packed(("orders.csv", bytes(150 << 20))), text.PackedTooTight),
    "a zip of two": (packed(("a.csv", b"1"), ("b.csv", b"2")), workbook.ZipOfSeveral),
    "a zip of none": (packed(("a.png", b"1")), workbook.ZipOfSeveral),
    "a zip cut off": (packed(("a.csv", table(ROWS * 50).encode()))[:-30], workbook.WorkbookDamaged),
    "a workbook cut off": (book({"a": WORKBOOK_ROWS})[:-300], workbook.WorkbookDamaged),
    "an old workbook that is none": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), workbook.WorkbookDamaged),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), text.SourceBinary),
    "a workbook with a password": (
        (Path(__file__).parent / "workbooks" / "password.xlsx").read_bytes(), workbook.WorkbookDamaged,
    ),
    "a workbook of empty sheets": (book({"a": [], "b": []}), text.SourceEmpty),
    "a web page called a workbook": (b"<html><table><tr><td>order_id</td></tr></table></html>", text.SourceMarkup),
    "what a program sends": (b'[{"order_id": 1}]', text.SourceMarkup),
    "half UTF-8, half CP932": (table().encode() + "楽天".encode("cp932"), text.WrongEncoding),
    "an open quote": (table().encode() + b'3,"12,x', text.UnclosedQuote),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_one_problem_with_its_name(connection, tmp_path, what):
    content, problem = REFUSED[what]
    with pytest.raises(problem) as caught:
        read(connection, tmp_path, content)
    assert caught.value.values["path"] == "orders.csv"
