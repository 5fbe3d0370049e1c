"""Who and what is in the local workspace?

All state lives here, behind one condition: the server's thread writes under
it, a test waits on it. Messages are frozen; an edit replaces one.
"""

from __future__ import annotations

import itertools
import mimetypes
import time
from bisect import insort
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from bot.local_slack.agenda import Agenda
from bot.local_slack.changes import Changes
from bot.local_slack.tiers import Tiers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.local_slack.clock import Clock
    from bot.local_slack.pace import Pace

TEAM: Final = "T0ASAKAI01"
TEAM_NAME: Final = "Asakai"
APP: Final = "A0ASAKAI01"
BOT_USER: Final = "U0ASAKAI00"
BOT: Final = "B0ASAKAI00"


TRIGGER_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class User:
    """A person or a bot of the workspace."""

    id: str
    name: str
    real_name: str
    is_admin: bool = False
    is_guest: bool = False
    is_bot: bool = False
    locale: str = "ja-JP"
    zone: str = "Asia/Tokyo"


@dataclass(slots=True)
class Channel:
    """A conversation: a channel, or a direct message when `user` is set."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    is_private: bool = False
    is_archived: bool = False
    is_read_only: bool = False
    user: str = ""
    is_shared: bool = False

    @property
    def is_im(self) -> bool:
        """Whether this is the bot's direct message with one person."""
        return self.user != ""

    @property
    def kind(self) -> str:
        """What conversations.list calls it."""
        if self.is_im:
            return "im"
        return "private_channel" if self.is_private else "public_channel"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands now; `only_to` makes it ephemeral, `via` says how it came."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: tuple[dict[str, Any], ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    thread_ts: str = ""
    broadcast: bool = False
    metadata: Mapping[str, Any] | None = None
    files: tuple[str, ...] = ()
    only_to: str = ""
    edited_ts: str = ""
    via: str = "chat.postMessage"
    reactions: tuple[tuple[str, str], ...] = ()
    """Name and person of each, in order."""

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread and is not its head."""
        return self.thread_ts not in {"", self.ts}


@dataclass(frozen=True, slots=True)
class View:
    """A modal or a home tab, as published last."""

    id: str
    user: str
    body: Mapping[str, Any]
    hash: str
    previous: str = ""


@dataclass(slots=True)
class File:
    """An upload: announced, then filled, then shared."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    title: str = ""
    channels: tuple[str, ...] = ()
    created: int = 0
    user: str = BOT_USER

    @property
    def mimetype(self) -> str:
        """What kind of file its name promises."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(slots=True)
class Group:
    """A user group: @handle stands for its people."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()
    is_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A message that waits for its hour."""

    id: str
    message: Message
    post_at: int
    created_at: int


@dataclass(slots=True)
class Token:
    """What a token may do."""

    kind: str  # "bot" | "app" | "config"
    scopes: frozenset[str]
    revoked: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where an interaction may answer: five times in thirty minutes."""

    id: str
    channel: str
    user: str
    created_at: float
    source: Message | None = None
    used: int = 0


@dataclass(slots=True)
class Trigger:
    """A trigger_id: three seconds, once."""

    user: str
    created_at: float
    used: bool = False


