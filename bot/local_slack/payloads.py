"""What does Slack tell the app when somebody types, clicks or mentions?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bot.local_slack.shapes import file_shape, message_shape, view_shape
from bot.local_slack.validation import elements_of
from bot.local_slack.workspace import APP, BOT_USER, TEAM, Channel, File, Message, User, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DOMAIN: Final = "asakai-local"
_VERIFICATION: Final = "local"


def command_payload(command: str, text: str, user: User, channel: Channel) -> dict[str, Any]:
    """Return what a slash command sends, without its response_url and trigger_id."""
    return {
        "token": _VERIFICATION,
        "team_id": TEAM,
        "team_domain": DOMAIN,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else channel.name,
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
    }


def interaction_payload(kind: str, user: User) -> dict[str, Any]:
    """Return what every interaction starts with."""
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM},
        "api_app_id": APP,
        "token": _VERIFICATION,
        "team": {"id": TEAM, "domain": DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(message: Message, channel: Channel, user: User, action: Mapping[str, Any]) -> dict[str, Any]:
    """Return a press in a message; an ephemeral message itself is not sent along."""
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.only_to != "",
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = interaction_payload("block_actions", user) | {
        "container": container,
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "state": {"values": {}},
        "actions": [action],
    }
    return payload if message.only_to else payload | {"message": message_shape(message)}


def view_action(view: View, user: User, action: Mapping[str, Any]) -> dict[str, Any]:
    """Return a press in a modal or a home tab."""
    return interaction_payload("block_actions", user) | {
        "container": {"type": "view", "view_id": view.id},
        "view": view_shape(view),
        "actions": [action],
    }


def submission(view: View, user: User, values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a submitted modal: values by block_id and action_id."""
    shape = view_shape(view) | {"state": {"values": dict(values)}}
    return interaction_payload("view_submission", user) | {"view": shape, "response_urls": []}


def closing(view: View, user: User, cleared: bool) -> dict[str, Any]:  # noqa: FBT001 - Slack's own field
    """Return a closed modal."""
    return interaction_payload("view_closed", user) | {"view": view_shape(view), "is_cleared": cleared}


def shortcut(user: User, callback_id: str, ts: str) -> dict[str, Any]:
    """Return a global shortcut: it has no channel and no response_url."""
    return interaction_payload("shortcut", user) | {"callback_id": callback_id, "action_ts": ts}


def message_shortcut(user: User, message: Message, channel: Channel, callback_id: str, ts: str) -> dict[str, Any]:
    """Return a shortcut chosen in the menu of a message."""
    return interaction_payload("message_action", user) | {
        "callback_id": callback_id,
        "action_ts": ts,
        "message_ts": message.ts,
        "message": message_shape(message),
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
    }


def answering_fields(view: View, values: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield block_id, action_id and channel of each chosen place that asked for a response_url."""
    for block in view.body["blocks"]:
        for element in elements_of(block):
            if element.get("response_url_enabled"):
                block_id, action_id = str(block.get("block_id", "")), str(element.get("action_id", ""))
                given = values.get(block_id, {}).get(action_id, {})
                chosen = given.get("selected_conversation") or given.get("selected_channel")
                if chosen:
                    yield block_id, action_id, str(chosen)


def event_payload(event: Mapping[str, Any], event_id: str, now: float, *, shared: bool = False) -> dict[str, Any]:
    """Return the events_api wrapping of an event."""
    return {
        "token": _VERIFICATION,
        "team_id": TEAM,
        "api_app_id": APP,
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(now),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": f"4-{event_id}",
    }


def mention_event(message: Message) -> dict[str, Any]:
    """Return the app_mention of a message that names the bot."""
    shape = message_shape(replace(message, blocks=()))
    return shape | {"type": "app_mention", "channel": message.channel, "event_ts": message.ts}


def file_event(file_id: str, user: User, channel: str, ts: str) -> dict[str, Any]:
    """Return the file_shared of a file that somebody dropped somewhere."""
    return {
        "type": "file_shared",
        "file_id": file_id,
        "user_id": user.id,
        "file": {"id": file_id},
        "channel_id": channel,
        "event_ts": ts,
    }


def message_event(message: Message, channel: Channel, files: Sequence[File] = (), url: str = "") -> dict[str, Any]:
    """Return the message event of what was written; with files it is a file_share."""
    kind = {"im": "im", "private_channel": "group", "public_channel": "channel"}[channel.kind]
    event = message_shape(message) | {"channel": channel.id, "channel_type": kind, "event_ts": message.ts}
    shown = {"subtype": "file_share", "upload": True, "files": [file_shape(file, url) for file in files]}
    return event | shown if files else event


def changed_event(now: Mapping[str, Any], before: Message, ts: str) -> dict[str, Any]:
    """Return the message event of an edit: no user of its own, the message inside as it stands and as it stood."""
    outside = {"channel", "channel_type", "event_ts"}
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": now["channel"],
        "channel_type": now["channel_type"],
        "ts": ts,
        "event_ts": ts,
        "message": {name: value for name, value in now.items() if name not in outside},
        "previous_message": message_shape(before),
    }


def joined_event(user: User, channel: Channel, ts: str) -> dict[str, Any]:
    """Return the member_joined_channel of a person."""
    kind = "G" if channel.is_private else "C"
    return {
        "type": "member_joined_channel",
        "user": user.id,
        "channel": channel.id,
        "channel_type": kind,
        "team": TEAM,
        "event_ts": ts,
    }


def home_event(user: User, ts: str, view: View | None, channel: str) -> dict[str, Any]:
    """Return the app_home_opened of somebody who looks at the home tab."""
    event: dict[str, Any] = {
        "type": "app_home_opened",
        "user": user.id,
        "channel": channel,
        "tab": "home",
        "event_ts": ts,
    }
    return event | ({"view": view_shape(view)} if view else {})
