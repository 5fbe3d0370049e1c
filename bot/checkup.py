"""What does the doctor look at? The store, the state, Slack: each once, none left open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.beside import loose_of, order_names, spend_names
from bot.delivery.clock import Calendar, due_at, is_business_day
from bot.delivery.introduction import introduced, opens_connections
from bot.delivery.ledger import Ledger
from bot.delivery.post import SCOPES as POSTING
from bot.delivery.post import ChannelArchived, Directory, NotInChannel, web_client
from bot.delivery.web import WebCalls
from bot.doctor import (
    Finding,
    Mark,
    Seen,
    broken,
    next_business_day,
    of_clock,
    of_orders,
    of_role,
    of_scopes,
    of_spend,
    of_tables,
)
from bot.roll import SCOPES as LOOKING
from bot.shelves import shelf
from bot.slack import SCOPES as LISTENING
from metrics.acquisition import Channels
from metrics.beside import TABLES
from metrics.day import last_complete, zone
from metrics.problem import Problem
from metrics.sources.rights import writes
from metrics.warehouse import beside
from metrics.warehouse.health import look
from metrics.warehouse.store import NoStore, Store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from bot.delivery.post import Client
    from bot.language import Language
    from bot.settings import Settings

LOOK_AHEAD = 21


def findings(settings: Settings, now: Callable[[], datetime], language: Language) -> Iterator[Finding]:
    """Everything that is looked at, from the settings to the next digest."""
    yield Finding("settings", Mark.FINE, {"zone": settings.zone, "currency": settings.currency})
    yield from _orders(settings, now(), language)
    yield from _roles(settings)
    yield from _state(settings)
    yield from _slack(settings, now)
    yield from _due(settings, now())


def _orders(settings: Settings, now: datetime, language: Language) -> Iterator[Finding]:
    local = now.astimezone(zone(settings.zone))
    tables: list[Finding] = []
    refill = _refill(settings)
    try:
        found = shelf(settings, lambda: now)
        if isinstance(found, Store):
            with found.reading() as connection:
                seen = look(connection, settings.rules, local)
                tables.extend(_tables(connection, settings, language))
        else:
            seen, refill = found.health(local), ""  # whoever fills the warehouse
            yield Finding("in_place", Mark.FINE, {"name": found.name})
    except Problem as problem:
        yield broken("orders", problem, refill if isinstance(problem, NoStore) else "")
        return
    as_of = last_complete(now, zone(settings.zone))
    yield from of_orders(
        seen, as_of, local, burn_in_days=settings.purchases.burn_in_days, currency=settings.currency, refill=refill
    )  # fmt: skip
    yield from tables


def _refill(settings: Settings) -> str:
    """The one command that brings newer orders, by where they come from."""
    sources = [source for source in settings.source if not source.table]
    if any(source.url for source in sources):
        return "asakai sync"
    return "asakai import" if any(source.files for source in sources) else "asakai import FILE"


def _tables(connection: DuckDBPyConnection, settings: Settings, language: Language) -> Iterator[Finding]:
    """What stands beside the orders, and which spend and which channels meet nothing."""
    there = [(name, beside.strangers(connection, name)) for name in TABLES if beside.has(connection, name)]
    yield from of_tables([Seen(language.say(f"beside.table.{name}"), rows, unknown) for name, (unknown, rows) in there])
    if any(name == "channel_costs" for name, _ in there):
        loose = loose_of(connection, settings.rules, Channels(settings.channels))
        spend = spend_names(loose, language, settings.currency) if loose.spend else ""
        yield from of_spend(spend, order_names(loose, language) if loose.orders else "")


def _roles(settings: Settings) -> Iterator[Finding]:
    """Whether the shop's own databases are safe from us."""
    for source in settings.source:
        if source.url is None:
            continue
        try:
            yield of_role(source.name, writes(source.url.get_secret_value()))
        except Problem as problem:
            yield broken("role", problem)


def _state(settings: Settings) -> Iterator[Finding]:
    try:
        with closing(Ledger.open(settings.state)):
            yield Finding("state", Mark.FINE)
    except Problem as problem:
        yield broken("state", problem)


def _slack(settings: Settings, now: Callable[[], datetime]) -> Iterator[Finding]:
    try:
        client = web_client(settings.secret("bot_token"), settings.slack.base_url)
        who = introduced(client)
    except Problem as problem:
        yield broken("token", problem)
        return
    yield Finding("token", Mark.FINE, {"team": who.team, "user": who.user})
    yield from of_clock(now().astimezone(UTC), who.at)
    yield from of_scopes(who.scopes, (*POSTING, *LISTENING, *LOOKING))
    if settings.slack.mode == "socket":
        yield _socket(settings)
    yield from _channels(settings, client)


def _socket(settings: Settings) -> Finding:
    try:
        opens_connections(web_client(settings.secret("app_token"), settings.slack.base_url))
    except Problem as problem:
        return broken("socket", problem)
    return Finding("socket", Mark.FINE)


def _channels(settings: Settings, client: Client) -> Iterator[Finding]:
    further = [channel for one in settings.digests for channel in one.channels]
    further += [channel for rule in settings.alerts for channel in rule.channels]
    names = tuple(dict.fromkeys((*settings.digest.channels, *settings.alert_channels, *further)))
    if not names:
        yield Finding("channel", Mark.BROKEN, mend="shop.toml: [digest] channels")
    for name in names:
        try:
            [channel] = Directory(client).ids((name,))
            found = WebCalls(client).call("conversations.info", channel=channel)["channel"]
            if found.get("is_archived"):
                raise ChannelArchived(channel=name)
            if not found.get("is_member"):
                raise NotInChannel(channel=name)
        except Problem as problem:
            yield broken("channel", problem)
        else:
            yield Finding("channel", Mark.FINE, {"channel": f"#{found.get('name', name)}"})


def _due(settings: Settings, now: datetime) -> Iterator[Finding]:
    wanted, where = settings.digest, zone(settings.zone)
    calendar = Calendar(
        None if wanted.country == "none" else wanted.country,
        frozenset(wanted.company_holidays),
        frozenset(wanted.working_days),
        every_day=not wanted.business_days_only,
    )
    today = now.astimezone(where).date()
    passed = due_at(today, wanted.at, where)
    start = today if passed and passed > now else today + timedelta(days=1)
    try:
        works = {day: is_business_day(day, calendar) for day in (start + timedelta(days=n) for n in range(LOOK_AHEAD))}
    except Problem as problem:
        yield broken("due", problem)
        return
    day = next_business_day(start, works)
    if day is None:
        yield Finding("due", Mark.ODD, mend="shop.toml: [digest] company_holidays")
    else:
        yield Finding("due", Mark.FINE, {"day": day, "at": f"{wanted.at:%H:%M}"})
