"""How do the desk, the ledger and Slack become a running bot?

The wiring of `asakai run` and `asakai digest --send`: nothing here decides
anything, it hands each part what it needs.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import structlog

from bot import log as logging
from bot.alerting.alarm import Hours
from bot.alerting.book import Book
from bot.alerting.room import Outside, Room, Rooms, room
from bot.answering import Answering
from bot.choices.chosen import WORKSPACE, Plan
from bot.choices.current import Current
from bot.choices.store import Choices
from bot.choices.targets import calendar
from bot.choices.tidying import Tidying
from bot.delivery.border import OursAlone
from bot.delivery.clock import utc_now
from bot.delivery.courier import Courier
from bot.delivery.ledger import Ledger
from bot.delivery.morning import DIGEST, Morning, data_day, send_now
from bot.delivery.outlet import Outlet
from bot.delivery.payload import payload_of
from bot.delivery.post import Client, DeliveryOpen, Directory, SlackChannel, SlackUnreachable, ask, refusal, web_client
from bot.delivery.row import Delivery, Key, Kind, Payload, State
from bot.delivery.web import WebCalls
from bot.dropping import Dropbox
from bot.fetching import Fetching
from bot.language import Language
from bot.listening import check_token, serve_http, serve_socket
from bot.present.digest import digest
from bot.reception import Reception
from bot.roll import Roll
from bot.ruling import stored
from bot.schedule import Ticker, awake
from bot.settings import MissingSetting
from bot.slack import Edge
from bot.stop import on_signals, wind_down
from bot.subcommands import Heard, answer, explain, heard_only
from bot.syncing import feeds
from bot.watch.asked import Past
from bot.watch.past import History
from bot.watch.saying import Saying
from bot.watched import Watched
from metrics.problem import Problem
from metrics.warehouse.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime, time

    from bot.access import Who
    from bot.desk import Desk
    from bot.form import Row
    from bot.page import Page
    from bot.question import Figures
    from bot.settings import Settings

AT_ONCE = 2
"""Questions that are counted at the same time."""

notes = structlog.get_logger("asakai")


class DigestGone(Problem):
    """The digest was deleted after it was owed."""

    key = "digest_gone"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's bot at each moment: what its files and Slack say now, its desk, and its clock."""

    current: Current
    first_desk: Desk
    now: Callable[[], datetime]
    history: History | None = None
    gate: bool = True
    _desks: dict[int, Desk] = field(default_factory=dict)
    _counting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.current.now().settings

    @property
    def desk(self) -> Desk:
        """The desk with the settings in force; a new one only where something was chosen in Slack."""
        effective = self.current.now()
        version = effective.chosen.version
        desk = self._desks.get(version)
        if desk is None:
            desk = replace(self.first_desk, settings=effective.settings)
            self._desks.clear()
            self._desks[version] = desk
        return desk

    # -- what is posted ----------------------------------------------------------

    def content(self, row: Delivery) -> Payload:
        """The bytes of a message that is due: computed from all that is known now."""
        day = data_day(row.key.local_date)
        self.desk.refresh()
        page, figures = self._said(row, day)
        native = self.settings.slack.native_blocks
        payload = payload_of(page, native=native, data_as_of=day, known_at=self.now())
        return replace(payload, figures=figures)

    def _said(self, row: Delivery, day: date) -> tuple[Page, tuple[tuple[str, float], ...]]:
        """A row's page, and the figures in it that a later morning compares with."""
        name, channel = row.key.name, row.key.channel
        saying = self._saying(row)
        if saying is None:
            return self.digest(day, name, channel), ()
        if row.key.kind in {Kind.DATA_NOTICE, Kind.OWNER_NOTICE}:
            return saying.notice(row), ()
        said = saying.digest(row, lambda: self.digest(day, name, channel))
        return said.page, said.figures

    def _saying(self, row: Delivery) -> Saying | None:
        """Who puts the words of that digest together: of its customers and in its language."""
        if self.history is None:
            return None
        effective = self.current.now()
        plan: Plan | None = Plan(DIGEST)
        if row.key.kind is Kind.DATA_NOTICE:  # of all digests that wait there
            plan = effective.first_plan(row.key.channel)
        elif row.key.kind is not Kind.OWNER_NOTICE:
            plan = effective.plan(row.key.name)
        language = self.language_of(plan.name if plan else DIGEST, row.key.channel)
        wanted, desk = self.settings.digest, self.desk
        return Saying(
            desk,
            desk.store,
            self.history,
            language,
            self.now,
            gate=self.gate and wanted.fresh_only,
            points=wanted.restatement_points,
            filters=plan.filters if plan else (),
        )

    def language_of(self, name: str, channel: str) -> Language:
        """The language of a digest there; a channel's own where the digest is gone."""
        effective = self.current.now()
        return Language.of(effective.language_of_plan(effective.plan(name) or Plan(DIGEST), channel))

    def digest(self, day: date, name: str = DIGEST, channel: str = "") -> Page:
        """A digest of the morning after `day`, of its customers and in its language."""
        effective = self.current.now()
        plan = effective.plan(name) or (Plan(DIGEST) if name == DIGEST else None)
        if plan is None:
            raise DigestGone(name=name)
        dimension = plan.dimension or self.settings.main_dimension
        report = self.desk.report(day, filters=plan.filters, dimensions=(dimension,))
        return digest(report, Language.of(effective.language_of_plan(plan, channel)))

    def alerting(self, book: Book, client: Client, reception: Reception) -> Room:
        """The room of the rules, with the settings in force."""
        settings, effective = self.settings, self.current.now()
        border = OursAlone(SlackChannel(client), reception.roll.shared)
        outside = Outside(
            lambda channels: reception.directory.ids(tuple(channels)),
            lambda call: border.change(call, lambda call: ask(client, "chat.update", call, "ts")),
            self.now,
            awake,
            f"{socket.gethostname()}:{os.getpid()}",
            self.say,
            lambda who: reception.door().refusal(who),
        )
        main = effective.plan(DIGEST) or Plan(DIGEST, at=settings.digest.at)
        hours = Hours(main.at, self.desk.zone, calendar(main, settings))
        return room(book, self.desk, settings, Language.of(settings.language), hours, outside)

    def rule_rows(self, language: Language) -> tuple[Row, ...]:
        """The alert rules for Home."""
        return self.desk.rule_rows(language)

    # -- what is answered ----------------------------------------------------------

    def language(self, who: Who) -> Language:
        """The reader's language."""
        return Language.of(self.current.now().language_of_person(who.user, who.channel))

    def answer(self, text: str, who: Who, figures: Figures | None = None, heard: Heard = heard_only) -> Page:
        """The page for a text; raises Problem. `figures`: the desk, watched; `heard`: is told what was asked first."""
        self.desk.refresh()
        sees = who.user in self.settings.customers.allowed_users
        past = Past(self.history, self.desk.zone, who.channel) if self.history else None
        with self._counting:  # more at once would only keep each other, and acknowledgements, waiting
            return answer(
                text,
                figures or self.desk,
                self.language(who),
                main_dimension=self.settings.main_dimension,
                sees_customers=sees,
                past=past,
                heard=heard,
            )

    def explain(self, problem: Problem, who: Who) -> Page:
        """The page that says a problem."""
        return explain(problem, self.language(who))

    def say(self, page: Page) -> Payload:
        """A page as Slack takes it."""
        return payload_of(page, native=self.settings.slack.native_blocks)


