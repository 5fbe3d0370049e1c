"""Is every date read that can mean one day only, and none guessed at that can mean two?"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from metrics.sources.cells import instant


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def read(connection: duckdb.DuckDBPyConnection, written: str) -> str | None:
    found = connection.execute(f"SELECT {instant('cell', 'Asia/Tokyo')}::VARCHAR FROM (SELECT ? AS cell)", [written])
    return found.fetchall()[0][0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026年10月1日", "2026-10-01 00:00:00"),
        ("2026年10月1日 9時05分", "2026-10-01 09:05:00"),
        ("2026年10月01日（木曜日）午前0時5分7秒", "2026-10-01 00:05:07"),
        ("令和8年11月28日", "2026-11-28 00:00:00"),
        ("令和元年5月1日 23:59", "2019-05-01 23:59:00"),
        ("平成31年4月30日", "2019-04-30 00:00:00"),
        ("R8.10.1", "2026-10-01 00:00:00"),
        ("２０２６／１０／１ ９：０５", "2026-10-01 09:05:00"),
        ("2026/10/1(木) 9:05", "2026-10-01 09:05:00"),
        ("2026/10/1 午後 1:05:07", "2026-10-01 13:05:07"),
        ("2026/10/1 午後 0:05", "2026-10-01 12:05:00"),
        ("2026/10/1 午後 13:05", "2026-10-01 13:05:00"),
        ("2026-10-01 12:05:07 AM", "2026-10-01 00:05:07"),
        ("2026/10/1 12:05 pm", "2026-10-01 12:05:00"),
        ("2026.10.1", "2026-10-01 00:00:00"),
        ("46296", "2026-10-01 00:00:00"),
        ("46296.375", "2026-10-01 09:00:00"),
        (" 46296.3786921296 ", "2026-10-01 09:05:19"),
    ],
)
def test_what_means_one_instant_is_read(connection, written, meant):
    assert read(connection, written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "10/1/2026", "1.10.2026", "1/10/26", "26/10/1", "20261001", "2026年13月1日", "2026年2月30日", "令和8年", "午後",
        "2026/10/1 午後 25:00", "2026/10/1 午前 13:05", "1", "12345", "99999", "昭和40年1月7日", "明治5年1月1日",
        "昨日",
    ],
)  # fmt: skip
def test_what_means_none_or_two_is_not_guessed_at(connection, written):
    assert read(connection, written) is None
