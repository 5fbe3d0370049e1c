"""Would one like to meet this bot at 8:30, with coffee? A first week in the page, told step by step.

The bot is the one that `asakai run` starts, with the sample shop's orders; the browser is a real
one. Each step leaves a picture in build/screenshots, at a desk's and at a phone's width.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog

from bot.desk import desk
from bot.importing import Wanted, import_files
from bot.language import Language
from bot.local_slack import LocalSlack
from bot.rehearsing import features
from bot.running import serve
from bot.settings.layers import load
from metrics.sources.sample import sample_shop
from metrics.warehouse.store import Store
from tests.bot.seat import Seat, seated

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOM, SATO = "C0ASAKAI01", "U0SATO0001"
LAST_DAY = date(2026, 11, 19)
FRIDAY = datetime(2026, 11, 19, 23, 31, tzinfo=UTC)  # Friday 20 November, 08:31 in Tokyo


# -- the steps ---------------------------------------------------------------------


def the_digest_has_come(seat: Seat) -> None:
    digest = seat.messages().first
    digest.get_by_role("heading", name=seat.language.day_short(date(2026, 11, 20))).wait_for()
    assert digest.get_by_role("img").count() == 1, "the trend is drawn"
    seat.picture("digest")


def its_thread_is_read(seat: Seat) -> None:
    seat.press(seat.says("reply_in_thread"), seat.messages().first)
    seat.thread.locator("figure.table").first.wait_for()
    assert seat.messages(seat.thread).count() > 1
    seat.picture("thread")
    seat.page.keyboard.press("Escape")
    seat.thread.wait_for(state="detached")


def one_drills_down_by_button(seat: Seat) -> None:
    channel = seat.language.say("button.by", dimension=seat.language.say("dimension.channel"))
    answer = seat.answer_to(lambda: seat.press(channel, seat.messages().first))
    assert answer.get_by_text(seat.says("only_you")).is_visible()
    assert answer.get_by_role("rowheader", name="Meta広告").is_visible()
    seat.picture("by-channel")


def one_asks_in_words(seat: Seat) -> None:
    asked = {"ja": "/kpi 休眠 チャネル別", "en": "/kpi dormant by channel"}[seat.language.code]
    answer = seat.answer_to(lambda: seat.type(asked))
    assert answer.get_by_role("table").is_visible()
    seat.picture("asked")


def the_panel_is_one_word(seat: Seat) -> None:
    answer = seat.answer_to(lambda: seat.type("/kpi"))
    assert answer.get_by_role("heading", name=seat.language.say("panel.title")).is_visible()
    seat.picture("panel")


def a_slip_of_the_pen_is_put_right(seat: Seat) -> None:
    asked = {"ja": "/kpi りぴーとりつ べつ", "en": "/kpi ripeat rate by chanel"}[seat.language.code]
    answer = seat.answer_to(lambda: seat.type(asked))
    assert answer.get_by_role("button").count() > 1, "what may have been meant is offered"
    seat.picture("slip")


def one_mentions_it_in_the_thread(seat: Seat) -> None:
    seat.press(seat.says("reply_in_thread"), seat.messages().first)
    asked = {"ja": "@asakai 定義 リピート率", "en": "@asakai definition repeat rate"}[seat.language.code]
    answer = seat.answer_to(lambda: seat.type(asked, seat.thread), seat.thread)
    assert answer.get_by_role("heading").first.is_visible()
    seat.picture("definition")
    seat.page.keyboard.press("Escape")


STORY: tuple[Callable[[Seat], None], ...] = (
    the_digest_has_come,
    its_thread_is_read,
    one_drills_down_by_button,
    one_asks_in_words,
    the_panel_is_one_word,
    a_slip_of_the_pen_is_put_right,
    one_mentions_it_in_the_thread,
)
"""What happens, in order. A further step is a function of the seat and a line here."""


@pytest.mark.parametrize("code", ["ja", "en"])
def test_a_first_week_in_the_page(chromium: Browser, orders: Store, tmp_path: Path, code: str) -> None:
    with opened(orders, tmp_path, code) as slack, seated(chromium, slack, code, person=SATO, place=ROOM) as seat:
        for step in STORY:
            step(seat)


# -- the stage -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The sample shop's orders until Thursday."""
    folder = tmp_path_factory.mktemp("shop")
    store = Store(folder / "asakai.duckdb", load({}, folder).rules)
    for _ in import_files(store, (sample_shop(folder, LAST_DAY).orders,), Wanted(), FRIDAY, lambda _name, _share: None):
        pass
    return store


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@contextmanager
def opened(orders: Store, folder: Path, code: str) -> Iterator[LocalSlack]:
    """A local Slack with the bot in it, this morning's digest posted."""
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
            "ASAKAI_CUSTOMERS__ALLOWED_USERS": SATO,
            "ASAKAI_DIGEST__CHANNELS": ROOM,
        }
        settings, stop = load(environ, folder), threading.Event()
        at_desk = desk(settings, orders, lambda: FRIDAY)
        bot = threading.Thread(target=serve, args=(settings, at_desk, lambda: FRIDAY, stop))
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
