"""Does every mistake end with the right code and one clear sentence, and change nothing?"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from tests.bot.shelf import steady_shop

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
HEADER = "order_id,customer_id,ordered_at,amount,channel\n"
GOOD = "".join(f"N{i},c{i},2026-11-{1 + i % 20:02d} 10:00,100,LINE\n" for i in range(300))
Ask = Callable[..., tuple[int, str, str]]
CANARY = "C4n4ry"


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """A command line in English, in the folder of a shop that has imported its orders."""
    for name in [name for name in os.environ if name.upper().startswith("ASAKAI_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)

    def line(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = called(arguments)
        out = capsys.readouterr()
        return code, out.out, out.err

    rows = [
        f"{b.name}-{n},{b.name},{day} 12:00,3000,{b.channel}\n" for b in steady_shop() for n, day in enumerate(b.days)
    ]
    (tmp_path / "orders.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    assert line("import", "orders.csv")[0] == 0
    return line


def contents(folder: Path) -> dict[str, str]:
    """What every file of the folder holds: the store, the state and the settings among them."""
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def refused(ask: Ask, arguments: tuple[str, ...], code: int = 1) -> str:
    """What stderr says of a command that fails with that code and changes nothing."""
    before = contents(Path.cwd())
    got, out, err = ask(*arguments)
    assert (got, out) == (code, ""), (out, err)
    assert "Traceback" not in err
    assert "unexpected error" not in err
    assert contents(Path.cwd()) == before
    return err.strip()


def workbook() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    return made.getvalue()


def one(row: str) -> bytes:
    return (HEADER + row).encode()


BAD_FILES = {
    "an empty file": (b"", "is empty"),
    "only a byte order mark": (b"\xef\xbb\xbf", "is empty"),
    "only blank lines": (b"\n\n \n", "is empty"),
    "a header only": (HEADER.encode(), "only a header row"),
    "a header and rows of commas": ((HEADER + ",,,,\n,,,,\n").encode(), "only a header row"),
    "a binary file": (bytes(range(256)) * 20, "does not look like a CSV"),
    "a workbook": (workbook(), "spreadsheet"),
    "a gzip cut off": (gzip.compress((HEADER + GOOD).encode())[:200], "cut off"),
    "gzip in gzip": (gzip.compress(gzip.compress(HEADER.encode())), "does not look like a CSV"),
    "a letter of Latin-1": ((HEADER + GOOD + "X,a,2026-11-01,1,café Ü\n").encode("latin-1"), "row 302"),
    "UTF-8 with one row in CP932": (
        (HEADER + GOOD.replace("LINE", "公式")).encode() + "X,a,2026-11-01,1,楽天\n".encode("cp932"),
        "row 302",
    ),
    "missing columns": (b"a,b\n1,2\n", "lacks the column(s) order_id"),
    "a column twice": (b"order_id,customer_id,ordered_at,amount,Amount\n1,a,2026-11-01,1,2\n", "Amount twice"),
    "a cell of 10 MB": ((HEADER + GOOD + f"X,a,2026-11-01,1,{'x' * 10_000_000}\n").encode(), "longer than"),
    "a date in words": (one("X,a,soon,1,L\n"), "“soon”: is not a date"),
    "a date in year 9999": (one("X,a,9999-12-31,1,L\n"), "is not a date"),
    "a date in year 1": (one("X,a,0001-01-01,1,L\n"), "is not a date"),
    "an offset that no place has": (one("X,a,2026-11-01 10:00:00+99:99,1,L\n"), "is not a date"),
    "an amount that is NaN": (one("X,a,2026-11-01,NaN,L\n"), "“NaN”: is not a number"),
    "an amount of 10^30": (one(f"X,a,2026-11-01,1{'0' * 30},L\n"), "is not a number"),
    "no order number": (one(",a,2026-11-01,1,L\n"), "no order number"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_bad_file_is_refused_by_its_name_and_changes_nothing(ask: Ask, tmp_path: Path, what: str) -> None:
    content, said = BAD_FILES[what]
    (tmp_path / "bad.csv").write_bytes(content)
    found = refused(ask, ("import", "bad.csv"))
    assert said in found
    assert "bad.csv" in found


def test_a_file_without_one_good_row_is_refused_even_with_accept_bad(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(one("X,a,soon,1,L\n"))
    assert "1 of the 1 row of" in refused(ask, ("import", "bad.csv", "--accept-bad"))


def test_a_pipe_is_refused_and_not_waited_for(ask: Ask, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "pipe or a device" in refused(ask, ("import", "pipe.csv"))


@pytest.mark.parametrize("encoding", ["iso2022_jp", "utf-32", "utf-16", "cp932", "euc_jp"])
def test_japanese_text_is_read_in_any_encoding(ask: Ask, tmp_path: Path, encoding: str) -> None:
    text = HEADER + GOOD.replace("LINE", "楽天市場")
    (tmp_path / "more.csv").write_bytes(text.encode(encoding))
    assert ask("import", "more.csv")[0] == 0
    with duckdb.connect(tmp_path / "asakai.duckdb", read_only=True) as store:
        found = store.execute("SELECT DISTINCT channel FROM orders WHERE order_id LIKE 'N%'").fetchall()
    assert found == [("楽天市場",)]


def test_the_first_bad_import_leaves_no_store_behind(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "asakai.duckdb").unlink()
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    refused(ask, ("import", "bad.csv"))
    assert "No orders have been imported" in refused(ask, ("digest",))
    assert ask("import", "orders.csv")[0] == 0


@pytest.mark.parametrize("place", ["bad.csv", "asakai.duckdb", "shop.toml", "."])
def test_the_list_of_bad_rows_overwrites_nothing(ask: Ask, tmp_path: Path, place: str) -> None:
    (tmp_path / "bad.csv").write_text(HEADER + GOOD + "X,c,2026-11-01,=1+1,L\n")
    (tmp_path / "shop.toml").write_text("shop = 'a'")
    assert "already holds something else" in refused(ask, ("import", "bad.csv", "--errors", place))


def test_the_list_of_bad_rows_replaces_an_earlier_list(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(HEADER + GOOD + "X,c,2026-11-01,=1+1,L\n")
    for _ in range(2):
        assert ask("import", "bad.csv", "--errors", "errors.csv")[0] == 0
    assert "'=1+1" in (tmp_path / "errors.csv").read_text(encoding="utf-8-sig")


def test_a_list_that_cannot_be_written_is_named(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text(HEADER + GOOD + "X,c,2026-11-01,=1+1,L\n")
    assert "nowhere/e.csv" in refused(ask, ("import", "bad.csv", "--errors", "nowhere/e.csv"))


COMMANDS = {
    ("digest", "--as-of", "0001-01-01"): (1, "before the first purchase"),
    ("digest", "--as-of", "9999-12-31"): (1, "not over yet"),
    ("digest", "--known-at", "0001-01-01"): (2, "--known-at"),
    ("digest", "--known-at", "9999-12-31"): (2, "--known-at"),
    ("digest", "--segment", "chanel"): (1, "no segment “chanel”"),
    ("digest", "--segment", "'; DROP TABLE orders; --"): (1, "no segment"),
    ("kpi", "repeat last -30 days"): (1, "cannot be a period"),
    ("kpi", "repeat last 0 days"): (1, "cannot be a period"),
    ("kpi", "<!channel>"): (1, "not understood"),
    ("kpi", "repeat " * 100): (1, "too long"),
    ("import", "a\nb.csv"): (1, "There is no file a b.csv"),
    ("import", "orders.csv", "--source", "a\nb"): (2, "--source"),
    ("import", "--url", f"mysql://u:{CANARY}@127.0.0.1:1/x?nonsense={CANARY}", "--select", "SELECT 1"): (
        1,
        "not right",
    ),
    ("import", "--url", f"postgresql://u:{CANARY}@127.0.0.1:1/x", "--select", "SELECT 1"): (1, "cannot be reached"),
    ("import", "--url", "sqlite:///none.db", "--select", "SELECT 1"): (1, "sqlite:///none.db cannot be reached"),
    ("import", "--url", "sqlite:///none.db", "--select", "DROP TABLE orders"): (1, "single SELECT"),
}


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_bad_question_is_one_sentence_and_changes_nothing(ask: Ask, arguments: tuple[str, ...]) -> None:
    code, said = COMMANDS[arguments]
    found = refused(ask, arguments, code)
    assert said in found
    assert CANARY not in found
    assert code == 2 or len(found.splitlines()) == 1


SETTINGS = {
    "langauge = 'ja'": "Did you mean “language”",
    "[digest]\nchanels = ['C']": "“digest.channels”",
    "[slack.bot]\nx = 1": "slack.bot_token",
    "digest = 'x'": "“digest” (ASAKAI_DIGEST) cannot be used. Write e.g. [digest]",
    "store = ''": "“store”",
    "store = '.'": "“store”",
    'store = "a\\u0000b"': "“store”",
    "zone = 'Mars/Phobos'": "“zone”",
    "target = 20": "“target”",
    "target = nan": "“target”",
    "dimensions = ['']": "“dimensions”",
    "dimensions = ['channel', 'Channel']": "“dimensions”",
    "dimensions = ['amount']": "“dimensions”",
    "dimensions = ['email']": "“dimensions”",
    "dimensions = ['purchase_count']": "“dimensions”",
    "[digest]\nat = 830": "“digest.at”",
    "[purchases]\nburn_in_days = -1": "“purchases.burn_in_days”",
    f"[slack]\nbot_token = ['{CANARY}']": "“slack.bot_token”",
    f"[slack]\nbot_tokne = '{CANARY}'": "“slack.bot_token”",
    f"'{CANARY}' 'x'": "shop.toml cannot be read",
    "shop = 'a'\nshop = 'b'": "shop.toml cannot be read",
    "# " + "x" * 1_000_000: "over 1,000,000 bytes",
}


@pytest.mark.parametrize("text", SETTINGS, ids=lambda text: text[:40])
def test_a_bad_setting_stops_every_command_with_its_name(ask: Ask, tmp_path: Path, text: str) -> None:
    (tmp_path / "shop.toml").write_text(text, encoding="utf-8")
    for command in (("digest",), ("kpi", "help"), ("import", "orders.csv"), ("run",)):
        found = refused(ask, command)
        assert SETTINGS[text] in found
        assert CANARY not in found


@pytest.mark.parametrize("text", ["no equals sign here", f"ASAKAI_SLACK__BOT_TOKEN='{CANARY}", "A=1\n\n=x"])
def test_a_line_of_dotenv_that_cannot_be_read_stops_the_start(ask: Ask, tmp_path: Path, text: str) -> None:
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    found = refused(ask, ("kpi", "help"))
    assert ".env cannot be read (line " in found
    assert CANARY not in found


@pytest.mark.parametrize("name", [".env", "shop.toml", "asakai.duckdb"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(ask: Ask, tmp_path: Path, name: str) -> None:
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    assert name in refused(ask, ("digest",))


def cut(store: bytes) -> bytes:
    return store[: len(store) // 2]


def scrambled(store: bytes) -> bytes:
    return store[:12_288] + bytes(reversed(store[12_288:16_384])) + store[16_384:]


@pytest.mark.parametrize("spoil", [cut, scrambled])
@pytest.mark.parametrize("command", [("digest",), ("kpi", "dormant"), ("import", "orders.csv")])
def test_a_damaged_store_is_said_to_be_damaged_at_once(
    ask: Ask, tmp_path: Path, spoil: Callable[[bytes], bytes], command: tuple[str, ...]
) -> None:
    store = tmp_path / "asakai.duckdb"
    store.write_bytes(spoil(store.read_bytes()))
    started = datetime.now(UTC)
    assert "is damaged" in refused(ask, command)
    assert datetime.now(UTC) - started < timedelta(seconds=20)  # not taken for a lock that is waited for


def test_a_store_that_lacks_a_table_is_no_store(ask: Ask, tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "asakai.duckdb") as store:
        store.execute("DROP TABLE batch")
    assert "is not a data file" in refused(ask, ("digest",))


def test_a_csv_file_is_not_opened_as_a_store(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASAKAI_STORE", "orders.csv")
    for command in (("digest",), ("import", "orders.csv")):
        assert "is not a data file" in refused(ask, command)


def test_a_store_in_a_missing_folder_names_the_reason(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASAKAI_STORE", "nowhere/asakai.duckdb")
    assert "nowhere/asakai.duckdb cannot be written" in refused(ask, ("import", "orders.csv"))


def test_a_column_in_another_case_is_the_same_column(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASAKAI_DIMENSIONS", "Channel")
    assert ask("kpi", "repeat by channel")[0] == 0


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("orders.csv", "cannot be opened"),
        (".", "cannot be opened"),
        ("sqlite://", "must be a SQLite file"),
        (f"mysql://u:{CANARY}@h/x", "must be a SQLite file"),
        (f"postgresql://127.0.0.1:1/x?password={CANARY}", "cannot be opened"),
    ],
)
def test_a_bad_state_database_is_named_without_its_password(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, state: str, said: str
) -> None:
    monkeypatch.setenv("ASAKAI_STATE", state)
    monkeypatch.setenv("ASAKAI_SLACK__BOT_TOKEN", f"xoxb-{CANARY}")
    monkeypatch.setenv("ASAKAI_SLACK__BASE_URL", "http://127.0.0.1:9/")
    found = refused(ask, ("digest", "--send", "--to", "C0123456789"))
    assert said in found
    assert CANARY not in found


def test_japanese_is_printed_where_the_locale_knows_only_ascii(ask: Ask, tmp_path: Path) -> None:
    assert ask("digest")[0] == 0
    plain = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "kpi", "help"], cwd=tmp_path, env=plain, capture_output=True, check=True
    )
    assert "休眠" in done.stdout.decode()


def test_a_key_press_in_the_middle_of_a_query_is_no_bug(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(**_: object) -> None:
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(command_line, "_settings", pressed)
    assert refused(ask, ("digest",), 130) == "Stopped. What was not finished was not saved."
