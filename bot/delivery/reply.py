"""How does an answer reach the one who asked, and nobody else?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import structlog

from bot.delivery.post import ask, tls
from bot.delivery.protocol import Outcome
from bot.delivery.row import Payload

if TYPE_CHECKING:
    from bot.delivery.post import Client

Reply = Callable[[Payload], None]

METHOD, PLACE = "chat.postEphemeral", "message_ts"
SECONDS = 10
_GONE = frozenset({404, 410, 429})
"""The response_url is used up, too old, or asked too often: another form would not help."""

log = structlog.get_logger("asakai.reply")


def by_url(url: str, thread_ts: str | None = None) -> Reply:
    """Answer through a response_url; what its blocks are refused for is said in words once."""

    def reply(payload: Payload) -> None:
        for message in (payload, *payload.replies):
            refused = _respond(url, _form(message, thread_ts, plain=False))
            if refused and message.blocks:
                log.warning("text_form_sent", why=refused)
                refused = _respond(url, _form(message, thread_ts, plain=True))
            if refused:
                log.error("respond_refused", why=refused)

    return reply


def in_channel(client: Client, channel: str, user: str, thread_ts: str | None) -> Reply:
    """Answer with messages in the channel or thread that only this person sees."""

    def reply(payload: Payload) -> None:
        for message in (payload, *payload.replies):
            call = {"channel": channel, "user": user}
            answer = ask(client, METHOD, {**call, **_form(message, thread_ts, plain=False)}, PLACE)
            if answer.outcome is Outcome.CONTENT and message.blocks:
                log.warning("text_form_sent", why=answer.error)
                answer = ask(client, METHOD, {**call, **_form(message, thread_ts, plain=True)}, PLACE)
            if answer.outcome is not Outcome.SENT:
                log.error("respond_refused", channel=channel, why=answer.error)

    return reply


def _form(message: Payload, thread_ts: str | None, *, plain: bool) -> dict[str, Any]:
    form: dict[str, Any] = {"text": message.plain if plain else message.text}
    if message.blocks and not plain:
        form["blocks"] = list(message.blocks)
    if thread_ts is not None:
        form["thread_ts"] = thread_ts
    return form


def _respond(url: str, form: dict[str, Any]) -> str:
    """Send one form; the reason where it was refused for what is in it, else ""."""
    scheme = urlsplit(url).scheme
    if scheme not in {"https", "http"}:
        raise ValueError(url)
    body = json.dumps({**form, "response_type": "ephemeral", "replace_original": False}).encode()
    request = Request(url, body, {"Content-Type": "application/json; charset=utf-8"})  # noqa: S310  checked above
    try:
        with urlopen(request, timeout=SECONDS, context=tls() if scheme == "https" else None) as answer:  # noqa: S310  the same
            text = answer.read(1000).decode(errors="replace")
    except HTTPError as error:
        return _refused(error)
    except (URLError, OSError) as error:
        log.warning("respond_failed", why=str(error))
        return ""
    return text if '"ok":false' in text.replace(" ", "") else ""


def _refused(error: HTTPError) -> str:
    with error:
        said = error.read(200).decode(errors="replace") or str(error.code)
    if error.code in _GONE or error.code >= 500:  # noqa: PLR2004  HTTP's own number
        log.error("respond_failed", status=error.code)
        return ""
    return said
