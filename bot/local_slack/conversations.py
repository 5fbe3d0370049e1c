"""Which conversations are there, who is in them and what was said?"""

from __future__ import annotations

from typing import Final

from bot.local_slack.call import Answer, Call, Method, Refused, ts_of
from bot.local_slack.paging import page_of
from bot.local_slack.shapes import channel_shape, message_shape, thread_shape
from bot.local_slack.workspace import BOT_USER, Channel, Message

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
    page, cursor = page_of(call, found, 100, 1000)
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
    page, cursor = page_of(call, wanted[::-1], 100, 999)
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
    page, cursor = page_of(call, inside, 1000, 1000)
    metadata = call.flag("include_all_metadata")
    first = call.workspace.find_message(channel.id, head)
    shapes = [thread_shape(call.workspace, first, metadata=metadata)] if first else []
    return _messages([*shapes, *(message_shape(m, metadata=metadata) for m in page)], cursor)


def members(call: Call) -> Answer:
    """conversations.members."""
    channel = call.channel()
    call.need_scope(_READ[channel.kind])
    page, cursor = page_of(call, sorted(channel.members), 100, 1000)
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
    """conversations.open: the direct message with one person; groups of people are not built here."""
    if call.text("channel"):
        channel = call.channel()
        if not channel.is_im:
            raise Refused("method_not_supported_for_channel_type")
        return {"ok": True, "channel": channel_shape(channel), "no_op": True, "already_open": True}
    user = call.needed("users", "users_list_not_supplied")
    if user == BOT_USER:
        raise Refused("cannot_dm_bot")
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


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.need_scope(_READ[channel.kind].replace(":read", ":history"))
    if BOT_USER not in channel.members:
        raise Refused("not_in_channel")
    return channel


def _between(call: Call, channel: Channel) -> list[Message]:
    """Messages after `oldest` and before `latest`; `inclusive` takes both ends."""
    oldest, latest = ts_of(call, "oldest", 0.0), ts_of(call, "latest", float("inf"))
    inside = call.flag("inclusive")
    lag = call.workspace.history_lag
    known = call.workspace.clock.now() - lag if lag else float("inf")
    return [
        m
        for m in call.workspace.messages[channel.id]
        if (oldest < float(m.ts) < latest or (inside and float(m.ts) in {oldest, latest})) and float(m.ts) <= known
    ]


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
}
