"""Can a program that is no Python make the local Slack misbehave, and do sockets end in every way?"""

from __future__ import annotations

import http.client
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
from slack_bolt import App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.local_slack import LocalSlack
from bot.local_slack.sockets import MOST, Link
from tests.bot.asking import heard_at_last

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME = "C0ASAKAI01"
START = 1_795_219_200.0


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(start=START) as running:
        yield running


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[], timeout=30)


def turn(slack: LocalSlack, switch: str, **asked: Any) -> dict[str, Any]:
    body = json.dumps(asked).encode()
    try:
        with urlopen(Request(f"{slack.url}/_control/{switch}", body, {"Content-Type": "application/json"})) as answer:
            told: dict[str, Any] = json.load(answer)
    except HTTPError as refused:
        with refused:
            told = json.load(refused)
    return told


@pytest.mark.parametrize(
    ("asked", "caught", "kept"),
    [
        ({"kind": "rate_limited", "retry_after": 30}, SlackApiError, 0),
        ({"kind": "refused", "error": "fatal_error"}, SlackApiError, 0),
        ({"kind": "server_error", "status": 502}, SlackApiError, 0),
        ({"kind": "server_error", "status": 502, "accept": True}, SlackApiError, 1),
        ({"kind": "html"}, SlackApiError, 0),
        ({"kind": "empty", "accept": True}, SlackApiError, 1),
        ({"kind": "accepted_then_reset"}, (ConnectionResetError, http.client.RemoteDisconnected, URLError), 1),
        ({"kind": "reset"}, (ConnectionResetError, http.client.RemoteDisconnected, URLError), 0),
        ({"kind": "half_body"}, (http.client.IncompleteRead, ConnectionResetError), 1),
    ],
    ids=str,
)
def test_a_fault_is_ordered_over_http(
    slack: LocalSlack, client: WebClient, asked: dict[str, Any], caught: Any, kept: int
) -> None:
    assert turn(slack, "fault", method="chat.postMessage", **asked) == {"ok": True}
    with pytest.raises(caught):
        client.chat_postMessage(channel=HOME, text="x")
    assert len(slack.messages(HOME)) == kept
    slack.clock.advance(1)
    assert client.chat_postMessage(channel=HOME, text="next")["ok"], "the fault is over"


def test_faults_can_be_called_off(slack: LocalSlack, client: WebClient) -> None:
    turn(slack, "fault", kind="server_error", times=5)
    turn(slack, "clear")
    assert client.auth_test()["ok"]


def test_history_can_lag_behind(slack: LocalSlack, client: WebClient) -> None:
    turn(slack, "history", lag=60)
    ts = client.chat_postMessage(channel=HOME, text="どこ？")["ts"]
    slack.clock.advance(59)
    assert client.conversations_history(channel=HOME)["messages"] == []
    turn(slack, "clock", advance=2)
    assert [m["ts"] for m in client.conversations_history(channel=HOME)["messages"]] == [ts]


def test_token_scopes_and_channels_change_in_mid_run(slack: LocalSlack, client: WebClient) -> None:
    def error() -> str:
        slack.clock.advance(1)
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel=HOME, text="x")
        return str(caught.value.response["error"])

    turn(slack, "channel", channel="asakai-朝会", archived=True)
    assert error() == "is_archived"
    turn(slack, "channel", channel="asakai-朝会", archived=False, bot=False)
    assert error() == "not_in_channel"
    turn(slack, "channel", channel="asakai-朝会", private=True)
    assert error() == "channel_not_found", "a private channel without the bot is none"
    turn(slack, "channel", channel="asakai-朝会", name="朝", bot=True, shared=True)
    assert client.conversations_info(channel=HOME)["channel"]["is_ext_shared"]
    assert client.conversations_info(channel=HOME)["channel"]["name"] == "朝"
    turn(slack, "scopes", remove=["chat:write"])
    assert error() == "missing_scope"
    turn(slack, "revoke")
    assert error() == "token_revoked"


def test_nonsense_is_refused(slack: LocalSlack) -> None:
    assert turn(slack, "dance")["error"] == "unknown_switch"
    for switch, asked in (
        ("fault", {"kind": "dance"}),
        ("clock", {"advance": -1}),
        ("clock", {}),
        ("disconnect", {"how": "politely"}),
        ("envelope", {"mishap": "dance"}),
        ("channel", {"channel": "nowhere"}),
        ("listen", {"request_url": "http://192.0.2.1/"}),
    ):
        assert turn(slack, switch, **asked)["error"] == "invalid_arguments", switch


def test_the_journal_is_read_as_json_lines(slack: LocalSlack, client: WebClient) -> None:
    client.chat_postMessage(channel=HOME, text="朝会")
    with urlopen(f"{slack.url}/_control/journal?method=chat.postMessage") as answer:
        [entry] = [json.loads(line) for line in answer.read().decode().splitlines()]
    assert (entry["args"]["text"], entry["status"]) == ("朝会", 200)


def app_of(slack: LocalSlack) -> App:
    app = App(client=WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[]))
    app.command("/kpi")(lambda ack: ack())
    return app


