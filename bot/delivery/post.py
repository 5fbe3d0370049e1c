"""What did Slack make of a post: is it there, is it not, or is that open?

One HTTP call without retries under a deadline over the whole call. A refusal that came
before the request was sent leaves nothing open; a connection that broke later does.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from functools import cache
from http.client import HTTPException
from math import ceil
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from uuid import NAMESPACE_OID, uuid5

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.delivery.protocol import CANNOT_LOOK, Answer, Copies, Look, Outcome, Sight
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from slack_sdk.web import SlackResponse

    from bot.delivery.row import Delivery, Payload

SCOPES = ("chat:write", "channels:history", "groups:history", "channels:read", "groups:read", "im:write")
"""What this file's calls need of a bot token."""

EVENT_TYPE = "asakai_delivery"
DEADLINE_SECONDS = 10.0
Client = WebClient
_PAGE = 200
_CODE = re.compile(r"[a-z][a-z0-9_]*\Z")

_RATE_LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_OPEN = frozenset({"internal_error", "fatal_error", "request_timeout", "service_unavailable"})
_CONTENT = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "too_many_attachments"}
)
_BLIND = frozenset({"missing_scope", "not_allowed_token_type", "no_permission"})
_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "org_login_required"}
)


class TokenRefused(Problem):
    """Slack does not accept the token."""

    key = "token_refused"


class ScopeMissing(Problem):
    """The app was installed without a permission that it needs."""

    key = "scope_missing"


class ChannelUnknown(Problem):
    """No such channel, or the bot cannot see it."""

    key = "channel_unknown"


class NotInChannel(Problem):
    """The bot has not been invited to the channel."""

    key = "not_in_channel"


class ChannelArchived(Problem):
    """The channel is archived."""

    key = "channel_archived"


class SlackRefused(Problem):
    """Slack refused for another reason."""

    key = "slack_refused"


class SlackUnreachable(Problem):
    """No answer from Slack; nothing was posted."""

    key = "slack_unreachable"


class SlackBusy(SlackUnreachable):
    """Slack asks for a pause of `seconds` before it answers; nothing was done."""

    key = "slack_busy"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(seconds=max(1, ceil(seconds)), reason="ratelimited")


class DeliveryOpen(Problem):
    """The connection broke while posting: the message may be there."""

    key = "delivery_open"


def refusal(code: str, channel: str) -> Problem:
    """The Problem behind one of Slack's error codes."""
    if code in _TOKEN:
        return TokenRefused(code=code)
    if code in {"missing_scope", CANNOT_LOOK}:
        return ScopeMissing(scopes=", ".join(SCOPES))
    by_code: dict[str, type[Problem]] = {
        "channel_not_found": ChannelUnknown,
        "not_in_channel": NotInChannel,
        "is_archived": ChannelArchived,
    }
    problem = by_code.get(code)
    return problem(channel=channel) if problem else SlackRefused(code=code, channel=channel)


@cache
def tls() -> ssl.SSLContext:
    """The certificates of this machine, read once: each reading takes longer than an answer."""
    return ssl.create_default_context()


def web_client(token: str, base_url: str = WebClient.BASE_URL) -> WebClient:
    """Make a client that never retries by itself; nothing is sent."""
    context = tls() if urlsplit(base_url).scheme == "https" else None
    client = WebClient(token=token, base_url=base_url, timeout=int(DEADLINE_SECONDS), retry_handlers=[], ssl=context)
    if is_loopback(base_url):
        client.proxy = None  # the SDK would send even loopback calls to HTTP_PROXY
    return client


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


class SlackChannel:
    """Slack as the courier sees it: look and post, each an answer and never an exception."""

    def __init__(self, client: WebClient, deadline_seconds: float = DEADLINE_SECONDS) -> None:
        self._client = client
        self._deadline = deadline_seconds

    def post(self, row: Delivery, payload: Payload, *, plain: bool) -> Answer:
        """Post once; the metadata holds the delivery's mark and what the message says it is about."""
        call: dict[str, Any] = {
            "channel": row.key.channel,
            "text": payload.plain if plain else payload.text,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {**payload.about, "id": row.mark}},
            "client_msg_id": str(uuid5(NAMESPACE_OID, row.mark)),  # a belt: nothing depends on it
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if payload.blocks and not plain:
            call["blocks"] = list(payload.blocks)
        if row.thread_ts is not None:
            call["thread_ts"] = row.thread_ts
        return ask(self._client, "chat.postMessage", call, "ts", self._deadline)

    def look(self, row: Delivery, since: datetime) -> Look:
        """Search every page since then for the delivery's mark."""
        try:
            found = min(self._ours(row, since), key=float, default=None)
        except Exception as error:  # noqa: BLE001  a look that fails decides nothing; the answer says why
            return _unseen(classify(error))
        return Look(Sight.ABSENT) if found is None else Look(Sight.FOUND, found)

    def copies(self, row: Delivery, since: datetime) -> Copies:
        """Search every page for every message with the delivery's mark; where we may not look there is none to see."""
        try:
            return Copies(tuple(sorted(self._ours(row, since), key=float)))
        except Exception as error:  # noqa: BLE001  the same
            return Copies(certain=_unseen(classify(error)).sight is not Sight.FAILED)

    def remove(self, row: Delivery, ts: str) -> bool:
        """Delete a message of ours; one that is gone already is gone."""
        answer = ask(self._client, "chat.delete", {"channel": row.key.channel, "ts": ts}, "ts", self._deadline)
        return answer.outcome is Outcome.SENT or answer.error == "message_not_found"

    def _ours(self, row: Delivery, since: datetime) -> Iterator[str]:
        """The places of the messages that carry the mark, page by page."""
        for message in self._messages(row, since):
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE and metadata.get("event_payload", {}).get("id") == row.mark:
                yield message["ts"]

    def _messages(self, row: Delivery, since: datetime) -> Iterator[dict[str, Any]]:
        query: dict[str, Any] = {
            "channel": row.key.channel,
            "oldest": f"{since.timestamp():.6f}",
            "include_all_metadata": True,
            "limit": _PAGE,
        }
        method = "conversations.history"
        if row.thread_ts is not None:
            method, query["ts"] = "conversations.replies", row.thread_ts
        return _pages(self._client, method, query, "messages", self._deadline)


