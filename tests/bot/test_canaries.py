"""Do canaries planted in tokens, e-mails, telephone numbers, names and addresses come out anywhere?

They go in by a file; then the shop is imported, posted, asked, exported, examined and broken, with logs at DEBUG.
"""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import threading
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

import bot.__main__ as command_line
from bot import log
from bot.__main__ import called
from bot.desk import desk
from bot.local_slack import LocalSlack
from bot.local_slack.seeds import SUZUKI
from bot.running import serve
from bot.settings.layers import load
from metrics.warehouse.store import Store
from tests.bot.shelf import steady_shop
from tests.bot.test_running import FRIDAY, HOME, until

CANARY = "canary7f3a"
NAME, STREET, PHONE = "金糸雀花子", "金糸雀通り一丁目", "0907777"
PEOPLE = (CANARY, "金糸雀", PHONE, "090-7777")
WAIT = 60


pytestmark = pytest.mark.usefixtures("logging_as_before")


def orders(path: Path) -> None:
    """Guests, known by an e-mail address or a telephone number; what else an export holds of them stands beside it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(["order_id", "email", "phone", "ordered_at", "amount", "channel", "name", "address"])
        for number, buyer in enumerate(steady_shop(300)):
            email = f"{buyer.name}.{CANARY}@example.com" if number % 2 else ""
            phone = f"090-7777-{number:04}"
            for order, day in enumerate(buyer.days):
                at = f"{day} 12:00"
                lines.writerow([f"{number}-{order}", email, phone, at, 3000, buyer.channel, NAME, STREET])
        lines.writerow(["bad", f"bad.{CANARY}@example.com", "090-7777-9999", "no date", 3000, "LINE", NAME, STREET])


def everything(slack: LocalSlack) -> str:
    """All that Slack was told: every call, answer, message, form, Home and file; workbooks unpacked."""
    said = [str(entry) for entry in slack.journal.entries]
    said += [str(message) for channel in slack.channels for message in slack.messages(channel)]
    said += [str(slack.workspace.ephemerals), str(slack.workspace.homes), str(slack.workspace.views)]
    for file in slack.workspace.files.values():
        content = file.content or b""
        if content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                said += [book.read(name).decode(errors="replace") for name in book.namelist()]
        said.append(content.decode("utf-8", "replace"))
    return "\n".join(said)


def kept(folder: Path) -> str:
    """Every value of every table of the state database and the store."""
    said = []
    with closing(sqlite3.connect(folder / "state.sqlite")) as state:
        for (table,) in state.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            said += map(str, state.execute(f"SELECT * FROM {table}").fetchall())
    with duckdb.connect(str(folder / "asakai.duckdb"), read_only=True) as store:
        for (table,) in store.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            said += map(str, store.execute(f'SELECT * FROM "{table}"').fetchall())
    return "\n".join(said)


@contextmanager
def running(folder: Path) -> Iterator[None]:
    settings, stop = load(os.environ, folder), threading.Event()
    shop = desk(settings, Store(settings.store, settings.rules), lambda: FRIDAY)
    bot = threading.Thread(target=serve, args=(settings, shop, lambda: FRIDAY, stop))
    bot.start()
    try:
        yield
    finally:
        stop.set()
        bot.join(WAIT)
    assert not bot.is_alive()


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(start=FRIDAY.timestamp(), messages_per_second=None, ack_seconds=WAIT) as found:
        yield found


@pytest.fixture
def written(slack: LocalSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The environment of a shop whose every secret is a canary, and its log at DEBUG."""
    stream, configure = io.StringIO(), log.configure
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(log, "configure", lambda *_: configure("DEBUG", stream))
    monkeypatch.setattr(command_line, "_now", lambda: FRIDAY)
    for name, value in {
        "ASAKAI_SLACK__BOT_TOKEN": slack.bot_token,
        "ASAKAI_SLACK__APP_TOKEN": slack.app_token,
        "ASAKAI_SLACK__SIGNING_SECRET": slack.signing_secret,
        "ASAKAI_SLACK__BASE_URL": slack.base_url,
        "ASAKAI_SLACK__ALLOWED_USERS": SUZUKI,
        "ASAKAI_CUSTOMERS__ALLOWED_USERS": SUZUKI,
        "ASAKAI_STATE": str(tmp_path / "state.sqlite"),
        "ASAKAI_DIGEST__CHANNELS": HOME,
        "ASAKAI_ALERT__THRESHOLD": "0.9",
        "ASAKAI_WATCH__HEARTBEAT_URL": f"http://127.0.0.1:9/{CANARY}",
    }.items():
        monkeypatch.setenv(name, value)
    return stream


def test_no_canary_leaves_the_host_is_logged_or_kept(
    slack: LocalSlack, tmp_path: Path, written: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    orders(tmp_path / "orders.csv")
    assert called(["import", "orders.csv", "--lang", "en"]) == 0
    for command in (
        ["doctor"],
        ["digest"],
        ["kpi", "repeat channel"],
        ["kpi", f"rpeat {CANARY[:6]}"],
        ["kpi", "list"],
        ["import", "nowhere.csv"],
        ["import", "--url", f"postgresql://asakai:{CANARY}@127.0.0.1:9/x", "--select", "SELECT 1"],
    ):
        called([*command, "--lang", "en"])
    with running(tmp_path):
        slack.wait_socket(timeout=WAIT)
        until(lambda: len(slack.messages(HOME)) >= 2, WAIT)  # the digest, and the alert under 90 %
        place = slack.workspace.direct_message(SUZUKI).id
        for text, channel in (
            ("リピート率 チャネル別 csv", HOME),
            ("リピート率 チャネル別 xlsx", HOME),
            ("一覧", place),
            ("一覧 csv", place),
            ("全然わからない言葉", HOME),
            ("状態", HOME),
        ):
            heard = slack.command("/kpi", text, user=SUZUKI, channel=channel)
            heard.acked()
            heard.answer(timeout=WAIT)
        slack.open_home(SUZUKI).acked()
        until(lambda: slack.home(SUZUKI), WAIT)
    assert len(slack.workspace.files) >= 3
    assert all(len(file.content or b"") > 100 for file in slack.workspace.files.values())
    out, err = capfd.readouterr()
    told = {"Slack": everything(slack), "log": written.getvalue(), "databases": kept(tmp_path), "terminal": out + err}
    assert all(len(text) > 1000 for text in told.values()), {name: len(text) for name, text in told.items()}
    secrets = (slack.bot_token, slack.app_token, slack.signing_secret)
    found = [(name, word) for name, text in told.items() for word in (*PEOPLE, *secrets) if word in text]
    assert found == []