@pytest.mark.parametrize("how", ["warning", "refresh_requested", "link_disabled", "too_many_websockets", "closed"])
def test_after_each_end_of_a_socket_the_app_comes_back(how: str) -> None:
    with LocalSlack(ack_seconds=30) as slack, slack.connected(app_of(slack)):
        [first] = slack.sockets.links
        turn(slack, "disconnect", how=how)
        assert slack.workspace.wait_until(lambda: bool(slack.sockets.links) and first not in slack.sockets.links, 30)
        heard_at_last(slack)


@pytest.mark.parametrize("how", ["silent", "reset"])
def test_a_dead_socket_is_noticed_and_replaced(how: str) -> None:
    with LocalSlack(ack_seconds=30) as slack:
        web = WebClient(slack.bot_token, base_url=slack.base_url)
        quiet = logging.getLogger("silent sockets are logged as errors by the SDK")
        quiet.disabled = True
        client = SocketModeClient(slack.app_token, quiet, web, ping_interval=1)

        def ack(to: SocketModeClient, request: Any) -> None:
            to.send_socket_mode_response(SocketModeResponse(request.envelope_id))

        client.socket_mode_request_listeners.append(ack)
        client.connect()
        try:
            slack.wait_socket()
            [first] = slack.sockets.links
            answered = lambda: client.current_session is not None and client.current_session.last_ping_pong_time
            assert slack.workspace.wait_until(answered, 60), "the SDK notices only what has answered once"
            slack.disconnect(how)
            if how == "silent":
                assert slack.command("/kpi").error == "", "the envelope is on its way into nothing"
            assert slack.workspace.wait_until(lambda: any(one is not first for one in slack.sockets.links), 240)
            assert slack.workspace.wait_until(lambda: first not in slack.sockets.links, 240)
            heard_at_last(slack)
        finally:
            client.close()


def test_an_eleventh_socket_is_sent_away(slack: LocalSlack) -> None:
    sent: list[str] = []
    links = [Link(str(i), sent.append, lambda: None, lambda: None) for i in range(MOST + 1)]
    for link in links:
        slack.sockets.join(link)
    assert len(slack.sockets.links) == MOST
    assert json.loads(sent[MOST])["reason"] == "too_many_websockets"
    assert [json.loads(one)["num_connections"] for one in sent[:MOST]] == list(range(1, MOST + 1))
    slack.sockets.links.clear()


def test_an_envelope_can_come_twice_late_or_never() -> None:
    with LocalSlack(start=START) as slack:
        app = app_of(slack)
        seen: list[str] = []
        app.event("app_mention")(lambda body: seen.append(body["event_id"]))
        with slack.connected(app):
            turn(slack, "envelope", mishap="duplicate")
            slack.mention("twice")
            assert slack.workspace.wait_until(lambda: len(slack.calls("socket.ack")) == 2, 30)
            assert len(seen) == 2
            assert len(set(seen)) == 1
            slack.next_envelope("late", seconds=5)
            late = slack.command("/kpi")
            slack.clock.advance(4)
            assert late.error == "operation_timeout"
            slack.clock.advance(1)
            assert slack.workspace.wait_until(lambda: len(slack.calls("socket.ack")) == 3, 30), "it comes all the same"
            slack.next_envelope("lost")
            lost = slack.mention("lost")
            slack.clock.advance(3)
            assert lost.error == "operation_timeout"
            assert slack.workspace.wait_until(lambda: len(slack.calls("socket.ack")) == 4, 30), "the retry arrives"
            assert lost.again[0].envelope["retry_attempt"] == 1


def test_an_unanswered_event_comes_again_until_it_is_acknowledged() -> None:
    """By itself, by the workspace's clock: nearly at once, a minute later, five minutes later."""
    with LocalSlack(start=START) as slack:
        attempts: list[tuple[int, str, str]] = []

        def hear(to: SocketModeClient, request: Any) -> None:
            attempts.append((request.retry_attempt, request.retry_reason, request.payload["event_id"]))
            if request.retry_attempt == 2:
                to.send_socket_mode_response(SocketModeResponse(request.envelope_id))

        web = WebClient(slack.bot_token, base_url=slack.base_url)
        client = SocketModeClient(slack.app_token, web_client=web)
        client.socket_mode_request_listeners.append(hear)
        client.connect()
        try:
            slack.wait_socket()
            first = slack.mention("x")
            for wanted, seconds in ((1, 3), (2, 3), (2, 60), (3, 0)):
                assert slack.workspace.wait_until(lambda wanted=wanted: len(attempts) >= wanted, 30)
                slack.clock.advance(seconds)
            [second] = first.again
            [third] = second.again
            third.acked()
            slack.clock.advance(3600)
        finally:
            client.close()
    assert [one[:2] for one in attempts] == [(0, ""), (1, "timeout"), (2, "timeout")]
    assert len({one[2] for one in attempts}) == 1
    assert (first.error, second.error, third.error, third.again) == ("operation_timeout", "operation_timeout", "", [])
