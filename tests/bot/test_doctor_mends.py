"""Has every line of the doctor that is not fine something that mends it, and does none show a secret?"""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from bot.doctor import Seen, as_table, of_clock, of_orders, of_role, of_scopes, of_spend, of_tables
from bot.language import Language
from bot.local_slack import LocalSlack
from bot.local_slack.seeds import ARCHIVE, GENERAL
from metrics.warehouse.health import Health

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
LOCAL = datetime(2026, 11, 21, 10, 0)
SECRET = "canary-7c1f"
WELL = Health(
    orders=10_000, oldest_at=datetime(2024, 1, 1), newest_at=datetime(2026, 11, 20, 22), unidentified=10, future=0,
    twins=0, hours=(100,) * 24, strange=(), channelless=100,
)  # fmt: skip
NIGHT = tuple(1_000 if 2 <= hour <= 4 else 10 for hour in range(24))
ILL = (
    replace(WELL, orders=0),
    replace(
        WELL, oldest_at=datetime(2026, 9, 1), newest_at=datetime(2026, 11, 1), unidentified=5_000, future=1, twins=1,
        hours=NIGHT, strange=(("謎", 3),), channelless=9_000,
    ),
)  # fmt: skip
SQLITE = '[[source]]\nname = "a"\nurl = "sqlite:///shop.db"\norders = "o"\n'


def pure() -> list[dict[str, str]]:
    """Lines of what cannot be provoked on this machine, or is long to set up."""
    found = [
        one for seen in ILL for one in of_orders(seen, date(2026, 11, 20), LOCAL, burn_in_days=365, currency="JPY")
    ]
    found += [*of_tables([Seen("NPS", 10, 9)]), *of_spend("検索", ""), of_role("a", ["public.*"])]
    found += [*of_clock(NOW, NOW.replace(minute=9)), *of_scopes(frozenset(), ("chat:write",))]
    return [line for language in ("en", "ja") for line in as_table(found, Language.of(language))]


@pytest.fixture(scope="module")
def slack():
    with LocalSlack() as slack:
        yield slack


