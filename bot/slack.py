"""How does a question reach the bot from Slack, and how does the answer get back?

Every listener acknowledges in its first line and hands the work over; what does not fit
is answered "busy" at once. Slash commands, buttons and mentions take the same words. The
answer comes from a function that is handed in: this file knows Slack and no figures.
"""

from __future__ import annotations

import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from slack_bolt import App, BoltRequest, BoltResponse

from bot.access import Who
from bot.deed import Deed, Doing, Refusing, Route, chosen
from bot.delivery import outlet
from bot.delivery.reply import Reply, by_url, in_channel
from bot.delivery.web import WebCalls
from bot.workers import Once, Workers
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from slack_sdk import WebClient

    from bot.delivery.row import Payload
    from bot.page import Page

SCOPES = ("app_mentions:read", "commands", "chat:write", "files:read", *outlet.SCOPES)
"""What this file's listeners and calls, and those behind them, need of a bot token."""
EVENTS = ("app_home_opened", "app_mention", "file_shared", "message.im")
COMMAND = "/kpi"

LISTENER_THREADS = 20  # Bolt's own five would leave the sixth command unacknowledged
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
_ESCAPES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))

log = structlog.get_logger("asakai.slack")


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
    access: Callable[[], Refusing]


@dataclass(slots=True)
class Edge:
    """The border between Slack and the answers."""

    client: WebClient
    answers: Answers
    workers: Workers = field(default_factory=Workers)
    once: Once = field(default_factory=lambda: Once(time.monotonic))
    command: str = COMMAND
    signing_secret: str = ""
    routes: tuple[Route, ...] = ()

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
        app.event("message")(self.on_direct)
        for doing, listen in (
            (Doing.PRESS, app.action),
            (Doing.SUBMIT, app.view_submission),
            (Doing.CLOSE, app.view_closed),
            (Doing.SHORTCUT, app.shortcut),
            (Doing.EVENT, app.event),
        ):
            for name in {route.name for route in self.routes if route.doing is doing}:
                listen(re.compile(f"^(?:{name})$"))(self._deeds(doing))
        app.error(self.on_error)
        return app

    def on_command(self, ack: Callable[[], None], body: dict[str, Any]) -> None:
        """Take `/kpi …`."""
        ack()
        self._acknowledged(self._typed, body)

    def _typed(self, body: dict[str, Any]) -> None:
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
        self._acknowledged(self._pressed, body)

    def _pressed(self, body: dict[str, Any]) -> None:
        action, who = body["actions"][0], _who(body)
        self._take(chosen(action), who, by_url(body["response_url"], who.thread_ts), body.get("trigger_id", ""))

    def on_mention(self, body: dict[str, Any]) -> None:
        """Take `@asakai …` in a channel or thread; Bolt has acknowledged it."""
        self._said(body)

    def on_direct(self, body: dict[str, Any]) -> None:
        """Take plain words in the direct message with the bot: there nobody else can be meant."""
        if _was_typed(body["event"]):
            self._said(body)

    def _said(self, body: dict[str, Any]) -> None:
        """Answer a message, where it was written, to its writer."""
        who, text = _who(body), plain_words(_MENTION.sub(" ", body["event"].get("text", "")))
        self._take(text, who, in_channel(self.client, who.channel, who.user, who.thread_ts), body.get("event_id", ""))

    def _deeds(self, doing: Doing) -> Callable[..., None]:
        """The listener of one kind of deed."""

        def on_deed(ack: Callable[..., None], body: dict[str, Any]) -> None:
            deed = self._deed(doing, body)
            route = next(route for route in self.routes if route.fits(doing, deed.name))
            wrong = route.judged(deed)
            if wrong:
                ack(response_action="errors", errors=dict(wrong))
                return
            ack()
            self._hand_over(route, deed, str(body.get("event_id") or deed.trigger_id))

        return on_deed

    def _deed(self, doing: Doing, body: dict[str, Any]) -> Deed:
        event, view = body.get("event", {}), body.get("view") or {}
        action = (body.get("actions") or [{}])[0]
        name = action.get("action_id") or body.get("callback_id") or view.get("callback_id") or event.get("type", "")
        who = _who(body)
        return Deed(
            doing,
            str(name),
            who,
            body,
            WebCalls(self.client),
            self._answering(body, who),
            value=chosen(action),
            trigger_id=str(body.get("trigger_id", "")),
            state=(view.get("state") or body.get("state") or {}).get("values", {}),
        )

    def _answering(self, body: dict[str, Any], who: Who) -> Callable[[Page], None]:
        """Say a page to the one who acts: by the response_url, else where they are, else in a direct message."""
        if url := body.get("response_url"):
            reply = by_url(url, who.thread_ts)
        elif who.channel:
            reply = in_channel(self.client, who.channel, who.user, who.thread_ts)
        else:
            reply = in_channel(self.client, who.user, who.user, None)
        return lambda page: reply(self.answers.say(page))

    def _hand_over(self, route: Route, deed: Deed, name: str) -> None:
        if not self.once.first(f"{deed.doing}:{name}" if name else ""):
            log.info("request_again", request=name)
        elif not self.workers.take(lambda: self._do(route, deed)):
            log.warning("busy", channel=deed.who.channel)
            deed.reply(self.answers.explain(Busy(), deed.who))

    def _do(self, route: Route, deed: Deed) -> None:
        """Let the room take it; whatever happens, the reader hears of it."""
        problem = self._taken(route, deed)
        if problem is None:
            return
        try:
            deed.reply(self.answers.explain(problem, deed.who))
        except Exception as error:
            log.exception("reply_failed", channel=deed.who.channel, why=type(error).__name__)

    def _taken(self, route: Route, deed: Deed) -> Problem | None:
        try:
            refused = None if route.open_to_all else self.answers.access().refusal(deed.who)
            if refused is None:
                route.take(deed)
        except Exception as error:  # noqa: BLE001  a bug is logged with its id and said
            return _as_problem(error)
        return refused

    def _acknowledged(self, work: Callable[[dict[str, Any]], None], body: dict[str, Any]) -> None:
        """Do what follows an acknowledgement: an error that reaches Bolt may take the acknowledgement back."""
        try:
            work(body)
        except Exception as error:  # noqa: BLE001  it is said and logged as every other
            self.on_error(error, body)

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


def _who(body: dict[str, Any]) -> Who:
    """Who acts, and where; a form and Home have no channel."""
    event, container = body.get("event", {}), body.get("container", {})
    user = (body.get("user") or {}).get("id") or event.get("user") or event.get("user_id", "")
    channel = (
        (body.get("channel") or {}).get("id")
        or container.get("channel_id")
        or event.get("channel")
        or event.get("channel_id", "")
    )
    message = body.get("message") or {}
    thread = message.get("thread_ts") or container.get("thread_ts") or event.get("thread_ts")
    team = (body.get("team") or {}).get("id") or body.get("team_id", "")
    return Who(str(user), str(channel), str(team), thread, shared=bool(body.get("is_ext_shared_channel")))


def _was_typed(event: dict[str, Any]) -> bool:
    """Whether a person has just written that to the bot.

    Not what a bot wrote (ourselves among them), not an edit, and not a file: `bot.dropping` hears of those.
    """
    new = event.get("subtype") in {None, "thread_broadcast"}
    return new and event.get("channel_type") == "im" and bool(event.get("user")) and not event.get("bot_id")


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
