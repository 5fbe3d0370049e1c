"""Does every answer that Slack or the network can give mean what it should?"""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.delivery.post import (
    ChannelArchived,
    ChannelUnknown,
    NotInChannel,
    ScopeMissing,
    SlackChannel,
    SlackRefused,
    TokenRefused,
    refusal,
    web_client,
)
from bot.delivery.protocol import Answer, Look, Outcome, Sight
from bot.delivery.row import Delivery, Key, Kind, Payload

DUE = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
ROW = Delivery(
    "01DELIVERY",
    Key("T1", Kind.DIGEST, "daily", "C1", date(2026, 11, 20)),
    DUE,
    DUE + timedelta(hours=12),
)
PAGE = Payload("headline", ({"type": "divider"},), "only words")

Reaction = bytes | Callable[[socket.socket], None]


class RudeSlack:
    """A server on loopback that answers each request with the next reaction: bytes, or anything else."""

    def __init__(self) -> None:
        self.reactions: list[Reaction] = []
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.freed = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/api/"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with closing(connection):
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            path = stream.readline().split()[1].decode()
            length = 0
            while (line := stream.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            body = stream.read(length)
        asked = json.loads(body) if body.startswith(b"{") else {"form": body.decode()}
        self.requests.append((path.rsplit("/", 1)[1], asked))
        reaction = self.reactions.pop(0)
        if callable(reaction):
            reaction(connection)
        else:
            connection.sendall(reaction)

    def close(self) -> None:
        self.freed.set()
        self._server.close()


def http(status: str, body: object, headers: str = "", kind: str = "application/json") -> bytes:
    text = (body if isinstance(body, str) else json.dumps(body)).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\nConnection: close\r\n"
    return f"{head}{headers}\r\n".encode() + text


def ok(**more: object) -> bytes:
    return http("200 OK", {"ok": True, **more})


def error(code: str) -> bytes:
    return http("200 OK", {"ok": False, "error": code})


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def rude() -> Iterator[RudeSlack]:
    with closing(RudeSlack()) as server:
        yield server


def channel(rude: RudeSlack, deadline_seconds: float = 5.0) -> SlackChannel:
    return SlackChannel(web_client("xoxb-test", rude.url), deadline_seconds)


@pytest.mark.parametrize(
    ("reaction", "answer"),
    [
        pytest.param(ok(ts="1.1"), Answer(Outcome.SENT, "1.1"), id="sent"),
        pytest.param(ok(), Answer(Outcome.UNKNOWN, error="no_ts"), id="ok without a place"),
        pytest.param(
            http("429 Too Many Requests", {"ok": False, "error": "ratelimited"}, "Retry-After: 3600\r\n"),
            Answer(Outcome.NOT_APPLIED, error="ratelimited", retry_after=3600),
            id="429 with Retry-After",
        ),
        pytest.param(
            http("429 Too Many Requests", "slow down", kind="text/plain"),
            Answer(Outcome.NOT_APPLIED, error="ratelimited", retry_after=30),
            id="429 of a proxy",
        ),
        pytest.param(http("500 Oops", {}), Answer(Outcome.UNKNOWN, error="http_500"), id="500"),
        pytest.param(http("502 Bad", "<html>", kind="text/html"), Answer(Outcome.UNKNOWN, error="http_502"), id="502"),
        pytest.param(http("503 No", ""), Answer(Outcome.UNKNOWN, error="http_503"), id="503 and nothing"),
        pytest.param(http("200 OK", "<html>", kind="text/html"), Answer(Outcome.UNKNOWN, error="http_200"), id="html"),
        pytest.param(http("200 OK", ""), Answer(Outcome.UNKNOWN, error="http_200"), id="empty"),
        pytest.param(http("200 OK", "[]"), Answer(Outcome.UNKNOWN, error="http_200"), id="not an object"),
        pytest.param(error("internal_error"), Answer(Outcome.UNKNOWN, error="internal_error"), id="internal_error"),
        pytest.param(error("fatal_error"), Answer(Outcome.UNKNOWN, error="fatal_error"), id="fatal_error"),
        pytest.param(error("request_timeout"), Answer(Outcome.UNKNOWN, error="request_timeout"), id="request_timeout"),
        pytest.param(
            error("service_unavailable"), Answer(Outcome.UNKNOWN, error="service_unavailable"), id="unavailable"
        ),
        pytest.param(error("invalid_blocks"), Answer(Outcome.CONTENT, error="invalid_blocks"), id="invalid_blocks"),
        pytest.param(error("msg_too_long"), Answer(Outcome.CONTENT, error="msg_too_long"), id="msg_too_long"),
        pytest.param(
            error("msg_blocks_too_long"), Answer(Outcome.CONTENT, error="msg_blocks_too_long"), id="blocks too long"
        ),
        *(
            pytest.param(error(code), Answer(Outcome.BLOCKED, error=code), id=code)
            for code in (
                "token_revoked",
                "account_inactive",
                "invalid_auth",
                "token_expired",
                "missing_scope",
                "is_archived",
                "channel_not_found",
                "not_in_channel",
                "restricted_action",
                "restricted_action_read_only_channel",
                "some_code_of_next_year",
            )
        ),
    ],
)
def test_each_answer_to_a_post_has_its_meaning(rude: RudeSlack, reaction: bytes, answer: Answer) -> None:
    rude.reactions = [reaction]
    assert channel(rude).post(ROW, PAGE, plain=False) == answer
    assert len(rude.requests) == 1, "no retry behind our back"


def test_a_reset_after_the_request_leaves_it_open_and_is_not_retried(rude: RudeSlack) -> None:
    rude.reactions = [reset]
    assert channel(rude).post(ROW, PAGE, plain=False).outcome is Outcome.UNKNOWN
    assert len(rude.requests) == 1


def test_a_connection_closed_without_an_answer_leaves_it_open(rude: RudeSlack) -> None:
    rude.reactions = [hang_up]
    assert channel(rude).post(ROW, PAGE, plain=False).outcome is Outcome.UNKNOWN


def test_half_a_body_leaves_it_open(rude: RudeSlack) -> None:
    rude.reactions = [ok(ts="1.1")[:-5]]
    assert channel(rude).post(ROW, PAGE, plain=False).outcome is Outcome.UNKNOWN


def test_an_answer_that_drips_is_cut_off_by_the_deadline(rude: RudeSlack) -> None:
    def drip(connection: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
        connection.sendall(head)
        while not rude.freed.wait(0.02):
            try:
                connection.sendall(b" ")
            except OSError:
                return

    rude.reactions = [drip]
    assert channel(rude, 0.2).post(ROW, PAGE, plain=False) == Answer(Outcome.UNKNOWN, error="timeout")


def test_a_refused_connection_applied_nothing() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    nobody = SlackChannel(web_client("xoxb-test", f"http://127.0.0.1:{port}/api/"))
    assert nobody.post(ROW, PAGE, plain=False) == Answer(Outcome.NOT_APPLIED, error="unreachable")


def test_a_name_that_does_not_resolve_applied_nothing() -> None:
    nowhere = SlackChannel(web_client("xoxb-test", "http://slack.invalid/api/"))
    assert nowhere.post(ROW, PAGE, plain=False).outcome is Outcome.NOT_APPLIED


def test_a_failed_tls_handshake_applied_nothing(rude: RudeSlack) -> None:
    def no_tls(self: RudeSlack, connection: socket.socket) -> None:
        connection.recv(1024)
        connection.sendall(b"HTTP/1.1 400 this is no TLS\r\n\r\n")

    rude._answer = no_tls.__get__(rude)  # type: ignore[method-assign]  # this server speaks no TLS
    plain_port = SlackChannel(web_client("xoxb-test", rude.url.replace("http:", "https:")))
    assert plain_port.post(ROW, PAGE, plain=False) == Answer(Outcome.NOT_APPLIED, error="unreachable")


def test_the_metadata_holds_the_id_and_nothing_else(rude: RudeSlack) -> None:
    rude.reactions = [ok(ts="1.1")]
    channel(rude).post(ROW, PAGE, plain=False)
    method, message = rude.requests[0]
    assert method == "chat.postMessage"
    assert message["metadata"] == {"event_type": "asakai_delivery", "event_payload": {"id": ROW.mark}}
    assert (message["text"], message["blocks"]) == ("headline", [{"type": "divider"}])


def test_the_mark_follows_from_the_key_and_says_nothing_of_it() -> None:
    later = Delivery("01AFTERTHELOSS", ROW.key, ROW.due_at, ROW.expires_at)
    other = Delivery(ROW.id, replace(ROW.key, channel="C2"), ROW.due_at, ROW.expires_at)
    assert ROW.mark == later.mark != other.mark
    assert re.fullmatch(r"[0-9a-f]{32}", ROW.mark)


def test_the_plain_form_has_no_blocks(rude: RudeSlack) -> None:
    rude.reactions = [ok(ts="1.1")]
    channel(rude).post(ROW, PAGE, plain=True)
    message = rude.requests[0][1]
    assert message["text"] == "only words"
    assert "blocks" not in message


def own(ts: str, delivery: str = ROW.mark) -> dict[str, Any]:
    return {"ts": ts, "metadata": {"event_type": "asakai_delivery", "event_payload": {"id": delivery}}}


def test_the_look_reads_every_page_until_it_finds_the_id(rude: RudeSlack) -> None:
    foreign = [{"ts": "3.0"}, own("2.9", "01OTHER"), {"ts": "2.8", "metadata": {"event_type": "x"}}]
    rude.reactions = [
        ok(messages=foreign, response_metadata={"next_cursor": "more"}),
        ok(messages=[own("1.5")], response_metadata={"next_cursor": ""}),
    ]
    assert channel(rude).look(ROW, DUE) == Look(Sight.FOUND, "1.5")
    method, asked = rude.requests[1]
    assert method == "conversations.history"
    assert "cursor=more" in asked["form"]
    assert f"oldest={DUE.timestamp():.6f}" in asked["form"]
    assert "include_all_metadata=1" in asked["form"]


def test_nothing_found_is_said_only_after_the_last_page(rude: RudeSlack) -> None:
    rude.reactions = [ok(messages=[], response_metadata={"next_cursor": "more"}), error("internal_error")]
    assert channel(rude).look(ROW, DUE) == Look(Sight.FAILED, error="internal_error")
    rude.reactions = [ok(messages=[])]
    assert channel(rude).look(ROW, DUE) == Look(Sight.ABSENT)


@pytest.mark.parametrize(
    ("reaction", "sight"),
    [(error("missing_scope"), Sight.BLIND), (error("not_in_channel"), Sight.BLOCKED), (reset, Sight.FAILED)],
)
def test_a_look_that_fails_says_how(rude: RudeSlack, reaction: Reaction, sight: Sight) -> None:
    rude.reactions = [reaction]
    assert channel(rude).look(ROW, DUE).sight is sight


def test_a_reply_is_looked_for_in_its_thread_and_posted_there(rude: RudeSlack) -> None:
    reply = Delivery(ROW.id, ROW.key, ROW.due_at, ROW.expires_at, thread_ts="1.1")
    rude.reactions = [ok(messages=[]), ok(ts="1.2")]
    channel(rude).look(reply, DUE)
    channel(rude).post(reply, PAGE, plain=False)
    assert rude.requests[0][0] == "conversations.replies"
    assert "ts=1.1" in rude.requests[0][1]["form"]
    assert rude.requests[1][1]["thread_ts"] == "1.1"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("channel_not_found", ChannelUnknown),
        ("not_in_channel", NotInChannel),
        ("is_archived", ChannelArchived),
        ("invalid_auth", TokenRefused),
        ("token_revoked", TokenRefused),
        ("missing_scope", ScopeMissing),
        ("cannot_look", ScopeMissing),
        ("restricted_action", SlackRefused),
    ],
)
def test_each_refusal_has_a_problem_that_says_what_to_do(code: str, problem: type) -> None:
    assert type(refusal(code, "C1")) is problem
