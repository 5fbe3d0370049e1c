"""How are a shop's files read, and what is said about those that cannot be?"""

from __future__ import annotations

import csv
import gzip
import random
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from metrics.rules import Rules
from metrics.sources import checks, columns, files, text

HEADER = "order_id,customer_id,ordered_at,amount,status,channel,region,product"
JPY = Rules()
USD = Rules(currency="USD")


@pytest.fixture
def connection():
    connection = duckdb.connect()
    connection.execute("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false")
    yield connection
    connection.close()


def written(folder: Path, content: str | bytes, name: str = "orders.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def order(number: int, *, customer: str = "C1", at: str = "2026-11-21 09:00:00", amount: str = "1980") -> str:
    return f"A{number},{customer},{at},{amount},shipped,LINE,東京都,美容液\n"


def many(good: int, *bad: str) -> str:
    return HEADER + "\n" + "".join(order(number) for number in range(good)) + "".join(bad)


def orders_in(connection, columns: str = "order_id"):
    return connection.execute(f"SELECT {columns} FROM incoming ORDER BY seq").fetchall()


def read_one(connection, folder, cells: dict[str, str], rules: Rules = JPY):
    """The one order of a file with these cells, as a dict of `incoming`."""
    whole = {"order_id": "A1", "customer_id": "C1", "ordered_at": "2026-11-21", "amount": "100", **cells}
    path = folder / "one.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([whole.keys(), whole.values()])
    files.stage(connection, path, rules)
    cursor = connection.execute("SELECT * FROM incoming")
    return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))


def test_a_canonical_file_becomes_incoming_orders(connection, tmp_path):
    path = written(tmp_path, f"{HEADER}\nA1,C1,2026-11-21 23:59:59,1980,Shipped,LINE,東京都,美容液\n")
    staged = files.stage(connection, path, JPY)
    assert (staged.rows, staged.accepted, staged.bad) == (1, 1, ())
    assert orders_in(connection, "*") == [
        ("file", "A1", "id:C1", datetime(2026, 11, 21, 23, 59, 59), 1980, "shipped", None, None, None,
         "LINE", "東京都", "美容液", 0),
    ]  # fmt: skip


def test_the_incoming_columns_have_the_types_that_the_store_expects(connection, tmp_path):
    files.stage(connection, written(tmp_path, many(1)), Rules(columns=("channel", "Shop Name")))
    found = {name: kind for name, kind, *_ in connection.execute("DESCRIBE incoming").fetchall()}
    assert found == {
        "source": "VARCHAR", "order_id": "VARCHAR", "customer_id": "VARCHAR", "ordered_at": "TIMESTAMP",
        "amount": "BIGINT", "status": "VARCHAR", "subscription_id": "VARCHAR", "cycle_no": "INTEGER",
        "first_flag": "BOOLEAN", "channel": "VARCHAR", "Shop Name": "VARCHAR", "seq": "BIGINT",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["orders.csv", "orders.tsv", "orders.csv.gz", "注文[1].csv", "semi.csv", "it's.csv"])
def test_delimiter_compression_and_odd_names_are_no_matter(connection, tmp_path, name):
    content = many(3)
    if name.endswith("tsv"):
        content = content.replace(",", "\t")
    if name.startswith("semi"):
        content = content.replace(",", ";")
    data = content.encode()
    path = written(tmp_path, gzip.compress(data) if name.endswith("gz") else data, name)
    assert files.stage(connection, path, JPY).accepted == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16", "euc_jp"])
def test_japanese_is_read_in_every_usual_encoding(connection, tmp_path, encoding):
    label = "東京都の美容液セット" if encoding == "euc_jp" else "①髙﨑㈱の美容液"
    path = written(tmp_path, f"{HEADER}\nA1,C1,2026-11-21,1980,shipped,LINE,東京都,{label}\n", encoding=encoding)
    files.stage(connection, path, JPY)
    assert orders_in(connection, "product, region") == [(label, "東京都")]


