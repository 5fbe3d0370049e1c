"""Does the doctor see what is wrong, and name the one command that mends it?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from bot.doctor import Finding, Mark, as_table, failed, of_clock, of_orders, of_scopes, said
from bot.language import Language
from bot.local_slack import LocalSlack
from metrics.warehouse.health import Health

EN, JA = Language.of("en"), Language.of("ja")
NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
LOCAL = datetime(2026, 11, 21, 10, 0)
AS_OF = date(2026, 11, 20)
DAY = tuple(10 if 8 <= hour <= 23 else 1 for hour in range(24))
NIGHT = tuple(DAY[(hour + 9) % 24] * (3 if 2 <= hour <= 4 else 1) for hour in range(24))
WELL = Health(
    orders=10_000, oldest_at=datetime(2024, 1, 1), newest_at=datetime(2026, 11, 20, 22), unidentified=10, future=0,
    twins=0, hours=tuple(100 * n for n in DAY), strange=(), channelless=100,
)  # fmt: skip


def marks(seen: Health) -> dict[str, Mark]:
    return {one.check: one.mark for one in findings(seen)}


def findings(seen: Health) -> list[Finding]:
    return list(of_orders(seen, AS_OF, LOCAL, burn_in_days=365, currency="JPY"))


def test_a_healthy_shop_has_nothing_to_mend():
    found = findings(WELL)
    assert {one.mark for one in found} == {Mark.FINE}
    assert all(not one.mend for one in found)
    assert len(found) == 9


@pytest.mark.parametrize(
    ("seen", "check", "mark"),
    [
        (replace(WELL, orders=0, newest_at=None, oldest_at=None), "orders", Mark.BROKEN),
        (replace(WELL, newest_at=datetime(2026, 11, 18)), "newest", Mark.ODD),
        (replace(WELL, oldest_at=datetime(2026, 1, 1)), "history", Mark.ODD),
        (replace(WELL, unidentified=1_100), "unidentified", Mark.ODD),
        (replace(WELL, twins=1), "twins", Mark.ODD),
        (replace(WELL, strange=(("謎", 3),)), "statuses", Mark.ODD),
        (replace(WELL, future=1), "future", Mark.BROKEN),
        (replace(WELL, hours=tuple(100 * n for n in NIGHT)), "hours", Mark.ODD),
        (replace(WELL, channelless=3_000), "channels", Mark.ODD),
    ],
)
def test_each_trouble_is_found_with_what_mends_it(seen, check, mark):
    assert marks(seen)[check] is mark
    [finding] = [one for one in findings(seen) if one.check == check]
    assert finding.mend
    for language in (EN, JA):
        assert said(finding, language).startswith(f"{mark} ")
    assert {name for name, found in marks(seen).items() if found is not Mark.FINE} == {check}


def test_few_orders_tell_nothing_by_their_hours():
    assert "hours" not in marks(replace(WELL, hours=tuple(n // 5 for n in NIGHT)))


def test_clock_and_scopes():
    assert [one.mark for one in of_clock(NOW, NOW.replace(second=30))] == [Mark.FINE]
    assert [one.mark for one in of_clock(NOW, NOW.replace(minute=4))] == [Mark.ODD]
    [missing] = of_scopes(frozenset({"chat:write"}), ("chat:write", "commands"))
    assert (missing.mark, missing.values["scopes"]) == (Mark.BROKEN, ["commands"])
    assert failed([missing])
    assert as_table([missing], EN)[0]["state"] == "error"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)
    rows = [f"{n},c{n % 40},{2024 + n % 3}-{1 + n % 10:02d}-{1 + n % 28:02d} 12:00,100,LINE\n" for n in range(900)]
    rows.append("x,c1,2026-11-20 12:00,100,LINE\n")
    Path("o.csv").write_text("order_id,customer_id,ordered_at,amount,channel\n" + "".join(rows), encoding="utf-8")
    assert called(["import", "o.csv"]) == 0
    capsys.readouterr()

    def ask(*arguments: str) -> tuple[int, str]:
        code = called(["doctor", "--lang", "en", *arguments])
        return code, capsys.readouterr().out

    return ask


def test_without_a_token_the_doctor_says_so(shop):
    code, out = shop()
    assert code == 1
    assert "❌" in out
    assert "asakai init" in out
    assert "✅ 901 orders" in out.replace(",", "")


def test_with_a_workspace_everything_is_looked_at_and_no_secret_is_shown(shop, monkeypatch):
    with LocalSlack() as slack:
        for name, value in {
            "ASAKAI_SLACK__BOT_TOKEN": slack.bot_token,
            "ASAKAI_SLACK__APP_TOKEN": slack.app_token,
            "ASAKAI_SLACK__BASE_URL": slack.base_url,
            "ASAKAI_DIGEST__CHANNELS": "C0ASAKAI01, C0NOWHERE",
        }.items():
            monkeypatch.setenv(name, value)
        code, out = shop("--json")
        found = {(one["check"], one["state"]) for one in json.loads(out)}
        assert code == 1
        assert {("token", "ok"), ("scopes", "ok"), ("socket", "ok"), ("channel", "ok"), ("due", "ok")} <= found
        assert {one for one in found if one[1] == "error"} == {("channel", "error")}
        assert slack.bot_token not in out
        assert slack.app_token not in out
        monkeypatch.setenv("ASAKAI_DIGEST__CHANNELS", "C0ASAKAI01")
        code, out = shop()
        assert (code, "❌" in out) == (0, False), out


def test_a_misspelt_setting_is_a_finding_and_no_crash(shop):
    Path("shop.toml").write_text("langauge = 'ja'", encoding="utf-8")
    code, out = shop()
    assert code == 1
    assert "Did you mean" in out


@pytest.mark.parametrize(
    ("source", "mend"),
    [('files = ["*.csv"]', "asakai import"), ('url = "sqlite:///shop.db"\npreset = "eccube4_db"', "asakai sync")],
)
def test_old_orders_are_mended_by_what_brings_new_ones(shop, monkeypatch, source, mend):
    Path("shop.toml").write_text(f'[[source]]\nname = "honten"\n{source}\n', encoding="utf-8")
    monkeypatch.setattr(command_line, "_now", lambda: NOW.replace(month=12))
    [newest] = [one for one in json.loads(shop("--json")[1]) if one["check"] == "newest"]
    assert (newest["state"], newest["mend"]) == ("warning", mend)
