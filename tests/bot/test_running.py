"""Does the wired bot post, answer and refuse in a Slack that refuses what Slack refuses?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.delivery.post import ChannelUnknown, TokenRefused
from bot.desk import Desk, desk
from bot.local_slack import LocalSlack
from bot.local_slack.seeds import SUZUKI
from bot.running import send, serve
from bot.settings import MissingSetting, Settings
from bot.settings.layers import load
from metrics.report import NoPurchases
from metrics.warehouse.store import Store
from tests.bot.shelf import FakeShelf, steady_shop

HOME = "C0ASAKAI01"
FRIDAY = datetime(2026, 11, 19, 23, 31, tzinfo=UTC)  # Friday 20 November, 08:31 in Tokyo


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(start=FRIDAY.timestamp(), messages_per_second=None, ack_seconds=30) as running:
        yield running


pytestmark = pytest.mark.usefixtures("logging_as_before")


def settings_for(slack: LocalSlack, folder: Path, **more: str) -> Settings:
    environ = {
        "ASAKAI_SLACK__BOT_TOKEN": slack.bot_token,
        "ASAKAI_SLACK__APP_TOKEN": slack.app_token,
        "ASAKAI_SLACK__BASE_URL": slack.base_url,
        "ASAKAI_STATE": str(folder / "state.sqlite"),
        "ASAKAI_DIGEST__CHANNELS": HOME,
        **more,
    }
    return load(environ, folder)


def shop_of(settings: Settings, customers: int = 600) -> Desk:
    return desk(settings, FakeShelf(steady_shop(customers)), lambda: FRIDAY)


@contextmanager
def running(settings: Settings, shop: Desk | None = None) -> Iterator[None]:
    stop = threading.Event()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            serve(settings, shop or shop_of(settings), lambda: FRIDAY, stop)
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(40)
    assert not thread.is_alive()
    if failed:
        raise failed[0]


def until(true: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_the_digest_is_sent_once_with_its_thread(slack: LocalSlack, tmp_path: Path) -> None:
    settings = settings_for(slack, tmp_path)
    first = list(send(settings, shop_of(settings), lambda: FRIDAY, (HOME,)))
    again = list(send(settings, shop_of(settings), lambda: FRIDAY, (HOME,)))
    assert [(name, before) for name, _, before in (*first, *again)] == [(HOME, False), (HOME, True)]
    [root] = slack.messages(HOME)
    assert "30日以内リピート率" in root.text
    assert slack.messages(HOME, thread=root.ts)


def test_sending_names_what_is_wrong(slack: LocalSlack, tmp_path: Path) -> None:
    settings = settings_for(slack, tmp_path)
    with pytest.raises(ChannelUnknown):
        list(send(settings, shop_of(settings), lambda: FRIDAY, ("C0NOWHERE1",)))
    with pytest.raises(NoPurchases):
        list(send(settings, shop_of(settings, 0), lambda: FRIDAY, (HOME,)))
    with pytest.raises(MissingSetting):
        list(send(settings, shop_of(settings), lambda: FRIDAY, ()))
    wrong = settings_for(slack, tmp_path, ASAKAI_SLACK__BOT_TOKEN="xoxb-wrong")
    with pytest.raises(TokenRefused):
        list(send(wrong, shop_of(wrong), lambda: FRIDAY, ("C0ASAKAI01",)))


def test_the_running_bot_posts_the_digest_and_answers_questions(slack: LocalSlack, tmp_path: Path) -> None:
    settings = settings_for(slack, tmp_path, ASAKAI_ALERT__ENABLED="false")
    with running(settings):
        until(lambda: slack.messages(HOME))
        slack.wait_socket()
        heard = slack.command("/kpi", "リピート率 チャネル別")
        heard.acked()
        assert "チャネル別" in heard.answer().text
    assert len(slack.messages(HOME)) == 1


@pytest.mark.parametrize("asked", ["ルール", "状態"])
def test_the_tables_of_the_running_bot_call_channels_by_their_names(
    slack: LocalSlack, tmp_path: Path, asked: str
) -> None:
    with running(settings_for(slack, tmp_path)):
        until(lambda: slack.messages(HOME))
        slack.wait_socket()
        heard = slack.command("/kpi", asked, channel=HOME)
        heard.acked()
        said = str(heard.answer().blocks)
    assert "#asakai-朝会" in said
    assert HOME not in said


@pytest.mark.parametrize("name", ["APP_TOKEN", "BOT_TOKEN"])
def test_a_missing_token_stops_the_start(slack: LocalSlack, tmp_path: Path, name: str) -> None:
    settings = settings_for(slack, tmp_path, **{f"ASAKAI_SLACK__{name}": ""})
    with pytest.raises(MissingSetting) as problem:
        serve(settings, shop_of(settings), lambda: FRIDAY, threading.Event())
    assert problem.value.values["variable"] == f"ASAKAI_SLACK__{name}"


def test_a_file_dropped_into_the_running_bot_is_imported_and_reported_in_the_reader_s_language(
    slack: LocalSlack, tmp_path: Path
) -> None:
    settings = settings_for(slack, tmp_path, ASAKAI_CUSTOMERS__ALLOWED_USERS=SUZUKI)
    store = Store(tmp_path / "store.duckdb", settings.rules)
    rows = b"order_id,customer_id,ordered_at,amount\n1,C1,2026-10-05,5000\n"
    with running(settings, desk(settings, store, lambda: FRIDAY)):
        slack.wait_socket(timeout=20)
        slack.drop("orders.csv", rows).acked()
        direct = slack.workspace.direct_message(SUZUKI).id
        until(lambda: slack.ephemerals(direct, SUZUKI))
        assert "1件" in str(slack.ephemerals(direct, SUZUKI)[-1])
    with store.reading() as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchall() == [(1,)]
