"""Who reacted to a message, and how?"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.local_slack.call import Answer, Call, Method, Refused
from bot.local_slack.shapes import message_shape
from bot.local_slack.workspace import BOT_USER, Message

MOST: Final = 23
"""Different reactions that a person may give one message."""
_NAME: Final = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def add(call: Call) -> Answer:
    """reactions.add."""
    message, name = _message(call, "timestamp"), _name(call)
    if (name, BOT_USER) in message.reactions:
        raise Refused("already_reacted")
    if sum(user == BOT_USER for _, user in message.reactions) >= MOST:
        raise Refused("too_many_reactions")
    call.workspace.put(replace(message, reactions=(*message.reactions, (name, BOT_USER))))
    return {"ok": True}


def remove(call: Call) -> Answer:
    """reactions.remove: only the bot's own."""
    name = _name(call)
    message = _message(call, "timestamp")
    if (name, BOT_USER) not in message.reactions:
        raise Refused("no_reaction")
    kept = tuple(one for one in message.reactions if one != (name, BOT_USER))
    call.workspace.put(replace(message, reactions=kept))
    return {"ok": True}


def get(call: Call) -> Answer:
    """reactions.get."""
    message = _message(call, "timestamp")
    return {"ok": True, "type": "message", "channel": message.channel, "message": message_shape(message)}


def _message(call: Call, name: str) -> Message:
    if not call.text("channel") or not call.text(name):
        raise Refused("no_item_specified")
    channel = call.channel()
    if BOT_USER not in channel.members:
        raise Refused("not_in_channel" if call.method != "reactions.get" else "channel_not_found")
    if channel.is_archived and call.method != "reactions.get":
        raise Refused("is_archived")
    found = call.workspace.find_message(channel.id, call.text(name))
    if found is None:
        raise Refused("message_not_found")
    return found


def _name(call: Call) -> str:
    name = call.text("name").strip(":")
    if not _NAME.fullmatch(name):
        raise Refused("invalid_name")
    return name


METHODS: Final = {
    "reactions.add": Method(add, "reactions:write"),
    "reactions.remove": Method(remove, "reactions:write"),
    "reactions.get": Method(get, "reactions:read"),
}
