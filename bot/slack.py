"""How does a question reach the bot from Slack, and how does the answer get back?

Every listener acknowledges in its first line and hands the work over; what does not fit
is answered "busy" at once. Slash commands, buttons and mentions take the same words. The
answer comes from a function that is handed in: this file knows Slack and no figures.
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

import structlog
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk.errors import SlackApiError

from bot.access import Access, Who
from bot.delivery.post import TokenRefused, classify, refusal
from bot.delivery.protocol import Outcome
from bot.delivery.reply import Reply, by_url, in_channel
from bot.workers import Once, Workers
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_sdk import WebClient
    from starlette.applications import Starlette

    from bot.delivery.row import Payload
    from bot.page import Page

    Closing = Callable[[float], bool]
    """Ends something within that many seconds; False when it did not end."""

SCOPES = ("app_mentions:read", "commands", "chat:write")
"""What this file's listeners and calls need of a bot token."""
EVENTS = ("app_mention",)
COMMAND = "/kpi"

LISTENER_THREADS = 20  # Bolt's own five would leave the sixth command unacknowledged
BODY_LIMIT = 64 * 1024
RECONNECT_SECONDS = (1, 2, 4, 8, 15, 30, 60)
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))

log = structlog.get_logger("asakai.slack")


class TokenMissing(Problem):
    """A token or secret is not set."""

    key = "token_missing"


class Busy(Problem):
    """Every worker is at it, and the queue is full."""

    key = "busy"


class Bug(Problem):
    """Something that nobody expected; the id is in the log."""

    key = "bug"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the composition root hands in.

    `answer`: the page for a text (raises Problem); `explain`: the page that says a Problem;
    `say`: a page as Slack takes it; `access`: who gets figures where, asked anew each time.
    """

    answer: Callable[[str, Who], Page]
    explain: Callable[[Problem, Who], Page]
    say: Callable[[Page], Payload]
    access: Callable[[], Access]


@dataclass(slots=True)
class Edge:
    """The border between Slack and the answers."""

    client: WebClient
    answers: Answers
    workers: Workers = field(default_factory=Workers)
    once: Once = field(default_factory=lambda: Once(time.monotonic))
    command: str = COMMAND
    signing_secret: str = ""

    def app(self) -> App:
        """Make the Bolt app; nothing is sent, so a Slack that is down now ends nothing."""
        app = App(
            client=self.client,
            signing_secret=self.signing_secret,
            token_verification_enabled=False,
            listener_executor=ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="listen"),
        )
        app.command(self.command)(self.on_command)
        app.action(re.compile(r"^kpi:"))(self.on_button)
        app.event("app_mention")(self.on_mention)
        app.error(self.on_error)
        return app

    def on_command(self, ack: Callable[[], None], body: dict[str, Any]) -> None:
        """Take `/kpi …`."""
        ack()
        who = Who(body["user_id"], body["channel_id"], body.get("team_id", ""))
        self._take(
            plain_words(body.get("text", "")),
            who,
            by_url(body["response_url"], who.thread_ts),
            body.get("trigger_id", ""),
        )

    def on_button(self, ack: Callable[[], None], body: dict[str, Any]) -> None:
        """Take a button whose value is a command."""
        ack()
        action, container = body["actions"][0], body.get("container", {})
        channel = body.get("channel", {}).get("id") or container.get("channel_id", "")
        thread = body.get("message", {}).get("thread_ts") or container.get("thread_ts")
        who = Who(body["user"]["id"], channel, (body.get("team") or {}).get("id", ""), thread)
        self._take(
            action.get("value", ""), who, by_url(body["response_url"], who.thread_ts), body.get("trigger_id", "")
        )

    def on_mention(self, body: dict[str, Any]) -> None:
        """Take `@asakai …` in a channel or thread; Bolt has acknowledged it."""
        event = body["event"]
        who = Who(
            event.get("user", ""),
            event["channel"],
            body.get("team_id", ""),
            event.get("thread_ts"),
            shared=bool(body.get("is_ext_shared_channel")),
        )
        text = plain_words(_MENTION.sub(" ", event.get("text", "")))
        self._take(text, who, in_channel(self.client, who.channel, who.user, who.thread_ts), body.get("event_id", ""))

    def on_error(self, error: Exception, body: dict[str, Any]) -> None:
        """Say that a listener broke; the only place for errors before the hand-over."""
        problem = _as_problem(error)
        if url := body.get("response_url"):
            who = Who(str(body.get("user_id", "")), str(body.get("channel_id", "")))
            by_url(url)(self.answers.say(self.answers.explain(problem, who)))

    def on_replay(self, req: BoltRequest, next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002  Bolt's name
        """Refuse a signature seen before: Slack signs each redelivery anew, so it is a replay."""
        if self.once.first("".join(req.headers.get("x-slack-signature", ()))):
            return next()
        return BoltResponse(status=401, body="replayed")

    def _take(self, text: str, who: Who, reply: Reply, name: str) -> None:
        if not self.once.first(name):
            log.info("request_again", request=name)
            return
        if not self.workers.take(lambda: self._work(text, who, reply)):
            log.warning("busy", channel=who.channel)
            reply(self.answers.say(self.answers.explain(Busy(), who)))

    def _work(self, text: str, who: Who, reply: Reply) -> None:
        """Answer one question; whatever happens, something is said."""
        try:
            reply(self.answers.say(self._page(text, who)))
        except Exception as error:
            # Neither the answer nor the apology could be said: only the log is left.
            log.exception("reply_failed", channel=who.channel, why=type(error).__name__)

    def _page(self, text: str, who: Who) -> Page:
        try:
            refused = self.answers.access().refusal(who)
            if refused is not None:
                return self.answers.explain(refused, who)
            return self.answers.answer(text, who)
        except Exception as error:  # noqa: BLE001  a bug is logged with its id and said
            return self.answers.explain(_as_problem(error), who)


def plain_words(text: str) -> str:
    """What was typed: Slack sends `&`, `<` and `>` escaped."""
    for escaped, sign in _ESCAPES:
        text = text.replace(escaped, sign)
    return text.strip()


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    bug = Bug(id=secrets.token_hex(4))
    log.error("bug", id=bug.values["id"], exc_info=error)
    return bug


# --- how requests come in ---------------------------------------------------------------------


def check_token(client: WebClient) -> str | None:
    """The workspace's id; raises TokenRefused. None while Slack cannot be reached: that may pass."""
    try:
        return str(client.auth_test()["team_id"])
    except SlackApiError as error:
        answer = classify(error)
        if answer.outcome is Outcome.BLOCKED:
            raise refusal(answer.error, "") from error
        log.warning("slack_not_reached", why=answer.error)
    except OSError as error:
        log.warning("slack_not_reached", why=str(error))
    return None


