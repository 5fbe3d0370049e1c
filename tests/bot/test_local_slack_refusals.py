"""Does the local Slack say "no" wherever Slack does, with Slack's own word?

One line for each refusal of a method; a word that no line asks for fails the last test.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import bot.local_slack
from bot.local_slack import LocalSlack
from bot.local_slack.call import Refused, parse_arguments
from bot.local_slack.responses import new_response_url, respond
from bot.local_slack.seeds import ARCHIVE, ASAKAI, GENERAL, GUEST, MARKETING, NOTICES, OFFICE, SATO, SUZUKI
from bot.local_slack.views import new_trigger
from bot.local_slack.web_api import METHODS, answer
from bot.local_slack.workspace import BOT_USER, Channel

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.local_slack.call import Answer

START = 1_795_219_200
SECRET = "G0SECRET01"
NOBODY = "U9"
TEXT = {"channel": ASAKAI, "text": "x"}
MODAL = {"type": "modal", "title": {"type": "plain_text", "text": "設定"}, "blocks": [{"type": "divider"}]}
HOME = {"type": "home", "blocks": [{"type": "divider"}]}


def world() -> LocalSlack:
    """A workspace nobody listens to, with a private channel that the bot is not in and one message of each kind."""
    slack = LocalSlack(start=START, messages_per_second=None)
    slack.workspace.add_channels([Channel(SECRET, "secret", {SATO}, is_private=True)])
    return slack


def call(slack: LocalSlack, method: str, **args: Any) -> Answer:
    return answer(slack.workspace, METHODS, method, args, slack.bot_token)


def refused(action: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        action()
    return caught.value


Row = tuple[str, dict[str, Any], str]
ROWS: list[Row] = [
    # a channel that is none, that is hidden, and that takes nothing
    ("chat.postMessage", {"text": "x"}, "channel_not_found"),
    ("chat.postMessage", {**TEXT, "channel": "C9"}, "channel_not_found"),
    ("chat.postMessage", {**TEXT, "channel": SECRET}, "channel_not_found"),
    ("chat.postMessage", {**TEXT, "channel": "#secret"}, "channel_not_found"),
    ("chat.postMessage", {**TEXT, "channel": GENERAL}, "not_in_channel"),
    ("chat.postMessage", {**TEXT, "channel": ARCHIVE}, "is_archived"),
    ("chat.postMessage", {**TEXT, "channel": NOTICES}, "restricted_action_read_only_channel"),
    ("chat.postEphemeral", {**TEXT, "user": SATO, "channel": GENERAL}, "not_in_channel"),
    ("chat.postEphemeral", {**TEXT, "user": SATO, "channel": ARCHIVE}, "is_archived"),
    ("chat.postEphemeral", {**TEXT, "user": SATO, "channel": NOTICES}, "restricted_action_read_only_channel"),
    ("chat.postEphemeral", {**TEXT, "user": NOBODY}, "user_not_found"),
    ("chat.postEphemeral", {**TEXT, "user": "U0TANAKA01"}, "user_not_in_channel"),
    ("chat.postEphemeral", TEXT, "invalid_arguments"),
    ("chat.scheduleMessage", {**TEXT, "post_at": START + 60, "channel": GENERAL}, "not_in_channel"),
    ("chat.scheduleMessage", {**TEXT, "post_at": START + 60, "channel": ARCHIVE}, "is_archived"),
    (
        "chat.scheduleMessage",
        {**TEXT, "post_at": START + 60, "channel": NOTICES},
        "restricted_action_read_only_channel",
    ),
    ("conversations.info", {"channel": SECRET}, "channel_not_found"),
    ("conversations.history", {"channel": SECRET}, "channel_not_found"),
    ("conversations.history", {"channel": GENERAL}, "not_in_channel"),
    ("conversations.replies", {"channel": GENERAL, "ts": "1.0"}, "not_in_channel"),
    ("conversations.replies", {"channel": ASAKAI, "ts": "1.0"}, "thread_not_found"),
    ("conversations.replies", {"channel": ASAKAI}, "invalid_arguments"),
    ("conversations.join", {"channel": ARCHIVE}, "is_archived"),
    ("conversations.join", {"channel": OFFICE}, "method_not_supported_for_channel_type"),
    ("conversations.list", {"types": "public_channel,club"}, "invalid_types"),
    ("conversations.list", {"limit": -1}, "invalid_limit"),
    ("conversations.list", {"limit": "many"}, "invalid_arguments"),
    ("conversations.list", {"cursor": "?"}, "invalid_cursor"),
    ("conversations.history", {"channel": ASAKAI, "oldest": "yesterday"}, "invalid_ts_oldest"),
    ("conversations.history", {"channel": ASAKAI, "latest": "nan"}, "invalid_ts_latest"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("conversations.open", {"users": BOT_USER}, "cannot_dm_bot"),
    ("conversations.open", {"users": NOBODY}, "user_not_found"),
    ("conversations.open", {"channel": ASAKAI}, "method_not_supported_for_channel_type"),
    # a message
    ("chat.postMessage", {"channel": ASAKAI}, "no_text"),
    ("chat.postMessage", {**TEXT, "text": "x" * 4001}, "msg_too_long"),
    ("chat.postMessage", {**TEXT, "blocks": "{"}, "invalid_blocks_format"),
    ("chat.postMessage", {**TEXT, "blocks": [{"type": "dream"}]}, "invalid_blocks"),
    ("chat.postMessage", {**TEXT, "attachments": "{"}, "invalid_attachments"),
    ("chat.postMessage", {**TEXT, "attachments": {"text": "x"}}, "invalid_attachments"),
    ("chat.postMessage", {**TEXT, "attachments": [{}] * 101}, "too_many_attachments"),
    ("chat.postMessage", {**TEXT, "metadata": {"event_type": "a"}}, "invalid_metadata_format"),
    ("chat.postMessage", {**TEXT, "metadata": {"event_payload": {}}}, "invalid_metadata_format"),
    ("chat.postMessage", {**TEXT, "metadata": "{"}, "invalid_metadata_format"),
    ("chat.postMessage", {**TEXT, "thread_ts": "1.0"}, "thread_not_found"),
    ("chat.update", {**TEXT, "ts": "1.0"}, "message_not_found"),
    ("chat.update", {**TEXT, "ts": "{other}"}, "cant_update_message"),
    ("chat.update", {**TEXT, "ts": "{own}", "text": ""}, "no_text"),
    ("chat.update", {**TEXT, "ts": "{own}", "blocks": [{"type": "dream"}]}, "invalid_blocks"),
    ("chat.update", TEXT, "invalid_arguments"),
    ("chat.delete", {**TEXT, "ts": "1.0"}, "message_not_found"),
    ("chat.delete", {**TEXT, "ts": "{other}"}, "cant_delete_message"),
    ("chat.getPermalink", {"channel": ASAKAI, "message_ts": "1.0"}, "message_not_found"),
    ("chat.scheduleMessage", TEXT, "invalid_time"),
    ("chat.scheduleMessage", {**TEXT, "post_at": "soon"}, "invalid_time"),
    ("chat.scheduleMessage", {**TEXT, "post_at": START}, "time_in_past"),
    ("chat.scheduleMessage", {**TEXT, "post_at": START + 120 * 86_400 + 60}, "time_too_far"),
    ("chat.deleteScheduledMessage", {"channel": ASAKAI, "scheduled_message_id": "Q9"}, "invalid_scheduled_message_id"),
    ("blocks.validate", {"blocks": [{"type": "dream"}]}, "invalid_blocks"),
    # reactions
    ("reactions.add", {"channel": ASAKAI, "name": "eyes"}, "no_item_specified"),
    ("reactions.add", {"channel": ASAKAI, "timestamp": "1.0", "name": "eyes"}, "message_not_found"),
    ("reactions.add", {"channel": GENERAL, "timestamp": "1.0", "name": "eyes"}, "not_in_channel"),
    ("reactions.get", {"channel": GENERAL, "timestamp": "1.0"}, "channel_not_found"),
    ("reactions.add", {"channel": ARCHIVE, "timestamp": "1.0", "name": "eyes"}, "is_archived"),
    ("reactions.add", {"channel": ASAKAI, "timestamp": "{own}", "name": "A b"}, "invalid_name"),
    ("reactions.remove", {"channel": ASAKAI, "timestamp": "{own}", "name": "eyes"}, "no_reaction"),
    # files
    ("files.getUploadURLExternal", {"filename": "x", "length": "many"}, "invalid_arguments"),
    ("files.getUploadURLExternal", {"length": 1}, "invalid_arguments"),
    ("files.completeUploadExternal", {"files": "{"}, "invalid_arguments"),
    ("files.completeUploadExternal", {"files": []}, "invalid_arguments"),
    ("files.completeUploadExternal", {"files": [{"id": "F9"}]}, "file_not_found"),
    ("files.completeUploadExternal", {"files": [{"id": "{announced}"}]}, "file_not_found"),
    ("files.completeUploadExternal", {"files": [{"id": "{file}"}], "channel_id": "C9"}, "channel_not_found"),
    ("files.completeUploadExternal", {"files": [{"id": "{file}"}], "channel_id": ARCHIVE}, "is_archived"),
    ("files.completeUploadExternal", {"files": [{"id": "{file}"}], "channel_id": GENERAL}, "not_in_channel"),
    (
        "files.completeUploadExternal",
        {"files": [{"id": "{file}"}], "channel_id": NOTICES},
        "restricted_action_read_only_channel",
    ),
    (
        "files.completeUploadExternal",
        {"files": [{"id": "{file}"}], "channel_id": ASAKAI, "thread_ts": "1.0"},
        "thread_not_found",
    ),
    ("files.info", {"file": "F9"}, "file_not_found"),
    ("files.delete", {"file": "F9"}, "file_not_found"),
    # people
    ("users.info", {}, "user_not_found"),
    ("users.info", {"user": NOBODY}, "user_not_found"),
    ("usergroups.users.list", {"usergroup": "S9"}, "no_such_subteam"),
    ("usergroups.users.list", {"usergroup": "{disabled}"}, "subteam_disabled"),
    # views
    ("views.open", {"view": MODAL}, "invalid_arguments"),
    ("views.open", {"view": MODAL, "trigger_id": "1"}, "invalid_trigger_id"),
    ("views.open", {"view": MODAL, "trigger_id": "{used}"}, "exchanged_trigger_id"),
    ("views.open", {"view": MODAL, "trigger_id": "{old}"}, "expired_trigger_id"),
    ("views.open", {"view": {"type": "modal"}, "trigger_id": "{trigger}"}, "invalid_arguments"),
    ("views.open", {"view": HOME, "trigger_id": "{trigger}"}, "invalid_arguments"),
    ("views.open", {"view": {**MODAL, "external_id": "taken"}, "trigger_id": "{trigger}"}, "duplicate_external_id"),
    ("views.open", {"view": {**MODAL, "padding": "x" * 250_000}, "trigger_id": "{trigger}"}, "view_too_large"),
    ("views.push", {"view": MODAL, "trigger_id": "{stranger}"}, "not_found"),
    ("views.push", {"view": MODAL, "trigger_id": "{trigger}"}, "push_limit_reached"),
    ("views.update", {"view": MODAL, "view_id": "V9"}, "not_found"),
    ("views.update", {"view": MODAL, "external_id": "taken", "hash": "old"}, "hash_conflict"),
    ("views.publish", {"view": HOME, "user_id": NOBODY}, "user_not_found"),
    ("views.publish", {"view": HOME}, "invalid_arguments"),
    ("views.publish", {"view": MODAL, "user_id": SATO}, "invalid_arguments"),
    ("views.publish", {"view": HOME, "user_id": SATO, "hash": "old"}, "hash_conflict"),
    ("chat.whistle", {}, "unknown_method"),
]


def furnished() -> tuple[LocalSlack, dict[str, str]]:
    """A workspace where something of everything is there already, and the names of it."""
    slack = world()
    space = slack.workspace
    names = {
        "own": call(slack, "chat.postMessage", **TEXT)["ts"],
        "other": slack.say("人の言葉", user="佐藤").ts,
        "announced": call(slack, "files.getUploadURLExternal", filename="a.csv", length=1)["file_id"],
        "file": call(slack, "files.getUploadURLExternal", filename="b.csv", length=1)["file_id"],
        "disabled": "S0OLD00001",
        "old": new_trigger(space, SATO),
    }
    space.files[names["file"]].content = b"x"
    space.groups["S0OLD00001"] = replace(space.groups[MARKETING], id="S0OLD00001", is_disabled=True)
    call(slack, "views.publish", user_id=SATO, view=HOME)
    slack.clock.advance(3.1)
    names["used"] = new_trigger(space, SATO)
    call(slack, "views.open", trigger_id=names["used"], view={**MODAL, "external_id": "taken"})
    for _ in range(2):
        call(slack, "views.push", trigger_id=new_trigger(space, SATO), view=MODAL)
    names |= {"trigger": new_trigger(space, SATO), "stranger": new_trigger(space, SUZUKI)}
    return slack, names


def filled(args: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The arguments with the names of what is there."""
    told: dict[str, Any] = json.loads(
        re.sub(r'"\{(\w+)\}"', lambda found: json.dumps(names[found[1]]), json.dumps(args))
    )
    return told


