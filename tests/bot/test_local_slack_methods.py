"""Do the methods that the bot seldom calls keep Slack's rules too?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.local_slack import LocalSlack
from bot.local_slack.seeds import BOT_SCOPES
from bot.local_slack.workspace import BOT_USER

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME, GENERAL, ARCHIVE, OFFICE = "C0ASAKAI01", "C0GENERAL1", "C0ARCHIVE1", "G0OFFICE01"
START = 1_795_219_200
DAY = 86_400


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(start=START, messages_per_second=None) as running:
        yield running


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[], timeout=30)


def error(call: Any, **args: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**args)
    return str(caught.value.response["error"])


def test_a_scheduled_message_is_posted_when_its_hour_comes(slack: LocalSlack, client: WebClient) -> None:
    kept = client.chat_scheduleMessage(channel=HOME, text="まだ届いていません", post_at=START + 3600)
    dropped = client.chat_scheduleMessage(channel=HOME, text="x", post_at=START + 7200)
    listed = client.chat_scheduledMessages_list(channel=HOME)["scheduled_messages"]
    assert [(one["text"], one["post_at"]) for one in listed] == [
        ("まだ届いていません", START + 3600),
        ("x", START + 7200),
    ]
    client.chat_deleteScheduledMessage(channel=HOME, scheduled_message_id=dropped["scheduled_message_id"])
    slack.clock.advance(3599)
    assert slack.messages(HOME) == []
    slack.clock.advance(1)
    [posted] = slack.messages(HOME)
    assert (posted.text, posted.via, float(posted.ts)) == ("まだ届いていません", "chat.scheduleMessage", START + 3600)
    slack.clock.advance(DAY)
    assert len(slack.messages(HOME)) == 1, "the deleted one never comes"
    assert client.chat_scheduledMessages_list()["scheduled_messages"] == []
    gone = {"channel": HOME, "scheduled_message_id": kept["scheduled_message_id"]}
    assert error(client.chat_deleteScheduledMessage, **gone) == "invalid_scheduled_message_id"


def test_a_message_is_scheduled_for_a_time_to_come_and_not_deleted_at_the_last_moment(
    slack: LocalSlack, client: WebClient
) -> None:
    def refusal(**more: Any) -> str:
        return error(client.chat_scheduleMessage, **{"channel": HOME, "text": "x", **more})

    assert refusal(post_at=START) == "time_in_past"
    assert refusal(post_at=START + 121 * DAY) == "time_too_far"
    assert refusal(post_at="soon") == "invalid_time"
    assert refusal(post_at=START + 60, channel=GENERAL) == "not_in_channel"
    assert refusal(post_at=START + 60, channel=ARCHIVE) == "is_archived"
    name = client.chat_scheduleMessage(channel=HOME, text="x", post_at=START + 90)["scheduled_message_id"]
    slack.clock.advance(31)
    late = error(client.chat_deleteScheduledMessage, channel=HOME, scheduled_message_id=name)
    assert late == "invalid_scheduled_message_id"


def test_reactions_come_and_go(slack: LocalSlack, client: WebClient) -> None:
    ts = slack.say("ありがとう").ts
    client.reactions_add(channel=HOME, timestamp=ts, name="eyes")
    assert error(client.reactions_add, channel=HOME, timestamp=ts, name="eyes") == "already_reacted"
    wanted = [{"name": "eyes", "users": [BOT_USER], "count": 1}]
    assert client.reactions_get(channel=HOME, timestamp=ts)["message"]["reactions"] == wanted
    assert client.conversations_history(channel=HOME)["messages"][0]["reactions"] == wanted
    client.reactions_remove(channel=HOME, timestamp=ts, name="eyes")
    assert error(client.reactions_remove, channel=HOME, timestamp=ts, name="eyes") == "no_reaction"
    assert error(client.reactions_add, channel=HOME, timestamp=ts, name="目") == "invalid_name"
    assert error(client.reactions_add, channel=HOME, timestamp="1.2", name="eyes") == "message_not_found"
    assert error(client.reactions_add, channel=GENERAL, timestamp=ts, name="eyes") == "not_in_channel"
    assert error(client.reactions_add, name="eyes", channel="", timestamp="") == "no_item_specified"


def test_groups_and_their_people(slack: LocalSlack, client: WebClient) -> None:
    [group] = client.usergroups_list()["usergroups"]
    assert (group["handle"], group["user_count"], "users" in group) == ("marketing", 2, False)
    assert client.usergroups_list(include_users=True)["usergroups"][0]["users"] == ["U0SATO0001", "U0SUZUKI01"]
    assert client.usergroups_users_list(usergroup=group["id"])["users"] == ["U0SATO0001", "U0SUZUKI01"]
    slack.workspace.groups[group["id"]].is_disabled = True
    assert client.usergroups_list()["usergroups"] == []
    assert error(client.usergroups_users_list, usergroup=group["id"]) == "subteam_disabled"
    assert error(client.usergroups_users_list, usergroup="S9") == "no_such_subteam"


def test_a_private_channel_is_hidden_from_a_bot_outside(slack: LocalSlack, client: WebClient) -> None:
    private = client.conversations_list(types="private_channel")["channels"]
    assert [one["name"] for one in private] == ["経営会議"]
    slack.channel(OFFICE).members.discard(BOT_USER)
    assert client.conversations_list(types="private_channel")["channels"] == []
    for call in (client.conversations_info, client.conversations_members, client.conversations_history):
        assert error(call, channel=OFFICE) == "channel_not_found"
    assert error(client.chat_postMessage, channel=OFFICE, text="x") == "channel_not_found"


def test_a_shared_channel_says_so(slack: LocalSlack, client: WebClient) -> None:
    shared = slack.channel("partner-共有")
    assert client.conversations_info(channel=shared.id)["channel"]["is_ext_shared"]
    heard = slack.mention("x", channel=shared.id)
    assert heard.envelope["payload"]["is_ext_shared_channel"]


def test_without_public_writing_the_bot_must_be_a_member() -> None:
    with LocalSlack(scopes=[*BOT_SCOPES, "chat:write.public"]) as slack:
        client = WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[])
        assert client.chat_postMessage(channel=GENERAL, text="x")["ok"]


@pytest.mark.parametrize(
    ("kind", "scope"),
    [("public_channel", "channels"), ("private_channel", "groups"), ("im", "im")],
)
def test_each_kind_of_conversation_is_read_with_its_own_scope(kind: str, scope: str) -> None:
    with LocalSlack(scopes=BOT_SCOPES - {f"{scope}:history", f"{scope}:read"}) as slack:
        client = WebClient(slack.bot_token, base_url=slack.base_url, retry_handlers=[])
        direct = slack.workspace.direct_message("U0SUZUKI01").id
        place = {"public_channel": HOME, "private_channel": OFFICE, "im": direct}[kind]
        with pytest.raises(SlackApiError) as caught:
            client.conversations_history(channel=place)
        assert caught.value.response["needed"] == f"{scope}:history"
        with pytest.raises(SlackApiError) as caught:
            client.conversations_list(types=kind)
        assert caught.value.response["needed"] == f"{scope}:read"


def test_pages_follow_each_other_and_a_cursor_is_not_guessed(slack: LocalSlack, client: WebClient) -> None:
    head = client.chat_postMessage(channel=HOME, text="head")["ts"]
    for number in range(5):
        client.chat_postMessage(channel=HOME, text=str(number), thread_ts=head)
    first = client.conversations_replies(channel=HOME, ts=head, limit=3)
    rest = client.conversations_replies(
        channel=HOME, ts=head, limit=3, cursor=first["response_metadata"]["next_cursor"]
    )
    assert [m["text"] for m in first["messages"]] == ["head", "0", "1", "2"]
    assert [m["text"] for m in rest["messages"]] == ["head", "3", "4"]
    assert client.conversations_history(channel=HOME)["messages"][0]["reply_count"] == 5
    assert error(client.conversations_history, channel=HOME, cursor="eA==") == "invalid_cursor"
    assert error(client.conversations_history, channel=HOME, oldest="yesterday") == "invalid_ts_oldest"
    assert error(client.conversations_history, channel=HOME, limit=-1) == "invalid_limit"


def test_a_file_is_shared_read_with_the_token_and_deleted(slack: LocalSlack, client: WebClient) -> None:
    made = client.files_upload_v2(channel=HOME, filename="休眠 一覧.csv", content="a\n", title="一覧")["files"][0]
    told = client.files_info(file=made["id"])["file"]
    assert (told["name"], told["title"], told["mimetype"], told["size"]) == ("休眠 一覧.csv", "一覧", "text/csv", 2)
    bearer = {"Authorization": f"Bearer {slack.bot_token}"}
    with urlopen(Request(told["url_private"], headers=bearer)) as answer:
        assert answer.read() == b"a\n"
    with urlopen(told["url_private"]) as answer:
        assert answer.headers.get_content_type() == "text/html", "a stranger is asked to sign in"
    client.files_delete(file=made["id"])
    assert error(client.files_info, file=made["id"]) == "file_not_found"
    assert slack.messages(HOME)[0].files == ()


@pytest.mark.parametrize(
    ("channel", "wanted"),
    [(ARCHIVE, "is_archived"), ("C0NOTICES1", "restricted_action_read_only_channel"), (GENERAL, "not_in_channel")],
)
def test_a_file_goes_only_where_the_bot_may_write(client: WebClient, channel: str, wanted: str) -> None:
    with pytest.raises(SlackApiError, match=wanted):
        client.files_upload_v2(channel=channel, filename="x.csv", content="x")


def test_bytes_must_be_as_many_as_announced_and_may_come_as_a_form(slack: LocalSlack, client: WebClient) -> None:
    def send(body: bytes, kind: str, length: int = 3) -> int:
        url = client.files_getUploadURLExternal(filename="x.csv", length=length)["upload_url"]
        try:
            with urlopen(Request(url, body, {"Content-Type": kind})) as answer:
                return int(answer.status)
        except HTTPError as refused:
            with refused:
                return refused.code

    form = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\na\r\n\r\n--B--\r\n'
    assert send(b"a\r\n", "application/octet-stream") == 200
    assert send(form, "multipart/form-data; boundary=B") == 200
    assert send(b"too many", "application/octet-stream") == 400
    name = client.files_getUploadURLExternal(filename="x.csv", length=3)["file_id"]
    assert error(client.files_completeUploadExternal, files=[{"id": name}]) == "file_not_found", "no bytes came"


def test_a_call_may_come_as_a_multipart_form(slack: LocalSlack) -> None:
    body = (
        f'--B\r\nContent-Disposition: form-data; name="token"\r\n\r\n{slack.bot_token}\r\n'
        f'--B\r\nContent-Disposition: form-data; name="channel"\r\n\r\n{HOME}\r\n'
        '--B\r\nContent-Disposition: form-data; name="text"\r\n\r\n朝会\r\n--B--\r\n'
    ).encode()
    kind = {"Content-Type": "multipart/form-data; boundary=B"}
    with urlopen(Request(f"{slack.base_url}chat.postMessage", body, kind)) as answer:
        assert json.load(answer)["message"]["text"] == "朝会"


def test_a_direct_message_opens_once(client: WebClient) -> None:
    first = client.conversations_open(users="U0SATO0001")["channel"]["id"]
    again = client.conversations_open(users="U0SATO0001", return_im=True)
    assert (again["channel"]["id"], again["already_open"]) == (first, True)
    assert client.conversations_open(channel=first)["no_op"]
    assert error(client.conversations_open, users=BOT_USER) == "cannot_dm_bot"
    assert error(client.conversations_open, users="U9") == "user_not_found"


def header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def test_views_stack_up_to_three_and_keep_their_names_and_hash(slack: LocalSlack, client: WebClient) -> None:
    def trigger() -> str:
        return str(slack.shortcut("ask").envelope["payload"]["trigger_id"])

    def view(**more: Any) -> dict[str, Any]:
        return {"type": "modal", "title": {"type": "plain_text", "text": "設定"}, "blocks": [header("x")], **more}

    assert error(client.views_push, trigger_id=trigger(), view=view()) == "not_found"
    first = client.views_open(trigger_id=trigger(), view=view(external_id="one"))["view"]
    for _ in range(2):
        client.views_push(trigger_id=trigger(), view=view())
    assert error(client.views_push, trigger_id=trigger(), view=view()) == "push_limit_reached"
    assert error(client.views_open, trigger_id=trigger(), view=view(external_id="one")) == "duplicate_external_id"
    assert error(client.views_open, trigger_id="nothing", view=view()) == "invalid_trigger_id"
    old = trigger()
    slack.clock.advance(4)
    assert error(client.views_open, trigger_id=old, view=view()) == "expired_trigger_id"
    new = client.views_update(external_id="one", view=view(external_id="one"), hash=first["hash"])["view"]
    assert (new["id"], new["hash"] == first["hash"]) == (first["id"], False)
    assert error(client.views_update, view_id=first["id"], view=view(), hash=first["hash"]) == "hash_conflict"
    assert error(client.views_update, view_id="V9", view=view()) == "not_found"
    fields = [{"type": "plain_text", "text": "漢" * 1900}] * 10
    heavy = [{"type": "section", "fields": fields}] * 5
    assert error(client.views_update, view_id=first["id"], view=view(blocks=heavy)) == "view_too_large"
