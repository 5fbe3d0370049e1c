"""How do a shop's own database's orders come in, again and again, only what is new?

Pages in the order of a key: when an order was changed, else when it was placed. Each page is
a short statement of its own that can be read again; the bookmark says where to go on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from metrics.problem import Problem
from metrics.sources import checks, items, mapped
from metrics.sources.database import (
    columns_of,
    connected,
    deadline,
    engine,
    one_select,
    query_problems,
    read_only,
)
from metrics.sources.rows import as_text, shown
from metrics.sources.text import Text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlalchemy.engine import Connection

    from metrics.rules import Rules
    from metrics.sources.checks import Staged
    from metrics.sources.mapping import Mapping
    from metrics.sources.people import People
    from metrics.sources.question import Question

PAGE_ROWS = 50_000
IDS_A_PAGE = 1_000
"""So many orders are asked for by their ids at a time."""
PAGE_SECONDS = 300.0
"""A page that takes longer is given up by us, whatever the server thinks."""
AGAIN = timedelta(minutes=15)
"""What was changed in a transaction that ended late is older than the newest that was seen."""
ZONES = timedelta(days=1)
"""No two clocks on earth are further apart: the server's dates may bear another zone than ours."""
WINDOW = timedelta(days=90)
"""Where nothing says when an order was changed, this much is read again."""
ORDERS_A_LOOK = 2_000
"""The lines of so many orders are asked for at once."""
_PAGE, _LINES = "asakai_page", "asakai_lines"


class NoKey(Problem):
    """The SELECT gives neither changed_at nor ordered_at to go along."""

    key = "sync_no_key"


@dataclass(frozen=True, slots=True)
class Feed:
    """A source that is synchronised: where it is, what it is asked, how its columns are read.

    deleted_percent: so much of the last 90 days may be gone at once and is still taken as deleted.
    """

    url: str
    question: Question
    mapping: Mapping
    people: People
    page_rows: int = PAGE_ROWS
    seconds: float = PAGE_SECONDS
    deleted_percent: int = 5


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Up to where a source has been read: the key and id of the last row. `whole`: to the end, at that time."""

    at: datetime | date | str | None = None
    order_id: Any = None
    whole: bool = False

    def as_json(self) -> str:
        """The bookmark as the store keeps it."""
        kind = type(self.at).__name__
        at = self.at.isoformat() if isinstance(self.at, datetime | date) else self.at
        return json.dumps({"at": at, "kind": kind, "id": self.order_id, "whole": self.whole})

    @classmethod
    def of_json(cls, text: str) -> Bookmark:
        """The bookmark that the store kept; "" is the beginning."""
        if not text:
            return cls()
        kept = json.loads(text)
        read = {"datetime": datetime.fromisoformat, "date": date.fromisoformat}.get(kept["kind"], lambda at: at)
        return cls(read(kept["at"]) if kept["at"] is not None else None, kept["id"], bool(kept["whole"]))


@dataclass(frozen=True, slots=True)
class Sold:
    """The lines of some orders; the columns are canonical ones of order_items."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows as texts, the bookmark behind them, and what these orders sold, where the source can tell."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    behind: Bookmark
    sold: Sold | None = None


def pages(feed: Feed, since: Bookmark, now: datetime) -> Iterator[Page]:
    """Page by page from the bookmark on; an empty last one says that all has been read.

    `now`: naive, in the time that the database's dates are in.
    """
    database = engine(feed.url)
    one_select(feed.question.select)
    try:
        with connected(database) as live, query_problems(database.url):
            with deadline(live, feed.url, feed.people.source, feed.seconds):
                inner = _asked(live, feed)
                header = tuple(live.execute(sa.text(f"SELECT * FROM ({inner}) q WHERE 1 = 0")).keys())
                live.rollback()
            key = next((name for name in ("changed_at", "ordered_at") if name in header), None)
            if key is None:
                raise NoKey(source=feed.people.source)
            place = _start(since, key, now)
            while True:
                rows = _rows(live, feed, inner, key, place)
                if not rows:
                    yield Page(header, (), _whole(place, now))
                    return
                last = dict(zip(header, rows[-1], strict=True))
                place = Bookmark(last[key], _plain(last["order_id"]))
                yield Page(header, rows, place, _sold(live, feed, header, rows))
    finally:
        database.dispose()


def ids(feed: Feed, since: datetime) -> Iterator[list[str]]:
    """The ids of the orders placed since then that the database still has, in chunks.

    `since`: naive, in the time that the database's dates are in.
    """
    with read_only(feed.url, feed.people.source, feed.seconds) as live:
        asked = sa.text(f"SELECT q.order_id FROM ({_asked(live, feed)}) q WHERE q.ordered_at >= :since")
        streaming = live.execution_options(stream_results=True, max_row_buffer=feed.page_rows)
        with streaming.execute(asked, {"since": since}) as found:
            for chunk in found.partitions(feed.page_rows):
                yield [text.strip() for (cell,) in chunk if (text := as_text(cell)) is not None]


def rows_of(feed: Feed, wanted: Sequence[str]) -> Iterator[Page]:
    """The rows of those orders, page by page."""
    for start in range(0, len(wanted), IDS_A_PAGE):
        yield _rows_of(feed, wanted[start : start + IDS_A_PAGE])


