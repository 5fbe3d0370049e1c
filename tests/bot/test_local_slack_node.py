"""Does Slack's own Node framework, @slack/bolt, live in the local Slack as its Python one does?"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bot.local_slack import LocalSlack
from tests.bot.by_node import NODE, installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOME = "C0ASAKAI01"
WAIT = 60


@pytest.fixture(scope="module")
def proof() -> Path:
    """proof.mjs beside its installed libraries."""
    return installed("proof.mjs")


class Bolt:
    """The running Node app: what it told, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.told: list[dict[str, Any]] = []
        self.process = process
        self._heard = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                try:
                    self.told.append(json.loads(line))
                except ValueError:
                    self.told.append({"what": "words", "words": line})
                self._heard.notify_all()

    def of(self, what: str) -> list[dict[str, Any]]:
        return [one for one in self.told if one["what"] == what]

    def wait(self, what: str, count: int = 1) -> dict[str, Any]:
        with self._heard:
            there = self._heard.wait_for(lambda: len(self.of(what)) >= count, WAIT)
        assert there, f"no {what} in {WAIT} s; there is {self.told}"
        return self.of(what)[count - 1]

    def stop(self) -> None:
        try:
            self.process.communicate("stop\n", timeout=WAIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self._reader.join(WAIT)


@contextmanager
def bolt(proof: Path, slack: LocalSlack, **more: str) -> Iterator[Bolt]:
    """@slack/bolt, connected; its environment names the local Slack and nothing else."""
    environment = {
        "PATH": os.environ["PATH"],
        "SLACK_API_URL": slack.base_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_SIGNING_SECRET": slack.signing_secret,
        **more,
    }
    pipe = subprocess.PIPE
    with subprocess.Popen(
        ["node", proof.name], cwd=proof.parent, env=environment, stdin=pipe, stdout=pipe, text=True
    ) as process:
        running = Bolt(process)
        try:
            running.wait("ready")
            yield running
            assert running.of("error") == []
        finally:
            running.stop()


@pytest.fixture(params=["socket", "signed HTTP"])
def world(request: pytest.FixtureRequest, proof: Path) -> Iterator[tuple[LocalSlack, Bolt]]:
    """The same app behind a socket, and behind signed requests."""
    with LocalSlack(ack_seconds=30, messages_per_second=None) as slack:
        if request.param == "socket":
            with bolt(proof, slack) as running:
                slack.wait_socket()
                yield slack, running
            return
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with bolt(proof, slack, PORT=str(port)) as running:
            assert slack.verify_url(f"http://127.0.0.1:{port}/slack/events")
            yield slack, running


def test_node_answers_a_command_and_a_press(world: tuple[LocalSlack, Bolt]) -> None:
    slack, running = world
    heard = slack.command("/kpi", "休眠 チャネル別")
    heard.acked()
    answer = heard.answer()
    assert answer.text == "suzuki: 休眠 チャネル別"
    pressed = slack.click(answer, "drill")
    pressed.acked()
    assert running.wait("press")["value"] == "channel"
    assert [m.text for m in slack.ephemerals(HOME, "鈴木")] == ["内訳"]


def test_node_opens_a_form_and_refuses_what_is_no_number(world: tuple[LocalSlack, Bolt]) -> None:
    slack, running = world
    slack.command("/kpi", "設定").acked()
    running.wait("command")
    [view] = slack.views()
    assert slack.fill(view, {"t": {"percent": "abc"}}).acked()["errors"] == {"t": "数字で入力してください"}
    assert slack.views() == [view]
    slack.fill(view, {"t": {"percent": "20"}}).acked()
    assert slack.views() == []


def test_node_publishes_home_uploads_and_reads_history_with_metadata(world: tuple[LocalSlack, Bolt]) -> None:
    slack, running = world
    slack.open_home("佐藤").acked()
    running.wait("home")
    home = slack.home("佐藤")
    assert home is not None
    assert home.body["blocks"][0]["text"]["text"] == "今日"
    slack.mention("一覧").acked()
    running.wait("upload")
    [message] = [one for one in slack.messages(HOME) if one.files]
    assert slack.workspace.files[message.files[0]].content == b"a,b\n"
    slack.mention("履歴").acked()
    assert running.wait("history") == {
        "what": "history",
        "same": True,
        "metadata": {"event_type": "digest", "event_payload": {"id": "01J"}},
    }
    assert running.wait("refusal")["error"] == "invalid_blocks"
    assert "/blocks/0/type" in running.of("refusal")[0]["told"][0]


def test_node_hears_again_what_it_did_not_acknowledge(world: tuple[LocalSlack, Bolt]) -> None:
    slack, running = world
    first = slack.mention("二度")
    first.acked()
    slack.redeliver(first).acked()
    again = running.wait("mention", 2)
    assert again["event_id"] == running.of("mention")[0]["event_id"]


def test_node_comes_back_after_its_socket_is_ended(proof: Path) -> None:
    with LocalSlack(ack_seconds=30) as slack, bolt(proof, slack) as running:
        slack.wait_socket()
        [first] = slack.sockets.links
        slack.disconnect("refresh_requested")
        came_back = slack.workspace.wait_until(lambda: any(one is not first for one in slack.sockets.links), WAIT)
        assert came_back
        slack.command("/kpi", "x").acked()
        running.wait("command")


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((NODE / "package-lock.json").read_text("utf-8"))
    package = json.loads((NODE / "package.json").read_text("utf-8"))
    for name, version in (package["dependencies"] | package["devDependencies"]).items():
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
    assert all("integrity" in one for name, one in lock["packages"].items() if name)
