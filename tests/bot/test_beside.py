"""Do spend, answers and the other tables come in through the doors that orders have, with the same report?"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from bot.doctor import Mark, Seen, of_spend, of_tables, said
from bot.language import Language
from tests.bot.test_dropping import said as said_by_bot
from tests.bot.test_dropping import served

TABLES = Path(__file__).parents[1] / "metrics" / "tables"
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
EN = Language.of("en")
Ask = Callable[..., tuple[int, str, str]]
ORDERS = """order_id,customer_id,email,ordered_at,amount,channel
1,7,,2026-10-01 10:00,1000,Meta広告
2,,a@example.jp,2026-10-02 10:00,1000,紹介
3,8,,2026-10-03 10:00,1000,Meta広告
"""
ANSWERS = """customer_id,email,score,answered_at
7,,10,2026-10-20
,A@example.jp,3,2026-10-21
99,,5,2026-10-22
"""


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)

    def line(*arguments: str) -> tuple[int, str, str]:
        code = called([*arguments, "--lang", "en"])
        out = capsys.readouterr()
        return code, out.out, out.err

    return line


def stored(select: str) -> list[tuple[object, ...]]:
    with duckdb.connect("asakai.duckdb", read_only=True) as store:
        return store.execute(select).fetchall()


def write(name: str, text: str) -> str:
    Path(name).write_text(text, encoding="utf-8")
    return name


def test_answers_meet_their_customers_by_number_or_e_mail_and_come_in_once(ask: Ask) -> None:
    write("orders.csv", ORDERS)
    code, out, _ = ask("import", "orders.csv", write("answers.csv", ANSWERS))
    assert code == 0
    assert "answers.csv: 3 rows of NPS answers taken in (3 new, 0 changed, 0 as before)." in out
    assert "answers.csv: 1 row fits no customer of the orders." in out
    write("answers.csv", ANSWERS.replace("7,,10", "7,,9"))
    assert "(0 new, 1 changed, 2 as before)" in ask("import", "answers.csv")[1]
    known = "SELECT score FROM beside_nps JOIN orders USING (customer_id) ORDER BY 1"
    assert stored(known) == [(3,), (9,)]
    assert b"example" not in Path("asakai.duckdb").read_bytes()


def test_spend_is_tied_to_channels_and_what_is_loose_is_listed(ask: Ask) -> None:
    write("orders.csv", ORDERS)
    for name in ("meta_ads.ja.csv", "google_ads.ja.csv"):
        shutil.copy(TABLES / name, name)
    ask("import", "orders.csv")
    code, out, _ = ask("import", "meta_ads.ja.csv", "google_ads.ja.csv", "--accept-bad")
    assert code == 0
    assert "meta_ads.ja.csv: read as Meta Ads (6 rows)." in out
    assert "has not been checked against a real export" in out
    assert "meta_ads.ja.csv: 1 row of totals was left out." in out
    assert "リタゲ" not in out.partition("google_ads")[0].partition("2026-10-32")[0]
    assert "Spend that meets no orders: 新規_美容液 (¥2,601), 指名 ① (¥1,234), 動画, ①髙﨑 (¥0)" in out
    assert "Channels without spend: Meta広告 (fewer than 5 customers)" in out
    write("shop.toml", "[channels]\n'美容液|動画' = 'Meta広告'\n'指名' = 'Google広告'\n")
    out = ask("import", "meta_ads.ja.csv", "--accept-bad")[1]
    assert "Spend that meets no orders: 指名 ① (¥1,234)." in out
    assert "Channels without spend: 紹介" in out


def test_a_bad_row_is_listed_and_more_than_one_percent_imports_nothing(ask: Ask) -> None:
    code, _, err = ask("import", write("answers.csv", ANSWERS + "7,,11,2026-10-23\n"), "--errors", "errors.csv")
    assert code == 1
    assert "answers.csv row 5" in err
    assert "not a whole number from 0 to 10" in err
    assert "11,not_a_score" in Path("errors.csv").read_text(encoding="utf-8-sig")
    assert not Path("asakai.duckdb").exists()


def test_a_trial_reads_a_table_and_touches_nothing(ask: Ask) -> None:
    code, out, _ = ask("import", write("answers.csv", ANSWERS), "--dry-run")
    assert (code, "3 rows of NPS answers can be read; nothing was imported" in out) == (0, True)
    assert not Path("asakai.duckdb").exists()


def test_in_a_folder_orders_come_first_and_tell_whose_customers_a_table_has(ask: Ask) -> None:
    Path("in").mkdir()
    write("in/1-answers.csv", ANSWERS)
    write("in/2-orders.csv", ORDERS)
    assert ask("import", "in", "--source", "honten")[0] == 0
    assert stored("SELECT count(*) FROM beside_nps JOIN orders USING (customer_id)") == [(2,)]


def test_with_orders_of_several_sources_a_table_must_say_whose_customers_it_has(ask: Ask) -> None:
    for source in ("honten", "mall"):
        ask("import", write("orders.csv", ORDERS), "--source", source)
    code, _, err = ask("import", write("answers.csv", ANSWERS))
    assert (code, "Add --source with one of honten, mall" in err) == (1, True)
    assert ask("import", "answers.csv", "--source", "mall")[0] == 0
    write("shop.toml", "[[source]]\nname = 'survey'\nfiles = 'answers.csv'\ntable = 'nps'\nof = 'honten'\n")
    assert "3 new" in ask("import")[1]
    assert stored("SELECT DISTINCT source FROM beside_nps ORDER BY 1") == [("honten",), ("mall",)]


def test_an_order_whose_items_come_again_has_these_and_no_others(ask: Ask) -> None:
    head = "order_id,product_code,quantity,amount\n"
    ask("import", write("items.csv", f"{head}1,A,1,100\n1,B,1,200\n2,A,1,100\n"))
    assert "(1 new, 2 changed, 0 as before)" in ask("import", write("items.csv", f"{head}1,A,2,200\n1,C,1,5\n"))[1]
    assert stored("SELECT order_id, product_code, quantity FROM beside_order_items ORDER BY ALL") == [
        ("1", "A", 2), ("1", "C", 1), ("2", "A", 1),
    ]  # fmt: skip


def test_a_select_of_the_shops_database_is_synchronised_after_the_orders(ask: Ask) -> None:
    with duckdb.connect("shop.db") as shop:
        shop.execute("CREATE TABLE spend AS SELECT DATE '2026-10-01' AS d, 'Meta広告' AS place, 1200 AS yen")
        shop.execute(
            "CREATE TABLE o AS SELECT '1' AS order_id, '7' AS customer_id,"
            " TIMESTAMP '2026-10-01 10:00' AS ordered_at, 1000 AS amount, 'Meta広告' AS channel"
        )
    write(
        "shop.toml",
        "[[source]]\nname = 'ads'\ntable = 'channel_costs'\nurl = 'duckdb:///shop.db'\n"
        "select = 'SELECT d AS date, place AS channel, yen AS cost FROM spend'\n"
        "[[source]]\nname = 'honten'\nurl = 'duckdb:///shop.db'\nselect = 'SELECT * FROM o'\n",
    )
    code, out, err = ask("sync")
    assert (code, err) == (0, "")
    assert out.index("honten") < out.index("ads: 1 row of ad spend taken in (1 new")
    assert "(0 new, 0 changed, 1 as before)" in ask("sync", "ads")[1]


def test_a_table_dropped_into_a_direct_message_is_taken(tmp_path: Path) -> None:
    with served(tmp_path) as (slack, store):
        slack.drop("orders.csv", ORDERS.encode()).acked()
        said_by_bot(slack)
        slack.drop("answers.csv", ANSWERS.encode()).acked()
        assert "3 rows of NPS answers taken in" in said_by_bot(slack, 2)
        with store.reading() as connection:
            assert connection.execute("SELECT count(*) FROM beside_nps").fetchall() == [(3,)]


def test_the_doctor_lists_the_tables_loose_spend_and_people_nobody_knows(ask: Ask) -> None:
    write("orders.csv", ORDERS)
    shutil.copy(TABLES / "yahoo_ads.ja.csv", "yahoo.csv")
    ask("import", "orders.csv", "yahoo.csv", write("answers.csv", ANSWERS))
    out = ask("doctor")[1]
    assert "✅ There are 3 rows of NPS answers." in out
    assert "⚠️ There is spend that meets no orders: ブランド① (¥5,000)\n   → shop.toml: [channels]" in out
    assert "✅ Channels without spend: Meta広告 (fewer than 5 customers), 紹介 (fewer than 5 customers)" in out
    [odd] = of_tables([Seen("NPS answers", 10, 6)])
    assert (odd.mark, "6 of 10 rows of NPS answers" in said(odd, EN)) == (Mark.ODD, True)
    assert [one.mark for one in of_spend("", "")] == [Mark.FINE]


def test_roles_of_products_tell_customers_apart_once_products_and_lines_are_known(ask: Ask) -> None:
    lines = [f"{n},{n},2026-10-{1 + n % 9:02d} 10:00,1000\n" for n in range(40)]
    lines += [f"{100 + n},{n},2026-10-20 10:00,1000\n" for n in range(20)]
    ask("import", write("orders.csv", f"order_id,customer_id,ordered_at,amount\n{''.join(lines)}"))
    for words in ("repeat by product role", "ladder"):
        code, _, err = ask("kpi", words)
        assert (code, "No product has a role yet. Import a file with product_code and role" in err) == (1, True)
    sold = "".join(f"{n},{'F' if n < 20 else 'M'}\n" for n in range(40))
    ask("import", write("items.csv", f"order_id,product_code\n{sold}0,M\n"))
    ask("import", write("products.csv", "product_code,role\nF,front\nM,middle\n"))
    code, out, _ = ask("kpi", "gap by product role")
    assert (code, "front product" in out, "middle product" in out) == (0, True, True)
    assert stored("SELECT product_role, count(*) FROM orders GROUP BY 1 ORDER BY 1") == [
        ("front", 20), ("middle", 20), (None, 20),
    ]  # fmt: skip
    for words in (
        "リピート 商品の役割別",
        "repeat front product",
        "リピート フロント商品",
        "定義 商品の役割",
        "商品ステップ",
        "ladder 90 days",
    ):
        assert ask("kpi", words)[0] == 0