@pytest.mark.parametrize(
    ("method", "args", "error"), ROWS, ids=[f"{at}-{method}-{error}" for at, (method, _, error) in enumerate(ROWS)]
)
def test_slack_says_no(method: str, args: dict[str, Any], error: str) -> None:
    slack, names = furnished()
    before = [(m.ts, m.text) for channel in slack.workspace.messages.values() for m in channel]
    views = [(view.id, view.hash) for view in (*slack.workspace.views.values(), *slack.workspace.homes.values())]
    no = refused(lambda: call(slack, method, **filled(args, names)))
    assert (no.answer["ok"], no.answer["error"], no.status) == (False, error, 200)
    assert [(m.ts, m.text) for channel in slack.workspace.messages.values() for m in channel] == before
    assert [(v.id, v.hash) for v in (*slack.workspace.views.values(), *slack.workspace.homes.values())] == views


# --- who asks -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", sorted(name for name, one in METHODS.items() if one.bearer))
def test_no_method_answers_without_its_own_kind_of_token(method: str) -> None:
    slack = world()
    right = {"bot": slack.bot_token, "app": slack.app_token, "config": slack.config_token}[METHODS[method].bearer]
    other = slack.app_token if right == slack.bot_token else slack.bot_token

    def error(token: str) -> object:
        return refused(lambda: answer(slack.workspace, METHODS, method, {}, token)).answer["error"]

    assert [error(token) for token in ("", "xoxb-9", other)] == ["not_authed", "invalid_auth", "not_allowed_token_type"]
    slack.revoke()
    if right == slack.bot_token:
        assert error(right) == "token_revoked"


