"""Does the terminal say what Slack says, after somebody has chosen something there?"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from bot.choices.chosen import SHOP, WORKSPACE, Choice, Entry, Mark, of_channel
from bot.choices.store import Choices
from tests.bot.test_cli import orders

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    for name in ("ASAKAI_LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)
    assert called(["import", str(orders(tmp_path / "orders.csv"))]) == 0
    capsys.readouterr()
    return tmp_path


def chosen(name: str, value: object, scope: str = SHOP) -> None:
    with closing(Choices.open("asakai-state.sqlite", WORKSPACE)) as kept:
        kept.choose(Choice(scope, name, value, Mark("U1", NOW)), Entry("setting", "U1", name))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    assert called(list(arguments)) == 0
    out = capsys.readouterr()
    return out.out, out.err


@pytest.mark.parametrize("line", [("digest",), ("kpi", "リピート率")])
def test_a_target_chosen_in_slack_holds_in_the_terminal(
    shop: Path, capsys: pytest.CaptureFixture[str], line: tuple[str, ...]
) -> None:
    assert "✅ 達成" in said(capsys, *line)[0], "25 % against the file's 20 %"
    assert not (shop / "asakai-state.sqlite").exists(), "to ask a figure makes no state"
    chosen("target", 0.33)
    out, err = said(capsys, *line)
    assert "✅ 達成" not in out
    assert err == ""


def test_a_language_chosen_in_slack_holds_unless_another_is_named(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen("language", "en")
    assert "30-day repeat rate" in said(capsys, "kpi", "repeat")[0]
    assert "リピート率" in said(capsys, "kpi", "repeat", "--lang", "ja")[0]


def test_a_state_that_cannot_be_read_is_said_and_the_files_hold(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (shop / "asakai-state.sqlite").write_text("no database", encoding="utf-8")
    out, err = said(capsys, "kpi", "リピート率")
    assert "✅ 達成" in out
    assert "shop.toml" in err


def test_a_preview_of_what_is_posted_speaks_the_languages_of_its_channels(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "shop.toml").write_text('[digest]\nchannels = ["C1", "C2"]\n', encoding="utf-8")
    chosen("language", "en", of_channel("C2"))
    for kind in ("digest", "alert"):
        said(capsys, "preview", kind)
        headlines = {path.stem: json.loads(path.read_text())[0]["text"] for path in shop.glob(f"preview/{kind}*.json")}
        assert set(headlines) == {f"{kind}-ja", f"{kind}-en"}
        assert "リピート率" in headlines[f"{kind}-ja"]
        assert "repeat rate" in headlines[f"{kind}-en"]
        said(capsys, "preview", kind, "--lang", "en")
        assert (shop / "preview" / f"{kind}.json").exists(), "a language that is named is the only one"
