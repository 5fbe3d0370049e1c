"""Does the wizard find what the columns of an unknown export are, and write it without losing a comment?"""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import duckdb
import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from bot.language import Language
from bot.shop_file import replace_file, with_settings, with_source
from bot.wizard import NoIdentity, asked, look, shown
from metrics.rules import Rules
from metrics.sources.proposal import Why, columns, grouping, proposals

EN = Language.of("en")
FILE = """伝票No.,ご購入日,お客様コード,連絡先,請求金額（税込）,処理状態,商品,備考
A1,2026/10/05 08:07,C1,a@b.jp,1980,完了,美容液,
A1,2026/10/05 08:07,C1,a@b.jp,1980,完了,化粧水,
A2,2026/10/06 08:07,C2,c@d.jp,2980,取りやめ,美容液,急ぎ
A3,2026/10/07 08:07,C2,c@d.jp,2980,送り返し,美容液,急ぎ
"""
SHOP = '# our shop\nshop = "月白" # the name\n\n[digest]\n# channel of the team\nchannels = ["C1"]\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "unknown.csv"
    path.write_text(FILE, encoding="cp932")
    return path


def test_columns_are_proposed_by_name_by_likeness_and_by_values():
    rows = [["1", "2026/10/5", "a@b.jp", "1,980", "x"], ["2", "2026/10/6", "c@d.jp", "980", "x"]]
    found = proposals(columns(["受注番号", "いつ", "だれ", "請求金額合計", "なに"], rows))
    assert {name: (one.header, one.why) for name, one in found.items()} == {
        "order_id": ("受注番号", Why.NAME),
        "ordered_at": ("いつ", Why.VALUES),
        "email": ("だれ", Why.VALUES),
        "amount": ("請求金額合計", Why.SIMILAR),
    }


def test_a_name_whose_values_do_not_fit_is_not_proposed():
    found = proposals(columns(["金額", "注文日"], [["多い", "昨日"], ["少ない", "今日"]]))
    assert found == {}


@pytest.mark.parametrize(
    ("ids", "group"), [(["1", "2"], ""), (["1", "1", "2"], "order_id"), (["1", "", "2"], "fill_down")]
)
def test_lines_of_one_order_are_noticed(ids, group):
    assert grouping(columns(["id"], [[one] for one in ids])[0]) == group


def test_the_answers_become_a_source(file: Path):
    table = look(file, Rules())
    assert [column.header for column in table.columns][:2] == ["伝票No.", "ご購入日"]
    assert any("unknown.csv" in line for line in shown(table, EN))
    answers = iter(["1", "2", "nonsense", "請求金額（税込）", "3", "-", "-", "処理状態", "-", "-", "7", "取りやめ",
                    "送り返し"])  # fmt: skip
    source = asked(table, "honten", Rules(), lambda _question, _proposed: next(answers), EN)
    assert source == {
        "name": "honten",
        "files": [str(file)],
        "group": "order_id",
        "columns": {
            "order_id": "伝票No.", "ordered_at": "ご購入日", "amount": "請求金額（税込）",
            "customer_id": "お客様コード",
            "status": "処理状態", "product": "商品",
        },
        "statuses": {"excluded": ["取りやめ"], "returned": ["送り返し"]},
    }  # fmt: skip


def test_without_anyone_to_tell_apart_there_is_no_mapping(file: Path):
    answers = iter(["1", "2", "5", *["-"] * 20])
    with pytest.raises(NoIdentity):
        asked(look(file, Rules()), "honten", Rules(), lambda _question, _proposed: next(answers), EN)


def test_comments_of_shop_toml_are_kept_and_a_source_is_replaced():
    once = with_source(SHOP, {"name": "a", "files": ["x.csv"], "columns": {"order_id": "番号"}})
    twice = with_source(once, {"name": "a", "files": ["y.csv"]})
    assert all(comment in twice for comment in ("# our shop", "# the name", "# channel of the team"))
    assert tomllib.loads(twice)["source"] == [{"name": "a", "files": ["y.csv"]}]
    assert tomllib.loads(with_settings(SHOP, {"zone": "UTC", "digest.at": "09:00"})) == {
        "shop": "月白",
        "zone": "UTC",
        "digest": {"channels": ["C1"], "at": "09:00"},
    }