SCOPED: list[Row] = [
    *((name, {}, one.scope) for name, one in sorted(METHODS.items()) if one.scope),
    ("chat.postMessage", {**TEXT, "channel": SATO}, "im:write"),
    ("conversations.list", {}, "channels:read"),
    ("conversations.list", {"types": "private_channel"}, "groups:read"),
    ("conversations.list", {"types": "public_channel,im"}, "im:read"),
    ("conversations.list", {"types": "mpim"}, "im:read"),
    ("conversations.info", {"channel": ASAKAI}, "channels:read"),
    ("conversations.info", {"channel": OFFICE}, "groups:read"),
    ("conversations.members", {"channel": ASAKAI}, "channels:read"),
    ("conversations.history", {"channel": ASAKAI}, "channels:history"),
    ("conversations.history", {"channel": OFFICE}, "groups:history"),
    ("conversations.replies", {"channel": ASAKAI, "ts": "1.0"}, "channels:history"),
]


@pytest.mark.parametrize(("method", "args", "scope"), SCOPED)
def test_a_scope_that_was_not_granted_is_named(method: str, args: dict[str, Any], scope: str) -> None:
    slack = world()
    token = slack.workspace.tokens[slack.bot_token]
    slack.workspace.tokens[slack.bot_token] = replace(token, scopes=token.scopes - {scope})
    no = refused(lambda: call(slack, method, **args)).answer
    assert (no["error"], no["needed"]) == ("missing_scope", scope)
    assert no["provided"] == ",".join(sorted(token.scopes - {scope}))