def test_cp932_far_below_an_ascii_start_is_still_found(connection, tmp_path):
    head = "order_id,customer_id,ordered_at,amount,product\n"
    rows = [f"A{n:07d},C1,2026-11-21,100,x\n" for n in range(60_000)]
    path = written(tmp_path, head + "".join(rows) + "Z,C1,2026-11-21,100,髙﨑\n", encoding="cp932")
    assert files.stage(connection, path, JPY).accepted == 60_001
    assert orders_in(connection, "product")[-1] == ("髙﨑",)


def test_header_names_are_compared_after_nfkc_and_revenue_is_amount(connection, tmp_path):
    path = written(tmp_path, "Ｏｒｄｅｒ ＩＤ,customer-id, Ordered_At ,revenue\nA1,C1,2026-11-21,5\n")
    files.stage(connection, path, JPY)
    assert orders_in(connection, "order_id, amount") == [("A1", 5)]


def test_a_mapped_column_comes_along_and_an_absent_one_is_null(connection, tmp_path):
    found = read_one(connection, tmp_path, {"payment": "後払い"}, Rules(columns=("payment", "region")))
    assert (found["payment"], found["region"]) == ("後払い", None)


@pytest.mark.parametrize(
    ("written_as", "expected"),
    [
        ("2026-11-21", "2026-11-21 00:00:00"),
        ("2026/11/21 9:05", "2026-11-21 09:05:00"),
        ("2026-11-21T09:05:07", "2026-11-21 09:05:07"),
        ("2026-11-21 09:05:07.250", "2026-11-21 09:05:07.250000"),
        ("2026-11-21T15:30:00Z", "2026-11-22 00:30:00"),
        ("2026-11-21 15:30:00 UTC", "2026-11-22 00:30:00"),
        ("2026-11-21T15:30Z", "2026-11-22 00:30:00"),
        ("2026-11-21 23:30+09", "2026-11-21 23:30:00"),
        ("2026-11-21 10:00:00 -0500", "2026-11-22 00:00:00"),
        ("2026-11-21T10:00:00-05:00", "2026-11-22 00:00:00"),
        ("2026-1-1 9:05+00:00", "2026-01-01 18:05:00"),
        ("2026-01-01 09:05-05", "2026-01-01 23:05:00"),
        ("2026/11/21 09:05:07", "2026-11-21 09:05:07"),
        (" 2026-11-21 ", "2026-11-21 00:00:00"),
    ],
)
def test_a_date_is_read_as_shop_local_time(connection, tmp_path, written_as, expected):
    found = read_one(connection, tmp_path, {"ordered_at": written_as})["ordered_at"]
    assert found == datetime.fromisoformat(expected)


def test_an_instant_keeps_summer_time_of_the_shops_zone(connection, tmp_path):
    found = read_one(connection, tmp_path, {"ordered_at": "2026-07-01T03:30:00Z"}, Rules(zone="America/New_York"))
    assert found["ordered_at"] == datetime(2026, 6, 30, 23, 30)


@pytest.mark.parametrize(
    ("amount", "jpy", "usd"),
    [
        ("1980", 1980, 198000), ("1,234", 1234, 123400), ("¥1,234", 1234, None), ("￥１，２３４", 1234, None),
        ("1,234円", 1234, None), ("1980.00", 1980, 198000), ("-500", -500, -50000), ("△500", -500, -50000),
        ("0", 0, 0), ("0.29", None, 29), ("$19.99", None, 1999), ("90071992547.93", None, 9007199254793),
    ],
)  # fmt: skip
def test_money_is_exact_in_minor_units(connection, tmp_path, amount, jpy, usd):
    if usd is not None:
        assert read_one(connection, tmp_path, {"amount": amount}, USD)["amount"] == usd
    if jpy is not None:
        assert read_one(connection, tmp_path, {"amount": amount})["amount"] == jpy


