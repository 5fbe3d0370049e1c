"""Does every command line end with the right code, and every mistake with one clear sentence?"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from bot.hands import spoken
from tests.bot.shelf import Buyer, steady_shop

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)  # Saturday 10:00 in Tokyo
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command line in an empty folder at a fixed time: code, stdout, stderr."""
    for name in ("ASAKAI_LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)

    def line(*arguments: str) -> tuple[int, str, str]:
        code = called(arguments)
        out = capsys.readouterr()
        return code, out.out, out.err

    return line


def orders(path: Path, buyers: tuple[Buyer, ...] = steady_shop()) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["order_id", "customer_id", "ordered_at", "amount", "channel"])
        for buyer in buyers:
            for number, day in enumerate(buyer.days):
                writer.writerow([f"{buyer.name}-{number}", buyer.name, f"{day} 12:00", 3000, buyer.channel])
    return path


@pytest.fixture
def shop(run: Run, tmp_path: Path) -> Run:
    """The command line of a shop whose orders have been imported."""
    assert run("import", str(orders(tmp_path / "orders.csv")))[0] == 0
    return run


def sentence(run: Run, *arguments: str, code: int = 1) -> str:
    """The one sentence on stderr of a command that failed without a traceback."""
    got, out, err = run(*arguments)
    assert got == code, (out, err)
    assert "Traceback" not in err
    assert "tell your administrator" not in err, err
    return err.strip()


def test_importing_says_what_came_in_and_what_is_next(run: Run, tmp_path: Path) -> None:
    path = orders(tmp_path / "orders.csv")
    code, out, _ = run("import", str(path))
    assert code == 0
    assert "orders.csv: 812 orders taken in (812 new, 0 changed, 0 as before)." in out
    assert "asakai digest" in out
    code, out, _ = run("import", str(path))
    assert "0 new, 0 changed, 812 as before" in out


def test_the_digest_shows_the_morning(shop: Run) -> None:
    code, out, err = shop("digest")
    assert (code, err) == (0, "")
    assert "30日以内リピート率" in out
    assert "11月20日(金)" in out


def test_the_digest_speaks_english_when_asked(shop: Run) -> None:
    code, out, _ = shop("digest", "--lang", "en")
    assert code == 0
    assert "30-day repeat rate" in out


def test_the_digest_as_json_is_the_report(shop: Run) -> None:
    code, out, _ = shop("digest", "--json", "--as-of", "2026-11-01")
    report = json.loads(out)
    assert code == 0
    assert report["basis"]["as_of"] == "2026-11-01"
    assert report["repeat"]["now"]["rate"]["n"] > 0


def test_the_digest_of_a_morning_before_the_import_says_as_known_today(shop: Run) -> None:
    code, out, _ = shop("digest", "--as-of", "2026-11-01", "--lang", "en")
    assert code == 0
    assert "Sun 1 Nov" in out
    assert "Sat 21 Nov 2026" in out


