"""Does a real bolt App in Socket Mode live in the local Slack?"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.local_slack import LocalSlack
from tests.bot.asking import heard_at_last

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = "C0ASAKAI01"
LABEL = {"type": "plain_text", "text": "チャネル別"}
BUTTON = {"type": "button", "text": LABEL, "action_id": "drill", "value": "channel"}
ACTIONS = [{"type": "actions", "block_id": "next", "elements": [BUTTON]}]


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(ack_seconds=30) as running:
        yield running


def new_app(slack: LocalSlack) -> App:
    return App(client=WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[]))


def test_a_command_is_acked_and_answered_through_the_response_url(slack: LocalSlack) -> None:
    app = new_app(slack)

    @app.command("/kpi")
    def kpi(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        ack()
        respond(text=f"{command['user_name']}: {command['text']}", blocks=ACTIONS)

    with slack.connected(app):
        heard = slack.command("/kpi", "休眠 チャネル別", user="鈴木", channel="#asakai-朝会")
        assert heard.acked() == {}
        answer = heard.answer()
    assert answer.text == "suzuki: 休眠 チャネル別"
    assert slack.ephemerals("asakai-朝会", "鈴木") == [answer]
    assert slack.messages(HOME) == [], "an answer is for the asker unless told otherwise"


def test_words_in_the_ack_are_the_first_answer(slack: LocalSlack) -> None:
    app = new_app(slack)

    @app.command("/kpi")
    def kpi(ack: Any) -> None:
        ack(text="集計中です", response_type="in_channel")

    with slack.connected(app):
        heard = slack.command("/kpi")
        assert heard.acked()["text"] == "集計中です"
    assert [m.text for m in slack.messages(HOME)] == ["集計中です"]


def test_a_click_reaches_its_listener_and_may_replace_the_message(slack: LocalSlack) -> None:
    app = new_app(slack)
    seen: list[dict[str, Any]] = []

    @app.action("drill")
    def drill(ack: Any, body: dict[str, Any], respond: Any) -> None:
        ack()
        seen.append(body)
        respond(text="内訳", replace_original=True)

    app.client.chat_postMessage(channel=HOME, text="今日の数字", blocks=ACTIONS)
    with slack.connected(app):
        [message] = slack.messages(HOME)
        heard = slack.click(message, "drill", user="佐藤")
        heard.acked()
        assert heard.answer().text == "内訳"
    [body] = seen
    assert body["actions"][0]["value"] == "channel"
    assert (body["actions"][0]["block_id"], body["user"]["id"]) == ("next", "U0SATO0001")
    assert body["message"]["ts"] == message.ts
    assert [m.text for m in slack.messages(HOME)] == ["内訳"]
    with pytest.raises(LookupError, match="no element"):
        slack.click(slack.messages(HOME)[0], "gone")


def test_a_click_in_an_ephemeral_message_does_not_carry_it(slack: LocalSlack) -> None:
    app = new_app(slack)
    seen: list[dict[str, Any]] = []

    @app.action("drill")
    def drill(ack: Any, body: dict[str, Any]) -> None:
        ack()
        seen.append(body)

    app.client.chat_postEphemeral(channel=HOME, user="U0SUZUKI01", text="x", blocks=ACTIONS)
    with slack.connected(app):
        slack.click(slack.ephemerals(HOME, "鈴木")[0], "drill").acked()
        slack.workspace.wait_until(lambda: bool(seen), 30)
    assert seen[0]["container"]["is_ephemeral"]
    assert "message" not in seen[0]


def test_a_mention_is_answered_in_its_thread(slack: LocalSlack) -> None:
    app = new_app(slack)

    @app.event("app_mention")
    def mention(event: dict[str, Any], say: Any) -> None:
        say(text="はい", thread_ts=event["ts"])

    with slack.connected(app):
        slack.mention("リピート率", user="佐藤").acked()
        [asked] = slack.messages(HOME)
        assert [m.text for m in slack.wait_messages(HOME, thread=asked.ts)] == ["はい"]
        outside = slack.mention("リピート率", channel="general")
    assert outside.error == "not_in_channel", "Slack tells the bot nothing where it is no member"


def test_opening_home_lets_the_app_publish_it(slack: LocalSlack) -> None:
    app = new_app(slack)
    published = threading.Event()

    @app.event("app_home_opened")
    def home(event: dict[str, Any], client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [{"type": "divider"}]})
        published.set()

    with slack.connected(app):
        slack.open_home("佐藤").acked()
        assert published.wait(2)
    assert slack.home("佐藤") is not None
    assert slack.home("鈴木") is None


def test_a_modal_opens_once_per_trigger_and_is_submitted(slack: LocalSlack) -> None:
    app = new_app(slack)
    opened: list[str] = []
    done = threading.Event()
    field = {"type": "plain_text_input", "action_id": "percent"}
    view = {
        "type": "modal",
        "callback_id": "threshold",
        "title": {"type": "plain_text", "text": "しきい値"},
        "submit": {"type": "plain_text", "text": "保存"},
        "blocks": [{"type": "input", "block_id": "t", "label": {"type": "plain_text", "text": "%"}, "element": field}],
    }

    @app.command("/kpi")
    def kpi(ack: Any, client: WebClient, command: dict[str, Any]) -> None:
        ack()
        client.views_open(trigger_id=command["trigger_id"], view=view)
        try:
            client.views_open(trigger_id=command["trigger_id"], view=view)
        except SlackApiError as refused:
            opened.append(refused.response["error"])
        done.set()

    @app.view("threshold")
    def save(ack: Any, view: dict[str, Any]) -> None:
        value = view["state"]["values"]["t"]["percent"]["value"]
        if value.isdigit():
            ack()
        else:
            ack(response_action="errors", errors={"t": f"{value}は数字ではありません"})

    with slack.connected(app):
        slack.command("/kpi", "設定", user="佐藤").acked()
        assert done.wait(2)
        [modal] = slack.views("佐藤")
        answer = slack.submit(modal, {"t": {"percent": {"type": "plain_text_input", "value": "abc"}}}).acked()
        assert slack.views("佐藤") == [modal], "an error keeps the modal open"
        slack.submit(modal, {"t": {"percent": {"type": "plain_text_input", "value": "20"}}}).acked()
        assert slack.views("佐藤") == []
    assert opened == ["exchanged_trigger_id"]
    assert answer == {"response_action": "errors", "errors": {"t": "abcは数字ではありません"}}


def test_a_command_without_ack_times_out_after_three_seconds() -> None:
    with LocalSlack(start=1_795_219_200.0) as slack:
        app = new_app(slack)
        release = threading.Event()

        @app.command("/kpi")
        def kpi(ack: Any) -> None:
            release.wait(5)
            ack()

        with slack.connected(app):
            heard = slack.command("/kpi")
            slack.clock.advance(2.9)
            assert heard.error == ""
            slack.clock.advance(0.1)
            assert heard.error == "operation_timeout"
            release.set()
            slack.workspace.wait_until(lambda: bool(slack.calls("socket.ack")), 30)
        with pytest.raises(TimeoutError, match="operation_timeout"):
            heard.acked()


def test_the_ack_clock_also_runs_by_itself() -> None:
    with LocalSlack(ack_seconds=0.1) as slack:
        app = new_app(slack)
        app.command("/kpi")(lambda: None)
        with slack.connected(app), pytest.raises(TimeoutError, match="slash_commands: operation_timeout"):
            slack.command("/kpi").acked(timeout=30)


def test_on_a_warning_the_app_moves_to_a_new_socket(slack: LocalSlack) -> None:
    app = new_app(slack)
    app.command("/kpi")(lambda ack: ack())
    with slack.connected(app):
        [first] = slack.sockets.links
        slack.disconnect("warning")
        assert slack.workspace.wait_until(lambda: bool(slack.sockets.links) and first not in slack.sockets.links, 30)
        heard_at_last(slack)


def test_without_a_socket_the_person_sees_dispatch_failed(slack: LocalSlack) -> None:
    assert slack.command("/kpi").error == "dispatch_failed"


def test_each_envelope_goes_to_one_of_the_sockets(slack: LocalSlack) -> None:
    app = new_app(slack)

    @app.command("/kpi")
    def kpi(ack: Any) -> None:
        ack()

    with slack.connected(app), slack.connected(app):
        heard = [slack.command("/kpi", str(i)) for i in range(4)]
        for one in heard:
            one.acked()
    assert len({one.socket for one in heard}) == 2
    assert len(slack.calls("socket.ack")) == 4, "each was acknowledged once"


def test_after_a_disconnect_the_app_comes_back(slack: LocalSlack) -> None:
    app = new_app(slack)

    @app.command("/kpi")
    def kpi(ack: Any) -> None:
        ack()

    with slack.connected(app):
        [first] = slack.sockets.links
        slack.disconnect("refresh_requested")
        slack.workspace.wait_until(lambda: bool(slack.sockets.links) and first not in slack.sockets.links, 30)
        heard_at_last(slack)
    assert len(slack.calls("apps.connections.open")) >= 2


def test_an_event_can_come_twice(slack: LocalSlack) -> None:
    app = new_app(slack)
    seen: list[str] = []

    @app.event("app_mention")
    def mention(body: dict[str, Any]) -> None:
        seen.append(body["event_id"])

    with slack.connected(app):
        first = slack.mention("x")
        first.acked()
        again = slack.redeliver(first)
        again.acked()
        slack.workspace.wait_until(lambda: len(seen) > 1, 30)
    assert len(set(seen)) == 1
    assert (again.envelope["retry_attempt"], again.envelope["retry_reason"]) == (1, "timeout")


def test_a_ticket_opens_one_socket(slack: LocalSlack) -> None:
    app = new_app(slack)
    with slack.connected(app) as handler:
        assert handler.client.wss_uri is not None
        ticket = handler.client.wss_uri.partition("ticket=")[2].partition("&")[0]
        assert not slack.sockets.take_ticket(ticket)


def test_the_bot_token_opens_no_socket(slack: LocalSlack) -> None:
    client = WebClient(slack.bot_token, base_url=slack.base_url)
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        client.apps_connections_open(app_token=slack.bot_token)


def post(url: str, body: dict[str, Any]) -> tuple[int, str]:
    request = Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, json.loads(refused.read())["error"]


def test_a_response_url_serves_five_times_within_thirty_minutes() -> None:
    with LocalSlack(start=1_795_219_200.0) as slack:
        urls = [slack.command("/kpi").envelope["payload"]["response_url"] for _ in range(2)]
        assert post(urls[0], {"text": "x", "blocks": [{"type": "nothing"}]}) == (400, "invalid_blocks")
        assert [post(urls[0], {"text": "x"})[0] for _ in range(5)] == [200] * 5
        assert post(urls[0], {"text": "x"}) == (404, "used_url")
        slack.clock.advance(30 * 60 + 1)
        assert post(urls[1], {"text": "x"}) == (404, "expired_url")
