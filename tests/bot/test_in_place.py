"""Does a shop's own database, read in place, give the report that an import of the same orders gives?"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sa

from bot import __main__ as command
from bot.annex import OnlyImported
from bot.desk import desk
from bot.importing import Wanted, import_files
from bot.language import Language
from bot.settings.layers import load
from bot.shelves import shelf
from bot.subcommands import answer
from metrics.sources.columns import MissingColumns
from metrics.sources.database import DatabaseUnreachable, QueryFailed, TooSlow, WrongLogin
from metrics.warehouse.canonical import Retyped
from metrics.warehouse.in_place import InPlace, NoReplay, OrdersTwice, ReadInPlace, RowsUnreadable
from metrics.warehouse.store import Store
from tests.metrics.test_warehouse import a_year_of_orders

NOW = datetime(2026, 2, 20, 1, 0, tzinfo=UTC)
DAYS = (date(2025, 6, 1), date(2025, 12, 31), date(2026, 2, 19))
DIMENSIONS = ("channel", "region", "product", "entry", "purchase_count", "cohort_month")
COLUMNS = (
    "order_id", "customer_id", "ordered_at", "revenue", "status", "subscription_id", "cycle_no", "first_flag",
    "channel", "region", "product",
)  # fmt: skip
TYPES = (
    "VARCHAR(40)", "VARCHAR(40)", "TIMESTAMP NULL", "NUMERIC(12, 2)", "VARCHAR(40)", "VARCHAR(40)", "INTEGER",
    "BOOLEAN", "VARCHAR(40)", "VARCHAR(40)", "VARCHAR(40)",
)  # fmt: skip
NULLABLE = {"cycle_no": "Int64", "first_flag": "boolean"}
Rows = list[tuple[Any, ...]]


def rows() -> Rows:
    """A year of orders with every trap; ids that are nobody, statuses in capitals, cancelled ones without money."""
    found = []
    for number, one in enumerate(a_year_of_orders(seed=11, size=900)):
        who = one.customer_id or (None, "", "0", "guest", " NULL ")[number % 5]
        status = one.status.upper() if number % 7 == 0 else one.status
        money = None if one.status == "cancelled" and number % 2 else one.amount
        found.append((
            one.order_id, who, one.ordered_at, money, status, one.subscription_id, one.cycle_no, one.first_flag,
            one.channel, one.region, one.product,
        ))  # fmt: skip
    return found


def csv_of(folder: Path, orders: Rows, columns: Sequence[str] = COLUMNS) -> Path:
    path = folder / "orders.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *(["" if cell is None else cell for cell in row] for row in orders)])
    return path


def settings_of(folder: Path, source: str = ""):
    (folder / "shop.toml").write_text(f'shop = "月白"\n{source}', encoding="utf-8")
    return load({}, folder)


def source_of(url: str, select: str = "SELECT * FROM shop_orders", more: str = "") -> str:
    return f"[[source]]\nname = 'dwh'\nurl = '{url}'\nselect = '''{select}'''\n{more}\n"


def fill(url: str, orders: Rows, types: Sequence[str] = TYPES, columns: Sequence[str] = COLUMNS) -> None:
    engine = sa.create_engine(url)
    marks = ", ".join(f":{name}" for name in columns)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS shop_orders"))
        listed = ", ".join(f"{name} {kind}" for name, kind in zip(columns, types, strict=True))
        connection.execute(sa.text(f"CREATE TABLE shop_orders ({listed})"))
        if orders:
            insert = sa.text(f"INSERT INTO shop_orders VALUES ({marks})")
            connection.execute(insert, [dict(zip(columns, row, strict=True)) for row in orders])
    engine.dispose()


def parquet(folder: Path, orders: Rows, types: Sequence[str] = TYPES, columns: Sequence[str] = COLUMNS) -> str:
    """Two Parquet files of those orders; the SELECT that reads both."""
    with duckdb.connect() as connection:
        listed = ", ".join(f"{name} {kind.removesuffix(' NULL')}" for name, kind in zip(columns, types, strict=True))
        connection.execute(f"CREATE TABLE shop_orders ({listed})")
        frame = pd.DataFrame(orders, columns=list(columns))
        frame = frame.astype({name: kind for name, kind in NULLABLE.items() if name in columns})
        connection.register("frame", frame)
        connection.execute("INSERT INTO shop_orders SELECT * FROM frame")
        for part, where in enumerate(("hash(order_id) % 2 = 0", "hash(order_id) % 2 = 1")):
            connection.execute(f"COPY (FROM shop_orders WHERE {where}) TO '{folder}/part-{part}.parquet'")
    return f"SELECT * FROM read_parquet('{folder}/part-*.parquet')"


Place = Callable[..., str]


@pytest.fixture(params=["postgres", "parquet", "mariadb", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Puts orders into an engine and gives the [[source]] that reads them in place."""
    if request.param == "parquet":
        yield lambda *table: source_of("duckdb:///:memory:", parquet(tmp_path, *table))
        return
    url = f"sqlite:///{tmp_path}/dwh.db" if request.param == "sqlite" else str(request.getfixturevalue(request.param))

    def put(*table: Any) -> str:
        fill(url, *table)
        return source_of(url)

    yield put
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS shop_orders"))
    engine.dispose()


