"""How does Slack write a message, a channel or a person in JSON?"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from bot.local_slack.workspace import (
    APP,
    BOT,
    BOT_USER,
    TEAM,
    Channel,
    File,
    Group,
    Message,
    User,
    View,
    Workspace,
)


def message_shape(message: Message, *, metadata: bool = False) -> dict[str, Any]:
    """Return a message as conversations.history and the payloads hold it."""
    shape: dict[str, Any] = {
        "type": "message",
        "user": message.user,
        "text": message.text,
        "ts": message.ts,
        "team": TEAM,
    }
    if message.user == BOT_USER:
        shape |= {"bot_id": BOT, "app_id": APP}
    optional: dict[str, Any] = {
        "blocks": list(message.blocks),
        "attachments": list(message.attachments),
        "thread_ts": message.thread_ts,
        "files": [{"id": file} for file in message.files],
        "edited": {"user": message.user, "ts": message.edited_ts} if message.edited_ts else None,
        "metadata": message.metadata if metadata else None,
        "reactions": _reactions(message),
    }
    return shape | {name: value for name, value in optional.items() if value}


def _reactions(message: Message) -> list[dict[str, Any]]:
    """Each reaction once, with who gave it."""
    names = dict.fromkeys(name for name, _ in message.reactions)
    people = {name: [user for one, user in message.reactions if one == name] for name in names}
    return [{"name": name, "users": users, "count": len(users)} for name, users in people.items()]


def thread_shape(workspace: Workspace, message: Message, *, metadata: bool) -> dict[str, Any]:
    """Return a message with the count of its replies, when it heads a thread."""
    shape = message_shape(message, metadata=metadata)
    replies = [m for m in workspace.messages[message.channel] if m.thread_ts == message.ts and m.is_reply]
    if replies:
        people = list(dict.fromkeys(m.user for m in replies))
        shape |= {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users": people,
            "reply_users_count": len(people),
            "latest_reply": replies[-1].ts,
        }
    return shape


def channel_shape(channel: Channel) -> dict[str, Any]:
    """Return a conversation."""
    if channel.is_im:
        return {"id": channel.id, "is_im": True, "user": channel.user, "is_archived": False, "is_user_deleted": False}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": not channel.is_private,
        "is_group": channel.is_private,
        "is_im": False,
        "is_private": channel.is_private,
        "is_archived": channel.is_archived,
        "is_read_only": channel.is_read_only,
        "is_general": channel.name == "general",
        "is_shared": channel.is_shared,
        "is_ext_shared": channel.is_shared,
        "is_member": BOT_USER in channel.members,
        "num_members": len(channel.members),
        "context_team_id": TEAM,
    }


def user_shape(user: User, *, locale: bool = False) -> dict[str, Any]:
    """Return a person."""
    shape = {
        "id": user.id,
        "team_id": TEAM,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": False,
        "tz": user.zone,
        "is_admin": user.is_admin,
        "is_owner": user.is_admin,
        "is_bot": user.is_bot,
        "is_restricted": user.is_guest,
        "is_ultra_restricted": False,
        "profile": {"real_name": user.real_name, "display_name": user.name},
    }
    return shape | ({"locale": user.locale} if locale else {})


def view_shape(view: View) -> dict[str, Any]:
    """Return a view as views.* and the payloads hold it."""
    return {
        "state": {"values": {}},
        "private_metadata": "",
        "callback_id": "",
        **view.body,
        "id": view.id,
        "team_id": TEAM,
        "app_id": APP,
        "bot_id": BOT,
        "hash": view.hash,
        "previous_view_id": view.previous or None,
        "root_view_id": view.previous or view.id,
    }


def file_shape(file: File, url: str = "") -> dict[str, Any]:
    """Return an uploaded file; `url` is the workspace's address."""
    private = f"{url}/files-pri/{file.id}/{quote(file.name)}"
    return {
        "created": file.created,
        "timestamp": file.created,
        "url_private": private,
        "url_private_download": private,
        "permalink": f"{url}/files/{file.user}/{file.id}/{quote(file.name)}",
        "id": file.id,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": file.name.rpartition(".")[2] if "." in file.name else "text",
        "size": len(file.content or b""),
        "user": file.user,
        "channels": list(file.channels),
    }


def group_shape(group: Group, *, users: bool = False) -> dict[str, Any]:
    """Return a user group."""
    shape: dict[str, Any] = {
        "id": group.id,
        "team_id": TEAM,
        "is_usergroup": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_delete": 1 if group.is_disabled else 0,
        "user_count": len(group.users),
    }
    return shape | ({"users": list(group.users)} if users else {})
