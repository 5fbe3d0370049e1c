"""How do the desk, the ledger and Slack become a running bot?

The wiring of `asakai run` and `asakai digest --send`: nothing here decides
anything, it hands each part what it needs.
"""

from __future__ import annotations

import os
import socket
import threading
from contextlib import closing
from dataclasses import replace
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
from bot.delivery.morning import DIGEST, Morning, send_now
from bot.delivery.outlet import Outlet
from bot.delivery.post import Client, DeliveryOpen, Directory, SlackChannel, SlackUnreachable, ask, refusal, web_client
from bot.delivery.row import Delivery, Key, Kind, State
from bot.delivery.web import WebCalls
from bot.dropping import Dropbox
from bot.fetching import Fetching
from bot.listening import check_token, serve_http, serve_socket
from bot.lookout import Lookout
from bot.reception import Reception
from bot.roll import Roll
from bot.ruling import stored
from bot.schedule import Ticker, awake
from bot.settings import MissingSetting
from bot.shop import Counter, Shop
from bot.slack import Edge
from bot.stop import on_signals, wind_down
from bot.syncing import feeds
from bot.watched import Watched
from metrics.problem import Problem
from metrics.warehouse.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime, time

    from bot.desk import Desk
    from bot.settings import Settings

notes = structlog.get_logger("asakai")


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
        directory = Directory(client)
        shop = Shop(Current(settings, choices, awake, directory.placed), desk, now, ledger)
        desk.stored = lambda: stored(book)
        reception = Reception(
            shop,
            choices,
            ledger,
            directory,
            Roll(WebCalls(client)),
            team,
            rules=shop.rule_rows,
        )
        alerts = Rooms(lambda: _alerting(shop, book, client, reception), lambda: shop.current.now().chosen.version)
        _check_channels(reception)
        courier = _courier(shop, ledger, OursAlone(SlackChannel(client), reception.roll.shared))
        morning = Morning(ledger, courier, WORKSPACE, reception.targets, alerts.tick)
        watched = Watched(settings.watch, ledger, WebCalls(client), morning, shop.voices)
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


def _alerting(shop: Shop, book: Book, client: Client, reception: Reception) -> Room:
    """The room of the rules, with the settings in force."""
    settings, effective = shop.settings, shop.current.now()
    border = OursAlone(SlackChannel(client), reception.roll.shared)
    outside = Outside(
        lambda channels: reception.directory.ids(tuple(channels)),
        lambda call: border.change(call, lambda call: ask(client, "chat.update", call, "ts")),
        shop.now,
        awake,
        f"{socket.gethostname()}:{os.getpid()}",
        shop.say,
        lambda who: reception.door().refusal(who),
        shop.voices,
    )
    main = effective.plan(DIGEST) or Plan(DIGEST, at=settings.digest.at)
    hours = Hours(main.at, shop.desk.zone, calendar(main, settings))
    return room(book, Lookout(shop.desk), settings, hours, outside)


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
        directory = Directory(client)
        kept = Current(settings, choices, awake, directory.placed)
        shop = Shop(kept, desk, now, ledger, gate=False)  # who sends by hand has seen it
        shop.digest(desk.as_of)  # what is wrong with the data is said before Slack is asked anything
        ids = directory.ids(tuple(channels))
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