def test_a_partial_refund_lowers_the_amount(connection, tmp_path):
    assert read_one(connection, tmp_path, {"amount": "1,980", "refunded": "500"})["amount"] == 1480
    assert read_one(connection, tmp_path, {"amount": "1,980", "refunded": ""})["amount"] == 1980


@pytest.mark.parametrize(
    ("status", "refunded", "expected"),
    [
        ("paid", "1000", "refunded"),
        ("", "1200", "refunded"),
        ("paid", "999", "paid"),
        ("paid", "", "paid"),
        ("cancelled", "1000", "cancelled"),
    ],
)
def test_an_order_given_back_whole_is_a_return(connection, tmp_path, status, refunded, expected):
    found = read_one(connection, tmp_path, {"amount": "1000", "refunded": refunded, "status": status})
    assert found["status"] == expected


def test_a_file_without_status_knows_returns_by_what_was_given_back(connection, tmp_path):
    path = written(
        tmp_path, "order_id,customer_id,ordered_at,amount,refunded\nA1,C1,2026-11-21,5,5\nA2,C1,2026-11-22,5,\n"
    )
    files.stage(connection, path, Rules(returned=("henpin",)))
    assert orders_in(connection, "order_id, status") == [("A1", "henpin"), ("A2", "")]


def test_subscription_columns_are_read(connection, tmp_path):
    cells = {"subscription_id": " S1 ", "cycle_no": "3.0", "first_flag": "FALSE", "status": "  Paid"}
    found = read_one(connection, tmp_path, cells)
    assert (found["subscription_id"], found["cycle_no"], found["first_flag"]) == ("S1", 3, False)
    assert found["status"] == "paid"


@pytest.mark.parametrize("nobody", ["", "0", "null", "NULL", "guest", "Guest", " ", "nan"])
def test_a_filler_is_no_identity(connection, tmp_path, nobody):
    assert read_one(connection, tmp_path, {"customer_id": nobody})["customer_id"] is None


def test_a_guest_is_known_by_e_mail_however_it_is_written(connection, tmp_path):
    found = {
        read_one(connection, tmp_path, {"customer_id": "", "email": email})["customer_id"]
        for email in (
            "hanako@example.jp",
            " Hanako@Example.JP ",
            "ＨＡＮＡＫＯ＠ｅｘａｍｐｌｅ．ｊｐ",
            "hanako@example.jp　",
        )
    }
    assert found == {"e:3aed607c43ded66fdc13201d8cfda876"}


def test_then_by_phone_and_the_shops_own_id_comes_first(connection, tmp_path):
    phones = ("090-1234-5678", "+81 90 1234 5678", "+81(0)90-1234-5678", "０９０１２３４５６７８")
    found = {
        read_one(connection, tmp_path, {"customer_id": "guest", "email": "-", "phone": phone})["customer_id"]
        for phone in phones
    }
    assert len(found) == 1
    assert found.pop().startswith("p:")
    assert read_one(connection, tmp_path, {"email": "a@b.jp", "phone": phones[0]})["customer_id"] == "id:C1"
    assert read_one(connection, tmp_path, {"customer_id": "", "phone": "000-0000-0000"})["customer_id"] is None


def test_the_e_mail_itself_is_kept_nowhere(connection, tmp_path):
    found = read_one(connection, tmp_path, {"customer_id": "", "email": "hanako@example.jp"})
    assert not any("hanako" in str(value) for value in found.values())