def imported(folder: Path, orders: Rows, columns: Sequence[str] = COLUMNS, *, joined: bool = False) -> Store:
    store = Store(folder / "store.duckdb", settings_of(folder).rules)
    list(import_files(store, [csv_of(folder, orders, columns)], Wanted(joined=joined), NOW, lambda *_: None))
    return store


def test_the_whole_report_is_that_of_an_import(place: Place, tmp_path: Path) -> None:
    orders = rows()
    store = imported(tmp_path, orders)
    settings = settings_of(tmp_path, place(orders))
    here, there = (desk(settings, one, lambda: NOW) for one in (store, shelf(settings, lambda: NOW)))
    assert isinstance(there.store, InPlace)
    for as_of in DAYS:
        for filters in ((), (("channel", "Web"),), (("entry", "one_off"), ("product", "x"))):
            asked = {"dimensions": DIMENSIONS, "filters": filters}
            assert there.report(as_of, **asked) == here.report(as_of, **asked)
        report = here.report(as_of)
        same = [[replace(one, customer_id="") for one in who.candidates(report, 1000)] for who in (here, there)]
        assert same[0] == same[1]
        assert {one.customer_id for one in here.candidates(report, 1000)} == {
            one.customer_id for one in there.candidates(report, 1000)
        }
    assert there.vocabulary() == here.vocabulary()
    assert len(here.candidates(here.report(DAYS[1]), 1000)) > 20, "the list is no empty one"


PEOPLE = (*COLUMNS, "email", "phone")


def as_told(orders: Rows) -> Rows:
    """The same orders, their customers known by id, by e-mail, by phone or by several of them, written in many ways."""
    found = []
    for number, row in enumerate(orders):
        who, n = str(row[1] or ""), int("".join(filter(str.isdigit, str(row[1] or ""))) or 0)
        if not n:
            told = (row[1], ("", "no address", "a@", None)[number % 4], ("000-0000-0000", "", "12", "110")[number % 4])
        else:
            address, digits = f"kunde{n}@example.jp", f"0901111{n:04}"
            wide = address.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
            addresses = (address, address.upper(), f" {address}\u3000", wide)
            numbers = (digits, f"{digits[:3]}-{digits[3:7]}-{digits[7:]}", f"+81 {digits[1:]}", f"+810{digits[1:]}",
                       digits.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)}))  # fmt: skip
            spelled = addresses[number % 4], numbers[number % 5]
            told = ((who, *spelled), ("guest", *spelled), ("", "", spelled[1]), (who, None, None))[n % 4]
        found.append((row[0], told[0], *row[2:], *told[1:]))
    return found


@pytest.mark.parametrize("joined", [False, True], ids=["by id first", "by e-mail first"])
def test_people_known_by_e_mail_or_phone_are_those_of_an_import(place: Place, tmp_path: Path, joined: bool) -> None:
    orders = as_told(rows())
    store = imported(tmp_path, orders, PEOPLE, joined=joined)
    source = place(orders, (*TYPES, "VARCHAR(80)", "VARCHAR(40)"), PEOPLE)
    settings = settings_of(tmp_path, f"join_people = {str(joined).lower()}\n{source}")
    here, there = (desk(settings, one, lambda: NOW) for one in (store, shelf(settings, lambda: NOW)))
    for as_of in DAYS:
        assert there.report(as_of, dimensions=DIMENSIONS) == here.report(as_of, dimensions=DIMENSIONS)
    who = [{one.customer_id for one in at.candidates(here.report(DAYS[1]), 1000)} for at in (here, there)]
    assert who[0] == who[1]
    assert {one[:2] for one in who[0]} >= {"e:", "p:"}, "people of each kind are on the list"