def test_a_past_morning_is_shown_as_it_was(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "orders.csv"
    monkeypatch.setattr(command_line, "_now", lambda: datetime(2026, 11, 10, 1, tzinfo=UTC))
    run("import", str(orders(path, tuple(b for b in steady_shop() if b.days[0].isoformat() < "2026-11-10"))))
    then = run("digest", "--json")[1]
    monkeypatch.setattr(command_line, "_now", lambda: NOW)
    cancelled = tuple(b for b in steady_shop() if b.days[0].isoformat() >= "2026-11-05")
    run("import", str(orders(path, cancelled)))
    now = run("digest", "--json", "--as-of", "2026-11-09")[1]
    same = {name: figure for name, figure in json.loads(then).items() if name != "basis"}
    assert {name: figure for name, figure in json.loads(now).items() if name != "basis"} == same


@pytest.mark.parametrize("word", ["channel", "チャネル", "Purchase Count"])
def test_the_table_is_by_any_dimension_in_any_language(shop: Run, word: str) -> None:
    code, out, _ = shop("digest", "--segment", word)
    assert code == 0
    assert ("LINE" in out) == (word != "Purchase Count")


def test_a_question_is_answered_as_in_slack(shop: Run) -> None:
    code, out, _ = shop("kpi", "休眠 チャネル別")
    assert code == 0
    assert "楽天" in out
    assert shop("kpi", "dormant", "by", "channel", "--lang", "en")[0] == 0
    assert shop("kpi")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("digest", "--as-of", "2026-11-21"), "not over yet"),
        (("digest", "--as-of", "2030-01-01"), "not over yet"),
        (("digest", "--as-of", "2020-01-01"), ""),
        (("digest", "--segment", "chanel"), "chanel"),
        (("kpi", "リピート率 2026-02-30"), "2026-02-30"),
        (("kpi", "repeet"), "repeet"),
        (("kpi", "休眠 -30日"), "-30日"),
        (("import", "nowhere.csv"), "nowhere.csv"),
        (("import", "*.xlsx"), "no table"),
        (("import", "--url", "nosuch://x/y", "--select", "SELECT 1"), ""),
        (("import", "--url", "postgresql://u:secret@127.0.0.1:1/x", "--select", "SELECT 1"), ""),
        (("digest", "--send"), "digest.channels"),
        (("digest", "--send", "--to", "C0123456789"), "ASAKAI_SLACK__BOT_TOKEN"),
        (("run",), "ASAKAI_SLACK__BOT_TOKEN"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_code_1(shop: Run, arguments: tuple[str, ...], said: str) -> None:
    found = sentence(shop, *arguments, "--lang", "en")
    assert said in found
    assert "secret" not in found
    assert len(found.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("digest", "--as-of", "2026-02-30"),
        ("digest", "--as-of", "yesterday"),
        ("digest", "--lang", "fr"),
        ("digest", "--to", "C1"),
        ("digest", "--send", "--json"),
        ("import",),
        ("import", "--url", "x"),
        ("import", "a.csv", "--url", "x", "--select", "y"),
        ("digest", "--nonsense"),
    ],
)
def test_wrong_usage_is_code_2(run: Run, arguments: tuple[str, ...]) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert "Traceback" not in err
    assert "Error" in err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("header.csv", b"order_id,customer_id,ordered_at,amount\n"),
        ("binary.csv", bytes(range(256)) * 20),
        ("columns.csv", b"a,b\n1,2\n"),
        ("quote.csv", b'order_id,customer_id,ordered_at,amount\n1,"a,2026-11-01,100\n'),
        ("utf16.csv", "order_id".encode("utf-16") + b"\x00\xd8"),
        ("dates.csv", b"order_id,customer_id,ordered_at,amount\n1,a,soon,100\n"),
        ("nan.csv", b"order_id,customer_id,ordered_at,amount\n1,a,2026-11-01,NaN\n"),
    ],
)
def test_a_bad_file_is_refused_and_changes_nothing(shop: Run, tmp_path: Path, name: str, content: bytes) -> None:
    before = shop("digest", "--json")[1]
    (tmp_path / name).write_bytes(content)
    found = sentence(shop, "import", name)
    assert name in found
    assert shop("digest", "--json")[1] == before


def test_too_many_bad_rows_are_listed_and_nothing_is_taken(run: Run, tmp_path: Path) -> None:
    path = orders(tmp_path / "orders.csv", steady_shop(20))
    with path.open("a", encoding="utf-8") as file:
        file.write("x,y,2026-13-01,100,LINE\n")
    code, out, err = run("import", str(path), "--errors", "errors.csv")
    assert (code, out) == (1, "")
    assert "2026-13-01" in err
    assert "2026-13-01" in (tmp_path / "errors.csv").read_text(encoding="utf-8-sig")
    code, out, _ = run("import", str(path), "--accept-bad")
    assert code == 0
    assert "1 row stayed out" in out


@pytest.mark.parametrize("command", [("digest",), ("kpi",), ("digest", "--json")])
def test_before_the_first_import_the_next_step_is_said(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    assert "asakai import" in sentence(run, *command)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_store_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "asakai.duckdb").write_bytes(b"my diary " * 2000)
    sentence(run, "digest")
    assert (tmp_path / "asakai.duckdb").read_bytes() == b"my diary " * 2000