def _rows_of(feed: Feed, wanted: Sequence[str]) -> Page:
    with read_only(feed.url, feed.people.source, feed.seconds) as live:
        select = one_select(feed.question.put_to(live))
        asked = sa.text(f"SELECT * FROM ({_plain_colons(select)}) q WHERE q.order_id IN :wanted")
        header = dict(columns_of(live, select))
        kept = [int(one) for one in wanted] if header.get("order_id") == "number" else list(wanted)
        found = live.execute(asked.bindparams(sa.bindparam("wanted", expanding=True)), {"wanted": kept})
        names, rows = tuple(found.keys()), [tuple(row) for row in found.fetchall()]
        return Page(names, rows, Bookmark(), _sold(live, feed, names, rows))


def stage(connection: DuckDBPyConnection, feed: Feed, page: Page, rules: Rules, *, accept_bad: bool = False) -> Staged:
    """Make `incoming` of a page that has rows; raises a Problem, and then there is none."""
    checks.clear(connection)
    text = Text(Path(), feed.people.source, ",", page.header, leading_blank=False)
    reading = mapped.reading_of(connection, text, feed.mapping, rules, feed.people)
    reading.shape.check(text.name)
    columns = mapped.layout(reading)
    checks.register(connection, columns)
    refs = [f"c{place}" for place in range(len(page.header))]
    cast = ", ".join(f"{ref}::VARCHAR AS {ref}" for ref in refs)
    with shown(connection, page.rows, refs, _PAGE):
        mapped.fill(reading, f"SELECT row_number() OVER () AS row, {len(refs)} AS cells, {cast} FROM {_PAGE}")
    staged = mapped.finished(reading, columns, accept_bad=accept_bad)
    if page.sold:
        lines = page.sold
        places = [f"i{place}" for place in range(len(lines.header))]
        with shown(connection, lines.rows, places, _LINES):
            items.stage(connection, _LINES, lines.header, feed.mapping, rules.currency)
        items.show(connection, feed.people.source, "rowid")
    return staged


def _sold(live: Connection, feed: Feed, header: Sequence[str], rows: Sequence[Sequence[object]]) -> Sold | None:
    """The lines of these orders, some orders at a time."""
    if not feed.mapping.items.select or not rows:
        return None
    inner = one_select(feed.mapping.items.select).replace(":", r"\:")
    asked = sa.text(f"SELECT * FROM ({inner}) q WHERE q.order_id IN :wanted")
    asked = asked.bindparams(sa.bindparam("wanted", expanding=True))
    place, names, found = list(header).index("order_id"), (), []
    for low in range(0, len(rows), ORDERS_A_LOOK):
        wanted = [row[place] for row in rows[low : low + ORDERS_A_LOOK]]
        with deadline(live, feed.url, feed.people.source, feed.seconds):
            got = live.execute(asked, {"wanted": wanted})
            names = tuple(got.keys())
            found += [tuple(row) for row in got.fetchall()]
            live.rollback()
    return Sold(names, found)


def _asked(live: Connection, feed: Feed) -> str:
    """The SELECT as a part of another; raises QueryRefused."""
    return _plain_colons(one_select(feed.question.put_to(live)))


def _plain_colons(select: str) -> str:
    """A colon in a shop's SELECT names no parameter of ours."""
    return select.replace(":", r"\:")


def _start(since: Bookmark, key: str, now: datetime) -> Bookmark:
    """Where to begin: at the bookmark; after a whole round a little before it, or the window before now.

    Who was not here for longer than the window goes on where they left.
    """
    if not since.whole or since.at is None:
        return since
    if key == "ordered_at":
        if isinstance(since.at, datetime) and since.at.replace(tzinfo=None) < now - WINDOW + ZONES:
            return Bookmark(since.at - ZONES)
        return Bookmark(now - WINDOW)
    return Bookmark(since.at - AGAIN) if isinstance(since.at, datetime) else Bookmark(since.at)


def _whole(place: Bookmark, now: datetime) -> Bookmark:
    """All has been read. A row of the future must not hide what is changed until then."""
    at = place.at
    if isinstance(at, datetime) and at.replace(tzinfo=None) > now + ZONES:
        at = now - ZONES
    return replace(place, at=at, whole=True)


def _rows(live: Connection, feed: Feed, inner: str, key: str, place: Bookmark) -> Sequence[Sequence[object]]:
    bound: dict[str, object] = {"most": feed.page_rows}
    where = f"q.{key} IS NOT NULL"
    if place.at is not None:
        bound["at"] = place.at
        where = f"q.{key} >= :at"
    if place.order_id is not None:
        bound["id"] = place.order_id
        where = f"(q.{key} > :at OR (q.{key} = :at AND q.order_id > :id))"
    page = sa.text(f"SELECT * FROM ({inner}) q WHERE {where} ORDER BY q.{key}, q.order_id LIMIT :most")
    with deadline(live, feed.url, feed.people.source, feed.seconds):
        if live.dialect.name in {"postgresql", "mysql", "mariadb"}:
            live.exec_driver_sql("SET TRANSACTION READ ONLY")
        rows = [tuple(row) for row in live.execute(page, bound).fetchall()]
        live.rollback()  # nothing was written; a transaction that stays open would hold the shop up
    return rows


def _plain(value: object) -> object:
    """An id that JSON can keep and the database compares as its own."""
    return value if isinstance(value, int | str) else str(value)