# --- how often, and how -------------------------------------------------------------------


def test_the_second_message_of_a_second_waits_in_its_own_channel_only() -> None:
    slack = LocalSlack(start=START)
    call(slack, "chat.postMessage", **TEXT)
    no = refused(lambda: call(slack, "chat.postMessage", **TEXT))
    assert (no.answer["error"], no.status, no.headers) == ("ratelimited", 429, {"Retry-After": "1"})
    assert call(slack, "chat.postMessage", text="x", channel=OFFICE)["ok"], "another channel is counted by itself"
    slack.clock.advance(0.9)
    assert refused(lambda: call(slack, "chat.postMessage", **TEXT)).status == 429
    slack.clock.advance(0.1)
    assert call(slack, "chat.postMessage", **TEXT)["ok"]


def test_what_stands_at_a_bound_is_taken() -> None:
    slack = world()
    assert call(slack, "chat.postMessage", **TEXT, attachments=[{}] * 100)["ok"]
    assert call(slack, "chat.scheduleMessage", **TEXT, post_at=START + 120 * 86_400)["ok"]
    assert call(slack, "chat.scheduleMessage", **TEXT, post_at=START + 1)["ok"]
    assert call(slack, "conversations.list", types="public_channel,private_channel,im,mpim")["ok"]
    assert len(call(slack, "conversations.list", limit=1)["channels"]) == 1
    at = {"oldest": START + 1, "latest": START + 1}
    assert len(call(slack, "chat.scheduledMessages.list", **at)["scheduled_messages"]) == 1
    no = refused(lambda: call(slack, "chat.scheduleMessage", **TEXT, post_at=START))
    assert no.answer["error"] == "time_in_past"


