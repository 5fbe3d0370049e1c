"""Does HTTP mode take what Slack signed, once, and nothing else?"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlencode

import pytest

from bot.access import Access, Who
from bot.delivery.payload import payload_of
from bot.delivery.post import web_client
from bot.listening import BODY_LIMIT, TokenMissing, http_app, serve_http
from bot.local_slack import LocalSlack
from bot.page import Page, Paragraph
from bot.slack import Answers, Edge
from bot.workers import Workers
from metrics.problem import Problem

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
asked: list[str] = []
answered = threading.Semaphore(0)


def answer(text: str, _who: Who) -> Page:
    asked.append(text)
    answered.release()
    return Page(text, (Paragraph(text),))


def explain(problem: Problem, _who: Who) -> Page:
    return Page(problem.key, (Paragraph(problem.key),))


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with LocalSlack(ack_seconds=30) as slack, closing(socket.create_server(("127.0.0.1", 0))) as free:
        number = free.getsockname()[1]
        free.close()
        access = Access(frozenset({"C1"}))
        edge = Edge(
            web_client(slack.bot_token, slack.base_url),
            Answers(answer, explain, payload_of, lambda: access),
            Workers(1, 4),
            signing_secret=SECRET,
        )
        with serving(edge, number):
            yield number
        edge.workers.close(5)


@contextmanager
def serving(edge: Edge, number: int) -> Iterator[None]:
    stop = threading.Event()
    closed: list[bool] = []
    thread = threading.Thread(target=lambda: closed.append(serve_http(edge, "127.0.0.1", number, stop)(10)))
    thread.start()
    wait_for(number)
    yield
    stop.set()
    thread.join(15)
    assert closed == [True]


def wait_for(number: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", number), timeout=1).close()
        except OSError:
            threading.Event().wait(0.02)
        else:
            return
    raise TimeoutError(number)


def signed(body: str, at: float, secret: str = SECRET) -> dict[str, str]:
    stamp = str(int(at))
    mac = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={mac}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def command(text: str) -> str:
    return urlencode(
        {
            "command": "/kpi",
            "text": text,
            "user_id": "U1",
            "channel_id": "C1",
            "team_id": "T1",
            "trigger_id": f"trigger {text}",
            "response_url": "http://127.0.0.1:1/response",
        }
    )


def post(port: int, body: str, headers: dict[str, str]) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/slack/events", body, headers)
        return connection.getresponse().status


def test_a_signed_command_is_acknowledged_and_answered(port: int) -> None:
    body = command("休眠")
    assert post(port, body, signed(body, time.time())) == 200
    assert answered.acquire(timeout=30)
    assert asked[-1] == "休眠"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(lambda body: signed(body, time.time(), "another secret"), id="foreign signature"),
        pytest.param(lambda body: signed(body, time.time() - 400), id="older than five minutes"),
        pytest.param(lambda _body: {"Content-Type": "application/x-www-form-urlencoded"}, id="unsigned"),
        pytest.param(lambda body: signed(body + "x", time.time()), id="changed on the way"),
    ],
)
def test_what_slack_did_not_sign_just_now_is_refused(port: int, headers: object) -> None:
    body = command("forged")
    assert callable(headers)
    assert post(port, body, headers(body)) == 401
    assert "forged" not in asked


def test_a_replay_is_refused(port: int) -> None:
    body = command("again")
    headers = signed(body, time.time())
    assert post(port, body, headers) == 200
    assert answered.acquire(timeout=30)
    assert post(port, body, headers) == 401
    assert asked.count("again") == 1


def test_a_body_over_64_kb_is_refused_unread(port: int) -> None:
    body = "x" * (BODY_LIMIT + 1)
    assert post(port, body, signed(body, time.time())) == 413


def test_without_a_signing_secret_http_mode_does_not_start() -> None:
    edge = Edge(web_client("xoxb-x"), Answers(answer, explain, payload_of, lambda: Access(frozenset())))
    with pytest.raises(TokenMissing):
        http_app(edge)