class Workspace:
    """One team's state. Take `changed` before reading or writing more than one thing."""

    def __init__(self, clock: Clock, pace: Pace, tokens: Mapping[str, Token], url: str = "") -> None:
        self.clock = clock
        self.pace = pace
        self.tokens = dict(tokens)
        self.url = url
        self.changed = Changes()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, list[Message]] = {}
        self.ephemerals: list[Message] = []
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.groups: dict[str, Group] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.agenda = Agenda(clock)
        self.tiers = Tiers()
        self.response_urls: dict[str, ResponseUrl] = {}
        self.triggers: dict[str, Trigger] = {}
        self.history_lag = 0.0
        self.tell: Callable[[Message, Message | None], None] = lambda *_: None
        self.trigger_seconds = TRIGGER_SECONDS
        self._numbers = itertools.count(1)
        self._last_ts = 0

    def new_id(self, prefix: str) -> str:
        """Return an identifier no one has yet, the same in every run."""
        return f"{prefix}{next(self._numbers):08d}"

    def new_ts(self) -> str:
        """Return a message ts: microseconds, always later than the last one."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add_users(self, users: Iterable[User]) -> None:
        """Let people in."""
        self.users.update((user.id, user) for user in users)

    def add_channels(self, channels: Iterable[Channel]) -> None:
        """Open conversations."""
        for channel in channels:
            self.channels[channel.id] = channel
            self.messages.setdefault(channel.id, [])

    def find_channel(self, wanted: str) -> Channel | None:
        """Find a conversation by id or by name, with or without #."""
        found = self.channels.get(wanted)
        name = wanted.removeprefix("#")
        return found or next((c for c in self.channels.values() if c.name == name and not c.is_im), None)

    def find_user(self, wanted: str) -> User | None:
        """Find a person by id, name or real name."""
        found = self.users.get(wanted)
        if not wanted:
            return None
        return found or next((u for u in self.users.values() if wanted in {u.name, u.real_name}), None)

    def direct_message(self, user: str) -> Channel:
        """Return the bot's direct message with this person, opened when needed."""
        found = next((c for c in self.channels.values() if c.user == user), None)
        if found is None:
            found = Channel(self.new_id("D"), "", {user, BOT_USER}, user=user)
            self.add_channels([found])
        return found

    def post(self, message: Message) -> Message:
        """Keep a message, give its blocks the ids Slack gives them, wake who waits."""
        with self.changed:
            kept = replace(message, blocks=tuple(self._named(block) for block in message.blocks))
            if kept.only_to:
                self.ephemerals.append(kept)
            else:
                insort(self.messages[kept.channel], kept, key=lambda m: m.ts)
                self.tell(kept, None)
            self.changed.notify_all()
            return kept

    def find_message(self, channel: str, ts: str) -> Message | None:
        """Find a message that everyone in the channel sees."""
        return next((m for m in self.messages.get(channel, ()) if m.ts == ts), None)

    def current(self, message: Message) -> Message:
        """Return the message as it stands now, or as it was when it is gone."""
        with self.changed:
            same = (message.channel, message.ts)
            return next((m for m in self._place(message) if (m.channel, m.ts) == same), message)

    def put(self, message: Message) -> Message:
        """Replace the message of the same channel and ts, ephemeral or not."""
        with self.changed:
            kept = replace(message, blocks=tuple(self._named(block) for block in message.blocks))
            place = self._place(message)
            place[:] = [kept if (m.channel, m.ts) == (kept.channel, kept.ts) else m for m in place]
            self.changed.notify_all()
            return kept

    def edit(self, before: Message, message: Message) -> Message:
        """Replace a message that all see, and let those hear of it who listen to messages."""
        kept = self.put(message)
        self.tell(kept, before)
        return kept

    def remove(self, message: Message) -> None:
        """Take a message away."""
        with self.changed:
            place = self._place(message)
            place[:] = [m for m in place if (m.channel, m.ts) != (message.channel, message.ts)]
            self.changed.notify_all()

    def wait_until(self, happened: Callable[[], bool], timeout: float) -> bool:
        """Wait until `happened()` under the lock; False when the time is over."""
        end = time.monotonic() + timeout
        with self.changed:
            while not happened():
                left = end - time.monotonic()
                if left <= 0:
                    return False
                # what a test keeps for itself, and the journal, tell nobody: look now and then
                self.changed.wait(min(left, 0.1))
            return True

    def _place(self, message: Message) -> list[Message]:
        return self.ephemerals if message.only_to else self.messages[message.channel]

    def _named(self, block: Mapping[str, Any]) -> dict[str, Any]:
        """Slack invents a block_id and an action_id where none was sent."""
        named = {"block_id": self.new_id("b"), **block}
        if block.get("type") == "actions":
            named["elements"] = [{"action_id": self.new_id("a"), **element} for element in block["elements"]]
        for name in ("accessory", "element"):
            if name in block:
                named[name] = {"action_id": self.new_id("a"), **block[name]}
        return named
