"""What does Slack tell the app when somebody types, clicks or mentions?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from bot.local_slack.shapes import message_shape, view_shape
from bot.local_slack.validation import elements_of
from bot.local_slack.workspace import APP, BOT_USER, TEAM, Channel, Message, User, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def pressed(blocks: Sequence[Mapping[str, Any]], action_id: str, value: str | None, ts: str) -> dict[str, Any]:
    """Return the action of the element with this action_id; LookupError when none has it."""
    there = [(block, element) for block in blocks for element in elements_of(block)]
    found = [(block, element) for block, element in there if _is_meant(element, action_id, value)]
    if not found:
        raise LookupError(f"no element {action_id!r} to press; there are {[e.get('action_id') for _, e in there]}")
    block, element = found[0]
    action = {"type": element["type"], "action_id": action_id, "block_id": block.get("block_id", ""), "action_ts": ts}
    return action | _chosen(element, value)


def _is_meant(element: Mapping[str, Any], action_id: str, value: str | None) -> bool:
    """Several buttons may share an action_id in different blocks; their value tells them apart."""
    other = element["type"] == "button" and value not in {None, element.get("value")}
    return element.get("action_id") == action_id and not other


def _chosen(element: Mapping[str, Any], value: str | None) -> dict[str, Any]:
    kind = element["type"]
    if kind == "button":
        sent = {"text": element["text"]}
        return sent | ({"value": element["value"]} if "value" in element else {})
    if kind == "datepicker":
        return {"selected_date": value}
    if kind == "timepicker":
        return {"selected_time": value}
    if kind in {"users_select", "channels_select", "conversations_select"}:
        return {f"selected_{kind.split('s_')[0]}": value}
    groups = [element, *element.get("option_groups", ())]
    options = [option for group in groups for option in group.get("options", ())]
    option = next((one for one in options if one.get("value") == value), None)
    if option is None:
        raise LookupError(
            f"{element.get('action_id')!r} has no option {value!r}; there are {[o.get('value') for o in options]}"
        )
    return (
        {"selected_options": [option]}
        if kind.startswith("multi_") or kind == "checkboxes"
        else {"selected_option": option}
    )


def event_payload(event: Mapping[str, Any], event_id: str, now: float) -> dict[str, Any]:
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
        "is_ext_shared_channel": False,
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
