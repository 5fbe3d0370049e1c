"""How do the desk, the ledger and Slack become a running bot?

The wiring of `asakai run` and `asakai digest --send`: nothing here decides
anything, it hands each part what it needs.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot import log as logging
from bot.access import Access, Who
from bot.delivery.clock import Calendar, utc_now
from bot.delivery.courier import Courier
from bot.delivery.ledger import Ledger
from bot.delivery.morning import DIGEST, Morning, Target, data_day, send_now
from bot.delivery.payload import payload_of
from bot.delivery.post import DeliveryOpen, Directory, SlackChannel, SlackUnreachable, refusal, web_client
from bot.delivery.row import Delivery, Key, Kind, Payload, State
from bot.delivery.web import WebCalls
from bot.language import Language
from bot.listening import check_token, serve_http, serve_socket
from bot.present.alert import alert
from bot.present.digest import digest
from bot.schedule import Ticker, awake
from bot.settings import MissingSetting
from bot.slack import Answers, Edge
from bot.stop import on_signals, wind_down
from bot.subcommands import answer, explain
from bot.watch.asked import Past
from bot.watch.past import History
from bot.watch.saying import Saying
from bot.watched import Watched
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from bot.desk import Desk
    from bot.page import Page
    from bot.settings import Settings
    from metrics.alert import Judgement

WORKSPACE = "default"
"""One bot serves one workspace; the ledger's keys leave room for more."""

notes = structlog.get_logger("asakai")


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's bot: its settings, its desk, and its clock."""

    settings: Settings
    desk: Desk
    now: Callable[[], datetime]
    language: Language
    saying: Saying | None = None
    history: History | None = None

    # -- what is posted ----------------------------------------------------------

    def content(self, row: Delivery) -> Payload:
        """The bytes of a message that is due: computed from all that is known now."""
        day = data_day(row.key.local_date)
        self.desk.refresh()
        figures: tuple[tuple[str, float], ...] = ()
        if row.key.kind is Kind.ALERT:
            page = self._alert(day)
        elif self.saying is None:
            page = self.digest(day)
        elif row.key.kind in {Kind.DATA_NOTICE, Kind.OWNER_NOTICE}:
            page = self.saying.notice(row)
        else:
            said = self.saying.digest(row, lambda: (self.digest(day), self._rate(day)))
            page, figures = said.page, said.figures
        payload = payload_of(page, native=self.settings.slack.native_blocks, data_as_of=day)
        return replace(payload, figures=figures)

    def _rate(self, day: date) -> float | None:
        return self.desk.report(day).repeat.now.rate.value

    def digest(self, day: date) -> Page:
        """The digest of the morning after `day`."""
        return digest(self.desk.report(day, dimensions=(self.settings.main_dimension,)), self.language)

    def _alert(self, day: date) -> Page:
        report = self.desk.alert(day)
        return alert(report.judgement, report, self.language)

    def judge(self, day: date) -> Judgement:
        """How that day's repeat rate stands against the alert's threshold."""
        return self.desk.alert(day).judgement

    def targets(self, directory: Directory) -> tuple[Target, ...]:
        """Each channel with what it gets."""
        settings, wanted = self.settings, self.settings.digest
        calendar = Calendar(
            None if wanted.country == "none" else wanted.country,
            frozenset(wanted.company_holidays),
            frozenset(wanted.working_days),
            every_day=not wanted.business_days_only,
        )
        digests, alerts = directory.ids(wanted.channels), directory.ids(settings.alert_channels)
        channels = tuple(dict.fromkeys((*digests, *alerts)))
        return tuple(
            Target(
                channel,
                wanted.at,
                self.desk.zone,
                calendar,
                digest=channel in digests,
                alerts=settings.alert.enabled and channel in alerts,
            )
            for channel in channels
        )

    # -- what is answered ----------------------------------------------------------

    def answers(self, directory: Directory, team: str | None) -> Answers:
        """What Slack's edge asks of us."""
        return Answers(self.answer, self.explain, self._say, lambda: self.access(directory, team))

    def answer(self, text: str, who: Who) -> Page:
        """The page for a text; raises Problem."""
        self.desk.refresh()
        sees = who.user in self.settings.customers.allowed_users
        past = Past(self.history, self.desk.zone, who.channel) if self.history else None
        main = self.settings.main_dimension
        return answer(text, self.desk, self.language, main_dimension=main, sees_customers=sees, past=past)

    def explain(self, problem: Problem, _who: Who) -> Page:
        """The page that says a problem."""
        return explain(problem, self.language)

    def access(self, directory: Directory, team: str | None) -> Access:
        """Who gets figures where."""
        channels = frozenset(directory.ids(tuple(self.settings.channels)))
        return Access(channels, frozenset(self.settings.slack.allowed_users), team)

    def _say(self, page: Page) -> Payload:
        return payload_of(page, native=self.settings.slack.native_blocks)


