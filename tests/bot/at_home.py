"""How is Home opened, read, pressed and filled in, in a local Slack with a running bot?"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.choices.chosen import WORKSPACE
from bot.choices.current import LOOK_SECONDS
from bot.choices.store import Choices
from bot.desk import Desk, desk
from bot.local_slack import LocalSlack
from bot.running import serve
from bot.settings import Settings
from bot.settings.layers import load
from tests.bot.shelf import FakeShelf, steady_shop

HOME, GENERAL, PARTNERS = "C0ASAKAI01", "C0GENERAL1", "C0PARTNER1"
SATO, SUZUKI, TANAKA, GUEST = "U0SATO0001", "U0SUZUKI01", "U0TANAKA01", "U0GUEST001"
FRIDAY = datetime(2026, 11, 19, 23, 31, tzinfo=UTC)  # Friday 20 November, 08:31 in Tokyo
WAIT = 120


class House:
    """A local Slack, a running bot, and what a reader sees in Home."""

    def __init__(self, slack: LocalSlack, state: Path) -> None:
        self.slack, self.state, self.now = slack, state, FRIDAY

    def until(self, happened: Any) -> None:
        assert self.slack.workspace.wait_until(happened, WAIT), "it did not happen"

    def home(self, user: str = SATO) -> str:
        """What Home says to this person after opening it."""
        before = self.hash(user)
        self.slack.wait_socket(timeout=WAIT)  # on a busy machine the bot's socket goes and comes back
        self.slack.open_home(user).acked()
        self.until(lambda: self.hash(user) != before)
        return self.shown(user)

    def hash(self, user: str) -> str:
        view = self.slack.home(user)
        return view.hash if view else ""

    def shown(self, user: str = SATO) -> str:
        view = self.slack.home(user)
        assert view is not None
        return words(view.body["blocks"])

    def press(self, name: str, value: str | None = None, user: str = SATO) -> None:
        view = self.slack.home(user)
        assert view is not None
        self.slack.wait_socket(timeout=WAIT)
        self.slack.click_view(view, name, value=value).acked()

    def pressed(self, name: str, value: str | None = None, user: str = SATO) -> str:
        """Press, wait for Home to be shown again, and read it."""
        before = self.hash(user)
        self.press(name, value, user)
        self.until(lambda: self.hash(user) != before)
        return self.shown(user)

    def form(self, name: str, value: str | None = None, user: str = SATO) -> Any:
        known = {view.id for view in self.slack.views(user)}
        self.press(name, value, user)
        self.until(lambda: any(view.id not in known for view in self.slack.views(user)))
        return self.slack.views(user)[-1]

    def sent(self, view: Any, **changes: Mapping[str, Any]) -> dict[str, Any]:
        """Submit the form as it stands with some fields changed; what the bot acknowledged."""
        self.slack.wait_socket(timeout=WAIT)
        return self.slack.submit(view, {**as_it_stands(view), **{k: {"value": v} for k, v in changes.items()}}).acked()

    def saved(self, view: Any, user: str = SATO, **changes: Mapping[str, Any]) -> str:
        before = self.hash(user)
        refused = self.sent(view, **changes)
        assert not refused, refused
        self.until(lambda: self.hash(user) != before)
        return self.shown(user)

    def asked(self, text: str, user: str = SUZUKI, channel: str = HOME) -> str:
        self.slack.wait_socket(timeout=WAIT)
        heard = self.slack.command("/kpi", text, user=user, channel=channel)
        heard.acked()
        return heard.answer(timeout=WAIT).text

    def fresh(self) -> None:
        """Forget what was chosen; the bot notices within a second or two."""
        with closing(sqlite3.connect(self.state, timeout=30)) as raw, raw:
            for table in ("choice", "digest", "audit", "used"):
                raw.execute(f"DELETE FROM {table}")
            raw.execute("UPDATE choice_version SET version = version + 1")
        time.sleep(LOOK_SECONDS)
        with self.slack.workspace.changed:
            self.slack.workspace.homes.clear()
            self.slack.workspace.views.clear()
            self.slack.workspace.ephemerals.clear()

    def audited(self) -> list[tuple[str, str, str]]:
        with closing(Choices.open(str(self.state), WORKSPACE)) as choices:
            return [(entry.kind, entry.who, entry.what) for entry in choices.audited()]


def words(value: object) -> str:
    """All the text in blocks, a line each."""
    if isinstance(value, dict):
        own = [value["text"]] if isinstance(value.get("text"), str) else []
        return "\n".join([*own, *filter(None, (words(v) for k, v in value.items() if k != "text" or not own))])
    return "\n".join(filter(None, map(words, value))) if isinstance(value, (list, tuple)) else ""


FIRST = {
    "static_select": ("initial_option", "selected_option"),
    "multi_static_select": ("initial_options", "selected_options"),
    "checkboxes": ("initial_options", "selected_options"),
    "timepicker": ("initial_time", "selected_time"),
    "number_input": ("initial_value", "value"),
    "plain_text_input": ("initial_value", "value"),
    "multi_users_select": ("initial_users", "selected_users"),
    "multi_conversations_select": ("initial_conversations", "selected_conversations"),
}


def as_it_stands(view: Any) -> dict[str, dict[str, Any]]:
    """The state that Slack sends when nothing is changed."""
    state = {}
    for block in view.body["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            shown, sent = FIRST[element["type"]]
            empty = [] if sent.endswith("s") else None
            state[block["block_id"]] = {"value": {"type": element["type"], sent: element.get(shown, empty)}}
    return state


def option(value: str) -> dict[str, Any]:
    return {"type": "static_select", "selected_option": {"value": value}}


def options(*values: str) -> dict[str, Any]:
    return {"type": "multi_static_select", "selected_options": [{"value": value} for value in values]}


def settings_for(slack: LocalSlack, folder: Path, **more: str) -> Settings:
    environ = {
        "ASAKAI_SLACK__BOT_TOKEN": slack.bot_token,
        "ASAKAI_SLACK__APP_TOKEN": slack.app_token,
        "ASAKAI_SLACK__BASE_URL": slack.base_url,
        "ASAKAI_SLACK__ADMINS": SATO,
        "ASAKAI_STATE": str(folder / "state.sqlite"),
        "ASAKAI_DIGEST__CHANNELS": HOME,
        "ASAKAI_ALERT__ENABLED": "false",
        **more,
    }
    return load(environ, folder)


def shop_of(settings: Settings) -> Desk:
    return desk(settings, FakeShelf(steady_shop(240)), lambda: FRIDAY)


@contextmanager
def running(folder: Path, **more: str) -> Iterator[House]:
    with LocalSlack(start=FRIDAY.timestamp(), messages_per_second=None, ack_seconds=60) as slack:
        settings, stop = settings_for(slack, folder, **more), threading.Event()
        failed: list[BaseException] = []

        def work() -> None:
            try:
                serve(settings, shop_of(settings), lambda: FRIDAY, stop)
            except BaseException as error:  # noqa: BLE001 - raised again below
                failed.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            slack.wait_socket(timeout=WAIT)
            yield House(slack, folder / "state.sqlite")
        finally:
            stop.set()
            thread.join(60)
        assert not failed, failed
