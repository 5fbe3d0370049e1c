"""What happens to a message that the bot sends?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.local_slack.call import Answer, Call, Method, Refused, refuse_flaws
from bot.local_slack.shapes import message_shape
from bot.local_slack.validation import check_blocks, check_message
from bot.local_slack.workspace import BOT_USER, Channel, Message

ATTACHMENTS: Final = 100


def post_message(call: Call) -> Answer:
    """chat.postMessage: refuse in Slack's order, then keep it."""
    channel = target(call)
    message = replace(written(call, channel), via=call.method)
    refuse_writing(call, channel)
    seconds = call.workspace.pace.wait(channel.id, call.workspace.clock.now())
    if seconds:
        raise Refused("ratelimited", status=429, headers={"Retry-After": str(seconds)})
    kept = call.workspace.post(message)
    return {"ok": True, "channel": channel.id, "ts": kept.ts, "message": message_shape(kept, metadata=True)}


def post_ephemeral(call: Call) -> Answer:
    """chat.postEphemeral: one person in the channel sees it."""
    channel = call.channel(by_name=True)
    user = call.needed("user")
    if user not in call.workspace.users:
        raise Refused("user_not_found")
    message = written(call, channel)
    refuse_writing(call, channel)
    if user not in channel.members:
        raise Refused("user_not_in_channel")
    kept = call.workspace.post(replace(message, only_to=user, via=call.method))
    return {"ok": True, "message_ts": kept.ts}


def update(call: Call) -> Answer:
    """chat.update: only the bot's own messages, never ephemeral ones."""
    channel = call.channel()
    old = call.own_message(channel, "update")
    new = written(call, channel)
    kept = call.workspace.edit(
        old,
        replace(
            old,
            text=new.text,
            # Slack keeps what is not sent: only an empty list takes blocks away
            blocks=new.blocks if "blocks" in call.args else old.blocks,
            attachments=new.attachments if "attachments" in call.args else old.attachments,
            metadata=new.metadata if "metadata" in call.args else old.metadata,
            edited_ts=call.workspace.new_ts(),
        ),
    )
    shape = message_shape(kept, metadata=True)
    return {"ok": True, "channel": channel.id, "ts": kept.ts, "text": kept.text, "message": shape}


def delete(call: Call) -> Answer:
    """chat.delete: only the bot's own messages."""
    channel = call.channel()
    message = call.own_message(channel, "delete")
    call.workspace.remove(message)
    return {"ok": True, "channel": channel.id, "ts": message.ts}


def permalink(call: Call) -> Answer:
    """chat.getPermalink."""
    channel = call.channel()
    found = call.workspace.find_message(channel.id, call.needed("message_ts"))
    if found is None:
        raise Refused("message_not_found")
    link = f"{call.workspace.url}/archives/{channel.id}/p{found.ts.replace('.', '')}"
    if found.is_reply:
        link += f"?thread_ts={found.thread_ts}&cid={channel.id}"
    return {"ok": True, "channel": channel.id, "permalink": link}


def validate_blocks(call: Call) -> Answer:
    """blocks.validate: needs no token and keeps nothing."""
    refuse_flaws(check_blocks(call.structure("blocks", "invalid_blocks_format")))
    return {"ok": True}


def compose(call: Call, channel: str) -> Message:
    """Read a message from the arguments; refuse what Slack would not show."""
    text = call.text("text")
    blocks = call.structure("blocks", "invalid_blocks_format")
    attachments = call.structure("attachments", "invalid_attachments") or ()
    if not isinstance(attachments, (list, tuple)):
        raise Refused("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise Refused("too_many_attachments")
    refuse_flaws(check_message(text or ("…" if attachments else ""), blocks))
    return Message(
        channel=channel,
        ts=call.workspace.new_ts(),
        user=BOT_USER,
        text=text,
        blocks=tuple(blocks or ()),
        attachments=tuple(attachments),
        thread_ts=call.text("thread_ts"),
        broadcast=call.flag("reply_broadcast"),
        metadata=_metadata(call),
    )


def written(call: Call, channel: Channel) -> Message:
    """Return the message that was sent; refuse what Slack would not show."""
    message = compose(call, channel.id)
    if message.thread_ts and call.workspace.find_message(channel.id, message.thread_ts) is None:
        raise Refused("thread_not_found")
    return message


def target(call: Call) -> Channel:
    """Return a channel by id or name; a person's id is their direct message."""
    wanted = call.needed("channel", "channel_not_found")
    if wanted in call.workspace.users:
        call.need_scope("im:write")
        return call.workspace.direct_message(wanted)
    return call.channel(by_name=True)


def refuse_writing(call: Call, channel: Channel) -> None:
    """Refuse where the bot may not write."""
    if channel.is_archived:
        raise Refused("is_archived")
    if channel.is_read_only:
        raise Refused("restricted_action_read_only_channel")
    scopes = call.token.scopes if call.token else frozenset()
    outside = channel.is_private or "chat:write.public" not in scopes
    if BOT_USER not in channel.members and outside:
        raise Refused("not_in_channel")


def _metadata(call: Call) -> Mapping[str, Any] | None:
    sent = call.structure("metadata", "invalid_metadata_format")
    if not sent:
        return None
    payload = sent.get("event_payload") if isinstance(sent, Mapping) else None
    if not isinstance(payload, Mapping) or not sent.get("event_type"):
        raise Refused("invalid_metadata_format")
    return {"event_type": sent["event_type"], "event_payload": dict(payload)}


METHODS: Final = {
    "chat.postMessage": Method(post_message, "chat:write"),
    "chat.postEphemeral": Method(post_ephemeral, "chat:write"),
    "chat.update": Method(update, "chat:write"),
    "chat.delete": Method(delete, "chat:write"),
    "chat.getPermalink": Method(permalink),
    "blocks.validate": Method(validate_blocks, bearer=""),
}