class Directory:
    """The ids of channels that the settings name `#like-this`; looking into a channel needs its id."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._ids: dict[str, str] = {}

    def ids(self, channels: Sequence[str]) -> tuple[str, ...]:
        """One id for each id or name; raises a Problem where one cannot be found."""
        if any(channel.startswith("#") and channel not in self._ids for channel in channels):
            self._ids = {f"#{channel['name']}": channel["id"] for channel in self._all()}
        missing = [channel for channel in channels if channel.startswith("#") and channel not in self._ids]
        if missing:
            raise ChannelUnknown(channel=missing[0])
        return tuple(self._ids.get(channel, channel) for channel in channels)

    def placed(self, channel: str) -> str:
        """The id of a channel, as far as it has been looked up; nothing is asked."""
        return self._ids.get(channel, channel)

    def _all(self) -> Iterator[dict[str, Any]]:
        query = {"types": "public_channel,private_channel", "exclude_archived": True, "limit": _PAGE}
        try:
            yield from _pages(self._client, "conversations.list", query, "channels", DEADLINE_SECONDS)
        except (SlackApiError, OSError, HTTPException) as error:
            answer = classify(error)
            if answer.outcome is Outcome.BLOCKED:
                raise refusal(answer.error, "") from error
            raise unreachable(answer) from error


def unreachable(answer: Answer) -> SlackUnreachable:
    """Why there is no answer, of a call that changed nothing: a pause that Slack asks for, or silence."""
    return SlackUnreachable(reason=answer.error) if answer.retry_after is None else SlackBusy(answer.retry_after)


def _pages(
    client: WebClient, method: str, query: dict[str, Any], name: str, deadline_seconds: float
) -> Iterator[dict[str, Any]]:
    """Every item of every page."""
    cursor = ""
    while True:
        asked = {**query, "cursor": cursor} if cursor else query
        page = within(deadline_seconds, lambda asked=asked: client.api_call(method, params=dict(asked)))  # type: ignore[misc]  # mypy cannot type a lambda's default
        yield from page.get(name) or ()
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return


def ask(
    client: WebClient, method: str, call: dict[str, Any], place: str, deadline_seconds: float = DEADLINE_SECONDS
) -> Answer:
    """Call a method that posts, once; `place` names the field of the answer that says where it is."""
    try:
        answer = within(deadline_seconds, lambda: client.api_call(method, json=call))
    except Exception as error:  # noqa: BLE001  whatever broke, the answer says what it leaves open
        return classify(error)
    ts = answer.get(place)
    return Answer(Outcome.SENT, ts) if ts else Answer(Outcome.UNKNOWN, error="no_ts")


def _unseen(answer: Answer) -> Look:
    if answer.error in _BLIND:
        return Look(Sight.BLIND, error=answer.error)
    sight = Sight.BLOCKED if answer.outcome is Outcome.BLOCKED else Sight.FAILED
    return Look(sight, error=answer.error, retry_after=answer.retry_after)


def within(seconds: float, call: Callable[[], SlackResponse]) -> SlackResponse:
    """Wait for the call that long and no longer; the SDK's own timeout starts anew with each byte."""
    answer: list[SlackResponse] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            answer.append(call())
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run, name="slack-call", daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not answer:
        raise TimeoutError("deadline")
    return answer[0]


def classify(error: BaseException) -> Answer:
    """What a failed call leaves open."""
    if isinstance(error, SlackApiError):
        return _of_response(error.response)
    if isinstance(error, URLError) and _before_the_request(error.reason):
        return Answer(Outcome.NOT_APPLIED, error="unreachable")
    if isinstance(error, TimeoutError) or (isinstance(error, URLError) and isinstance(error.reason, TimeoutError)):
        return Answer(Outcome.UNKNOWN, error="timeout")
    return Answer(Outcome.UNKNOWN, error=f"broken: {type(error).__name__}")


def _before_the_request(reason: object) -> bool:
    """Whether the connection failed before any byte of the request can have arrived."""
    if isinstance(reason, ssl.SSLError):
        return not isinstance(reason, ssl.SSLEOFError | ssl.SSLZeroReturnError)
    return isinstance(reason, ConnectionRefusedError | socket.gaierror)


def _of_response(response: SlackResponse) -> Answer:
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error", ""))
    if response.status_code == 429 or code in _RATE_LIMITED:  # noqa: PLR2004  HTTP's own number
        return Answer(Outcome.NOT_APPLIED, error="ratelimited", retry_after=_retry_after(response))
    if response.status_code >= 500 or code in _OPEN or not _CODE.match(code):  # noqa: PLR2004  the same
        return Answer(Outcome.UNKNOWN, error=code if _CODE.match(code) else f"http_{response.status_code}")
    if code in _CONTENT:
        return Answer(Outcome.CONTENT, error=code)
    return Answer(Outcome.BLOCKED, error=code)


def _retry_after(response: SlackResponse) -> float:
    """How long Slack asks to wait; half a minute where it does not say."""
    named = {name.lower(): value for name, value in response.headers.items()}
    try:
        return float(named.get("retry-after", "30"))
    except ValueError:
        return 30.0
