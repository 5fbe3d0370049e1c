"""What can a person do, and what does the app hear of it?

The handle of a test and the page act through here, so that both are told the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.local_slack import payloads
from bot.local_slack.delivery import Delivery
from bot.local_slack.forms import NoSuchElement, Typed, pressed, state_of
from bot.local_slack.responses import new_response_url
from bot.local_slack.shapes import view_shape
from bot.local_slack.views import close_view, new_trigger
from bot.local_slack.workspace import BOT_USER, Channel, File, Message, User, View

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.local_slack.dispatch import Dispatch
    from bot.local_slack.features import Features

MENTION = f"<@{BOT_USER}>"
_EVENT_OF = {"im": "message.im", "private_channel": "message.groups", "public_channel": "message.channels"}


class People:
    """The people of a workspace at their keyboards."""

    def __init__(self, dispatch: Dispatch, features: Features) -> None:
        self.workspace = dispatch.workspace
        self.features = features
        self._dispatch = dispatch
        self.workspace.tell = self._told

    def say(self, writer: User, place: Channel, text: str, thread: str = "", files: Sequence[File] = ()) -> Message:
        """Write a message, with files or without; the app hears it where it is a member and has subscribed."""
        message = self._write(writer, place, text, thread, files)
        if BOT_USER in place.members and MENTION in text and not place.is_im:
            self._event(payloads.mention_event(message), "app_mention")
        return message

    def edit(self, message: Message, text: str) -> Message:
        """Write a message anew; the app hears of it where it has subscribed to messages."""
        return self.workspace.edit(message, replace(message, text=text, edited_ts=self.workspace.new_ts()))

    def mention(self, writer: User, place: Channel, text: str, thread: str = "") -> Delivery:
        """Write `@asakai text`; the app hears it only where it is a member."""
        message = self._write(writer, place, f"{MENTION} {text}", thread)
        if BOT_USER not in place.members:
            event = self._wrapped(payloads.mention_event(message))
            return Delivery.failed(self.workspace, event, "not_in_channel")
        return self._dispatch.deliver("events_api", self._wrapped(payloads.mention_event(message)))

    def command(self, writer: User, place: Channel, command: str, text: str) -> Delivery:
        """Type a slash command."""
        payload = payloads.command_payload(command, text, writer, place)
        return self._answerable("slash_commands", payload, writer, place.id)

    def press(
        self, presser: User, message: Message, action_id: str, value: object, *, block_id: str = "", typed: Typed
    ) -> Delivery:
        """Press a button, or choose `value`, in a message."""
        current = self.workspace.current(message)
        action = pressed(current.blocks, action_id, value, self.workspace.new_ts(), block_id=block_id)
        place = self.workspace.channels[message.channel]
        payload = payloads.message_action(current, place, presser, action)
        payload["state"] = {"values": state_of(current.blocks, _with(typed, action, value))}
        return self._answerable("interactive", payload, presser, message.channel, current)

    def press_view(self, view: View, action_id: str, value: object, *, block_id: str = "", typed: Typed) -> Delivery:
        """Press a button, or choose `value`, in a modal or home tab."""
        blocks = view.body["blocks"]
        action = pressed(blocks, action_id, value, self.workspace.new_ts(), block_id=block_id)
        user = self.workspace.users[view.user]
        payload = payloads.view_action(view, user, action)
        values = state_of(blocks, _with(typed, action, value))
        payload["view"] = payload["view"] | {"state": {"values": values}}
        payload["trigger_id"] = new_trigger(self.workspace, user.id)
        return self._dispatch.deliver("interactive", payload)

    def type_into(self, user: User, where: Message | View, field: tuple[str, str], text: str) -> Delivery:
        """Type into an external_select (block_id, action_id): the app is asked what it offers."""
        if isinstance(where, View):
            container: dict[str, Any] = {"container": {"type": "view", "view_id": where.id}, "view": view_shape(where)}
        else:
            place = self.workspace.channels[where.channel]
            container = payloads.message_action(where, place, user, {})
            container = {name: container[name] for name in ("container", "channel", "message") if name in container}
        block_id, action_id = field
        asked = {"block_id": block_id, "action_id": action_id, "value": text}
        payload = payloads.interaction_payload("block_suggestion", user) | container | asked
        return self._dispatch.deliver("interactive", payload, answerable=True)

    def submit(self, view: View, values: Mapping[str, Mapping[str, Any]]) -> Delivery:
        """Submit a modal: values as Slack sends them."""
        user = self.workspace.users[view.user]
        payload = payloads.submission(view, user, values)
        payload["trigger_id"] = new_trigger(self.workspace, user.id)
        payload["response_urls"] = [
            self._response_url_of(user, channel, block_id, action_id)
            for block_id, action_id, channel in payloads.answering_fields(view, values)
        ]
        return self._dispatch.deliver("interactive", payload, answerable=True)

    def close(self, view: View, *, cleared: bool = False) -> Delivery | None:
        """Close a modal; the app hears of it when the view asked for that (`notify_on_close`)."""
        cleared = cleared or bool(view.body.get("clear_on_close"))
        close_view(self.workspace, view, cleared=cleared)
        if not view.body.get("notify_on_close"):
            return None
        return self._dispatch.deliver("interactive", payloads.closing(view, self.workspace.users[view.user], cleared))

    def shortcut(self, user: User, callback_id: str) -> Delivery:
        """Choose a global shortcut."""
        payload = payloads.shortcut(user, callback_id, self.workspace.new_ts())
        payload["trigger_id"] = new_trigger(self.workspace, user.id)
        return self._dispatch.deliver("interactive", payload)

    def message_shortcut(self, user: User, message: Message, callback_id: str) -> Delivery:
        """Choose a shortcut in the menu of a message."""
        current = self.workspace.current(message)
        if current.only_to:
            raise NoSuchElement("an ephemeral message has no menu")
        place = self.workspace.channels[message.channel]
        payload = payloads.message_shortcut(user, current, place, callback_id, self.workspace.new_ts())
        return self._answerable("interactive", payload, user, place.id, current)

    def drop(
        self, owner: User, place: Channel, files: Sequence[File], text: str = "", thread: str = ""
    ) -> tuple[Message, list[Delivery]]:
        """Share files that were sent, in one message; the app hears of each, only where it is a member."""
        for file in files:
            file.channels = (*file.channels, place.id)
        message = self.say(owner, place, text, thread, files)
        return message, [self._shared(owner, place, file) for file in files]

    def _shared(self, owner: User, place: Channel, file: File) -> Delivery:
        event = self._wrapped(payloads.file_event(file.id, owner, place.id, self.workspace.new_ts()))
        if BOT_USER not in place.members:
            return Delivery.failed(self.workspace, event, "not_in_channel")
        return self._dispatch.deliver("events_api", event)

    def open_home(self, user: User, tab: str = "home") -> Delivery:
        """Open the app's home tab."""
        direct = self.workspace.direct_message(user.id)
        home = self.workspace.homes.get(user.id)
        event = payloads.home_event(user, self.workspace.new_ts(), home, direct.id) | {"tab": tab}
        return self._dispatch.deliver("events_api", self._wrapped(event))

    def join(self, user: User, place: Channel) -> None:
        """Join a channel."""
        with self.workspace.changed:
            place.members.add(user.id)
            self.workspace.changed.notify_all()
        if BOT_USER in place.members:
            event = payloads.joined_event(user, place, self.workspace.new_ts())
            self._event(event, "member_joined_channel")

    def _write(self, writer: User, place: Channel, text: str, thread: str, files: Sequence[File] = ()) -> Message:
        shown = tuple(file.id for file in files)
        return self.workspace.post(
            Message(place.id, self.workspace.new_ts(), writer.id, text, thread_ts=thread, files=shown, via="person")
        )

    def _told(self, message: Message, before: Message | None) -> None:
        """Let the app hear what everyone in a conversation sees, its own messages too."""
        place = self.workspace.channels[message.channel]
        if BOT_USER not in place.members:
            return
        files = [self.workspace.files[one] for one in message.files if one in self.workspace.files]
        event = payloads.message_event(message, place, files, self.workspace.url)
        if before is not None:
            event = payloads.changed_event(event, before, self.workspace.new_ts())
        self._event(event, _EVENT_OF[place.kind])

    def _event(self, event: Mapping[str, Any], subscription: str) -> None:
        if subscription in self.features.events:
            self._dispatch.deliver("events_api", self._wrapped(event))

    def _wrapped(self, event: Mapping[str, Any]) -> dict[str, Any]:
        place = self.workspace.channels.get(str(event.get("channel") or event.get("channel_id", "")))
        shared = place is not None and place.is_shared
        now = self.workspace.clock.now()
        return payloads.event_payload(event, self.workspace.new_id("Ev"), now, shared=shared)

    def _answerable(
        self, kind: str, payload: dict[str, Any], user: User, channel: str, source: Message | None = None
    ) -> Delivery:
        url = new_response_url(self.workspace, channel, user.id, source)
        payload["response_url"] = f"{self.workspace.url}/response/{url.id}"
        payload["trigger_id"] = new_trigger(self.workspace, user.id)
        return self._dispatch.deliver(kind, payload, url, answerable=kind == "slash_commands")

    def _response_url_of(self, user: User, channel: str, block_id: str, action_id: str) -> dict[str, str]:
        url = new_response_url(self.workspace, channel, user.id)
        address = f"{self.workspace.url}/response/{url.id}"
        return {"block_id": block_id, "action_id": action_id, "channel_id": channel, "response_url": address}


def _with(typed: Typed, action: Mapping[str, Any], value: object) -> Typed:
    """What was just chosen stands in the state too."""
    block_id, action_id = action["block_id"], action["action_id"]
    return {**typed, block_id: {**typed.get(block_id, {}), action_id: value}}
