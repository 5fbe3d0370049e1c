"""Which messages wait for their hour?

They are posted when the workspace's clock passes `post_at`, whoever is awake then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.local_slack.call import Answer, Call, Method, Refused, ts_of
from bot.local_slack.chat import refuse_writing, target, written
from bot.local_slack.paging import page_of
from bot.local_slack.workspace import Scheduled, Workspace

MOST_AHEAD: Final = 120 * 24 * 3600
DELETE_BEFORE: Final = 60


def schedule(call: Call) -> Answer:
    """chat.scheduleMessage: up to 120 days ahead."""
    channel = target(call)
    post_at = _post_at(call)
    message = replace(written(call, channel), via=call.method)
    refuse_writing(call, channel)
    one = Scheduled(call.workspace.new_id("Q"), message, post_at, int(call.workspace.clock.now()))
    call.workspace.scheduled[one.id] = one
    call.workspace.agenda.after(post_at - call.workspace.clock.now(), lambda: post_due(call.workspace, one.id))
    return {
        "ok": True,
        "channel": channel.id,
        "scheduled_message_id": one.id,
        "post_at": str(post_at),
        "message": {"text": message.text, "type": "delayed_message", "bot_id": "B0ASAKAI00"},
    }


def listed(call: Call) -> Answer:
    """chat.scheduledMessages.list: soonest first."""
    wanted = call.text("channel")
    oldest, latest = ts_of(call, "oldest", 0.0), ts_of(call, "latest", float("inf"))
    found = [
        one
        for one in sorted(call.workspace.scheduled.values(), key=lambda one: one.post_at)
        if wanted in {"", one.message.channel} and oldest <= one.post_at <= latest
    ]
    page, cursor = page_of(call, found, 100, 1000)
    return {
        "ok": True,
        "scheduled_messages": [
            {
                "id": one.id,
                "channel_id": one.message.channel,
                "post_at": one.post_at,
                "date_created": one.created_at,
                "text": one.message.text,
            }
            for one in page
        ],
        "response_metadata": {"next_cursor": cursor},
    }


def delete(call: Call) -> Answer:
    """chat.deleteScheduledMessage: no later than a minute before it is due."""
    channel = call.channel()
    one = call.workspace.scheduled.get(call.needed("scheduled_message_id"))
    too_late = one is not None and one.post_at - call.workspace.clock.now() < DELETE_BEFORE
    if one is None or one.message.channel != channel.id or too_late:
        raise Refused("invalid_scheduled_message_id")
    del call.workspace.scheduled[one.id]
    return {"ok": True}


def post_due(workspace: Workspace, scheduled_id: str) -> None:
    """Post what has become due, unless it was deleted or its channel takes nothing any more."""
    with workspace.changed:
        one = workspace.scheduled.pop(scheduled_id, None)
        if one is None:
            return
        place = workspace.channels[one.message.channel]
        if not place.is_archived and one.message.user in place.members:
            workspace.post(replace(one.message, ts=workspace.new_ts()))


def _post_at(call: Call) -> int:
    try:
        post_at = int(call.needed("post_at", "invalid_time"))
    except ValueError:
        raise Refused("invalid_time") from None
    now = call.workspace.clock.now()
    if post_at <= now:
        raise Refused("time_in_past")
    if post_at > now + MOST_AHEAD:
        raise Refused("time_too_far")
    return post_at


METHODS: Final = {
    "chat.scheduleMessage": Method(schedule, "chat:write"),
    "chat.scheduledMessages.list": Method(listed),
    "chat.deleteScheduledMessage": Method(delete, "chat:write"),
}
