"""Does the local Slack post what it signs, wait three seconds, and send events again?"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from slack_bolt import App
from slack_bolt.adapter.starlette.handler import to_bolt_request
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.local_slack import LocalSlack
from bot.local_slack.posting import NotLoopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOME = "C0ASAKAI01"
START = 1_795_219_200.0
Answer = tuple[int, str, dict[str, str]]
OK: Answer = (200, "", {})


class Asked:
    """What came in: headers and body."""

    def __init__(self, headers: dict[str, str], body: str) -> None:
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @property
    def payload(self) -> dict[str, Any]:
        if self.headers["content-type"] == "application/json":
            told: dict[str, Any] = json.loads(self.body)
            return told
        form = parse_qs(self.body, keep_blank_values=True)
        return json.loads(form["payload"][0]) if "payload" in form else {name: one[0] for name, one in form.items()}


@contextmanager
def listener(answer: Callable[[Asked], Answer]) -> Iterator[tuple[str, list[Asked]]]:
    """A server of the test's own; gives its address and what came in."""
    heard: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = Asked(dict(self.headers), body)
            heard.append(asked)
            status, words, headers = answer(asked)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(words.encode())))
            self.end_headers()
            self.wfile.write(words.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/slack/events", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def at(answer: Callable[[Asked], Answer], **more: Any) -> Iterator[tuple[LocalSlack, list[Asked]]]:
    with LocalSlack(**{"ack_seconds": 30, **more}) as slack, listener(answer) as (url, heard):
        slack.post_to(url)
        yield slack, heard


def test_every_request_is_signed_over_its_raw_body() -> None:
    with at(lambda _: OK) as (slack, heard):
        slack.command("/kpi", "休眠 & 90日", user="鈴木").acked()
        slack.mention("休眠").acked()
        verifier = SignatureVerifier(slack.signing_secret)
        assert [verifier.is_valid_request(one.body, one.headers) for one in heard] == [True, True]
        assert not verifier.is_valid_request(heard[0].body + "x", heard[0].headers)
        assert abs(int(heard[0].headers["x-slack-request-timestamp"]) - time.time()) < 300
    command, event = heard
    assert (command.headers["content-type"], command.payload["text"]) == (
        "application/x-www-form-urlencoded",
        "休眠 & 90日",
    )
    assert (event.headers["content-type"], event.payload["event"]["type"]) == ("application/json", "app_mention")
    assert "x-slack-retry-num" not in event.headers


def test_words_in_the_answer_are_the_commands_first_answer() -> None:
    told = json.dumps({"text": "集計中です", "response_type": "in_channel"})
    with at(lambda _: (200, told, {"Content-Type": "application/json; charset=utf-8"})) as (slack, _):
        slack.command("/kpi").acked()
        assert [m.text for m in slack.messages(HOME)] == ["集計中です"]
    with at(lambda _: (200, "ただの言葉", {"Content-Type": "text/plain"})) as (slack, _):
        slack.command("/kpi").acked()
        assert [m.text for m in slack.ephemerals(HOME, "鈴木")] == ["ただの言葉"]


@pytest.mark.parametrize(("status", "error"), [(500, "http_service_error"), (404, "http_client_error")])
def test_a_refusal_is_told_to_the_person_and_never_repeated(status: int, error: str) -> None:
    with at(lambda _: (status, "", {})) as (slack, heard):
        with pytest.raises(TimeoutError, match=error):
            slack.command("/kpi").acked()
        slack.agenda.run_due()
    assert len(heard) == 1, "Slack repeats events, never what a person waits for"


def test_nobody_at_the_address_is_told_to_the_person() -> None:
    with LocalSlack() as slack, listener(lambda _: OK) as (url, _):
        pass
    with LocalSlack() as slack:
        slack.post_to(url)
        with pytest.raises(TimeoutError, match="dispatch_failed"):
            slack.command("/kpi").acked()


def test_an_event_that_fails_comes_three_times_more() -> None:
    with at(lambda _: (500, "", {}), start=START) as (slack, heard):
        slack.mention("x")
        for wanted, seconds in ((2, 0), (3, 60), (4, 300), (4, 3600)):
            slack.clock.advance(seconds)
            assert slack.workspace.wait_until(lambda wanted=wanted: len(slack.calls("request.answer")) == wanted, 30)
    retries = [(one.headers.get("x-slack-retry-num"), one.headers.get("x-slack-retry-reason")) for one in heard]
    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert len({one.payload["event_id"] for one in heard}) == 1


def test_an_app_may_ask_for_no_retry() -> None:
    with at(lambda _: (500, "", {"X-Slack-No-Retry": "1"}), start=START) as (slack, heard):
        first = slack.mention("x")
        assert slack.workspace.wait_until(lambda: first.settled, 30)
        slack.clock.advance(3600)
        assert (first.error, len(heard)) == ("http_service_error", 1)


def test_three_seconds_are_three_seconds_by_the_workspace_clock() -> None:
    release = threading.Event()
    with at(lambda _: (release.wait(60), OK)[1], ack_seconds=3, start=START) as (slack, _):
        heard = slack.command("/kpi")
        slack.clock.advance(3)
        assert heard.error == "operation_timeout"
        release.set()


def test_a_request_url_proves_itself_by_its_challenge() -> None:
    def echo(asked: Asked) -> Answer:
        told = json.dumps({"challenge": asked.payload["challenge"]})
        return (200, told, {"Content-Type": "application/json"})

    with LocalSlack() as slack:
        with listener(echo) as (url, _):
            assert slack.verify_url(url)
        with listener(lambda _: OK) as (url, _):
            assert not slack.verify_url(url)
        with pytest.raises(NotLoopback):
            slack.post_to("http://192.0.2.1/slack/events")


def test_a_bolt_app_lives_behind_signed_http() -> None:
    """A real App takes the real requests, and answers a form with errors."""
    view = {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "設定"},
        "submit": {"type": "plain_text", "text": "保存"},
        "blocks": [
            {
                "type": "input",
                "block_id": "t",
                "label": {"type": "plain_text", "text": "%"},
                "element": {"type": "plain_text_input", "action_id": "v"},
            }
        ],
    }
    slack = LocalSlack(ack_seconds=30)
    with slack:
        client = WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[])
        app = App(client=client, signing_secret=slack.signing_secret, process_before_response=True)

        @app.command("/kpi")
        def kpi(ack: Any, command: dict[str, Any], client: WebClient) -> None:
            client.views_open(trigger_id=command["trigger_id"], view=view)
            ack()

        @app.view("form")
        def save(ack: Any) -> None:
            ack(response_action="errors", errors={"t": "数字で"})

        class Starlette:
            """What bolt's adapter reads of a request."""

            def __init__(self, asked: Asked) -> None:
                self.headers = asked.headers
                self.query_params: dict[str, str] = {}

        def answer(asked: Asked) -> Answer:
            told = app.dispatch(to_bolt_request(Starlette(asked), asked.body.encode()))
            return told.status, told.body, {name: value[0] for name, value in told.headers.items()}

        with listener(answer) as (url, _):
            assert slack.verify_url(url), "bolt answers the challenge by itself"
            slack.command("/kpi", "設定").acked()
            [opened] = slack.views()
            assert slack.fill(opened, {"t": {"v": "x"}}).acked()["errors"] == {"t": "数字で"}
            assert slack.views() == [opened]