@dataclass(frozen=True, slots=True)
class Counter:
    """The shop and its reception as the room of answers sees them."""

    shop: Shop
    reception: Reception

    @property
    def figures(self) -> Figures:
        """Who knows the figures."""
        return self.shop.desk

    def answer(self, text: str, who: Who, heard: Heard) -> Page:
        """The page for a text; raises Problem."""
        return self.reception.answer(text, who, heard)

    def language(self, who: Who) -> Language:
        """The reader's language."""
        return self.shop.language(who)

    def say(self, page: Page, known_at: datetime | None = None) -> Payload:
        """A page as Slack takes it."""
        return payload_of(page, native=self.shop.settings.slack.native_blocks, known_at=known_at)

    def now(self) -> datetime:
        """The clock."""
        return self.shop.now()

    def may_export(self, who: Who) -> bool:
        """Whether that person may have files."""
        return self.reception.has_files(who)

    def count_export(self, who: Who) -> None:
        """Count a file; raises a Problem where there were too many today."""
        self.reception.may_export(who)

    def audit(self, what: str, who: Who, of: str, rows: int) -> None:
        """Write down what somebody took away."""
        self.reception.took(who, "share" if what == "share" else "export", of, rows)


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
    with (
        closing(_ledger(settings, now)) as ledger,
        closing(Choices.open(settings.state, WORKSPACE)) as choices,
        closing(Book.open(settings.state, WORKSPACE)) as book,
    ):
        shop = Shop(Current(settings, choices, awake), desk, now, ledger)
        desk.stored = lambda: stored(book)
        reception = Reception(
            shop,
            choices,
            ledger,
            Directory(client),
            Roll(WebCalls(client)),
            team,
            rules=shop.rule_rows,
        )
        alerts = Rooms(lambda: shop.alerting(book, client, reception), lambda: shop.current.now().chosen.version)
        _check_channels(reception)
        courier = _courier(shop, ledger, OursAlone(SlackChannel(client), reception.roll.shared))
        morning = Morning(ledger, courier, WORKSPACE, reception.targets, alerts.tick)
        watched = Watched(settings.watch, ledger, WebCalls(client), morning, shop.language_of)
        morning.courier = replace(courier, tell=watched.tell(now))
        watched.keep(settings.digest.notice_after_minutes, Tidying(choices, settings.keeping).tidy)
        ticker = Ticker(morning.tick, now)
        answers, web = reception.answers(), WebCalls(client)
        room = Answering(Counter(shop, reception), Outlet(client, web), web, answers.access)
        dropbox = Dropbox(shop, cast("Store", desk.store), reception.door, settings.secret("bot_token"))
        asked = watched.routes(reception.door, now)
        routes = (*room.routes(), *reception.home().routes(), *alerts.routes(), *asked, dropbox.route())
        edge = Edge(client, replace(answers, answer=room.answer), signing_secret=signing_secret, routes=routes)
        _warm(shop)
        ticker.start()
        notes.info("started", mode=settings.slack.mode, channels=len(shop.settings.digest.channels))
        closings: list[Callable[[float], bool]] = [
            ticker.close,
            watched.let_go(courier.owner),
            *watched.start(ticker, shop.desk, stopping),
            *_fetching(shop, stopping),
        ]
        try:
            if settings.slack.mode == "http":
                closings.append(serve_http(edge, settings.slack.host, settings.slack.port, stopping))
            else:
                closings.append(serve_socket(edge.app(), app_token, stopping))
        finally:
            clean = wind_down([*closings, edge.workers.close])
    return clean


