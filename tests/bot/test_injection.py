"""Does what stands in an order stay data: in SQL, in a question, in a file?"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

import bot.__main__ as command_line
from bot.__main__ import called
from bot.desk import desk
from bot.settings.layers import load
from metrics.warehouse.store import Store
from tests.bot.shelf import steady_shop

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
NAMES = ("'; DROP TABLE orders; --", '" OR 1=1 --', "<!channel> <@U0SATO0001>", '=HYPERLINK("http://x")')
Ask = Callable[..., str]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """A shop whose channels are called like attacks; what a command says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command_line, "_now", lambda: NOW)
    monkeypatch.setenv("COLUMNS", "300")
    with Path("o.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["order_id", "customer_id", "ordered_at", "amount", "channel"])
        for number, buyer in enumerate(steady_shop(400)):
            for order, day in enumerate(buyer.days):
                lines.writerow([f"{number}-{order}", buyer.name, f"{day} 12:00", 100, NAMES[number % len(NAMES)]])

    def line(*arguments: str) -> str:
        assert called([*arguments, "--lang", "en"]) == 0, capsys.readouterr()
        return capsys.readouterr().out

    line("import", "o.csv")
    return line


@pytest.mark.parametrize("name", NAMES[:2])
def test_sql_in_a_segment_s_name_is_counted_and_asked_for_like_any_other(ask: Ask, name: str) -> None:
    assert name in ask("kpi", "repeat by channel")
    assert name in ask("kpi", f"repeat channel:「{name}」")
    settings = load({}, Path())
    shop = desk(settings, Store(settings.store, settings.rules), lambda: NOW)
    whole, part = (shop.report(shop.as_of, filters=only).repeat.now.rate.n for only in ((), (("channel", name),)))
    assert 0 < part < whole / 2
    with duckdb.connect("asakai.duckdb", read_only=True) as store:
        assert store.execute("SELECT count(DISTINCT channel) FROM orders").fetchall() == [(len(NAMES),)]