@pytest.mark.parametrize(
    ("bad", "column", "value", "reason"),
    [
        (order(999, at="2024/13/45"), "ordered_at", "2024/13/45", "not_a_date"),
        (order(999, at="昨日"), "ordered_at", "昨日", "not_a_date"),
        (order(999, at="1900-01-00"), "ordered_at", "1900-01-00", "not_a_date"),
        (order(999, at="2026-11-21 09:05:+9"), "ordered_at", "2026-11-21 09:05:+9", "not_a_date"),
        (order(999, at="2026-11-31 09:05:00"), "ordered_at", "2026-11-31 09:05:00", "not_a_date"),
        (order(999, at="infinity"), "ordered_at", "infinity", "not_a_date"),
        (order(999, at=""), "ordered_at", "", "empty_date"),
        (order(999, amount="NaN"), "amount", "NaN", "not_a_number"),
        (order(999, amount="$100"), "amount", "$100", "foreign_sign"),
        (order(999, amount="€100"), "amount", "€100", "foreign_sign"),
        (order(999, amount="inf"), "amount", "inf", "not_a_number"),
        (order(999, amount="1.234.5"), "amount", "1.234.5", "not_a_number"),
        (order(999, amount='"1,23"'), "amount", "1,23", "not_a_number"),
        (order(999, amount=""), "amount", "", "empty_amount"),
        (order(999, amount="19.5"), "amount", "19.5", "too_many_decimals"),
        (order(999).replace("A999", ""), "order_id", "", "empty_order_id"),
        ("A999,C1,2026-11-21\n", "", "3", "ragged_row"),
        (order(999).replace("\n", ",extra\n"), "", "9", "ragged_row"),
    ],
)
def test_a_bad_row_is_reported_with_file_row_column_and_value(connection, tmp_path, bad, column, value, reason):
    path = written(tmp_path, many(200, bad, order(1000)))
    staged = files.stage(connection, path, JPY)
    assert staged.bad == (checks.BadRow("orders.csv", 202, column, value, reason),)
    assert (staged.rows, staged.accepted, staged.rejected) == (202, 201, 1)
    assert "A999" not in {row[0] for row in orders_in(connection)}


def test_row_numbers_count_blank_lines_and_quoted_line_ends_as_a_spreadsheet_does(connection, tmp_path):
    quoted = order(500).replace("美容液", '"美容液\n2本"')
    path = written(tmp_path, many(200, "\n", quoted, "\n", order(999, amount="x")))
    staged = files.stage(connection, path, JPY)
    assert [row.row for row in staged.bad] == [205]
    assert staged.rows == 202


def test_empty_rows_at_the_end_are_left_out_silently(connection, tmp_path):
    staged = files.stage(connection, written(tmp_path, many(2, ",,,,,,,\n", ",,,,,,,\n")), JPY)
    assert (staged.accepted, staged.rejected, staged.ignored) == (2, 0, 2)


def test_a_cancelled_order_may_lack_amount_and_date(connection, tmp_path):
    dateless = order(1, at="", amount="").replace("shipped", "cancelled")
    path = written(tmp_path, many(1, order(7, amount="").replace("shipped", "Cancelled"), dateless))
    staged = files.stage(connection, path, JPY)
    assert (staged.accepted, staged.rejected, staged.ignored) == (2, 0, 1)
    assert orders_in(connection, "order_id, amount")[1] == ("A7", 0)


@pytest.mark.parametrize(
    "content",
    [
        HEADER + "\r\n" + order(1).replace("\n", "\r\n") + order(2) + order(3).replace("\n", "\r\n"),
        (HEADER + "\n" + order(1) + order(2) + order(3)).replace("\n", "\r"),
        "\n\n" + HEADER + "\n" + order(1) + order(2) + order(3),
        HEADER + "\n" + order(1) + order(2) + order(3).rstrip("\n"),
        HEADER + "\n" + order(1) + order(2).replace("LINE", '"LI"NE') + order(3),
        HEADER + "\n" + order(1) + order(2).replace("\n", ",,\n") + order(3),
        HEADER + "\n" + order(1) + order(2).replace("LINE", "LI\0NE") + order(3),
    ],
    ids=["mixed line ends", "carriage returns", "blank start", "no last line end", "stray quote", "commas", "nul"],
)
def test_untidy_files_are_read_all_the_same(connection, tmp_path, content):
    staged = files.stage(connection, written(tmp_path, content), JPY)
    assert orders_in(connection) == [("A1",), ("A2",), ("A3",)]
    assert staged.rejected == 0