def test_a_view_is_250_000_bytes_at_most() -> None:
    slack = world()

    def published(size: int) -> Answer:
        bare = {**HOME, "padding": ""}
        padding = "x" * (size - len(json.dumps(bare).encode()))
        return call(slack, "views.publish", user_id=SATO, view={**bare, "padding": padding})

    assert published(250_000)["ok"]
    assert refused(lambda: published(250_001)).answer["error"] == "view_too_large"


def test_a_scheduled_message_is_deleted_a_minute_before_it_is_due_and_no_later() -> None:
    slack = world()
    ids = [call(slack, "chat.scheduleMessage", **TEXT, post_at=START + s)["scheduled_message_id"] for s in (60, 59)]
    assert call(slack, "chat.deleteScheduledMessage", channel=ASAKAI, scheduled_message_id=ids[0])["ok"]
    no = refused(lambda: call(slack, "chat.deleteScheduledMessage", channel=ASAKAI, scheduled_message_id=ids[1]))
    assert no.answer["error"] == "invalid_scheduled_message_id"


def test_a_twenty_fourth_kind_of_reaction_is_one_too_many_and_none_comes_twice() -> None:
    slack = world()
    at = {"channel": ASAKAI, "timestamp": call(slack, "chat.postMessage", **TEXT)["ts"]}
    for i in range(23):
        call(slack, "reactions.add", **at, name=f"r{i}")
    assert refused(lambda: call(slack, "reactions.add", **at, name="r0")).answer["error"] == "already_reacted"
    assert refused(lambda: call(slack, "reactions.add", **at, name="r23")).answer["error"] == "too_many_reactions"