@pytest.fixture
def doctor(slack: LocalSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Asks the doctor with these settings; gives its lines that are not fine, as JSON, then as text in Japanese."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)

    def ask(toml: str, environ: dict[str, str]) -> tuple[list[dict[str, str]], str]:
        said = {
            "ASAKAI_SLACK__BOT_TOKEN": slack.bot_token,
            "ASAKAI_SLACK__APP_TOKEN": slack.app_token,
            "ASAKAI_SLACK__BASE_URL": slack.base_url,
            "ASAKAI_DIGEST__CHANNELS": "C0ASAKAI01",
            **environ,
        }
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        Path("shop.toml").write_text(toml, encoding="utf-8")
        called(["doctor", "--json", "--lang", "en"])
        lines = [line for line in json.loads(capsys.readouterr().out) if line["state"] != "ok"]
        called(["doctor", "--lang", "ja"])
        return lines, capsys.readouterr().out

    return ask


CASES = {
    "a misspelt setting": ("langauge = 'ja'", {}, "settings", "asakai docs settings"),
    "no orders yet": ("", {}, "orders", "asakai import FILE"),
    "no orders yet, a database": (SQLITE + "in_place = false", {}, "orders", "asakai sync"),
    "something else in the place of the store": ('store = "notes.txt"', {}, "orders", "shop.toml: store"),
    "two sources, one in place": (
        SQLITE + '[[source]]\nname = "b"\nfiles = ["x.csv"]', {}, "orders", "asakai sync a",
    ),
    "a database without our columns": (SQLITE, {}, "orders", "shop.toml: [[source]] select"),
    "a database that is not there": (
        f'[[source]]\nname = "a"\nurl = "postgresql://u:{SECRET}@127.0.0.1:1/x"\npreset = "eccube4_db"\n', {},
        "role", "shop.toml: [[source]] url",
    ),
    "a database that nobody can name": (
        f'[[source]]\nname = "a"\nurl = "oracle9://u:{SECRET}@h/x"\npreset = "eccube4_db"\n', {},
        "role", "shop.toml: [[source]] url",
    ),
    "a state that cannot be opened": ("", {"ASAKAI_STATE": "/proc/nowhere/state.db"}, "state", "shop.toml: state"),
    "a state of another kind": ("", {"ASAKAI_STATE": f"mysql://u:{SECRET}@h/x"}, "state", "shop.toml: state"),
    "no token": ("", {"ASAKAI_SLACK__BOT_TOKEN": " "}, "token", "asakai init"),
    "a token that Slack refuses": ("", {"ASAKAI_SLACK__BOT_TOKEN": f"xoxb-{SECRET}"}, "token", "asakai init"),
    "an app token that Slack refuses": ("", {"ASAKAI_SLACK__APP_TOKEN": f"xapp-{SECRET}"}, "socket", "asakai init"),
    "no Slack": (
        "", {"ASAKAI_SLACK__BASE_URL": "http://127.0.0.1:9/api/"}, "token", "curl -sS https://slack.com/api/api.test",
    ),
    "no channel": ("", {"ASAKAI_DIGEST__CHANNELS": ""}, "channel", "shop.toml: [digest] channels"),
    "an unknown channel": ("", {"ASAKAI_DIGEST__CHANNELS": "C0NOWHERE"}, "channel", "shop.toml: [digest] channels"),
    "a channel without the bot": ("", {"ASAKAI_DIGEST__CHANNELS": GENERAL}, "channel", "/invite @asakai"),
    "an archived channel": ("", {"ASAKAI_DIGEST__CHANNELS": ARCHIVE}, "channel", "Unarchive the channel in Slack"),
    "an archived channel of a further digest": (
        f'[[digests]]\nname = "x"\nchannels = ["{ARCHIVE}"]', {}, "channel", "Unarchive the channel in Slack",
    ),
    "holidays of nowhere": ("", {"ASAKAI_DIGEST__COUNTRY": "XX"}, "due", "shop.toml: [digest] country"),
    "nothing but holidays": (
        "", {"ASAKAI_DIGEST__COMPANY_HOLIDAYS": ",".join(f"2026-{11 + n // 30}-{1 + n % 30:02}" for n in range(60))},
        "due", "shop.toml: [digest] company_holidays",
    ),
}  # fmt: skip
"""What is wrong -> shop.toml, environment, the check that says so, and how what mends it begins."""


@pytest.mark.parametrize(("toml", "environ", "check", "mend"), CASES.values(), ids=CASES)
def test_what_is_wrong_comes_with_what_mends_it_and_no_secret(doctor, toml, environ, check, mend):
    Path("notes.txt").write_text("mine", encoding="utf-8")
    Path("shop.db").touch()
    lines, text = doctor(toml, environ)
    assert [line["mend"] for line in lines if line["check"] == check and line["mend"].startswith(mend)], lines
    assert [line for line in lines if not line["mend"]] == []
    assert text.count("→") == len(lines)
    assert SECRET not in json.dumps(lines) + text


def test_each_kind_of_line_that_is_not_fine_is_mended():
    """The kinds are those that the languages have words for."""
    words = tomllib.loads((Path(command_line.__file__).parent / "locale" / "en.toml").read_text(encoding="utf-8"))
    states = {"odd": "warning", "broken": "error"}
    known = {(check, states[one]) for check, said in words["doctor"].items() for one in said if one in states}
    found = [line for line in pure() if line["state"] != "ok"]
    provoked = {(line["check"], line["state"]) for line in found}
    assert known - provoked == {("due", "warning"), ("channel", "error")}  # in the cases above
    assert [line for line in found if not line["mend"]] == []


def test_a_permission_that_is_missing_is_given_by_the_manifest(doctor, slack: LocalSlack):
    [token] = [one for one in slack.workspace.tokens.values() if one.kind == "bot"]
    before, token.scopes = token.scopes, token.scopes - {"chat:write"}
    try:
        lines, text = doctor("", {})
    finally:
        token.scopes = before
    [line] = [line for line in lines if line["check"] == "scopes"]
    assert "chat:write" in line["text"]
    assert "asakai init --manifest" in line["mend"]
    assert "asakai init --manifest の出力に置き換えて" in text
