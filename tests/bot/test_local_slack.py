"""Does the local Slack treat the real SDK as Slack does?"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.local_slack import LibrariesMissing, LocalSlack, PortTaken, faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOME = "C0ASAKAI01"
START = 1_795_219_200.0


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(start=START) as running:
        yield running


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return client_of(slack)


def client_of(slack: LocalSlack, token: str | None = None) -> WebClient:
    return WebClient(token or slack.bot_token, base_url=slack.base_url, retry_handlers=[], timeout=30)


def refusal(call: Any, **args: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        call(**args)
    answer: dict[str, Any] = caught.value.response.data
    return answer


def header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def test_a_message_is_stored_and_read_back_with_its_metadata(slack: LocalSlack, client: WebClient) -> None:
    metadata = {"event_type": "digest", "event_payload": {"date": "2026-11-21"}}
    sent = client.chat_postMessage(channel=HOME, text="20.3%", blocks=[header("朝会")], metadata=metadata)
    plain = client.conversations_history(channel=HOME)["messages"][0]
    full = client.conversations_history(channel=HOME, include_all_metadata=True)["messages"][0]
    assert (plain["ts"], plain["text"], plain["blocks"][0]["text"]["text"]) == (sent["ts"], "20.3%", "朝会")
    assert "metadata" not in plain, "history gives metadata only when asked"
    assert full["metadata"] == metadata
    assert [m.text for m in slack.messages("asakai-朝会")] == ["20.3%"]


def test_history_pages_newest_first_and_bounds_are_exclusive(slack: LocalSlack, client: WebClient) -> None:
    stamps = []
    for text in "abcde":
        stamps.append(client.chat_postMessage(channel=HOME, text=text)["ts"])
        slack.clock.advance(1)
    first = client.conversations_history(channel=HOME, limit=2)
    assert [m["text"] for m in first["messages"]] == ["e", "d"]
    assert first["has_more"]
    cursor = first["response_metadata"]["next_cursor"]
    rest = client.conversations_history(channel=HOME, limit=200, cursor=cursor)
    assert [m["text"] for m in rest["messages"]] == ["c", "b", "a"]
    assert not rest["has_more"]
    between = {"channel": HOME, "oldest": stamps[1], "latest": stamps[3]}
    assert [m["text"] for m in client.conversations_history(**between)["messages"]] == ["c"]
    assert [m["text"] for m in client.conversations_history(**between, inclusive=True)["messages"]] == ["d", "c", "b"]


def test_replies_stay_in_their_thread(slack: LocalSlack, client: WebClient) -> None:
    head = client.chat_postMessage(channel=HOME, text="head")["ts"]
    slack.clock.advance(1)
    client.chat_postMessage(channel=HOME, text="reply", thread_ts=head)
    assert [m["text"] for m in client.conversations_replies(channel=HOME, ts=head)["messages"]] == ["head", "reply"]
    assert [m["text"] for m in client.conversations_history(channel=HOME)["messages"]] == ["head"]
    assert [m.text for m in slack.messages(HOME, thread=head)] == ["reply"]
    slack.clock.advance(1)
    assert refusal(client.chat_postMessage, channel=HOME, text="x", thread_ts="1.2")["error"] == "thread_not_found"


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-wrong", "invalid_auth"), ("xapp-local-asakai", "not_allowed_token_type")],
)
def test_a_wrong_token_is_refused(slack: LocalSlack, token: str, error: str) -> None:
    assert refusal(client_of(slack, token).auth_test)["error"] == error


def test_no_token_is_refused(slack: LocalSlack) -> None:
    with urlopen(f"{slack.base_url}auth.test", data=b"") as answer:
        assert json.load(answer) == {"ok": False, "error": "not_authed"}


def test_a_revoked_token_is_refused(slack: LocalSlack, client: WebClient) -> None:
    assert client.auth_test()["team_id"] == "T0ASAKAI01"
    slack.revoke()
    assert refusal(client.auth_test)["error"] == "token_revoked"


def test_a_missing_scope_is_named() -> None:
    with LocalSlack(scopes=["users:read", "channels:read"]) as slack:
        answer = refusal(client_of(slack).chat_postMessage, channel=HOME, text="x")
        assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
        assert answer["provided"] == "channels:read,users:read"
        assert client_of(slack).auth_test().headers["x-oauth-scopes"] == "channels:read,users:read"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C9NOWHERE1", "channel_not_found"),
        ("#nowhere", "channel_not_found"),
        ("#general", "not_in_channel"),
        ("C0ARCHIVE1", "is_archived"),
        ("#notices", "restricted_action_read_only_channel"),
    ],
)
def test_a_channel_that_takes_no_message_says_why(client: WebClient, channel: str, error: str) -> None:
    assert refusal(client.chat_postMessage, channel=channel, text="x")["error"] == error


def test_after_joining_the_bot_may_post(client: WebClient) -> None:
    client.conversations_join(channel="C0GENERAL1")
    assert client.chat_postMessage(channel="#general", text="x")["channel"] == "C0GENERAL1"


def test_a_long_header_is_refused_with_a_json_pointer(slack: LocalSlack, client: WebClient) -> None:
    answer = refusal(client.chat_postMessage, channel=HOME, text="x", blocks=[header("x" * 151)])
    assert answer["error"] == "invalid_blocks"
    told = "must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {told}"]
    assert answer["errors"] == [told]
    assert slack.messages(HOME) == [], "a refused message is not stored"


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
    ],
)
def test_what_slack_cannot_show_is_refused(client: WebClient, args: dict[str, Any], error: str) -> None:
    # api_call: chat_postMessage itself warns about a missing text
    assert refusal(client.api_call, api_method="chat.postMessage", json={"channel": HOME, **args})["error"] == error


def test_a_second_message_within_a_second_is_told_to_wait(slack: LocalSlack, client: WebClient) -> None:
    client.chat_postMessage(channel=HOME, text="1")
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=HOME, text="2")
    response = caught.value.response
    assert (response.status_code, response.headers["Retry-After"]) == (429, "1")
    assert response["error"] == "ratelimited"
    slack.clock.advance(1)
    client.chat_postMessage(channel=HOME, text="3")
    assert [m.text for m in slack.messages(HOME)] == ["1", "3"]


def test_the_rate_can_be_switched_off() -> None:
    with LocalSlack(messages_per_second=None) as slack:
        for _ in range(5):
            client_of(slack).chat_postMessage(channel=HOME, text="x")


def test_a_fault_can_be_429_and_the_sdk_retries_it(slack: LocalSlack) -> None:
    slack.fail("conversations.list", faults.rate_limited(retry_after=0))
    handler = RateLimitErrorRetryHandler(max_retry_count=1)
    client = WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[handler])
    assert client.conversations_list()["ok"]
    assert [entry.status for entry in slack.calls("conversations.list")] == [429, 200]


def test_accepted_then_reset_leaves_the_message_and_no_answer(slack: LocalSlack, client: WebClient) -> None:
    slack.fail("chat.postMessage", faults.accepted_then_reset())
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected, URLError)):
        client.chat_postMessage(channel=HOME, text="twice?")
    assert [m.text for m in slack.messages(HOME)] == ["twice?"]
    assert slack.calls("chat.postMessage")[0].fault
    slack.clock.advance(1)
    assert client.chat_postMessage(channel=HOME, text="next")["ok"], "the fault is over"


def test_a_plain_reset_stores_nothing(slack: LocalSlack, client: WebClient) -> None:
    slack.fail("chat.postMessage", faults.reset())
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected, URLError)):
        client.chat_postMessage(channel=HOME, text="x")
    assert slack.messages(HOME) == []


def test_half_an_answer_breaks_the_reading(slack: LocalSlack, client: WebClient) -> None:
    slack.fail("chat.postMessage", faults.half_body())
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        client.chat_postMessage(channel=HOME, text="x")
    assert len(slack.messages(HOME)) == 1


def test_a_server_error_and_a_web_page_are_no_slack_answers(slack: LocalSlack, client: WebClient) -> None:
    slack.fail("*", faults.server_error(503))
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=HOME, text="x")
    assert caught.value.response.status_code == 503
    slack.fail("chat.postMessage", faults.html())
    with pytest.raises(SlackApiError):
        client.chat_postMessage(channel=HOME, text="x")
    assert slack.messages(HOME) == []


def test_silence_ends_with_the_callers_timeout(slack: LocalSlack) -> None:
    slack.fail("auth.test", faults.silent())
    client = WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[], timeout=1)
    with pytest.raises(TimeoutError):
        client.auth_test()


def test_only_the_bots_own_messages_can_be_changed(slack: LocalSlack, client: WebClient) -> None:
    own = client.chat_postMessage(channel=HOME, text="old")["ts"]
    other = slack.say("人の言葉", user="佐藤").ts
    client.chat_update(channel=HOME, ts=own, text="new")
    assert [m.text for m in slack.messages(HOME)] == ["new", "人の言葉"]
    assert refusal(client.chat_update, channel=HOME, ts=other, text="x")["error"] == "cant_update_message"
    assert refusal(client.chat_delete, channel=HOME, ts=other)["error"] == "cant_delete_message"
    client.chat_delete(channel=HOME, ts=own)
    assert refusal(client.chat_delete, channel=HOME, ts=own)["error"] == "message_not_found"


def test_an_update_keeps_the_blocks_it_does_not_name(slack: LocalSlack, client: WebClient) -> None:
    ts = client.chat_postMessage(channel=HOME, text="old", blocks=[header("古い")])["ts"]
    client.chat_update(channel=HOME, ts=ts, text="new")
    assert (slack.messages(HOME)[0].text, len(slack.messages(HOME)[0].blocks)) == ("new", 1)
    client.chat_update(channel=HOME, ts=ts, text="new", blocks=[])
    assert slack.messages(HOME)[0].blocks == ()


def test_a_form_is_read_like_json(slack: LocalSlack) -> None:
    fields = {"token": slack.bot_token, "channel": HOME, "text": "朝会 & %", "blocks": json.dumps([header("x")])}
    with urlopen(f"{slack.base_url}chat.postMessage", data=urlencode(fields).encode()) as answer:
        assert json.load(answer)["message"]["text"] == "朝会 & %"
    assert slack.bot_token not in str(slack.calls("chat.postMessage"))


def test_an_ephemeral_message_is_for_one_person_and_cannot_be_updated(slack: LocalSlack, client: WebClient) -> None:
    ts = client.chat_postEphemeral(channel=HOME, user="U0SATO0001", text="内緒")["message_ts"]
    assert [m.text for m in slack.ephemerals(HOME, "佐藤")] == ["内緒"]
    assert slack.ephemerals(HOME, "鈴木") == slack.messages(HOME) == []
    assert refusal(client.chat_update, channel=HOME, ts=ts, text="x")["error"] == "message_not_found"


def test_conversations_can_be_listed_in_pages(client: WebClient) -> None:
    pages = client.conversations_list(limit=2, exclude_archived=True)
    assert [c["name"] for page in pages for c in page["channels"]] == [
        "asakai-朝会",
        "general",
        "notices",
        "partner-共有",
    ]
    assert client.conversations_info(channel="C0ARCHIVE1")["channel"]["is_archived"]
    assert "U0SATO0001" in client.conversations_members(channel=HOME)["members"]
    assert refusal(client.conversations_history, channel="C0GENERAL1")["error"] == "not_in_channel"


def test_people_and_direct_messages(slack: LocalSlack, client: WebClient) -> None:
    assert client.users_info(user="U0GUEST001")["user"]["is_restricted"]
    assert {u["real_name"] for u in client.users_list()["members"]} >= {"佐藤", "鈴木"}
    direct = client.conversations_open(users="U0SATO0001")["channel"]["id"]
    assert client.chat_postMessage(channel="U0SATO0001", text="DM")["channel"] == direct
    assert slack.messages(direct)[0].text == "DM"
    assert refusal(client.users_info, user="U9")["error"] == "user_not_found"


def test_a_permalink_names_the_message(client: WebClient) -> None:
    ts = client.chat_postMessage(channel=HOME, text="x")["ts"]
    link = client.chat_getPermalink(channel=HOME, message_ts=ts)["permalink"]
    assert link.endswith(f"/archives/{HOME}/p{ts.replace('.', '')}")


def test_a_file_goes_up_in_three_steps(slack: LocalSlack, client: WebClient) -> None:
    answer = client.files_upload_v2(channel=HOME, filename="休眠.csv", content="a,b\n", initial_comment="一覧")
    file = answer["files"][0]["id"]
    assert slack.workspace.files[file].content == b"a,b\n"
    assert [(m.text, m.files) for m in slack.messages(HOME)] == [("一覧", (file,))]
    with pytest.raises(SlackApiError, match="channel_not_found"):
        client.files_upload_v2(channel="#general", filename="x.csv", content="x")


def test_home_tabs_keep_their_hash(slack: LocalSlack, client: WebClient) -> None:
    view = {"type": "home", "blocks": [header("今日")]}
    first = client.views_publish(user_id="U0SATO0001", view=view)["view"]
    client.views_publish(user_id="U0SATO0001", view=view, hash=first["hash"])
    stale = refusal(client.views_publish, user_id="U0SATO0001", view=view, hash=first["hash"])
    assert stale["error"] == "hash_conflict"
    home = slack.home("佐藤")
    assert home is not None
    assert home.body["blocks"][0]["text"]["text"] == "今日"


def test_an_unknown_method_and_bad_json_are_named(slack: LocalSlack, client: WebClient) -> None:
    assert refusal(client.api_call, api_method="chat.whistle")["error"] == "unknown_method"
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {slack.bot_token}"}
    with urlopen(Request(f"{slack.base_url}auth.test", b"{", headers)) as answer:
        assert json.load(answer)["error"] == "invalid_json"


def test_blocks_can_be_validated_without_a_token(slack: LocalSlack) -> None:
    body = json.dumps({"blocks": [{"type": "carousel-of-dreams"}]}).encode()
    with urlopen(Request(f"{slack.base_url}blocks.validate", body, {"Content-Type": "application/json"})) as answer:
        told = json.load(answer)
    assert told["errors"] == ["unsupported type: carousel-of-dreams [json-pointer:/blocks/0/type]"]


def test_the_journal_is_kept_as_json_lines_without_tokens(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with LocalSlack(journal_path=path) as slack:
        client_of(slack).chat_postMessage(channel=HOME, text="朝会")
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [(line["method"], line["args"]["text"], line["answer"]["ok"]) for line in lines] == [
        ("chat.postMessage", "朝会", True)
    ]
    assert slack.bot_token not in path.read_text("utf-8")


def test_without_its_libraries_it_says_which_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bot.local_slack.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(LibrariesMissing) as caught:
        LocalSlack().start()
    assert caught.value.values == {"module": "uvicorn"}


def test_importing_it_loads_no_server_and_no_sdk() -> None:
    asked = "import sys, bot.local_slack; print({'starlette', 'uvicorn', 'slack_sdk', 'wsproto'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_it_listens_on_loopback_only_and_a_taken_port_is_told() -> None:
    with LocalSlack() as slack:
        port = int(slack.url.rpartition(":")[2])
        assert slack.url == f"http://127.0.0.1:{port}"
        with pytest.raises(PortTaken) as caught:
            LocalSlack(port=port).start()
        assert caught.value.values == {"port": port}
    with socket.socket() as after, pytest.raises(ConnectionRefusedError):
        after.connect(("127.0.0.1", port))