def test_a_trigger_opens_one_view_within_three_seconds() -> None:
    slack = world()
    trigger = new_trigger(slack.workspace, SATO)
    slack.clock.advance(3)
    assert call(slack, "views.open", trigger_id=trigger, view=MODAL)["ok"], "three seconds are not over yet"
    no = refused(lambda: call(slack, "views.push", trigger_id=trigger, view=MODAL))
    assert no.answer["error"] == "exchanged_trigger_id", "a push takes one, too"


def test_a_view_that_was_refused_leaves_its_trigger() -> None:
    slack = world()
    trigger = new_trigger(slack.workspace, SATO)
    refused(lambda: call(slack, "views.open", trigger_id=trigger, view={"type": "modal"}))
    assert call(slack, "views.open", trigger_id=trigger, view=MODAL)["ok"]


def test_a_response_url_answers_five_times_in_half_an_hour_and_a_refusal_is_none_of_them() -> None:
    slack = world()
    url = new_response_url(slack.workspace, ASAKAI, SATO)
    with pytest.raises(Refused, match="invalid_blocks"):
        respond(slack.workspace, url.id, {"blocks": [{"type": "dream"}]})
    slack.clock.advance(30 * 60)
    for _ in range(5):
        assert respond(slack.workspace, url.id, {"text": "x"}) is not None
    no = refused(lambda: respond(slack.workspace, url.id, {"text": "x"}))
    assert (no.answer["error"], no.status) == ("used_url", 404)
    late = new_response_url(slack.workspace, ASAKAI, SATO)
    slack.clock.advance(30 * 60 + 1)
    no = refused(lambda: respond(slack.workspace, late.id, {"text": "x"}))
    assert (no.answer["error"], no.status) == ("expired_url", 404)
    assert refused(lambda: respond(slack.workspace, "R9", {"text": "x"})).answer["error"] == "expired_url"


def test_what_a_response_url_says_is_private_unless_it_is_told_otherwise() -> None:
    slack = world()
    url = new_response_url(slack.workspace, ASAKAI, GUEST)
    private = respond(slack.workspace, url.id, {"text": "x"})
    public = respond(slack.workspace, url.id, {"text": "x", "response_type": "in_channel"})
    assert private is not None
    assert public is not None
    assert (private.only_to, public.only_to) == (GUEST, "")


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        (b"{", "application/json; charset=utf-8", "invalid_json"),
        (b"[]", "application/json", "json_not_object"),
        (b"x", "text/plain", "invalid_post_type"),
    ],
)
def test_a_body_that_cannot_be_read_is_named(body: bytes, kind: str, error: str) -> None:
    assert refused(lambda: parse_arguments(body, kind, {})).answer["error"] == error


def test_each_word_that_the_local_slack_refuses_with_is_asked_for_here() -> None:
    """Those of the page (person.py, doings.py) and the manifest have tests of their own."""
    files = sorted(Path(bot.local_slack.__file__).parent.glob("*.py"))
    text = {path.stem: path.read_text("utf-8") for path in files}
    for elsewhere in ("routes", "person", "doings", "control", "manifest", "acting", "forms"):
        text.pop(elsewhere, None)
    words = {word for source in text.values() for word in re.findall(r'raise Refused\(\s*"(\w+)"', source)}
    here = Path(__file__).read_text("utf-8")
    assert len(words) > 40
    assert [word for word in sorted(words) if f'"{word}"' not in here] == []
