"""What may be done with an answer, and how is one asked for without typing?

Between Slack's edge and the questions: an answer is shared to the channel, or sent as a file to
the one who asked; a form asks for the same as words do; a message says where its numbers come from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from bot.access import Who
from bot.ask_form import ASK_FORM, ask_form, question_of
from bot.blockkit.form import modal
from bot.blockkit.limits import CONTEXT_TEXT, fit, markup
from bot.deed import Deed, Doing, Refusing, Route, Web
from bot.onward import FILES, SHARE
from bot.page import Footnote, Page, Paragraph, Signature
from bot.present.source import about, asked_of, source
from bot.question import Figures
from bot.sheet import as_csv, as_xlsx, sheets
from bot.subcommands import explain
from bot.workers import Once
from metrics.problem import Problem

if TYPE_CHECKING:
    from bot.delivery.row import Payload
    from bot.grammar import Ask
    from bot.language import Language
    from bot.subcommands import Heard

ASK: Final = "ask_figure"
SOURCE: Final = "where_from"
SHORTCUTS: Final = (ASK, SOURCE)
"""The callback ids of the manifest's shortcuts: one anywhere, one on a message."""
KEPT_BY_US: Final = "asakai_delivery"
_A_DAY: Final = 86_400.0

log = structlog.get_logger("asakai.answering")


class ExportNotAllowed(Problem):
    """Files are only for those whom the shop has named."""

    key = "export_not_allowed"


class NotForChannels(Problem):
    """Single customers are not shown to a channel."""

    key = "not_for_channels"


class ShareInChannel(Problem):
    """There is no channel to share to."""

    key = "share_in_channel"


class SharedAlready(Problem):
    """That very answer has been shared."""

    key = "shared_already"


class NoSource(Problem):
    """The message keeps nothing of where its numbers come from."""

    key = "no_source"


class Shop(Protocol):
    """The shop, as far as an answer leaves it."""

    @property
    def figures(self) -> Figures:
        """Who knows the figures."""
        ...

    def answer(self, text: str, who: Who, heard: Heard) -> Page:
        """The page for a text; raises Problem. `heard` is told what was asked before anything is counted."""
        ...

    def language(self, who: Who) -> Language:
        """The reader's language."""
        ...

    def say(self, page: Page, known_at: datetime | None = None) -> Payload:
        """A page as Slack takes it."""
        ...

    def now(self) -> datetime:
        """The clock."""
        ...

    def may_export(self, who: Who) -> bool:
        """Whether that person may have files."""
        ...

    def count_export(self, who: Who) -> None:
        """Count a file; raises a Problem where there were too many today."""
        ...

    def audit(self, what: str, who: Who, of: str, rows: int) -> None:
        """Write down what somebody took away."""
        ...


class Outlet(Protocol):
    """The ways out of the conversation."""

    def post(self, who: Who, payload: Payload) -> None:
        """Say it to the whole channel or thread; raises a Problem."""
        ...

    def upload(self, user: str, name: str, content: bytes, comment: str) -> None:
        """Give one person a file, in a direct message; raises a Problem."""
        ...

    def tell(self, who: Who, payload: Payload) -> None:
        """Say it to one person: in the channel, or in a direct message where there is none."""
        ...