def test_an_e_mail_or_a_phone_alone_is_enough(place: Place, tmp_path: Path) -> None:
    columns = ("order_id", "phone", "ordered_at", "revenue")
    orders = [(str(n), f"090-1111-{n % 40:04}", datetime(2025, 6, 1 + n % 28, 9), 100) for n in range(200)]
    store = imported(tmp_path, orders, columns)
    source = place(orders, ("VARCHAR(40)", "VARCHAR(40)", "TIMESTAMP NULL", "NUMERIC(12, 2)"), columns)
    settings = settings_of(tmp_path, source)
    here, there = (desk(settings, one, lambda: NOW) for one in (store, shelf(settings, lambda: NOW)))
    assert there.report(DAYS[1]) == here.report(DAYS[1])


@pytest.mark.parametrize("question", ["NPS", "CPO", "continuation", "measures", "product ladder"])
def test_tables_beside_the_orders_need_a_copy_and_nobody_is_sent_to_import_them(tmp_path: Path, question: str) -> None:
    url = f"sqlite:///{tmp_path}/dwh.db"
    fill(url, rows()[:300])
    settings = settings_of(tmp_path, source_of(url))
    there = desk(settings, shelf(settings, lambda: NOW), lambda: NOW)
    with pytest.raises(OnlyImported):
        answer(question, there, Language.of("en"))


def test_dates_with_an_offset_are_read_in_the_shop_s_time(tmp_path: Path, postgres: str) -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    orders = [(*row[:2], row[2].replace(tzinfo=tokyo), *row[3:]) for row in rows()[:300]]
    types = (*TYPES[:2], "TIMESTAMPTZ", *TYPES[3:])
    store = imported(tmp_path, rows()[:300])
    here = desk(settings_of(tmp_path), store, lambda: NOW).report(DAYS[2])
    fill(postgres, orders, types)
    for source in (source_of(postgres), source_of("duckdb:///:memory:", parquet(tmp_path, orders, types))):
        settings = settings_of(tmp_path, source)
        assert desk(settings, shelf(settings, lambda: NOW), lambda: NOW).report(DAYS[2]) == here


