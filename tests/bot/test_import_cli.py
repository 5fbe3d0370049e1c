"""Does `asakai import` take what shops have: exports, folders, several sources; and try before it does?"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

import bot.__main__ as command_line
from bot.__main__ import called

FORMATS = Path(__file__).parents[1] / "metrics" / "formats"
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
Ask = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)

    def line(*arguments: str) -> tuple[int, str, str]:
        code = called([*arguments, "--lang", "en"])
        out = capsys.readouterr()
        return code, out.out, out.err

    return line


def copied(*names: str, to: Path = Path()) -> None:
    to.mkdir(exist_ok=True)
    for name in names:
        shutil.copy(FORMATS / name, to / name)


def stored(select: str) -> list[tuple[object, ...]]:
    with duckdb.connect("asakai.duckdb", read_only=True) as store:
        return store.execute(select).fetchall()


def test_an_export_needs_no_configuration_and_says_how_it_was_read(ask: Ask) -> None:
    copied("eccube4.csv")
    code, out, _ = ask("import", "eccube4.csv")
    assert code == 0
    assert "eccube4.csv: read as EC-CUBE 4 (CSV) (12 rows)." in out
    assert "has not been checked" not in out
    assert stored("SELECT DISTINCT source FROM orders") == [("eccube4",)]


def test_statuses_that_nobody_knows_are_listed_with_where_to_say_what_they_are(ask: Ask) -> None:
    copied("eccube4.csv")
    line = "Statuses that nobody knows count as purchases: 10 (1)\n  → shop.toml: [purchases] excluded"
    assert line in ask("import", "eccube4.csv", "--dry-run")[1]
    assert line in ask("import", "eccube4.csv")[1]
    Path("shop.toml").write_text('[purchases]\nexcluded = ["10"]\n', encoding="utf-8")
    assert "nobody knows" not in ask("import", "eccube4.csv", "--dry-run")[1]
    assert "nobody knows" not in ask("import", "eccube4.csv")[1]


def test_an_unverified_format_and_one_without_customers_say_so(ask: Ask) -> None:
    copied("square.csv", "amazon.tsv")
    assert "“Square” has not been checked against a real export" in ask("import", "square.csv")[1]
    code, out, _ = ask("import", "amazon.tsv", "--accept-bad")
    assert code == 0
    assert "Amazon exports no customer" in out


def test_a_dry_run_reads_everything_and_touches_nothing(ask: Ask) -> None:
    copied("eccube4.csv")
    code, out, _ = ask("import", "eccube4.csv", "--dry-run")
    assert (code, "10 orders can be read" in out) == (0, False)
    assert "8 orders can be read; nothing was imported" in out
    assert not Path("asakai.duckdb").exists()


def test_a_folder_and_a_pattern_mean_the_tables_in_them(ask: Ask) -> None:
    copied("eccube4.csv", "rakuten.csv", to=Path("exports"))
    Path("exports/readme.md").write_text("x")
    Path("exports/.hidden.csv").write_text("x")
    assert ask("import", "exports")[1].count("read as") == 2
    assert ask("import", "exports/rak*.csv")[1].count("read as") == 1
    code, _, err = ask("import", "exports/none*.csv")
    assert (code, "no table" in err) == (1, True)


def test_several_sources_keep_their_own_customers_and_order_numbers(ask: Ask) -> None:
    copied("eccube4.csv", to=Path("a"))
    copied("eccube4.csv", to=Path("b"))
    Path("shop.toml").write_text(
        '[[source]]\nname = "tokyo"\nfiles = ["a/*.csv"]\npreset = "eccube4"\n'
        '[[source]]\nname = "osaka"\nfiles = ["b/*.csv"]\npreset = "eccube4"\nless = []\n',
        encoding="utf-8",
    )
    assert ask("import")[0] == 0
    found = stored("SELECT source, customer_id, amount FROM orders WHERE order_id = '1' ORDER BY 1")
    assert found == [("osaka", "id:osaka/7", 5000), ("tokyo", "id:tokyo/7", 4500)]


def test_people_are_joined_across_sources_only_when_the_shop_says_so(ask: Ask) -> None:
    copied("eccube4.csv", to=Path("a"))
    copied("eccube4.csv", to=Path("b"))
    sources = "".join(f'[[source]]\nname = "{name}"\nfiles = ["{name}/*.csv"]\n' for name in ("a", "b"))
    Path("shop.toml").write_text("join_people = true\n" + sources, encoding="utf-8")
    assert ask("import")[0] == 0
    guest = "SELECT count(DISTINCT customer_id), count(*) FROM orders WHERE order_id = '2'"
    assert stored(guest) == [(1, 2)]


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('[[source]]\nname = "a"\nfiles = ["*.csv"]\npreset = "eccube9"\n', "no format “eccube9”"),
        ('[[source]]\nname = "a"\nfiles = ["*.csv"]\npreset = "eccube4"\ncolums = {}\n', "“colums”"),
        ('[[source]]\nname = "a"\n[[source]]\nname = "a"\n', "“source”"),
        ('[[source]]\nfiles = ["*.csv"]\n', "“source”"),
    ],
)
def test_a_mistake_in_a_source_is_one_sentence(ask: Ask, toml: str, said: str) -> None:
    copied("eccube4.csv")
    Path("shop.toml").write_text(toml, encoding="utf-8")
    code, out, err = ask("import", "eccube4.csv")
    assert (code, out) == (1, "")
    assert said in err
    assert len(err.strip().splitlines()) == 1


def test_sync_takes_what_is_new_and_says_so(ask: Ask) -> None:
    with sqlite3.connect("shop.db") as shop:
        shop.execute("CREATE TABLE sales (no TEXT, who TEXT, at TEXT, yen INTEGER)")
        shop.execute("INSERT INTO sales VALUES ('1', 'C1', '2026-11-05 10:00:00', 100)")
    select = "SELECT no AS order_id, who AS customer_id, at AS ordered_at, yen AS amount FROM sales"
    Path("shop.toml").write_text(f'[[source]]\nname = "db"\nurl = "sqlite:///shop.db"\nselect = "{select}"\n')
    code, out, _ = ask("sync")
    assert code == 0
    assert "1 order taken in (1 new" in out
    assert "db: up to date, 1 order read." in out
    assert stored("SELECT customer_id FROM orders") == [("id:db/C1",)]
    shop = sqlite3.connect("shop.db")
    shop.execute("INSERT INTO sales VALUES ('2', 'C1', '2026-11-06 10:00:00', 100)")
    shop.commit()
    shop.close()
    assert "(1 new" in ask("sync", "db")[1]
    code, _, err = ask("sync", "nowhere")
    assert (code, "no database to sync" in err) == (1, True)


def test_sync_lists_the_statuses_that_nobody_knows_with_their_orders(ask: Ask) -> None:
    with sqlite3.connect("shop.db") as shop:
        shop.execute("CREATE TABLE sales (no TEXT, who TEXT, at TEXT, yen INTEGER, state TEXT)")
        rows = [("1", "謎"), ("2", "謎"), ("3", "paid")]
        shop.executemany("INSERT INTO sales VALUES (?, 'C1', '2026-11-05', 100, ?)", rows)
    select = "SELECT no AS order_id, who AS customer_id, at AS ordered_at, yen AS amount, state AS status FROM sales"
    Path("shop.toml").write_text(f'[[source]]\nname = "db"\nurl = "sqlite:///shop.db"\nselect = "{select}"\n')
    assert ask("sync")[1].endswith(
        "Statuses that nobody knows count as purchases: 謎 (2)\n  → shop.toml: [purchases] excluded\n"
    )
    Path("shop.toml").write_text(Path("shop.toml").read_text() + 'statuses = { excluded = ["謎"] }\n')
    assert "nobody knows" not in ask("sync")[1]


def test_a_first_file_of_guests_with_one_bad_row_goes_in_without_it(ask: Ask) -> None:
    """It cannot land at once and is read again: what the first reading gave the connection must not be in the way."""
    good = "".join(
        f"{n},guest{n % 40}@example.com,090-1111-{n:04},2026-10-{1 + n % 28:02} 12:00,100\n" for n in range(300)
    )
    bad = "bad,guest@example.com,090-1111-9999,no date,100\n"
    Path("guests.csv").write_text("order_id,email,phone,ordered_at,amount\n" + good + bad)
    code, out, err = ask("import", "guests.csv")
    assert (code, err) == (0, ""), out
    assert stored("SELECT count(*) FROM orders") == [(300,)]
