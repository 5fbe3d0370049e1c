"""How does something leave the conversation: to the channel, to one person, as a file?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import structlog

from bot.delivery.post import DEADLINE_SECONDS, EVENT_TYPE, DeliveryOpen, SlackUnreachable, ask, refusal
from bot.delivery.protocol import Outcome

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from bot.access import Who
    from bot.deed import Web
    from bot.delivery.row import Payload

SCOPES = ("files:write", "im:write")
"""What this file's calls need of a bot token, besides those that post."""

log = structlog.get_logger("asakai.outlet")


@dataclass(frozen=True, slots=True)
class Outlet:
    """Slack, for what an answer becomes. Nothing is sent twice: a share that may have arrived is said to be open."""

    client: WebClient
    web: Web

    def post(self, who: Who, payload: Payload) -> None:
        """Say it to the whole channel or thread."""
        call: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
        if payload.about:
            call["metadata"] = {"event_type": EVENT_TYPE, "event_payload": dict(payload.about)}
        self._say("chat.postMessage", "ts", who, payload, call)

    def tell(self, who: Who, payload: Payload) -> None:
        """Say it to one person, who alone sees it."""
        self._say("chat.postEphemeral", "message_ts", who, payload, {"user": who.user})

    def _say(self, method: str, place: str, who: Who, payload: Payload, call: dict[str, Any]) -> None:
        """Post once; in words where its blocks are refused. Raises the Problem why it is not there."""
        call |= {"channel": who.channel, **({"thread_ts": who.thread_ts} if who.thread_ts else {})}
        blocks = {"blocks": list(payload.blocks)} if payload.blocks else {}
        answer = ask(self.client, method, {**call, "text": payload.text, **blocks}, place)
        if answer.outcome is Outcome.CONTENT and blocks:
            log.warning("text_form_sent", why=answer.error)
            answer = ask(self.client, method, {**call, "text": payload.plain}, place)
        if answer.outcome is Outcome.UNKNOWN:
            raise DeliveryOpen(channel=who.channel)
        if answer.outcome is Outcome.NOT_APPLIED:
            raise SlackUnreachable(reason=answer.error)
        if answer.outcome is not Outcome.SENT:
            raise refusal(answer.error, who.channel)

    def upload(self, user: str, name: str, content: bytes, comment: str) -> None:
        """Give one person a file: an address, the bytes, and the direct message with them."""
        channel = self.web.call("conversations.open", users=user)["channel"]["id"]
        place = self.web.call("files.getUploadURLExternal", filename=name, length=len(content))
        _send(str(place["upload_url"]), content)
        self.web.call(
            "files.completeUploadExternal",
            files=[{"id": place["file_id"], "title": name}],
            channel_id=channel,
            initial_comment=comment,
        )


def _send(url: str, content: bytes) -> None:
    if urlsplit(url).scheme not in {"https", "http"}:
        raise ValueError(url)
    request = Request(url, content, {"Content-Type": "application/octet-stream"})  # noqa: S310  checked above
    try:
        with urlopen(request, timeout=DEADLINE_SECONDS) as answer:  # noqa: S310  checked above
            answer.read(1000)
    except (URLError, OSError) as error:
        raise SlackUnreachable(reason=str(error)) from error
