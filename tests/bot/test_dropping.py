"""Is a file that is dropped into a direct message imported: for whom, and with which report?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.access import Access
from bot.delivery.payload import payload_of
from bot.delivery.post import web_client
from bot.dropping import Dropbox, _file_name
from bot.language import Language
from bot.listening import serve_socket
from bot.local_slack import LocalSlack
from bot.page import Page
from bot.settings.layers import load
from bot.slack import Answers, Edge
from bot.subcommands import explain
from metrics.warehouse.store import Store

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
EN = Language.of("en")
FORMATS = Path(__file__).parents[1] / "metrics" / "formats"
HEADER = "order_id,customer_id,ordered_at,amount\n"


@contextmanager
def served(folder: Path, people: str = "U0SUZUKI01") -> Iterator[tuple[LocalSlack, Store]]:
    with LocalSlack(messages_per_second=None, ack_seconds=30) as slack:
        environ = {"ASAKAI_SLACK__BASE_URL": slack.base_url, "ASAKAI_CUSTOMERS__ALLOWED_USERS": people}
        settings = load(environ, folder)
        store = Store(folder / "store.duckdb", settings.rules)
        box = Dropbox(settings, store, EN, lambda: NOW, slack.bot_token)
        access = Access(frozenset())
        answers = Answers(
            lambda *_: Page("", ()), lambda problem, _who: explain(problem, EN), payload_of, lambda: access
        )
        edge = Edge(web_client(slack.bot_token, slack.base_url), answers, routes=(box.route(),))
        stop = threading.Event()
        thread = threading.Thread(target=lambda: serve_socket(edge.app(), slack.app_token, stop)(10))
        thread.start()
        try:
            slack.wait_socket(timeout=20)
            yield slack, store
        finally:
            stop.set()
            thread.join(20)
            edge.workers.close(5)


def said(slack: LocalSlack, count: int = 1) -> str:
    """What the bot said to Suzuki in their direct message, last."""
    direct = slack.workspace.direct_message("U0SUZUKI01").id
    slack.workspace.wait_until(lambda: len(slack.ephemerals(direct, "鈴木")) >= count, 20)
    return str(slack.ephemerals(direct, "鈴木")[-1])


def orders(store: Store) -> int:
    with store.reading() as connection:
        return int(connection.execute("SELECT count(*) FROM orders").fetchall()[0][0])


def test_an_export_in_a_direct_message_is_imported_once_and_reported(tmp_path: Path) -> None:
    with served(tmp_path) as (slack, store):
        dropped = slack.drop("受注.csv", (FORMATS / "rakuten.csv").read_bytes())
        dropped.acked()
        found = said(slack)
        assert "楽天市場 RMS" in found
        assert "has not been checked against a real export" in found
        assert "10 orders taken in (10 new" in found
        slack.redeliver(dropped).acked()
        slack.drop("again.csv", (FORMATS / "rakuten.csv").read_bytes()).acked()
        assert "10 as before" in said(slack, 2)
        assert orders(store) == 10


def test_somebody_who_is_not_listed_is_refused(tmp_path: Path) -> None:
    with served(tmp_path, people="U0SATO0001") as (slack, _):
        slack.drop("orders.csv", b"x").acked()
        assert "customers.allowed_users" in said(slack)
    assert not (tmp_path / "store.duckdb").exists()


def test_bad_rows_come_back_with_their_reasons_and_nothing_is_imported(tmp_path: Path) -> None:
    with served(tmp_path) as (slack, _):
        slack.drop("orders.csv", (HEADER + "1,C1,2024/13/45,5\n2,C1,2026-10-05,5\n").encode()).acked()
        found = said(slack)
        assert "2024/13/45" in found
        assert "row 2" in found
    assert not (tmp_path / "store.duckdb").exists()


def test_a_file_in_a_channel_is_none_of_ours(tmp_path: Path) -> None:
    with served(tmp_path) as (slack, store):
        slack.drop("orders.csv", (HEADER + "1,C1,2026-10-05,5\n").encode(), channel="asakai-朝会").acked()
        slack.drop("orders.csv", (HEADER + "2,C1,2026-10-05,5\n").encode()).acked()
        said(slack)
        assert orders(store) == 1


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://files.slack.com/files-pri/T1-F1/download/a.csv", True),
        ("https://slack.com/a", True),
        ("https://evilslack.com/a", False),
        ("https://slack.com.evil.example/a", False),
        ("http://files.slack.com/a", False),
        ("https://docs.example.com/a", False),
        ("", False),
    ],
)
def test_the_token_goes_to_slack_only(tmp_path: Path, url: str, ours: bool) -> None:
    settings = load({}, tmp_path)
    box = Dropbox(settings, Store(tmp_path / "s", settings.rules), EN, lambda: NOW, "xoxb-1")
    assert box._is_slack(url) is ours
    assert replace(box, token="")._is_slack(url) is ours


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a.csv", "a.csv"), ("../../x.csv", "x.csv"), ("..\\x.csv", "x.csv"), ("..", "orders.csv"), ("", "orders.csv")],
)
def test_a_name_leads_nowhere_else(name: str, safe: str) -> None:
    assert _file_name({"name": name}) == safe
