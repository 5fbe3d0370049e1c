"""Would one like to meet this bot at 8:30, with coffee? A first week in the page, told step by step.

The bot is the one that `asakai run` starts, with the sample shop's orders; the browser is a real
one. Each step leaves a picture in build/screenshots/week, at a desk's and at a phone's width.
"""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot.desk import desk
from bot.importing import Wanted, import_files
from bot.language import Language
from bot.local_slack import LocalSlack
from bot.rehearsing import features
from bot.running import serve
from bot.settings.layers import load
from metrics.sources.sample import sample_shop
from metrics.warehouse.store import Store
from tests.bot.seat import seated
from tests.bot.week import first_week

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOM, SATO = "C0ASAKAI01", "U0SATO0001"
THURSDAY, MONDAY = date(2026, 11, 19), date(2026, 11, 23)
FRIDAY = datetime(2026, 11, 19, 23, 31, tzinfo=UTC)  # Friday 20 November, 08:31 in Tokyo


@pytest.mark.parametrize("code", ["ja", "en"])
def test_a_first_week_in_the_page(chromium: Browser, shop: Shop, tmp_path: Path, code: str) -> None:
    with (
        opened(shop, tmp_path, code) as slack,
        seated(chromium, slack, code, person=SATO, place=ROOM, album="week") as seat,
    ):
        for step in first_week(shop.weekend):
            step(seat)


@dataclass(frozen=True, slots=True)
class Shop:
    """The sample shop's orders until Thursday, and those of the long weekend after it."""

    until_thursday: Path
    weekend: Path


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """One shop, cut in two; over the weekend the orders come in of every fifth buyer who had not come back."""
    folder = tmp_path_factory.mktemp("shop")
    with sample_shop(folder, MONDAY).orders.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    thursday_night = f"{THURSDAY + timedelta(days=1)}"
    before = [row for row in rows if row["ordered_at"] < thursday_night]
    after = [row for row in rows if row["ordered_at"] >= thursday_night]
    bought: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        bought.setdefault(row["customer_id"], []).append(row)
    once = [orders[0] for customer, orders in bought.items() if customer and len(orders) == 1]
    late = [
        {
            **row,
            "order_id": f"TEL{row['order_id']}",
            "ordered_at": f"{date.fromisoformat(row['ordered_at'][:10]) + timedelta(days=9)} 12:00:00",
        }
        for row in once[::5]
        if row["ordered_at"] >= "2026-09-01" and row["ordered_at"] < "2026-11-01"
    ]
    return Shop(written(folder / "until-thursday.csv", before), written(folder / "週末の注文.csv", after + late))


def written(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


pytestmark = pytest.mark.usefixtures("quick_ticks", "logging_as_before")


@contextmanager
def opened(shop: Shop, folder: Path, code: str) -> Iterator[LocalSlack]:
    """A local Slack with the bot in it, this morning's digest posted; its clock is the bot's, too."""
    there = features(Language.of(code))
    with LocalSlack(start=FRIDAY.timestamp(), messages_per_second=None, features=there) as slack:
        environ = {
            "ASAKAI_LANGUAGE": code,
            "ASAKAI_SHOP": Language.of(code).say("cli.shop"),
            "ASAKAI_STATE": str(folder / "state.sqlite"),
            "ASAKAI_SLACK__BOT_TOKEN": slack.bot_token,
            "ASAKAI_SLACK__APP_TOKEN": slack.app_token,
            "ASAKAI_SLACK__BASE_URL": slack.base_url,
            "ASAKAI_SLACK__ALLOWED_USERS": SATO,
            "ASAKAI_SLACK__ADMINS": SATO,
            "ASAKAI_CUSTOMERS__ALLOWED_USERS": SATO,
            "ASAKAI_DIGEST__CHANNELS": ROOM,
        }
        settings, stop = load(environ, folder), threading.Event()
        now = lambda: datetime.fromtimestamp(slack.clock.now(), UTC)
        store = Store(folder / "asakai.duckdb", settings.rules)
        for _ in import_files(store, (shop.until_thursday,), Wanted(), FRIDAY, lambda _name, _share: None):
            pass
        bot = threading.Thread(target=serve, args=(settings, desk(settings, store, now), now, stop))
        bot.start()
        try:
            slack.wait_socket(timeout=60)
            head = slack.wait_messages(ROOM, timeout=60)[0]
            slack.wait_messages(ROOM, 2, thread=head.ts, timeout=60)
            yield slack
        finally:
            stop.set()
            bot.join(60)
        assert not bot.is_alive()
