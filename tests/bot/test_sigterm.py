"""Does the real process end after SIGTERM with all it began finished or left as an intent, and nothing new begun?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.delivery.ledger import Ledger
from bot.delivery.row import Delivery, Kind, State
from bot.local_slack import LocalSlack
from bot.local_slack.faults import silent
from bot.local_slack.seeds import ASAKAI, BOT_SCOPES, OFFICE
from bot.stop import WITHIN_SECONDS

TOKYO = ZoneInfo("Asia/Tokyo")
PATIENCE = 300
HOUSE = str(Path(__file__).parents[2])


def environment(slack: LocalSlack, folder: Path) -> dict[str, str]:
    now = datetime.now(TOKYO)
    due = now - timedelta(minutes=2) if now.time().hour or now.time().minute > 2 else now
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ASAKAI_")},
        "PYTHONPATH": HOUSE,
        "ASAKAI_SLACK__BOT_TOKEN": slack.bot_token,
        "ASAKAI_SLACK__APP_TOKEN": slack.app_token,
        "ASAKAI_SLACK__BASE_URL": slack.base_url,
        "ASAKAI_STATE": str(folder / "state.sqlite"),
        "ASAKAI_STORE": str(folder / "asakai.duckdb"),
        "ASAKAI_DIGEST__CHANNELS": f"{ASAKAI},{OFFICE}",
        "ASAKAI_DIGEST__AT": f"{due:%H:%M}",
        "ASAKAI_DIGEST__BUSINESS_DAYS_ONLY": "false",
        "ASAKAI_DIGEST__FRESH_ONLY": "false",
        "ASAKAI_ALERT__ENABLED": "false",
    }


@contextmanager
def running(slack: LocalSlack, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    days = [datetime.now(TOKYO).date() - timedelta(days=back) for back in range(1, 120)]
    rows = "".join(f"{n},c{n % 50},{day} 12:00,100\n" for n, day in enumerate(days))
    (folder / "o.csv").write_text("order_id,customer_id,ordered_at,amount\n" + rows)
    asakai, environ = [sys.executable, "-m", "bot"], environment(slack, folder)
    subprocess.run([*asakai, "import", "o.csv"], cwd=folder, env=environ, check=True, capture_output=True)
    with subprocess.Popen([*asakai, "run"], cwd=folder, env=environ, stderr=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


def until(happened: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def digests(folder: Path) -> dict[str, Delivery]:
    with closing(Ledger.open(str(folder / "state.sqlite"))) as ledger:
        return {row.key.channel: row for row in ledger.deliveries() if row.key.kind is Kind.DIGEST}


@pytest.mark.parametrize("method", ["conversations.history", "chat.postMessage"])
def test_sigterm_in_the_middle_of_a_call_leaves_the_ledger_whole_and_begins_nothing_more(
    tmp_path: Path, method: str
) -> None:
    assert WITHIN_SECONDS == 25
    with LocalSlack(scopes=BOT_SCOPES, start=time.time()) as slack:
        slack.fail(method, silent(accept=True))
        with running(slack, tmp_path) as process:
            until(lambda: not slack.faults._waiting.get(method, True))
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, said[-2000:].decode()
        assert b'"clean": true' in said
        rows = digests(tmp_path)
        [begun] = [row for row in rows.values() if row.fence]
        assert [row.lease_until for row in rows.values()] == [None, None]
        assert (begun.state, begun.intent_at is not None) == (State.PENDING, method == "chat.postMessage")
        [waiting] = [row for row in rows.values() if not row.fence]
        assert (waiting.state, waiting.intent_at) == (State.PENDING, None)
        assert len(slack.messages(begun.key.channel)) == (method == "chat.postMessage")
        assert slack.messages(waiting.key.channel) == []