def test_a_secret_file_is_readable_by_its_owner_only(tmp_path: Path):
    replace_file(tmp_path / ".env", "A=1\n", 0o600)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_under_title_rows_the_widest_row_is_the_header(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("unknown.csv").write_text(f"受注一覧\n作成,2026/11/1\n{FILE}", encoding="cp932")
    answers = iter(["1", "2", "5", "3", "-", "-", "6", "-", "-", "7", "取りやめ", "送り返し"])
    monkeypatch.setattr(command_line.typer, "prompt", lambda _question, **_: next(answers))
    assert called(["map", "unknown.csv", "--lang", "en"]) == 0
    assert "3 orders, 0 rows that stay out" in capsys.readouterr().out
    [source] = tomllib.loads(Path("shop.toml").read_text(encoding="utf-8"))["source"]
    assert source["skip_rows"] == 2
    assert called(["import", "--lang", "en"]) == 0
    assert "3 orders taken in (3 new" in capsys.readouterr().out


def test_of_two_columns_of_one_name_the_one_that_was_meant_is_read(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"A{n},C{n},2026/10/{n} 9:00,5,{1000 + n}\n" for n in range(1, 20))
    Path("u.csv").write_text(f"番号,お客様番号,購入日,金額,金額\n{rows}", encoding="utf-8")
    answers = iter(["1", "3", "5", "2", *["-"] * 9])
    monkeypatch.setattr(command_line.typer, "prompt", lambda _question, **_: next(answers))
    assert called(["map", "u.csv", "--lang", "en"]) == 0
    [source] = tomllib.loads(Path("shop.toml").read_text(encoding="utf-8"))["source"]
    assert source["columns"]["amount"] == "金額#2"
    assert called(["import", "--lang", "en"]) == 0
    with duckdb.connect("asakai.duckdb", read_only=True) as store:
        assert store.execute("SELECT min(amount) FROM orders").fetchall() == [(1001,)]


def test_map_then_import_then_digest(tmp_path: Path, file: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text('# ours\nshop = "月白"\n', encoding="utf-8")
    answers = iter(["1", "2", "5", "3", "-", "-", "6", "-", "-", "7", "取りやめ", "送り返し"])
    monkeypatch.setattr(command_line.typer, "prompt", lambda _question, **_: next(answers))
    assert called(["map", "unknown.csv", "--name", "honten", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "3 orders, 0 rows that stay out" in out
    assert Path("shop.toml").read_text(encoding="utf-8").startswith("# ours\n")
    assert called(["import", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert "3 orders taken in (3 new" in out
    assert called(["import", "unknown.csv", "--lang", "en"]) == 0
    assert "3 as before" in capsys.readouterr().out


def test_with_every_proposal_taken_a_needed_column_without_one_is_named_and_nothing_is_written(
    tmp_path: Path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    rows = [f"A{n},C{n % 7},2026/10/{n % 28 + 1} 9:00,{1000 + n}\n" for n in range(40)]
    Path("u.csv").write_text("番号,お客様番号,購入日,備考\n" + "".join(rows), encoding="utf-8")
    assert called(["map", "u.csv", "--yes", "--lang", "en"]) != 0
    assert "No column looks like order_id, which is needed" in capsys.readouterr().err
    assert not Path("shop.toml").exists()


def test_what_finds_no_order_is_not_written_but_shown_with_the_reason(tmp_path: Path, file: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("shop.toml").write_text(SHOP, encoding="utf-8")
    answers = iter(["1", "4", "5", "3", *["-"] * 6])  # the fourth column holds e-mail addresses
    monkeypatch.setattr(command_line.typer, "prompt", lambda _question, **_: next(answers))
    assert called(["map", "unknown.csv", "--name", "honten", "--lang", "en"]) == 1
    out = capsys.readouterr()
    assert "0 orders, 3 rows that stay out" in out.out
    assert "unknown.csv row 2, 連絡先 “a@b.jp”: is not a date" in out.out
    assert 'ordered_at = "連絡先"' in out.out.partition("Nothing was written to shop.toml.")[2]
    assert "unknown.csv holds no order that can be read" in out.err
    assert Path("shop.toml").read_text(encoding="utf-8") == SHOP


class Pressed(io.StringIO):
    """A terminal at which Ctrl-C is pressed."""

    def readline(self, *_: object) -> str:
        raise KeyboardInterrupt


@pytest.mark.parametrize("command", [("map", "unknown.csv"), ("init",)])
@pytest.mark.parametrize(
    "broken_off",
    [
        (io.StringIO(), 1, "質問への答えがなかったため、何も書いていません。"),
        (Pressed(), 130, "中断しました。途中のものは保存していません。"),
    ],
    ids=["nobody", "ctrl-c"],
)
def test_without_an_answer_one_sentence_is_said_and_nothing_written(
    file: Path, monkeypatch, capsys, command, broken_off
):
    stdin, code, said = broken_off
    monkeypatch.chdir(file.parent)
    monkeypatch.setattr("sys.stdin", stdin)
    monkeypatch.setenv("ASAKAI_LANGUAGE", "ja")
    assert called(command) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Aborted" not in err
    assert [path.name for path in file.parent.iterdir()] == ["unknown.csv"]


def test_an_empty_answer_for_a_needed_column_is_told_so(file: Path):
    questions: list[str] = []
    answers = iter(["-", "1", "2", "5", "3", *["-"] * 20])

    def ask(question: str, _proposed: str) -> str:
        questions.append(question)
        return next(answers)

    asked(look(file, Rules()), "honten", Rules(), ask, EN)
    assert questions[1] == "This column is needed. Give a number from 1 to 8, or a name."