@dataclass(slots=True)
class Answering:
    """Answers, and what becomes of them. `access`: who may see figures where, asked anew each time."""

    shop: Shop
    outlet: Outlet
    web: Web
    access: Callable[[], Refusing]
    once: Once = field(default_factory=lambda: Once(time.monotonic, _A_DAY))

    def routes(self) -> tuple[Route, ...]:
        """What Slack's edge hands over to this room."""
        return (
            Route(Doing.PRESS, rf"{SHARE}:\d+", self.on_share),
            Route(Doing.SHORTCUT, ASK, self.on_ask, open_to_all=True),
            Route(Doing.SUBMIT, ASK_FORM, self.on_asked, open_to_all=True),
            Route(Doing.SHORTCUT, SOURCE, self.on_source),
        )

    def answer(self, text: str, who: Who) -> Page:
        """The page for a text, or the word that it was handed on; raises Problem."""
        asked: list[Ask] = []

        def heard(ask: Ask) -> None:
            asked.append(ask)
            if ask.handout == "share":
                _may_be_shared(ask, who)
            if ask.handout in FILES and not self.shop.may_export(who):
                raise ExportNotAllowed(user=who.user)  # before a customer has been looked at

        page = self.shop.answer(text, who, heard)
        ask = asked[0] if asked else None
        if ask is None or not ask.handout:
            return page
        return self._share(page, ask, who) if ask.handout == "share" else self._export(page, ask, who)

    # --- to the channel, into a file ------------------------------------------------------

    def on_share(self, deed: Deed) -> None:
        """Take the button: each answer is shared once."""
        container = deed.body.get("container", {})
        name = f"{container.get('channel_id')} {container.get('message_ts')} {deed.value}"
        if not self.once.first(name):
            raise SharedAlready
        try:
            deed.reply(self.answer(deed.value, deed.who))
        except Exception:
            self.once.forget(name)  # nothing was shared: it may be tried again
            raise

    def _share(self, page: Page, ask: Ask, who: Who) -> Page:
        language = self.shop.language(who)
        quiet = (part for part in page.parts if not isinstance(part, Signature))  # a share calls nobody
        signed = replace(
            page,
            parts=(*quiet, Signature(who.user, language.say("handout.shared_by", user="{user}"))),
            about=self._about(ask),
        )
        self.outlet.post(who, self.shop.say(signed, self.shop.now()))
        self.shop.audit("share", who, ask.subcommand, 0)
        return _told(language.say("handout.shared"), language)

    def _about(self, ask: Ask) -> tuple[tuple[str, str], ...]:
        figures = self.shop.figures
        day = ask.as_of or figures.as_of
        if ask.period and ask.subcommand in {"panel", "dormant"}:
            day = ask.period.last
        report = figures.report(day, filters=ask.filters)
        figure = {"panel": "digest", "segment": "repeat", "why": "repeat"}.get(ask.subcommand, ask.subcommand)
        period = ask.period if figure in {"repeat", "gap"} else None
        return about(figure, report, dimension=ask.dimension or "", period=period)

    def _export(self, page: Page, ask: Ask, who: Who) -> Page:
        if ask.subcommand != "list":  # customers were counted when they were looked up
            self.shop.count_export(who)
        language = self.shop.language(who)
        content = as_csv(page) if ask.handout == "csv" else as_xlsx(page, self.shop.now())
        day = ask.as_of or self.shop.figures.as_of
        name = f"asakai-{ask.subcommand}-{day:%Y%m%d}.{ask.handout}"
        self.outlet.upload(who.user, name, content, _comment(page))
        self.shop.audit(ask.handout, who, ask.subcommand, len(sheets(page)[0].rows))
        return _told(language.say("handout.sent", file=name), language)

    # --- the form -------------------------------------------------------------------------

    def on_ask(self, deed: Deed) -> None:
        """Open the form; a shop's labels are shown to those who get figures by themselves only."""
        language, known = self.shop.language(deed.who), self.shop.figures.vocabulary()
        if self.access().refusal(replace(deed.who, channel="D")) is not None:
            known = replace(known, labels=())
        deed.web.call("views.open", trigger_id=deed.trigger_id, view=modal(ask_form(known, language)))

    def on_asked(self, deed: Deed) -> None:
        """Answer what the form asks, where the person wants it."""
        language = self.shop.language(deed.who)
        text, channel = question_of(deed.state, language)
        who = replace(deed.who, channel=channel or self._direct(deed.who.user))
        try:
            self.outlet.tell(who, self.shop.say(self._answered(text, who, language)))
        except Problem as problem:  # the place takes nothing: say so where there is nobody else, and without figures
            there = replace(deed.who, channel=self._direct(deed.who.user))
            self.outlet.tell(there, self.shop.say(explain(problem, language)))

    def _answered(self, text: str, who: Who, language: Language) -> Page:
        try:
            refused = self.access().refusal(who)
            return explain(refused, language) if refused else self.answer(text, who)
        except Problem as problem:
            return explain(problem, language)

    def _direct(self, user: str) -> str:
        """The direct message with that person."""
        return str(self.web.call("conversations.open", users=user)["channel"]["id"])

    # --- where a number comes from ----------------------------------------------------------

    def on_source(self, deed: Deed) -> None:
        """Say where a message's numbers come from, counted again from what was known then."""
        kept = _kept(self._message(deed))
        language, figures = self.shop.language(deed.who), self.shop.figures
        try:
            as_of, filters, period = asked_of(kept)
            known_at = _instant(kept.get("known_at", ""))
        except (KeyError, ValueError, TypeError) as error:
            raise NoSource from error
        dimension = kept.get("dimension", "")
        report = figures.report(
            as_of,
            filters=filters,
            dimensions=(dimension,) if dimension else (),
            period=period,
            known_at=known_at,
        )
        deed.reply(source(kept.get("figure", "digest"), report, language))

    def _message(self, deed: Deed) -> Mapping[str, Any]:
        """The message with its metadata, which a shortcut's request may leave out."""
        message: Mapping[str, Any] = deed.body.get("message") or {}
        if message.get("metadata"):
            return message
        ts, thread = message.get("ts", ""), message.get("thread_ts")
        query = {"channel": deed.who.channel, "oldest": ts, "latest": ts, "inclusive": True, "limit": 1}
        if thread and thread != ts:
            found = deed.web.call("conversations.replies", ts=thread, include_all_metadata=True, **query)
        else:
            found = deed.web.call("conversations.history", include_all_metadata=True, **query)
        return next((one for one in found.get("messages", ()) if one.get("ts") == ts), {})


def _may_be_shared(ask: Ask, who: Who) -> None:
    if ask.subcommand == "list":
        raise NotForChannels
    if who.channel.startswith("D") or not who.channel:
        raise ShareInChannel


def _kept(message: Mapping[str, Any]) -> dict[str, str]:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != KEPT_BY_US:
        raise NoSource
    return {str(name): str(value) for name, value in (metadata.get("event_payload") or {}).items()}


def _instant(text: str) -> datetime | None:
    """An aware instant; ValueError where it is none."""
    if not text:
        return None
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found


def _told(said: str, language: Language) -> Page:
    return Page(said, (Paragraph(said),), language=language.code)


def _comment(page: Page) -> str:
    """What stands above a file: the answer in one sentence and what it stands on."""
    small = [item for part in page.parts if isinstance(part, Footnote) for item in part.items]
    return "\n".join(fit(said, CONTEXT_TEXT, markup) for said in (page.headline, *small))