def test_one_percent_bad_rows_are_left_out_and_more_stop_the_import(connection, tmp_path):
    at_limit = written(tmp_path, many(99, order(999, amount="x")))
    assert files.stage(connection, at_limit, JPY).accepted == 99
    over = written(tmp_path, many(98, order(998, amount="x"), order(999, amount="y")))
    with pytest.raises(checks.TooManyBadRows) as caught:
        files.stage(connection, over, JPY)
    assert caught.value.values == {"path": "orders.csv", "bad": 2, "rows": 100, "percent": 2.0}
    assert [row.row for row in caught.value.staged.bad] == [100, 101]
    with pytest.raises(duckdb.CatalogException):
        orders_in(connection)
    assert files.stage(connection, over, JPY, accept_bad=True).accepted == 98


def test_only_twenty_bad_rows_are_shown_but_all_are_written(connection, tmp_path):
    path = written(tmp_path, many(0, *(order(number, amount="=1+2") for number in range(30))))
    staged = files.stage(connection, path, JPY, accept_bad=True)
    assert (len(staged.bad), staged.bad_count) == (20, 30)
    target = tmp_path / "errors.csv"
    assert checks.write_errors(connection, target) == 30
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1] == ["orders.csv", "2", "amount", "'=1+2", "not_a_number"]
    assert len(rows) == 31


def test_duplicates_are_counted_and_keep_their_order(connection, tmp_path):
    path = written(tmp_path, many(0, order(1, amount="1"), order(2), order(1, amount="3")))
    staged = files.stage(connection, path, JPY)
    assert staged.duplicates == 1
    last = connection.execute("SELECT arg_max(amount, seq) FROM incoming WHERE order_id = 'A1'").fetchone()
    assert last == (3,)


def test_unidentified_orders_and_the_span_are_counted(connection, tmp_path):
    path = written(tmp_path, many(0, order(1, customer="", at="2026-01-02"), order(2, at="2026-11-20")))
    staged = files.stage(connection, path, JPY)
    assert staged.unidentified == 1
    assert (staged.oldest_at, staged.newest_at) == (datetime(2026, 1, 2), datetime(2026, 11, 20))
    assert sum(checks.hours(connection)) == 2


def test_another_currency_is_refused_by_name(connection, tmp_path):
    with pytest.raises(checks.CurrencyMismatch) as caught:
        read_one(connection, tmp_path, {"currency": "usd"})
    assert caught.value.values == {"path": "one.csv", "found": "USD", "expected": "JPY"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", text.SourceEmpty),
        (b"\xef\xbb\xbf\n\n", text.SourceEmpty),
        (HEADER.encode() + b"\n", text.SourceHeaderOnly),
        (HEADER.encode() + b"\n\n\n", text.SourceHeaderOnly),
        (b"\x7fELF\x00\x01\x02" + bytes(range(256)), text.SourceBinary),
        (b"PK\x03\x04" + bytes(100), text.SourceSpreadsheet),
        (many(3).encode() + b"A9,C1,2026-11-21,1,x,M\xfcnchen,\xff\xff,p\n", text.WrongEncoding),
        (gzip.compress(many(500).encode())[:-30], text.TruncatedGzip),
        (gzip.compress(b"", mtime=0), text.SourceEmpty),
        (many(3, 'A9,C1,2026-11-21,1,"x,LINE,東京都,美容液\n', order(10), order(11)), text.UnclosedQuote),
        ("order_id,ordered_at\nA1,2026-11-21\n", columns.MissingColumns),
        ("これは表ではありません\n", columns.MissingColumns),
    ],
)
def test_a_file_that_cannot_be_read_is_named(connection, tmp_path, content, problem):
    with pytest.raises(problem) as caught:
        files.stage(connection, written(tmp_path, content), JPY)
    assert "orders.csv" in str(caught.value.values["path"])