def serve(settings: Settings, desk: Desk, now: Callable[[], datetime], stop: threading.Event | None = None) -> bool:
    """Run until a signal (or `stop`): answer questions, post what is due. Raises a Problem at the start.

    False where something did not finish in time.
    """
    logging.configure()
    stopping = stop or threading.Event()
    if stop is None:
        on_signals(stopping)
    client = web_client(settings.secret("bot_token"), settings.slack.base_url)
    app_token = settings.secret("app_token") if settings.slack.mode == "socket" else ""
    signing_secret = settings.secret("signing_secret") if settings.slack.mode == "http" else ""
    team = check_token(client)
    shop, directory = Shop(settings, desk, now, Language.of(settings.language)), Directory(client)
    _check_channels(shop, directory)
    with closing(_ledger(settings, now)) as ledger:
        shop = with_past(shop, ledger)
        courier = _courier(shop, ledger, SlackChannel(client))
        morning = Morning(ledger, courier, WORKSPACE, lambda: shop.targets(directory), shop.judge, settings.alert.judge)
        watched = Watched(settings.watch, ledger, WebCalls(client), morning, shop.language)
        morning.courier = replace(courier, tell=watched.tell(now))
        watched.keep(settings.digest.notice_after_minutes)
        ticker = Ticker(morning.tick, now)
        edge = Edge(client, shop.answers(directory, team), signing_secret=signing_secret)
        _warm(shop)
        ticker.start()
        notes.info("started", mode=settings.slack.mode, channels=len(settings.digest.channels))
        closings: list[Callable[[float], bool]] = [
            ticker.close,
            watched.let_go(courier.owner),
            *watched.start(ticker, shop.desk, stopping),
        ]
        try:
            if settings.slack.mode == "http":
                closings.append(serve_http(edge, settings.slack.host, settings.slack.port, stopping))
            else:
                closings.append(serve_socket(edge.app(), app_token, stopping))
        finally:
            clean = wind_down([*closings, edge.workers.close])
    return clean


def with_past(shop: Shop, ledger: Ledger, *, gate: bool = True) -> Shop:
    """The shop that knows what became of the mornings before; `gate`: an incomplete day waits."""
    digest, desk = shop.settings.digest, shop.desk
    points, gated = digest.restatement_points, gate and digest.fresh_only
    saying = Saying(desk, desk.store, ledger, shop.language, shop.now, gate=gated, points=points)
    return replace(shop, saying=saying, history=ledger)


def _warm(shop: Shop) -> None:
    """Read the counts before anyone asks; without orders the bot runs all the same, and says so when asked."""
    try:
        shop.desk.vocabulary()
        shop.digest(shop.desk.as_of)
    except Problem as problem:
        notes.warning("no_figures_yet", why=problem.key)


def _check_channels(shop: Shop, directory: Directory) -> None:
    """Let a misspelt channel stop the start, not the first morning; a Slack that is away may come back."""
    try:
        shop.targets(directory)
    except SlackUnreachable as problem:
        notes.warning("channels_not_checked", why=problem.values["reason"])


def send(
    settings: Settings, desk: Desk, now: Callable[[], datetime], channels: Sequence[str]
) -> Iterator[tuple[str, date, bool]]:
    """Post today's digest to each channel; gives the channel, the day, and whether it was there before."""
    if not channels:
        raise MissingSetting(name="digest.channels", variable="ASAKAI_DIGEST__CHANNELS")
    logging.configure("CRITICAL")  # what went wrong is said in a sentence
    client = web_client(settings.secret("bot_token"), settings.slack.base_url)
    shop = Shop(settings, desk, now, Language.of(settings.language))
    shop.digest(desk.as_of)  # what is wrong with the data is said before Slack is asked anything
    ids = Directory(client).ids(tuple(channels))
    with closing(_ledger(settings, now)) as ledger:
        shop = with_past(shop, ledger, gate=False)  # who sends by hand has seen the data
        courier = _courier(shop, ledger, SlackChannel(client))
        for name, channel in zip(channels, ids, strict=True):
            key = Key(WORKSPACE, Kind.DIGEST, DIGEST, channel, desk.as_of + timedelta(days=1))
            known = ledger.find(key)
            row = send_now(courier, WORKSPACE, channel, now(), desk.zone)
            _check_sent(row, name)
            courier.round()  # the replies in its thread
            yield name, desk.as_of, known is not None and known.state is State.SENT


def _check_sent(row: Delivery | None, channel: str) -> None:
    """Raise what kept the message from being posted."""
    if row is None or row.state is State.SENDING:
        raise DeliveryOpen(channel=channel)
    if row.state is State.BLOCKED:
        raise refusal(row.last_error or "", channel)
    if row.state is not State.SENT:
        raise DeliveryOpen(channel=channel) if row.intent_at else SlackUnreachable(reason=row.last_error or "")


def _ledger(settings: Settings, now: Callable[[], datetime]) -> Ledger:
    """The ledger on its database's clock, for replicas disagree; on `now` where that is not the real one."""
    return Ledger.open(settings.state, clock=None if now is utc_now else now)


def _courier(shop: Shop, ledger: Ledger, channel: SlackChannel) -> Courier:
    owner = f"{socket.gethostname()}:{os.getpid()}"
    return Courier(ledger, channel, shop.content, shop.now, awake, owner, _tell)


def _tell(row: Delivery, why: str) -> None:
    notes.error("delivery_blocked", channel=row.key.channel, why=why)