@pytest.mark.parametrize("engine", ["postgres", "mariadb", "parquet", "sqlite"])
def test_naive_dates_of_another_zone_are_said_in_the_source(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    orders = [(*row[:2], row[2] - timedelta(hours=9), *row[3:]) for row in rows()[:300]]
    here = desk(settings_of(tmp_path), imported(tmp_path, rows()[:300]), lambda: NOW).report(DAYS[2])
    if engine == "parquet":
        source = source_of("duckdb:///:memory:", parquet(tmp_path, orders), 'zone = "UTC"')
    else:
        url = f"sqlite:///{tmp_path}/z.db" if engine == "sqlite" else str(request.getfixturevalue(engine))
        fill(url, orders)
        source = source_of(url, more='zone = "UTC"')
    settings = settings_of(tmp_path, source)
    assert desk(settings, shelf(settings, lambda: NOW), lambda: NOW).report(DAYS[2]) == here


# --- what is wrong there is one clear sentence --------------------------------------


def opened(folder: Path, source: str) -> InPlace:
    found = shelf(settings_of(folder, source), lambda: NOW)
    assert isinstance(found, InPlace)
    return found


@pytest.mark.parametrize(
    ("select", "problem", "word"),
    [
        ("SELECT * FROM nowhere", QueryFailed, "nowhere"),
        ("SELECT order_id, customer_id, ordered_at FROM shop_orders", MissingColumns, "amount"),
        ("SELECT order_id, ordered_at, revenue, status FROM shop_orders", MissingColumns, "customer_id"),
        ("SELECT order_id, customer_id, CAST(ordered_at AS CHAR(19)) AS ordered_at, revenue FROM shop_orders", Retyped,
         "ordered_at"),
        ("SELECT order_id, customer_id, ordered_at, CAST(revenue AS CHAR(9)) AS revenue FROM shop_orders", Retyped,
         "revenue"),
        ("SELECT * FROM shop_orders UNION ALL SELECT * FROM shop_orders", OrdersTwice, "example"),
        ("SELECT order_id, customer_id, ordered_at, revenue + 0.5 AS revenue FROM shop_orders", RowsUnreadable, "rows"),
        ("SELECT NULL AS order_id, customer_id, ordered_at, revenue FROM shop_orders", RowsUnreadable, "rows"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("engine", ["postgres", "mariadb"])
def test_a_table_that_cannot_be_read_is_named_with_its_column(
    engine: str, select: str, problem: type, word: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = str(request.getfixturevalue(engine))
    fill(url, [row for row in rows()[:50] if row[3] is not None])
    with pytest.raises(problem) as raised:
        opened(tmp_path, source_of(url, select)).counts("all")
    assert word in str(raised.value)


def test_a_database_that_is_away_and_a_wrong_password_are_told_apart(tmp_path: Path, postgres: str) -> None:
    with pytest.raises(DatabaseUnreachable):
        opened(tmp_path, source_of("postgresql://u@127.0.0.1:1/x")).counts("all")
    fill(postgres, rows()[:5])
    engine = sa.create_engine(postgres, isolation_level="AUTOCOMMIT")
    role = "asakai_" + engine.url.database.rpartition("_")[2]
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE ROLE {role}"))  # may not log in
    try:
        url = engine.url.set(username=role, password="sekret").render_as_string(hide_password=False)
        with pytest.raises(WrongLogin) as raised:
            opened(tmp_path, source_of(url)).counts("all")
        assert "sekret" not in str(raised.value.values)
    finally:
        with engine.connect() as connection:
            connection.execute(sa.text(f"DROP ROLE {role}"))
        engine.dispose()


def test_nothing_can_be_written_and_a_slow_answer_is_given_up(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(postgres, rows()[:5])
    writes = "SELECT * FROM shop_orders WHERE nextval('asakai_seq') > 0"
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SEQUENCE IF NOT EXISTS asakai_seq"))
    engine.dispose()
    with pytest.raises(QueryFailed) as raised:
        opened(tmp_path, source_of(postgres, writes)).counts("all")
    assert "read-only" in str(raised.value.values)
    monkeypatch.setattr("bot.shelves.DEADLINE_SECONDS", 1.0)
    slow = "SELECT o.* FROM shop_orders o, (SELECT pg_sleep(60)) z"
    with pytest.raises(TooSlow):
        opened(tmp_path, source_of(postgres, slow)).counts("all")


# --- when it is looked at again, and what cannot be had --------------------------------


def test_counts_are_made_again_only_when_the_orders_have_changed(tmp_path: Path, postgres: str) -> None:
    orders = [row for row in rows() if row[3] is not None]
    fill(postgres, orders[:200])
    clock = [NOW]
    store = shelf(settings_of(tmp_path, source_of(postgres, more="look_minutes = 10")), lambda: clock[0])
    before = store.counts("all")
    fill(postgres, orders[:300])
    assert not store.refresh()
    assert store.counts("all") is before, "believed for ten minutes"
    clock[0] += timedelta(minutes=11)
    assert store.refresh()
    assert store.quality(DAYS[2]).orders == 300
    after = store.counts("all")
    clock[0] += timedelta(minutes=11)
    assert not store.refresh()
    assert store.counts("all") is after, "looked, and nothing had changed"
    fill(postgres, [(*row[:4], "cancelled", *row[5:]) for row in orders[:300]])
    clock[0] += timedelta(minutes=11)
    assert store.refresh()
    assert store.quality(DAYS[2]).purchases == 0


def test_a_database_that_stops_to_answer_leaves_what_was_known(tmp_path: Path) -> None:
    path = tmp_path / "dwh.db"
    fill(f"sqlite:///{path}", rows()[:200])
    clock = [NOW]
    store = opened_at(tmp_path, f"sqlite:///{path}", clock)
    before = store.counts("all")
    path.rename(tmp_path / "away.db")
    clock[0] += timedelta(minutes=16)
    assert not store.refresh()
    assert store.trouble is not None
    assert store.counts("all") is before
    (tmp_path / "away.db").rename(path)
    clock[0] += timedelta(minutes=16)
    store.refresh()
    assert store.trouble is None


def opened_at(folder: Path, url: str, clock: list[datetime]) -> InPlace:
    found = shelf(settings_of(folder, source_of(url)), lambda: clock[0])
    assert isinstance(found, InPlace)
    return found


def test_what_was_known_earlier_and_imports_are_refused_in_one_sentence(tmp_path: Path) -> None:
    fill(f"sqlite:///{tmp_path}/dwh.db", rows()[:200])
    settings = settings_of(tmp_path, source_of(f"sqlite:///{tmp_path}/dwh.db"))
    counter = desk(settings, shelf(settings, lambda: NOW), lambda: NOW)
    with pytest.raises(NoReplay):
        counter.digest(DAYS[0], known_at=NOW)
    with pytest.raises(NoReplay):
        counter.report(DAYS[0], known_at=NOW - timedelta(days=1))
    assert counter.digest(DAYS[1]).basis.known_at == NOW, "a past morning says that it is of today's knowledge"
    with pytest.raises(ReadInPlace):
        list(import_files(counter.store, [csv_of(tmp_path, rows()[:5])], Wanted(), NOW, lambda *_: None))


def test_a_shop_that_has_synchronised_reads_its_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(f"sqlite:///{tmp_path}/dwh.db", rows()[:50])
    settings = settings_of(tmp_path, source_of(f"sqlite:///{tmp_path}/dwh.db"))
    monkeypatch.chdir(tmp_path)
    assert isinstance(shelf(settings, lambda: NOW), InPlace)
    assert asakai(monkeypatch, "sync")[0] == 0
    assert isinstance(shelf(settings, lambda: NOW), Store)
    settings = settings_of(tmp_path, source_of(f"sqlite:///{tmp_path}/dwh.db", more="in_place = true"))
    assert isinstance(shelf(settings, lambda: NOW), InPlace)


def asakai(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(command, "_now", lambda: NOW)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = command.called([*arguments])
    return code, out.getvalue(), err.getvalue()


def test_the_command_line_works_from_it_and_makes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    select = parquet(tmp_path, rows())
    settings_of(tmp_path, source_of("duckdb:///:memory:", select, "in_place = true"))
    monkeypatch.chdir(tmp_path)
    store = imported(tmp_path / "elsewhere", rows()) if (tmp_path / "elsewhere").mkdir() is None else None
    here = desk(settings_of(tmp_path / "elsewhere"), store, lambda: NOW)
    code, out, _ = asakai(monkeypatch, "digest", "--json")
    assert code == 0
    assert json.loads(out)["repeat"] == json.loads(json.dumps(_report_json(here)))["repeat"]
    for words in (("repeat", "by", "channel"), ("dormant", "list"), ("alerts",)):
        assert asakai(monkeypatch, "kpi", *words, "--lang", "en")[0] == 0, words
    code, out, _ = asakai(monkeypatch, "doctor", "--json", "--lang", "en")
    found = {one["check"]: one for one in json.loads(out)}
    assert found["in_place"]["state"] == "ok"
    assert (found["newest"]["state"], found["newest"]["mend"]) == ("warning", ""), (
        "no command of ours fills a warehouse"
    )
    assert found["statuses"]["state"] == "warning", "shipped! is a status that nobody knows"
    code, _, err = asakai(monkeypatch, "digest", "--known-at", "2026-02-01T00:00:00", "--lang", "en")
    assert (code, err.count("\n")) == (1, 1)
    assert "read in place" in err
    for refused in (("sync",), ("import", str(csv_of(tmp_path, rows()[:5])))):
        code, _, err = asakai(monkeypatch, *refused, "--lang", "en")
        assert (code, "read in place" in err) == (1, True)
    assert not (tmp_path / "asakai.duckdb").exists()


def _report_json(counter: Any) -> Any:
    from bot.console import as_json  # noqa: PLC0415  where it is wanted

    return json.loads(as_json(counter.digest()))
