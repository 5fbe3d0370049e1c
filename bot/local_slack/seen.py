"""What does one person see of the workspace?"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from bot.local_slack.shapes import channel_shape, file_shape, group_shape, message_shape, user_shape, view_shape
from bot.local_slack.workspace import APP, BOT, BOT_USER, TEAM, TEAM_NAME, Channel, Message, User, View, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.local_slack.delivery import Delivery
    from bot.local_slack.dispatch import Dispatch
    from bot.local_slack.features import Features

DOINGS: Final = 50
_KINDS: Final = {
    "block_actions": "press",
    "view_submission": "submit",
    "view_closed": "close",
    "shortcut": "shortcut",
    "message_action": "message_shortcut",
    "block_suggestion": "options",
    "app_mention": "mention",
    "app_home_opened": "home",
    "file_shared": "drop",
}


def state_for(user: User, dispatch: Dispatch, features: Features) -> dict[str, Any]:
    """Return the whole page of one person."""
    workspace = dispatch.workspace
    with workspace.changed:
        places = [channel for channel in workspace.channels.values() if may_see(user, channel)]
        doings = [one for one in dispatch.deliveries.values() if doer(one) == user.id]
        home = workspace.homes.get(user.id)
        return {
            "version": workspace.changed.version,
            "now": workspace.clock.now(),
            "connected": len(dispatch.sockets.links),
            "team": {"id": TEAM, "name": TEAM_NAME, "domain": "asakai-local"},
            "app": {"id": APP, "user_id": BOT_USER, "bot_id": BOT, "name": workspace.users[BOT_USER].real_name},
            "me": user_shape(user, locale=True),
            "users": [user_shape(one) for one in workspace.users.values()],
            "usergroups": [group_shape(one, users=True) for one in workspace.groups.values()],
            "channels": [channel_shape(one) | {"can_write": can_write(user, one)} for one in places],
            "messages": {place.id: _messages(workspace, place, user) for place in places},
            "views": [_view(view, doings) for view in workspace.views.values() if view.user == user.id],
            "home": view_shape(home) if home else None,
            "doings": [doing_shape(one) for one in doings[-DOINGS:]],
            "commands": [asdict(one) for one in features.commands],
            "shortcuts": [asdict(one) for one in features.shortcuts],
        }


def may_see(user: User, channel: Channel) -> bool:
    """Public channels are for all but guests, the rest for members."""
    if user.id in channel.members:
        return True
    return not channel.is_private and not channel.is_im and not user.is_guest


def can_write(user: User, channel: Channel) -> bool:
    """Whether this person may say something there."""
    return user.id in channel.members and not channel.is_archived and (user.is_admin or not channel.is_read_only)


def doer(delivery: Delivery) -> str:
    """Return whose doing an envelope tells of."""
    payload = delivery.envelope["payload"]
    event = payload.get("event", {})
    user = payload.get("user_id") or payload.get("user") or event.get("user") or event.get("user_id", "")
    return str(user["id"] if isinstance(user, dict) else user)


def doing_shape(delivery: Delivery) -> dict[str, Any]:
    """Return one thing that a person did and what came of it."""
    payload = delivery.envelope["payload"]
    kind = "command" if "command" in payload else _KINDS.get(_type(payload), "event")
    if kind == "press" and payload["container"]["type"] == "view":
        kind = "press_view"
    event = payload.get("event", {})
    channel = payload.get("channel_id") or payload.get("channel") or event.get("channel") or event.get("channel_id", "")
    shape = {
        "id": delivery.id,
        "kind": kind,
        "what": _what(payload),
        "channel": channel["id"] if isinstance(channel, dict) else channel,
        "at": delivery.sent_at,
        "state": "failed" if delivery.error else "acked" if delivery.settled else "waiting",
        "error": delivery.error,
    }
    if kind == "options" and delivery.payload is not None:
        shape["offered"] = delivery.payload
    return shape


def _type(payload: Any) -> str:  # noqa: ANN401 - any JSON
    return str(payload["event"]["type"] if payload.get("type") == "event_callback" else payload.get("type", ""))


def _what(payload: Any) -> str:  # noqa: ANN401 - any JSON
    """Return the words or the name of what was done."""
    if "command" in payload:
        return f"{payload['command']} {payload['text']}".strip()
    if payload.get("actions"):
        return str(payload["actions"][0]["action_id"])
    if "event" in payload:
        return str(payload["event"].get("text") or payload["event"]["type"])
    view = payload.get("view") or {}
    return str(payload.get("callback_id") or payload.get("action_id") or view.get("callback_id", ""))


def _messages(workspace: Workspace, place: Channel, user: User) -> list[dict[str, Any]]:
    """Heads of threads with their replies, and what only this person sees, in order."""
    own = [one for one in workspace.ephemerals if (one.channel, one.only_to) == (place.id, user.id)]
    everything = sorted([*workspace.messages[place.id], *own], key=lambda one: one.ts)
    replies: dict[str, list[Message]] = {}
    for one in everything:
        if one.is_reply:
            replies.setdefault(one.thread_ts, []).append(one)
    heads = [one for one in everything if not one.is_reply or one.broadcast]
    return [_message(workspace, one, replies.get(one.ts, ())) for one in heads]


def _message(workspace: Workspace, message: Message, replies: Iterable[Message] = ()) -> dict[str, Any]:
    files = [workspace.files[one] for one in message.files if one in workspace.files]
    return message_shape(message, metadata=True) | {
        "is_ephemeral": message.only_to != "",
        "is_bot": message.user == BOT_USER,
        "files": [file_shape(one, workspace.url) for one in files],
        "replies": [_message(workspace, one) for one in replies],
    }


def _view(view: View, doings: Iterable[Delivery]) -> dict[str, Any]:
    """A modal with what its last submission said against it."""
    last = None
    for one in doings:
        payload = one.envelope["payload"]
        if payload.get("type") == "view_submission" and payload["view"]["id"] == view.id:
            last = one
    # a form updated since then starts afresh
    same = last is not None and last.envelope["payload"]["view"]["hash"] == view.hash
    answer = (last.payload or {}) if last is not None and same else {}
    errors = answer.get("errors", {}) if answer.get("response_action") == "errors" else {}
    return view_shape(view) | {"errors": errors, "busy": last is not None and not last.settled}
