"""Does a real process that dies by SIGKILL in the middle of a post leave one digest, not none or two?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.delivery.clock import Window
from bot.delivery.courier import Courier
from bot.delivery.ledger import Ledger
from bot.delivery.post import SlackChannel, web_client
from bot.delivery.row import Key, Kind, Payload, State
from bot.local_slack import LocalSlack
from bot.local_slack.faults import silent

HOME = "C0ASAKAI01"
DUE = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
DAY = DUE.astimezone(ZoneInfo("Asia/Tokyo")).date()

PROCESS = """
import sys
sys.path.insert(0, sys.argv[1])
import test_delivery_kill as test
test.tick(*sys.argv[2:])
"""


def tick(state: str, base_url: str, token: str, at: str) -> None:
    """What one process does at that time."""
    now = datetime.fromisoformat(at)
    with closing(Ledger.open(state, clock=lambda: now)) as ledger:
        channel = SlackChannel(web_client(token, base_url))
        page = Payload("20.3%", (), "20.3%")
        courier = Courier(ledger, channel, lambda _row: page, lambda: now, now.timestamp, at)
        window = Window(DAY, DUE, DUE + timedelta(hours=12))
        ledger.plan(Key("T1", Kind.DIGEST, "daily", HOME, DAY), window, now)
        courier.round()


def posting(slack: LocalSlack) -> None:
    """Wait until the post has met its fault: the local Slack tells of no fault that it takes."""
    for _ in range(3000):
        if not slack.faults._waiting["chat.postMessage"]:
            return
        threading.Event().wait(0.01)
    raise TimeoutError


@pytest.mark.parametrize("accepted", [True, False], ids=["Slack has it", "Slack never got it"])
def test_a_sigkill_during_the_post_leaves_one_digest(tmp_path: Path, accepted: bool) -> None:
    state = str(tmp_path / "state.sqlite")
    with LocalSlack(start=DUE.timestamp()) as slack:
        slack.fail("chat.postMessage", silent(accept=accepted))
        place = (state, slack.base_url, slack.bot_token)
        command = [sys.executable, "-c", PROCESS, str(Path(__file__).parent), *place, str(DUE + timedelta(seconds=5))]
        with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(Path.cwd())}) as process:
            posting(slack)
            process.send_signal(signal.SIGKILL)
            assert process.wait(10) == -signal.SIGKILL
        for minutes in (1, 2, 4, 5):
            now = DUE + timedelta(minutes=minutes)
            slack.clock.advance(now.timestamp() - slack.clock.now())
            tick(*place, str(now))
        assert len(slack.messages(HOME)) == 1
    with closing(Ledger.open(state)) as ledger:
        [row] = ledger.deliveries()
        assert row.state is State.SENT
        assert row.fence > 1, "the process was killed before it could record"
