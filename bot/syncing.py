"""How do the shop's databases get into the store, page by page, and go on where they stopped?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.importing import Imported
from metrics.day import zone
from metrics.problem import Problem
from metrics.sources import people
from metrics.sources.live import Bookmark, Feed, Page, pages, stage
from metrics.sources.recognition import UnknownPreset, database_mapping, databases
from metrics.warehouse import bookmark
from metrics.warehouse.in_place import ReadInPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from duckdb import DuckDBPyConnection

    from bot.settings import Settings, Source
    from metrics.warehouse.store import Store


class NothingToSync(Problem):
    """No source of that name has a url."""

    key = "nothing_to_sync"


def feeds(settings: Settings, names: tuple[str, ...] = ()) -> list[Feed]:
    """The shop's databases, all or those named; raises NothingToSync, ReadInPlace, UnknownPreset, BadMapping."""
    there = [source for source in settings.source if source.url]
    found = [source for source in there if not source.is_read_in_place and (not names or source.name in names)]
    if in_place := next((one for one in there if one.is_read_in_place and (not names or one.name in names)), None):
        raise ReadInPlace(source=in_place.name)
    if not found or {*names} - {source.name for source in found}:
        raise NothingToSync(names=list(names), known=[source.name for source in there])
    return [_feed(source, joined=settings.join_people) for source in found]


def _feed(source: Source, *, joined: bool) -> Feed:
    known = databases()
    if source.preset and source.preset not in known:
        raise UnknownPreset(name=source.preset, known=tuple(known))
    select = source.query or known.get(source.preset, "")
    url = source.url.get_secret_value() if source.url else ""
    mapping = database_mapping(source.preset, source.model_extra or {}, source.name)
    return Feed(url, select, mapping, people.of(source.name, joined=joined))


def sync(store: Store, feed: Feed, now: Callable[[], datetime], *, accept_bad: bool = False) -> Iterator[Imported]:
    """Take each page wholly or not at all, and keep the bookmark with it; tells of each page."""
    name = feed.people.source
    with store.writing() as connection:
        since = Bookmark.of_json(bookmark.read(connection, name))
    local = now().astimezone(zone(feed.mapping.zone or store.rules.zone)).replace(tzinfo=None)
    for page in pages(feed, since, local):
        with store.writing() as connection:
            done = _taken(store, connection, feed, page, now(), accept_bad=accept_bad) if page.rows else None
            bookmark.write(connection, name, page.behind.as_json())
        if done:
            yield done


def _taken(  # what is taken from where into which store, when, and how strictly
    store: Store, connection: DuckDBPyConnection, feed: Feed, page: Page, known_at: datetime, *, accept_bad: bool
) -> Imported:
    staged = stage(connection, feed, page, store.rules, accept_bad=accept_bad)
    return Imported(feed.people.source, staged, store.take(connection, known_at, repeats=staged.duplicates > 0))
