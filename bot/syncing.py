"""How do the shop's databases get into the store, page by page, and go on where they stopped?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.beside import TableFeed, from_query, retell
from bot.importing import Imported
from metrics.acquisition import Channels
from metrics.day import zone
from metrics.problem import Problem
from metrics.sources import people
from metrics.sources.beside.preset import of_shop as preset_of_shop
from metrics.sources.live import WINDOW, Bookmark, Feed, Page, ids, pages, rows_of, stage
from metrics.sources.question import Question, renamed
from metrics.sources.recognition import UnknownPreset, database_mapping, databases
from metrics.warehouse import bookmark, gone
from metrics.warehouse.in_place import ReadInPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from bot.settings import Settings
    from bot.settings.sources import Source
    from metrics.warehouse.store import Store


class NothingToSync(Problem):
    """No source of that name has a url."""

    key = "nothing_to_sync"


def feeds(settings: Settings, names: tuple[str, ...] = ()) -> list[Feed | TableFeed]:
    """The databases of all sources or those named, orders first.

    Raises NothingToSync, ReadInPlace, UnknownPreset, BadMapping.
    """
    there = [source for source in settings.source if source.url]
    asked = [source for source in there if not names or source.name in names]
    if in_place := next((one for one in asked if one.in_place), None):
        raise ReadInPlace(source=in_place.name)
    if not asked or {*names} - {source.name for source in asked}:
        raise NothingToSync(names=list(names), known=[source.name for source in there])
    orders = [_feed(source, settings) for source in asked if not source.table]
    channels = Channels(settings.channels)
    return [*orders, *(_table(one, channels, joined=settings.join_people) for one in asked if one.table)]


def _table(source: Source, channels: Channels, *, joined: bool) -> TableFeed:
    over = source.model_extra or {}
    preset = preset_of_shop(source.name, source.table, source.preset, over)
    url = source.url.get_secret_value() if source.url else ""
    return TableFeed(source.name, url, source.select, preset, people.of(source.of, joined=joined), channels)


def _feed(source: Source, settings: Settings) -> Feed:
    known = databases()
    if source.preset and source.preset not in known:
        raise UnknownPreset(name=source.preset, known=tuple(known))
    asked = Question(source.query) if source.query else known.get(source.preset, Question(""))
    url = source.url.get_secret_value() if source.url else ""
    mapping = database_mapping(source.preset, source.model_extra or {}, source.name)
    items = replace(mapping.items, select=renamed(mapping.items.select, source.prefix))
    return Feed(
        url,
        asked.under(source.prefix),
        replace(mapping, items=items),
        people.of(source.name, joined=settings.join_people),
        deleted_percent=settings.deleted_percent,
    )


def sync(
    store: Store, feed: Feed | TableFeed, now: Callable[[], datetime], *, accept_bad: bool = False
) -> Iterator[Imported]:
    """Take each page wholly or not at all, and keep the bookmark with it; tells of each page.

    A table beside the orders is read whole.
    """
    if isinstance(feed, TableFeed):
        with store.writing() as connection:
            stood = from_query(connection, feed, store.rules, accept_bad=accept_bad)
            retell(store, connection, stood, now())
        yield Imported(feed.name, stood.staged, None, stood)
        return
    name = feed.people.source
    with store.writing() as connection:
        since = Bookmark.of_json(bookmark.read(connection, name))
    local = now().astimezone(zone(feed.mapping.zone or store.rules.zone)).replace(tzinfo=None)
    for page in pages(feed, since, local):
        with store.writing() as connection:
            done = _taken(store, connection, feed, page, now(), accept_bad=accept_bad) if page.rows else None
            bookmark.write(connection, name, page.behind.as_json())
            if page.behind.whole:
                bookmark.looked(connection, now())
        if done:
            yield done


def without_deleted(store: Store, feed: Feed, now: Callable[[], datetime], *, accept: bool = False) -> tuple[int, int]:
    """Take orders that the database no longer has as deleted, and those that are there again as they are.

    Of the last 90 days; gives how many of each. Raises TooManyGone, and then takes none as deleted.
    """
    name, here = feed.people.source, zone(store.rules.zone)
    since = now().astimezone(here) - WINDOW
    theirs = (since - timedelta(days=1)).astimezone(zone(feed.mapping.zone or store.rules.zone)).replace(tzinfo=None)
    with store.writing() as connection:
        missing = gone.compare(connection, store.rules, name, since.replace(tzinfo=None), ids(feed, theirs))
        back = sum(
            done.taken.changed
            for page in rows_of(feed, missing.back)
            if page.rows and (done := _taken(store, connection, feed, page, now(), accept_bad=True)).taken
        )
        if not accept:
            gone.check(missing, name, feed.deleted_percent)
        if (missing.gone or missing.quiet) and store.rules.excluded:
            gone.stage(connection, store.rules, name)
            store.take(connection, now(), repeats=False)
    return missing.gone, back


def _taken(  # what is taken from where into which store, when, and how strictly
    store: Store, connection: DuckDBPyConnection, feed: Feed, page: Page, known_at: datetime, *, accept_bad: bool
) -> Imported:
    staged = stage(connection, feed, page, store.rules, accept_bad=accept_bad)
    return Imported(feed.people.source, staged, store.take(connection, known_at, repeats=staged.duplicates > 0))