def serve_socket(app: App, app_token: str, stop: threading.Event) -> Closing:
    """Listen by Socket Mode until `stop`; returns how to close. Raises TokenRefused only."""
    from slack_bolt.adapter.socket_mode import SocketModeHandler  # noqa: PLC0415  only this mode needs it

    handler = SocketModeHandler(app, app_token)
    handler.client.proxy = app.client.proxy
    try:
        _connect(handler, stop)
        stop.wait()
    except BaseException:
        handler.client.close()
        raise

    def close(within_seconds: float) -> bool:
        closing = threading.Thread(target=handler.client.close, daemon=True)
        closing.start()
        closing.join(within_seconds)
        return not closing.is_alive()

    return close


def http_app(edge: Edge) -> Starlette:
    """Take requests at /slack/events: signed, younger than five minutes, small, and each once."""
    from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response  # noqa: PLC0415
    from starlette.applications import Starlette  # noqa: PLC0415  an extra: only HTTP mode needs it
    from starlette.concurrency import run_in_threadpool  # noqa: PLC0415
    from starlette.requests import Request  # noqa: PLC0415, TC002  Starlette looks at the annotation
    from starlette.responses import Response  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    if not edge.signing_secret:
        raise TokenMissing(name="signing_secret")
    app = edge.app()
    app.use(edge.on_replay)

    async def events(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                return Response("too large", 413)
        return to_starlette_response(await run_in_threadpool(app.dispatch, to_bolt_request(request, body)))

    return Starlette(routes=[Route("/slack/events", events, methods=["POST"])])


def serve_http(edge: Edge, host: str, port: int, stop: threading.Event) -> Closing:
    """Listen by HTTP until `stop`; returns how to close."""
    import uvicorn  # noqa: PLC0415  an extra: only HTTP mode needs it

    server = uvicorn.Server(uvicorn.Config(http_app(edge), host, port, log_config=None, ws="none"))
    thread = threading.Thread(target=server.run, name="http")
    thread.start()
    stop.wait()

    def close(within_seconds: float) -> bool:
        server.should_exit = True
        thread.join(within_seconds)
        return not thread.is_alive()

    return close


def _connect(handler: Any, stop: threading.Event) -> None:  # noqa: ANN401  SocketModeHandler, imported where it is used
    """Open the first connection, however long Slack is away; later ones are the SDK's own work."""
    attempt = 0
    while not stop.is_set():
        try:
            handler.client.connect_to_new_endpoint(force=True)  # a fresh address each time: they expire
        except SlackApiError as error:
            answer = classify(error)
            if answer.outcome is Outcome.BLOCKED:
                raise TokenRefused(code=answer.error) from error
            log.warning("slack_not_reached", why=answer.error)
        except (URLError, OSError) as error:
            log.warning("slack_not_reached", why=str(error))
        else:
            log.info("connected")
            return
        stop.wait(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
        attempt += 1