def _fetching(shop: Shop, stopping: threading.Event) -> Sequence[Callable[[float], bool]]:
    """Let the shop's databases be read before each digest, where it has any; gives how to end that."""
    store = shop.desk.store
    if not isinstance(store, Store) or not any(source.url for source in shop.settings.source):
        return ()

    def plan() -> tuple[Sequence[time], timedelta]:
        wanted = shop.settings
        ats = (wanted.digest.at, *(one.at for one in wanted.digests)) if wanted.digest.sync_minutes else ()
        return ats, timedelta(minutes=wanted.digest.sync_minutes)

    fetching = Fetching(store, lambda: feeds(shop.settings), plan, shop.desk.zone, shop.now, stopping)
    return (fetching.start(),)


def _warm(shop: Shop) -> None:
    """Read the counts before anyone asks; without orders the bot runs all the same, and says so when asked."""
    try:
        shop.desk.vocabulary()
        shop.digest(shop.desk.as_of)
    except Problem as problem:
        notes.warning("no_figures_yet", why=problem.key)


def _check_channels(reception: Reception) -> None:
    """Let a misspelt channel stop the start, not the first morning; a Slack that is away may come back."""
    try:
        reception.targets(strict=True)
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
    with closing(_ledger(settings, now)) as ledger, closing(Choices.open(settings.state, WORKSPACE)) as choices:
        shop = Shop(Current(settings, choices, awake), desk, now, ledger, gate=False)  # who sends by hand has seen it
        shop.digest(desk.as_of)  # what is wrong with the data is said before Slack is asked anything
        ids = Directory(client).ids(tuple(channels))
        courier = _courier(shop, ledger, OursAlone(SlackChannel(client), Roll(WebCalls(client)).shared))
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


def _courier(shop: Shop, ledger: Ledger, channel: OursAlone) -> Courier:
    owner = f"{socket.gethostname()}:{os.getpid()}"
    return Courier(ledger, channel, shop.content, shop.now, awake, owner)