def test_missing_columns_are_listed_with_those_that_were_found(connection, tmp_path):
    with pytest.raises(columns.MissingColumns) as caught:
        files.stage(connection, written(tmp_path, "order_id,注文日,合計\n1,2,3\n"), JPY)
    assert caught.value.values["missing"] == "customer_id, ordered_at, amount"
    assert caught.value.values["found"] == "order_id, 注文日, 合計"


def test_no_file_a_folder_and_a_forbidden_file_each_have_their_own_words(connection, tmp_path, monkeypatch):
    with pytest.raises(text.SourceNotFound):
        files.stage(connection, tmp_path / "none.csv", JPY)
    with pytest.raises(text.SourceIsFolder):
        files.stage(connection, tmp_path, JPY)
    path = written(tmp_path, many(1))

    def forbidden(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(text.SourceUnreadable):
        files.stage(connection, path, JPY)


def test_a_refused_file_leaves_no_orders_of_the_one_before(connection, tmp_path):
    files.stage(connection, written(tmp_path, many(3)), JPY)
    with pytest.raises(text.SourceEmpty):
        files.stage(connection, written(tmp_path, b""), JPY)
    with pytest.raises(duckdb.CatalogException):
        orders_in(connection)


def test_rows_stay_in_the_order_of_the_file_with_several_threads(connection, tmp_path):
    connection.execute("SET threads = 4")
    path = written(tmp_path, HEADER + "\n" + "".join(order(n).replace("A", f"{n:07d}-") for n in range(600_000)))
    assert files.stage(connection, path, JPY).duplicates == 0
    found = connection.execute(
        "SELECT count(*) FROM incoming WHERE CAST(substring(order_id, 1, 7) AS BIGINT) <> seq"
    ).fetchone()
    assert found == (0,)


def test_progress_is_told_up_to_the_end(connection, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "LOOK_SECONDS", 0.001)
    told: list[float] = []
    files.stage(connection, written(tmp_path, many(200_000)), JPY, progress=told.append)
    assert told[-1] == 1.0
    assert all(0 <= share <= 1 for share in told)


def test_random_untidy_files_give_what_the_csv_module_reads(connection, tmp_path):
    chance = random.Random(20261121)
    for _ in range(60):
        lines = [HEADER, *(_untidy(chance, number) for number in range(chance.randrange(1, 8)))]
        ends = chance.choice([["\n"], ["\r\n"], ["\n", "\r\n"]])
        content = "".join(line + chance.choice(ends) for line in lines)
        path = written(tmp_path, content)
        expected = [row for row in csv.reader(content.splitlines(keepends=True)) if any(row)][1:]
        try:
            staged = files.stage(connection, path, JPY, accept_bad=True)
        except text.UnclosedQuote:
            continue
        except text.SourceHeaderOnly:
            assert not expected
            continue
        good = [row[0] for row in expected if len(row) == 8 and row[2] == "2026-11-21"]
        assert [row[0] for row in orders_in(connection)] == good, content
        assert staged.rows - staged.ignored == len(expected), content


def _untidy(chance: random.Random, number: int) -> str:
    cells = [f"A{number}", "C1", chance.choice(["2026-11-21", "2026-11-21", "soon"]), "100", "", "x", "", "p"]
    cells[5] = chance.choice(["x", '"x,y"', '"x ""y"""', '"a\nb"', "a b", ""])
    if chance.random() < 0.1:
        cells.pop()
    return chance.choice([",".join(cells)] * 9 + [""])


@pytest.mark.parametrize(
    ("name", "currency", "rows", "customers"),
    [("cdnow", "USD", 69_659, 23_570), ("online_retail_ii", "GBP", 53_628, 5_942)],
)
def test_real_orders_are_read_whole(connection, shared_data, name, currency, rows, customers):
    staged = files.stage(connection, shared_data / f"{name}.csv.gz", Rules(currency=currency))
    assert (staged.rows, staged.accepted) == (rows, rows)
    found = connection.execute("SELECT count(DISTINCT customer_id) FROM incoming").fetchone()
    assert found == (customers,)
