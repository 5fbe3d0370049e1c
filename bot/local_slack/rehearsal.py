"""How does a test or a page hold the local Slack?

    with LocalSlack() as slack:
        client = WebClient(slack.bot_token, base_url=slack.base_url)
        heard = slack.command("/kpi", "休眠", user="鈴木", channel="asakai-朝会")
        heard.acked(); print(heard.answer().text)

People and channels are named by id or by name.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

from bot.local_slack import files
from bot.local_slack.acting import People
from bot.local_slack.clock import Clock
from bot.local_slack.delivery import ACK_SECONDS, WAIT_SECONDS, Delivery
from bot.local_slack.dispatch import Dispatch, Mishap
from bot.local_slack.faults import Fault, Faults
from bot.local_slack.features import DEFAULT, Features
from bot.local_slack.forms import Typed, state_of
from bot.local_slack.journal import Entry, Journal
from bot.local_slack.pace import Pace
from bot.local_slack.parts import Parts
from bot.local_slack.posting import Poster
from bot.local_slack.seeds import ASAKAI, BOT_SCOPES, SUZUKI, groups, people, rooms
from bot.local_slack.sockets import End, Sockets
from bot.local_slack.workspace import TRIGGER_SECONDS, Channel, Message, Token, User, View, Workspace
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from slack_bolt import App
    from slack_bolt.adapter.socket_mode import SocketModeHandler

    from bot.local_slack.server import Server

BOT_TOKEN: Final = "xoxb-local-asakai"
APP_TOKEN: Final = "xapp-local-asakai"
CONFIG_TOKEN: Final = "xoxe.xoxp-local-asakai"
SIGNING_SECRET: Final = "local-signing-secret-of-asakai"


class PortTaken(Problem):
    """Another program listens where the local Slack should."""

    key = "local_slack_port_taken"


class LibrariesMissing(Problem):
    """The libraries of the extra `http` are not installed."""

    key = "local_slack_libraries_missing"


class LocalSlack:
    """A workspace with a server around it; `with` starts and stops it."""

    def __init__(  # noqa: PLR0913 - each is one independent switch of the workspace
        self,
        *,
        port: int = 0,
        scopes: Iterable[str] = BOT_SCOPES,
        messages_per_second: float | None = 1.0,
        burst: int = 1,
        tiers: bool = False,
        ack_seconds: float = ACK_SECONDS,
        start: float | None = None,
        journal_path: Path | None = None,
        users: Iterable[User] | None = None,
        channels: Iterable[Channel] | None = None,
        features: Features = DEFAULT,
    ) -> None:
        self.bot_token, self.app_token, self.config_token = BOT_TOKEN, APP_TOKEN, CONFIG_TOKEN
        self.signing_secret = SIGNING_SECRET
        self.clock = Clock(start)
        self.faults = Faults()
        self.journal = Journal(journal_path)
        tokens = {
            BOT_TOKEN: Token("bot", frozenset(scopes)),
            APP_TOKEN: Token("app", frozenset({"connections:write"})),
            CONFIG_TOKEN: Token("config", frozenset()),
        }
        self.workspace = Workspace(self.clock, Pace(messages_per_second, burst), tokens)
        self.workspace.tiers.on = tiers
        self.workspace.add_users(people() if users is None else users)
        self.workspace.add_channels(rooms() if channels is None else channels)
        self.workspace.groups.update((group.id, group) for group in groups())
        # whoever gives a busy machine longer to acknowledge gives it longer to open a form
        self.workspace.trigger_seconds = max(TRIGGER_SECONDS, ack_seconds)
        self.agenda = self.workspace.agenda
        self.sockets = Sockets(self.workspace)
        self.dispatch = Dispatch(
            self.workspace, self.journal, self.agenda, self.sockets, Poster(SIGNING_SECRET), ack_seconds
        )
        self.people = People(self.dispatch, features)
        self._port = port
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on 127.0.0.1."""
        try:
            from bot.local_slack.server import HOST, Server  # noqa: PLC0415 - heavy, and an extra
        except ModuleNotFoundError as error:
            raise LibrariesMissing(module=error.name or "") from error
        self._server = Server(
            Parts(self.workspace, self.sockets, self.dispatch, self.people, self.faults, self.journal, self.agenda)
        )
        try:
            port = self._server.start(self._port)
        except OSError as error:
            raise PortTaken(port=self._port) from error
        self.workspace.url = f"http://{HOST}:{port}"

    def stop(self) -> None:
        """End all connections; the state stays readable."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    @contextmanager
    def connected(self, app: App) -> Iterator[SocketModeHandler]:
        """Connect a bolt App by Socket Mode and close it again; inside, its socket is open."""
        from slack_bolt.adapter.socket_mode import SocketModeHandler  # noqa: PLC0415 - heavy

        handler = SocketModeHandler(app, self.app_token)
        before = len(self.sockets.links)
        handler.connect()  # type: ignore[no-untyped-call] # slack_bolt leaves it untyped
        try:
            self.wait_socket(before + 1)
            yield handler
        finally:
            handler.close()  # type: ignore[no-untyped-call] # slack_bolt leaves it untyped

    @property
    def url(self) -> str:
        """The address of the workspace."""
        return self.workspace.url

    @property
    def base_url(self) -> str:
        """What a WebClient takes as base_url."""
        return f"{self.workspace.url}/api/"

    @property
    def channels(self) -> Mapping[str, Channel]:
        """All conversations by id."""
        return self.workspace.channels

    def channel(self, wanted: str) -> Channel:
        """Return a conversation by id or name."""
        found = self.workspace.find_channel(wanted)
        if found is None:
            raise LookupError(f"no channel {wanted!r}; there are {[c.name for c in self.channels.values()]}")
        return found

    def user(self, wanted: str) -> User:
        """Return a person by id or name."""
        found = self.workspace.find_user(wanted)
        if found is None:
            raise LookupError(f"no user {wanted!r}; there are {[u.real_name for u in self.workspace.users.values()]}")
        return found

    def messages(self, channel: str, *, thread: str = "") -> list[Message]:
        """Return what everyone in the channel sees, oldest first; `thread` gives that thread's replies."""
        with self.workspace.changed:
            found = self.workspace.messages[self.channel(channel).id]
            return [m for m in found if (m.is_reply and m.thread_ts == thread if thread else not m.is_reply)]

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """Return what only this person sees there."""
        with self.workspace.changed:
            place, reader = self.channel(channel).id, self.user(user).id
            return [m for m in self.workspace.ephemerals if (m.channel, m.only_to) == (place, reader)]

    def wait_messages(
        self, channel: str, count: int = 1, *, thread: str = "", timeout: float = WAIT_SECONDS
    ) -> list[Message]:
        """Wait until the channel or thread holds so many messages and return them."""
        if not self.workspace.wait_until(lambda: len(self.messages(channel, thread=thread)) >= count, timeout):
            there = len(self.messages(channel, thread=thread))
            raise TimeoutError(f"{there} of {count} messages in {channel} after {timeout:g} s")
        return self.messages(channel, thread=thread)

    def wait_socket(self, count: int = 1, timeout: float = WAIT_SECONDS) -> None:
        """Wait until so many sockets are open."""
        if not self.workspace.wait_until(lambda: len(self.sockets.links) >= count, timeout):
            raise TimeoutError(f"{len(self.sockets.links)} of {count} sockets after {timeout:g} s")

    def calls(self, method: str) -> list[Entry]:
        """Return the journal's entries of one method."""
        return self.journal.of(method)

    def say(self, text: str, *, user: str = SUZUKI, channel: str = ASAKAI, thread: str = "") -> Message:
        """Let a person write a message."""
        return self.people.say(self.user(user), self.channel(channel), text, thread)

    def command(self, command: str, text: str = "", *, user: str = SUZUKI, channel: str = ASAKAI) -> Delivery:
        """Let a person type a slash command."""
        return self.people.command(self.user(user), self.channel(channel), command, text)

    def click(
        self, message: Message, action_id: str, *, value: object = None, user: str = SUZUKI, typed: Typed | None = None
    ) -> Delivery:
        """Let a person press a button, or choose `value`, in a message."""
        return self.people.press(self.user(user), message, action_id, value, typed=typed or {})

    def click_view(self, view: View, action_id: str, *, value: object = None, typed: Typed | None = None) -> Delivery:
        """Let the person who sees a modal or home tab press a button in it."""
        return self.people.press_view(view, action_id, value, typed=typed or {})

    def submit(self, view: View, values: Mapping[str, Mapping[str, Any]]) -> Delivery:
        """Let a person submit a modal: values by block_id and action_id, as Slack sends them."""
        return self.people.submit(view, values)

    def fill(self, view: View, typed: Typed) -> Delivery:
        """Let a person fill a modal in, plainly, and submit it; what is not named stays as it stood."""
        return self.people.submit(view, state_of(view.body["blocks"], typed))

    def close(self, view: View, *, cleared: bool = False) -> Delivery | None:
        """Let a person close a modal, or with `cleared` all of theirs; None when the app is not told."""
        return self.people.close(view, cleared=cleared)

    def shortcut(self, callback_id: str, *, user: str = SUZUKI) -> Delivery:
        """Let a person choose a global shortcut."""
        return self.people.shortcut(self.user(user), callback_id)

    def message_shortcut(self, message: Message, callback_id: str, *, user: str = SUZUKI) -> Delivery:
        """Let a person choose a shortcut in a message's menu."""
        return self.people.message_shortcut(self.user(user), message, callback_id)

    def mention(self, text: str, *, user: str = SUZUKI, channel: str = ASAKAI, thread: str = "") -> Delivery:
        """Let a person write `@asakai text`; the bot hears it only where it is a member."""
        return self.people.mention(self.user(user), self.channel(channel), text, thread)

    def drop(self, name: str, content: bytes, *, user: str = SUZUKI, channel: str = "") -> Delivery:
        """Let a person drop a file into the bot's direct message, or into a channel."""
        owner = self.user(user)
        place = self.channel(channel) if channel else self.workspace.direct_message(owner.id)
        file = files.announce(self.workspace, owner.id, name, len(content))
        files.receive(self.workspace, file.id, content)
        [heard] = self.people.drop(owner, place, [file])[1]
        return heard

    def open_home(self, user: str = SUZUKI) -> Delivery:
        """Let a person open the app's home tab."""
        return self.people.open_home(self.user(user))

    def home(self, user: str = SUZUKI) -> View | None:
        """Return the home tab published for this person."""
        return self.workspace.homes.get(self.user(user).id)

    def views(self, user: str = SUZUKI) -> list[View]:
        """Return the modals this person has open, the top one last."""
        return [view for view in self.workspace.views.values() if view.user == self.user(user).id]

    def redeliver(self, delivery: Delivery) -> Delivery:
        """Send the same payload a second time."""
        return self.dispatch.redeliver(delivery)

    def disconnect(self, how: End = "refresh_requested") -> None:
        """End every socket: told so, without a word, by a reset, or dead but open."""
        self.sockets.end(how)

    def next_envelope(self, mishap: Mishap, *, seconds: float = 0.0, times: int = 1) -> None:
        """Let the next envelopes come twice, late or not at all."""
        self.dispatch.mishaps.extend([(mishap, seconds)] * times)

    def lag_history(self, seconds: float) -> None:
        """Let conversations.history and replies show a message only so long after it was posted."""
        self.workspace.history_lag = seconds

    def post_to(self, request_url: str) -> None:
        """Send everything as signed requests to this address, on loopback; empty means sockets again."""
        self.dispatch.poster.listen_at(request_url)

    def verify_url(self, request_url: str) -> bool:
        """Do what Slack does when somebody enters a request URL: post a challenge and look for it in the answer."""
        return self.dispatch.poster.verify(request_url)

    def fail(self, method: str, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests of `method` meet a fault."""
        self.faults.next(method, fault, times)

    def revoke(self, token: str | None = None) -> None:
        """Take a token away; the bot's own unless another is named."""
        self.workspace.tokens[token or self.bot_token].revoked = True
