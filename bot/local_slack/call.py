"""What does this request ask, and may it?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl

from bot.local_slack.multipart import parts_of
from bot.local_slack.workspace import BOT_USER, Channel, Message, Token, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.local_slack.flaw import Flaw

Answer: TypeAlias = dict[str, Any]


class Refused(Exception):
    """Slack's "no": the error code, what else the answer holds, status and headers."""

    def __init__(self, error: str, *, status: int = 200, headers: Mapping[str, str] | None = None, **more: Any) -> None:  # noqa: ANN401 - any JSON
        self.answer: Answer = {"ok": False, "error": error, **more}
        self.status = status
        self.headers = dict(headers or {})
        super().__init__(error)


@dataclass(frozen=True, slots=True)
class Call:
    """One Web API request: its method, arguments and who sends it."""

    workspace: Workspace
    method: str
    args: Mapping[str, Any]
    token: Token | None = None

    def text(self, name: str, default: str = "") -> str:
        """Return an argument as text; absent is the default."""
        value = self.args.get(name)
        return default if value is None else str(value)

    def needed(self, name: str, error: str = "invalid_arguments") -> str:
        """Return an argument that must be there."""
        value = self.text(name)
        if not value:
            raise Refused(
                error, response_metadata={"messages": [f"[ERROR] missing required field: {name} [json-pointer:]"]}
            )
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a yes or no, however it was written."""
        value = self.args.get(name)
        return default if value is None else str(value).lower() in {"1", "true"}

    def number(self, name: str, default: int, most: int) -> int:
        """Return a whole number between 1 and `most`."""
        try:
            value = int(self.args.get(name) or default)
        except (TypeError, ValueError, OverflowError):
            raise Refused("invalid_arguments") from None
        if value < 1:
            raise Refused("invalid_limit")
        return min(value, most)

    def structure(self, name: str, error: str) -> Any:  # noqa: ANN401 - any JSON
        """Return a JSON argument, which forms send as text."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Refused(error) from None

    def need_scope(self, scope: str) -> None:
        """Refuse when the token was not granted this."""
        scopes = self.token.scopes if self.token else frozenset()
        if scope and scope not in scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(scopes)))

    def channel(self, name: str = "channel", *, by_name: bool = False) -> Channel:
        """Return the conversation asked for, if the bot may know that it exists."""
        wanted = self.needed(name)
        found = self.workspace.channels.get(wanted)
        if found is None and by_name:
            found = self.workspace.find_channel(wanted)
        if found is None or (found.is_private and BOT_USER not in found.members):
            raise Refused("channel_not_found")
        return found

    def own_message(self, channel: Channel, what: str) -> Message:
        """Return the bot's own message named by `ts`, to update or delete it."""
        found = self.workspace.find_message(channel.id, self.needed("ts"))
        if found is None:
            raise Refused("message_not_found")
        if found.user != BOT_USER:
            raise Refused(f"cant_{what}_message")
        return found


def ts_of(call: Call, name: str, default: float) -> float:
    """Return a moment given as epoch seconds, as text or as a number."""
    value = call.text(name)
    try:
        moment = float(value) if value else default
    except ValueError:
        raise Refused(f"invalid_ts_{name}") from None
    if moment != moment:  # noqa: PLR0124 - not a number, the only value unlike itself
        raise Refused(f"invalid_ts_{name}")
    return moment


@dataclass(frozen=True, slots=True)
class Method:
    """A Web API method: what it does, the scope it needs, the kind of token it takes."""

    run: Callable[[Call], Answer]
    scope: str = ""
    bearer: str = "bot"  # "bot" | "app" | "config" | "" for anyone


def parse_arguments(body: bytes, content_type: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Read the arguments of a JSON or form body, and of the address."""
    args: dict[str, Any] = dict(query)
    if content_type.startswith("application/json"):
        try:
            sent = json.loads(body or b"{}")
        except ValueError:
            raise Refused("invalid_json") from None
        if not isinstance(sent, dict):
            raise Refused("json_not_object")
        args.update(sent)
    elif content_type.startswith("multipart/form-data"):
        args.update((name, part.decode("utf-8", "replace")) for name, part in parts_of(body, content_type).items())
    elif content_type.startswith("application/x-www-form-urlencoded") or not body:
        args.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    else:
        raise Refused("invalid_post_type")
    return args


def refuse_flaws(flaws: tuple[Flaw, ...]) -> None:
    """Answer the first flaw's code, with every pointer beside it."""
    if flaws:
        first = flaws[0].error
        told = [str(flaw) for flaw in flaws if flaw.error == first]
        raise Refused(first, errors=told, response_metadata={"messages": [f"[ERROR] {line}" for line in told]})
