"""Where do a shop's figures come from: the file that holds its orders, or its own database?

A [[source]] with a url and a table or SELECT of canonical columns is read in place, and nothing is
copied, unless `asakai sync` has copied it; a preset's or a mapping's database always is (bot.syncing).
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from metrics.day import zone
from metrics.problem import Problem
from metrics.sources.columns import layout
from metrics.sources.database import columns_of, one_select, read_only
from metrics.warehouse import bookmark
from metrics.warehouse.canonical import Table, canonical
from metrics.warehouse.identity import lend
from metrics.warehouse.in_place import InPlace, ReadInPlace
from metrics.warehouse.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from bot.settings import Settings
    from bot.settings.sources import Source
    from metrics.warehouse.in_place import Lent

DEADLINE_SECONDS = 300.0
"""A question that takes longer there is given up by us, whatever the server thinks."""


class SeveralInPlace(Problem):
    """A source that is read in place cannot be counted together with another one."""

    key = "warehouse_alone"


def shelf(settings: Settings, now: Callable[[], datetime]) -> Store | InPlace:
    """What the desk reads; raises SeveralInPlace, NotAStore, StoreBusy."""
    sources = [source for source in settings.source if not source.table]
    there = [source for source in sources if source.is_read_in_place and not _is_copied(source, settings)]
    if not there:
        return Store(settings.store, settings.rules)
    if len(sources) > 1:
        raise SeveralInPlace(source=there[0].name, others=[one.name for one in sources if one is not there[0]])
    return _in_place(there[0], settings, now)


def _is_copied(source: Source, settings: Settings) -> bool:
    """Whether the shop has synchronised it, having said nothing else; then the copy is what counts."""
    if source.in_place or not settings.store.exists():
        return False
    with Store(settings.store, settings.rules).reading() as connection:
        return bool(bookmark.read(connection, source.name))


def importable(settings: Settings, now: Callable[[], datetime]) -> Store:
    """The store that files are imported into; raises ReadInPlace where there is none."""
    found = shelf(settings, now)
    if isinstance(found, InPlace):
        raise ReadInPlace(source=found.name)
    return found


def _in_place(source: Source, settings: Settings, now: Callable[[], datetime]) -> InPlace:
    url = source.url.get_secret_value() if source.url else ""
    query = one_select(source.query)
    rules, here = settings.rules, zone(settings.zone)

    @contextmanager
    def opened() -> Iterator[Lent]:
        with read_only(url, source.name, DEADLINE_SECONDS) as live:
            lend(live)
            yield live, canonical(_table(source, query, columns_of(live, query), settings, live.dialect.name), rules)

    patience = timedelta(minutes=source.look_minutes)
    return InPlace(source.name, opened, rules, lambda: now().astimezone(here), patience)


def _table(source: Source, query: str, kinds: Mapping[str, str], settings: Settings, dialect: str) -> Table:
    """Which column is what; raises MissingColumns, DoubledColumn."""
    names = list(kinds)
    found = layout(names, settings.rules, file=source.name, source=source.name)
    columns = {name: names[int(ref[1:])] for name, ref in found.refs.items()}
    told = {name: kinds[column] for name, column in columns.items()}
    zone_there = str((source.model_extra or {}).get("zone", ""))
    return Table(source.name, query, columns, told, dialect, zone_there, joined=settings.join_people)
