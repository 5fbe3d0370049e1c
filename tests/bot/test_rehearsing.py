"""Does `asakai rehearse` play a morning from the first page to Ctrl-C?"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from bot.language import Language
from bot.local_slack.seeds import ASAKAI
from bot.rehearsing import features

HOUSE = Path(__file__).parents[2]
PATIENCE = 240
QUIET = {name: value for name, value in os.environ.items() if not name.startswith("ASAKAI_")}


@contextmanager
def rehearsal(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A rehearsal in a folder of its own, ended with Ctrl-C if the test has not ended it."""
    called = [sys.executable, "-m", "bot", "rehearse", "--no-browser", *arguments]
    with subprocess.Popen(
        called,
        cwd=folder,
        env=QUIET | {"PYTHONPATH": str(HOUSE), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as played:
        try:
            yield played
        finally:
            if played.poll() is None:
                played.kill()


def address_of(played: subprocess.Popen[str]) -> tuple[str, str]:
    """The page's address as it was printed, and what was said until then."""
    before = ""
    for line in played.stdout or ():
        before += line
        if found := re.search(r"http://127\.0\.0\.1:\d+", line):
            return found[0], before
    raise AssertionError((played.stderr or played.stdout).read())  # type: ignore[union-attr] # both are pipes


def state(address: str) -> dict[str, Any]:
    with urlopen(f"{address}/_page/state?user=sato") as answer:
        return dict(json.load(answer))


def wait_for_digest(address: str) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE
    while not (there := state(address)["messages"][ASAKAI]) or not there[0]["replies"]:
        assert time.monotonic() < end, "the digest did not come"
        time.sleep(0.2)
    return dict(there[0])


def ended(played: subprocess.Popen[str]) -> tuple[int, str, str]:
    played.send_signal(signal.SIGINT)
    said, troubles = played.communicate(timeout=PATIENCE)
    return played.returncode, said, troubles


def test_a_rehearsal_posts_this_mornings_digest_answers_and_ends_without_a_trace(tmp_path: Path) -> None:
    with rehearsal(tmp_path, "--lang", "en") as played:
        address, line = address_of(played)
        digest = wait_for_digest(address)
        assert "repeat rate" in digest["text"]
        assert "/?lang=en&as=U0SATO0001" in line, "who may see and change everything sits down"
        asked = {"do": "command", "user": "sato", "channel": ASAKAI, "text": "/kpi help"}
        urlopen(
            Request(f"{address}/_page/act", json.dumps(asked).encode(), {"Content-Type": "application/json"})
        ).close()
        end = time.monotonic() + PATIENCE
        while not any(one["is_ephemeral"] for one in state(address)["messages"][ASAKAI]):
            assert time.monotonic() < end, "no answer came"
            time.sleep(0.2)
        code, said, troubles = ended(played)
    assert (code, troubles) == (0, "")
    assert said.splitlines()[-1] == Language.of("en").say("rehearse.over")
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
    with pytest.raises(URLError):
        urlopen(address)


def test_ones_own_orders_are_rehearsed_and_old_ones_are_named(tmp_path: Path) -> None:
    orders, today = tmp_path / "orders.csv", datetime.now().astimezone()
    rows = [
        f"A{number},{number % 300},{today - timedelta(days=10 + number % 500):%Y-%m-%d %H:%M},3000"
        for number in range(600)
    ]
    orders.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *rows]) + "\n", encoding="utf-8")
    with rehearsal(tmp_path, "--lang", "ja", "--data", "orders.csv") as played:
        address, before = address_of(played)
        assert "600件の注文を取り込みました" in before
        assert "いちばん新しい注文は" in before
        assert "リピート率" in wait_for_digest(address)["text"]
        code, _, troubles = ended(played)
    assert (code, troubles) == (0, "")
    assert list(tmp_path.iterdir()) == [orders]


def test_orders_that_are_not_there_end_it_with_a_sentence(tmp_path: Path) -> None:
    with rehearsal(tmp_path, "--lang", "en", "--data", "nowhere.csv") as played:
        _, troubles = played.communicate(timeout=PATIENCE)
    assert played.returncode == 1
    assert "nowhere.csv" in troubles
    assert "Traceback" not in troubles


@pytest.mark.parametrize("code", ["ja", "en"])
def test_the_rehearsal_promises_what_the_manifest_promises(code: str) -> None:
    manifest = (HOUSE / "deploy" / "manifest.yaml").read_text(encoding="utf-8")
    there = features(Language.of(code))
    assert [one.command for one in there.commands] == re.findall(r"- command: (\S+)", manifest)
    assert sorted(one.callback_id for one in there.shortcuts) == sorted(re.findall(r"callback_id: (\S+)", manifest))
    listed = re.search(r"bot_events:\n((?:\s+- \S+\n)+)", manifest)
    assert listed is not None
    assert set(re.findall(r"- (\S+)", listed[1])) <= there.events