def test_a_misspelt_setting_stops_every_command(run: Run, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text("langauge = 'ja'", encoding="utf-8")
    for command in (("digest",), ("kpi", "help"), ("import", "x.csv"), ("run",)):
        found = sentence(run, *command)
        assert "langauge" in found
        assert "language" in found


def test_orders_that_end_long_ago_lead_to_the_right_command(run: Run, tmp_path: Path) -> None:
    old = tuple(Buyer(b.name, b.channel, b.days) for b in steady_shop() if b.days[-1].isoformat() < "2026-06-01")
    code, out, _ = run("import", str(orders(tmp_path / "orders.csv", old)))
    assert "asakai digest --as-of 2026-05-" in out
    code, out, err = run("digest")
    assert code == 0
    assert "--as-of 2026-05-" in err


def test_several_files_go_in_one_after_the_other(run: Run, tmp_path: Path) -> None:
    one, two = orders(tmp_path / "one.csv", steady_shop()[:300]), orders(tmp_path / "two.csv", steady_shop()[300:])
    code, out, _ = run("import", str(one), str(two), "--lang", "ja")
    assert code == 0
    assert out.count("件の注文を取り込みました") == 2


def test_a_database_is_read_by_one_select(run: Run, tmp_path: Path) -> None:
    import sqlite3  # noqa: PLC0415

    base = sqlite3.connect(tmp_path / "shop.db")
    base.execute("CREATE TABLE o (order_id TEXT, customer_id TEXT, ordered_at TEXT, amount INTEGER)")
    base.executemany(
        "INSERT INTO o VALUES (?, ?, ?, ?)",
        [(f"{b.name}-{n}", b.name, f"{day} 12:00:00", 100) for b in steady_shop() for n, day in enumerate(b.days)],
    )
    base.commit()
    base.close()
    code, out, err = run("import", "--url", f"sqlite:///{tmp_path}/shop.db", "--select", "SELECT * FROM o")
    assert code == 0, err
    assert "812 new" in out


def test_a_bug_is_one_sentence_with_a_number_and_the_traceback_is_in_the_log(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("xoxb-1234-canary")

    monkeypatch.setattr(command_line, "_settings", broken)
    code, out, err = run("digest")
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    log = (tmp_path / "asakai.log").read_text(encoding="utf-8")
    number = err.split("number ")[1].split(")")[0]
    assert number in log
    assert "ZeroDivisionError" in log
    assert "canary" not in log
    with pytest.raises(ZeroDivisionError):
        called(["--debug", "digest"])


def test_a_key_press_ends_with_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "_settings", pressed)
    assert run("digest")[0] == 130


@pytest.mark.parametrize(
    ("environ", "code"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US", "ASAKAI_LANGUAGE": "ja"}, "ja"),
    ],
)
def test_where_no_language_is_set_the_terminals_is_spoken(environ: dict[str, str], code: str, tmp_path: Path) -> None:
    assert spoken(environ, tmp_path) == code


@pytest.mark.parametrize("name", ["settings", "commands"])
def test_the_checked_in_manual_is_the_printed_one(run: Run, name: str) -> None:
    code, out, _ = run("docs", name)
    assert code == 0
    assert out == (Path(__file__).parents[2] / "docs" / f"{name}.md").read_text(encoding="utf-8")


def test_the_demo_shows_this_mornings_digest_and_the_next_step(run: Run, tmp_path: Path) -> None:
    for _ in range(2):  # the second one builds it anew
        code, out, err = run("demo", "--lang", "ja")
        assert (code, err) == (0, "")
        assert "11月21日(土)" in out
        assert "Meta広告" in out
        assert "import 注文.csv" in out
    question = next(line for line in out.splitlines() if "ASAKAI_SHOP_FILE" in line)
    assert "休眠 チャネル別" in question


def test_the_demo_can_be_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("demo", "--lang", "ja")
    monkeypatch.setenv("ASAKAI_SHOP_FILE", "demo/shop.toml")
    code, out, _ = run("kpi", "休眠", "チャネル別")
    assert code == 0
    assert "Meta広告" in out


def test_the_demo_leaves_a_folder_that_is_not_its_own_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").write_text("mine")
    assert "demo" in sentence(run, "demo")
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["thesis.txt"]


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, bot.__main__ as m; m.called(['--help']); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {
        "duckdb",
        "pandas",
        "numpy",
        "sqlalchemy",
        "slack_bolt",
        "babel",
        "holidays",
        "rich",
        "pydantic",
        "structlog",
    }
    assert not loaded & heavy
