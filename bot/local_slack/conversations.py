"""Which conversations are there, who is in them and what was said?"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final, TypeVar

from bot.local_slack.call import Answer, Call, Method, Refused
from bot.local_slack.shapes import channel_shape, message_shape, thread_shape, user_shape
from bot.local_slack.workspace import BOT_USER, Channel, Message

if TYPE_CHECKING:
    from collections.abc import Sequence

Item = TypeVar("Item")

_READ: Final = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "im:read"}


def list_channels(call: Call) -> Answer:
    """conversations.list: the kinds asked for, each with its own scope."""
    kinds = call.text("types", "public_channel").replace(" ", "").split(",")
    if not set(kinds) <= set(_READ):
        raise Refused("invalid_types")
    for kind in kinds:
        call.need_scope(_READ[kind])
    archived = not call.flag("exclude_archived")
    found = [
        c
        for c in call.workspace.channels.values()
        if c.kind in kinds and (archived or not c.is_archived) and (not c.is_private or BOT_USER in c.members)
    ]
    page, cursor = _page(call, found, 100, 1000)
    return {"ok": True, "channels": [channel_shape(c) for c in page], "response_metadata": {"next_cursor": cursor}}


def info(call: Call) -> Answer:
    """conversations.info."""
    channel = call.channel()
    call.need_scope(_READ[channel.kind])
    return {"ok": True, "channel": channel_shape(channel)}


def history(call: Call) -> Answer:
    """conversations.history: newest first, without what was said in threads."""
    channel = _readable(call)
    wanted = [m for m in _between(call, channel) if not m.is_reply or m.broadcast]
    page, cursor = _page(call, wanted[::-1], 100, 999)
    metadata = call.flag("include_all_metadata")
    shapes = [thread_shape(call.workspace, m, metadata=metadata) for m in page]
    return _messages(shapes, cursor)


def replies(call: Call) -> Answer:
    """conversations.replies: the head of the thread first, then its replies in order."""
    channel = _readable(call)
    found = call.workspace.find_message(channel.id, call.needed("ts"))
    if found is None:
        raise Refused("thread_not_found")
    head = found.thread_ts or found.ts
    inside = [m for m in _between(call, channel) if m.is_reply and m.thread_ts == head]
    page, cursor = _page(call, inside, 1000, 1000)
    metadata = call.flag("include_all_metadata")
    first = call.workspace.find_message(channel.id, head)
    shapes = [thread_shape(call.workspace, first, metadata=metadata)] if first else []
    return _messages([*shapes, *(message_shape(m, metadata=metadata) for m in page)], cursor)


def members(call: Call) -> Answer:
    """conversations.members."""
    channel = call.channel()
    call.need_scope(_READ[channel.kind])
    page, cursor = _page(call, sorted(channel.members), 100, 1000)
    return {"ok": True, "members": list(page), "response_metadata": {"next_cursor": cursor}}


def join(call: Call) -> Answer:
    """conversations.join: public channels that are not archived."""
    channel = call.channel()
    if channel.is_archived:
        raise Refused("is_archived")
    if channel.is_private or channel.is_im:
        raise Refused("method_not_supported_for_channel_type")
    already = BOT_USER in channel.members
    channel.members.add(BOT_USER)
    warning = {"warning": "already_in_channel"} if already else {}
    return {"ok": True, "channel": channel_shape(channel), **warning}


def open_direct(call: Call) -> Answer:
    """conversations.open: the direct message with one person."""
    user = call.needed("users", "users_list_not_supplied")
    if user not in call.workspace.users:
        raise Refused("user_not_found")
    before = len(call.workspace.channels)
    channel = call.workspace.direct_message(user)
    known = len(call.workspace.channels) == before
    return {
        "ok": True,
        "channel": channel_shape(channel) if call.flag("return_im") else {"id": channel.id},
        **({"no_op": True, "already_open": True} if known else {}),
    }


def user_info(call: Call) -> Answer:
    """users.info."""
    user = call.workspace.users.get(call.needed("user", "user_not_found"))
    if user is None:
        raise Refused("user_not_found")
    return {"ok": True, "user": user_shape(user, locale=call.flag("include_locale"))}


def user_list(call: Call) -> Answer:
    """users.list."""
    page, cursor = _page(call, list(call.workspace.users.values()), 1000, 1000)
    shapes = [user_shape(user, locale=call.flag("include_locale")) for user in page]
    return {"ok": True, "members": shapes, "response_metadata": {"next_cursor": cursor}}


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.need_scope(_READ[channel.kind].replace(":read", ":history"))
    if BOT_USER not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _between(call: Call, channel: Channel) -> list[Message]:
    """Messages after `oldest` and before `latest`; `inclusive` takes both ends."""
    oldest, latest = _ts(call, "oldest", 0.0), _ts(call, "latest", float("inf"))
    inside = call.flag("inclusive")
    return [
        m
        for m in call.workspace.messages[channel.id]
        if oldest < float(m.ts) < latest or (inside and float(m.ts) in {oldest, latest})
    ]


def _ts(call: Call, name: str, default: float) -> float:
    value = call.text(name)
    try:
        return float(value) if value else default
    except ValueError:
        raise Refused(f"invalid_ts_{name}") from None


def _page(call: Call, items: Sequence[Item], default: int, most: int) -> tuple[Sequence[Item], str]:
    """Return one page and the cursor of the next, empty at the end."""
    start = _cursor(call.text("cursor"))
    end = start + call.number("limit", default, most)
    more = base64.b64encode(f"next:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], more


def _cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("next:"))
    except (binascii.Error, ValueError):
        raise Refused("invalid_cursor") from None


def _messages(shapes: list[dict[str, object]], cursor: str) -> Answer:
    answer: Answer = {"ok": True, "messages": shapes, "has_more": cursor != ""}
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


METHODS: Final = {
    "conversations.list": Method(list_channels),
    "conversations.info": Method(info),
    "conversations.history": Method(history),
    "conversations.replies": Method(replies),
    "conversations.members": Method(members),
    "conversations.join": Method(join, "channels:join"),
    "conversations.open": Method(open_direct, "im:write"),
    "users.info": Method(user_info, "users:read"),
    "users.list": Method(user_list, "users:read"),
}
