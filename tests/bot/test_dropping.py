"""Is a file that is dropped into a direct message imported: for whom, and with which report?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.access import Access, Who
from bot.choices.chosen import Entry
from bot.delivery.payload import payload_of
from bot.delivery.post import web_client
from bot.delivery.web import WebCalls
from bot.dropping import Dropbox, _file_name
from bot.home.door import Door
from bot.language import Language
from bot.listening import serve_socket
from bot.local_slack import LocalSlack
from bot.local_slack.seeds import GUEST, SUZUKI
from bot.local_slack.workspace import BOT_USER, TEAM
from bot.page import Page
from bot.roll import Roll
from bot.settings import Settings
from bot.settings.layers import load
from bot.slack import Answers, Edge
from bot.subcommands import explain
from metrics.warehouse.store import Store

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
EN = Language.of("en")
FORMATS = Path(__file__).parents[1] / "metrics" / "formats"
HEADER = "order_id,customer_id,ordered_at,amount\n"


@dataclass(frozen=True)
class Counter:
    """A shop that answers everyone in English."""

    settings: Settings

    @property
    def now(self) -> Callable[[], datetime]:
        return lambda: NOW

    def language(self, _: Who) -> Language:
        return EN


@contextmanager
def served(
    folder: Path, people: str = "U0SUZUKI01", notes: list[Entry] | None = None
) -> Iterator[tuple[LocalSlack, Store]]:
    noted: list[Entry] = [] if notes is None else notes
    with LocalSlack(messages_per_second=None, ack_seconds=30) as slack:
        environ = {"ASAKAI_SLACK__BASE_URL": slack.base_url, "ASAKAI_CUSTOMERS__ALLOWED_USERS": people}
        settings = load(environ, folder)
        store = Store(folder / "store.duckdb", settings.rules)
        client = web_client(slack.bot_token, slack.base_url)
        access, roll = Access(frozenset(), team=TEAM), Roll(WebCalls(client))
        box = Dropbox(Counter(settings), store, lambda: Door(access, roll, noted.append), slack.bot_token)
        answers = Answers(
            lambda *_: Page("", ()), lambda problem, _who: explain(problem, EN), payload_of, lambda: access
        )
        edge = Edge(client, answers, routes=(box.route(),))
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


def said(slack: LocalSlack, count: int = 1, user: str = SUZUKI) -> str:
    """What the bot said to somebody in their direct message, last."""
    direct = slack.workspace.direct_message(user).id
    slack.workspace.wait_until(lambda: len(slack.ephemerals(direct, user)) >= count, 20)
    return str(slack.ephemerals(direct, user)[-1])


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


def test_statuses_that_nobody_knows_are_told_to_who_dropped_the_file(tmp_path: Path) -> None:
    with served(tmp_path) as (slack, _):
        slack.drop("受注.csv", (FORMATS / "eccube4.csv").read_bytes()).acked()
        assert "Statuses that nobody knows count as purchases: 10 (1)" in said(slack)


def test_somebody_who_is_not_listed_is_refused_and_that_is_written_down(tmp_path: Path) -> None:
    notes: list[Entry] = []
    with served(tmp_path, people="U0SATO0001", notes=notes) as (slack, _):
        slack.drop("orders.csv", b"x").acked()
        assert "customers.allowed_users" in said(slack)
    assert notes == [Entry("denied", SUZUKI, "may_not_import", channel=notes[0].channel)]
    assert not (tmp_path / "store.duckdb").exists()


def test_a_guest_is_refused_even_when_listed(tmp_path: Path) -> None:
    with served(tmp_path, people=GUEST) as (slack, _):
        slack.drop("orders.csv", (HEADER + "1,C1,2026-10-05,5\n").encode(), user=GUEST).acked()
        assert "uest" in said(slack, user=GUEST)
        assert not slack.calls("files.info")
    assert not (tmp_path / "store.duckdb").exists()


def test_a_file_that_the_bot_itself_sends_is_not_taken_back_in(tmp_path: Path) -> None:
    with served(tmp_path) as (slack, store):
        direct = slack.workspace.direct_message(SUZUKI).id
        slack.drop("asakai-list.csv", (HEADER + "1,C1,2026-10-05,5\n").encode(), user=BOT_USER, channel=direct)
        slack.drop("orders.csv", (HEADER + "2,C1,2026-10-05,5\n").encode()).acked()
        said(slack)
        assert len(slack.calls("files.info")) == 1
        assert orders(store) == 1


def test_bad_rows_come_back_with_their_reasons_and_nothing_is_imported(tmp_path: Path) -> None:
    with served(tmp_path) as (slack, _):
        slack.drop("orders.csv", (HEADER + "1,C1,2024/13/45,5\n2,C1,2026-10-05,5\n").encode()).acked()
        found = said(slack)
        assert "2024/13/45" in found
        assert "row 2" in found
    assert not (tmp_path / "store.duckdb").exists()


def test_unknown_columns_are_a_matter_for_an_admin_on_the_bot_s_machine(tmp_path: Path) -> None:
    with served(tmp_path) as (slack, _):
        slack.drop("受注.csv", b"bango,kingaku\n1,5\n").acked()
        found = said(slack)
        assert "An admin can say which column is what" in found
        assert "asakai map 受注.csv on the machine where the bot runs" in found
        assert "bango" in found
        assert str(tmp_path.parent) not in found, "no place of the machine is told"
        assert "asakai-" not in found


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
    door = Door(
        Access(frozenset()), Roll(WebCalls(web_client("xoxb-1", "http://127.0.0.1:9/api/"))), list[Entry]().append
    )
    box = Dropbox(Counter(settings), Store(tmp_path / "s", settings.rules), lambda: door, "xoxb-1")
    assert box._is_slack(url) is ours
    assert replace(box, token="")._is_slack(url) is ours


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a.csv", "a.csv"), ("../../x.csv", "x.csv"), ("..\\x.csv", "x.csv"), ("..", "orders.csv"), ("", "orders.csv")],
)
def test_a_name_leads_nowhere_else(name: str, safe: str) -> None:
    assert _file_name({"name": name}) == safe
