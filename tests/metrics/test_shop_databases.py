"""Do thousands of orders in a platform's tables give the figures of the same orders as a plain file, each day anew?"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.syncing import sync, without_deleted
from metrics.burn_in import BurnIn
from metrics.day import zone
from metrics.report import Basis, Quality, Report, build
from metrics.rules import Rules
from metrics.sources import people, reading
from metrics.sources.live import Feed
from metrics.sources.question import Question
from metrics.sources.reading import Wish
from metrics.sources.recognition import database_mapping, databases
from metrics.warehouse.fingerprint import fingerprint
from metrics.warehouse.store import Store
from tests.metrics.shop_eccube import EC_CUBE_2, EC_CUBE_4
from tests.metrics.shop_story import FIRST_LOOK, HEADER, SECOND_LOOK, Books, Platform, Sale, Story, told
from tests.metrics.shop_woocommerce import ANALYTICS, HPOS

RULES = Rules()
TOKYO = zone(RULES.zone)
WITHOUT_CHANGES = "order_id, customer_id, email, ordered_at, amount, status, region, product"


@dataclass(frozen=True, slots=True)
class Case:
    """Who keeps the books on which server; by_window: as if nothing there said when an order was changed."""

    platform: Platform
    server: str
    by_window: bool = False

    def __str__(self) -> str:
        return f"{self.platform.preset}-{self.server}{'-window' * self.by_window}"


CASES = (
    Case(EC_CUBE_4, "postgres"), Case(EC_CUBE_4, "mariadb", by_window=True), Case(EC_CUBE_2, "mariadb"),
    Case(EC_CUBE_2, "postgres", by_window=True), Case(HPOS, "mariadb"), Case(ANALYTICS, "mariadb", by_window=True),
)  # fmt: skip


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return told(tmp_path_factory.mktemp("sample"))


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def books(case: Case, request: pytest.FixtureRequest) -> Iterator[Books]:
    books = Books(sa.create_engine(request.getfixturevalue(case.server)), case.platform)
    yield books
    books.close()


@pytest.fixture
def feed(case: Case, request: pytest.FixtureRequest) -> Feed:
    """The preset's; on PostgreSQL in a session of Tokyo's time, which must not matter."""
    url = request.getfixturevalue(case.server)
    if case.server == "postgres":
        url = sa.make_url(url).update_query_dict({"options": "-ctimezone=Asia/Tokyo"}).render_as_string(False)
    asked = databases()[case.platform.preset]
    if case.by_window and "changed_at" in asked.select:
        asked = Question(f"SELECT {WITHOUT_CHANGES} FROM ({asked.select}) w")
    return Feed(url, asked, database_mapping(case.platform.preset, {}, "shop"), people.of("file"), page_rows=2_000)


def test_each_day_s_sync_gives_the_figures_of_the_plain_orders(
    case: Case, books: Books, feed: Feed, story: Story, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store.duckdb", RULES)
    books.hold(story.before)
    assert synchronised(store, feed, FIRST_LOOK) == (0, 0)
    same_as_plain(store, case.platform, story.before, FIRST_LOOK.date() - timedelta(days=1), tmp_path / "1.csv")
    books.hold(story.after)
    gone = synchronised(store, feed, SECOND_LOOK)
    assert gone == (len(counting(case.platform, story.before, story.deleted)), 0)
    tombs = gone[0] + case.platform.excluded([sale for sale in story.before if sale.number in story.deleted])
    same_as_plain(store, case.platform, story.after, SECOND_LOOK.date() - timedelta(days=1), tmp_path / "2.csv", tombs)
    fresh = Store(tmp_path / "fresh.duckdb", RULES)
    synchronised(fresh, feed, SECOND_LOOK)
    assert printed(store) == printed(fresh)


def synchronised(store: Store, feed: Feed, local: datetime) -> tuple[int, int]:
    """Read what is new, and look for what is gone; how many orders went and came back."""

    def now() -> datetime:
        return local.replace(tzinfo=TOKYO)

    assert sum(done.staged.rejected for done in sync(store, feed, now)) == 0
    return without_deleted(store, feed, now)


def counting(platform: Platform, sales: Sequence[Sale], numbers: frozenset[int]) -> list[Sale]:
    """Of those sales, the ones that the platform keeps as orders that are not left out anyway."""
    right = {str(row[0]) for row in platform.right(sales)}
    factor = 10 if platform in (HPOS, ANALYTICS) else 1
    return [sale for sale in sales if sale.number in numbers and str(sale.number * factor) in right]


def same_as_plain(
    store: Store, platform: Platform, sales: Sequence[Sale], as_of: date, path: Path, tombs: int = 0
) -> None:
    """The same purchases and figures as the plain orders, and all that is left out counted by its rule."""
    plain = Store(path.with_suffix(".duckdb"), RULES)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *platform.right(sales)])
    with plain.writing() as connection:
        reading.stage(connection, path, RULES, Wish())
        plain.take(connection, FIRST_LOOK.replace(tzinfo=TOKYO))
    store.refresh()
    assert purchases(store) == purchases(plain)
    found, wanted = morning(store, as_of), morning(plain, as_of)
    assert replace(found, basis=wanted.basis) == wanted
    seen, right = found.basis.quality, wanted.basis.quality
    assert counts(seen) == counts(right)
    dropped = dict(seen.dropped)
    assert dropped["excluded"] == platform.excluded(sales) + tombs
    assert dropped["returned"] == returned_later(platform.right(sales))
    assert [name for name, _ in seen.unknown_statuses] == [platform.status_of]


def purchases(store: Store) -> list[tuple[Any, ...]]:
    """What counts, and what came back, without the amount of that: nothing is asked of it."""
    out = ", ".join(f"'{status}'" for status in RULES.excluded)
    back = ", ".join(f"'{status}'" for status in RULES.returned)
    with store.reading() as connection:
        return connection.execute(
            f"SELECT order_id, customer_id, ordered_at, status IN ({back}) AS back, if(back, 0, amount),"
            f" channel, region, product FROM orders WHERE status NOT IN ({out}) ORDER BY order_id"
        ).fetchall()


def returned_later(right: Iterable[tuple[Any, ...]]) -> int:
    """Returned orders that are not their customer's first: those keep their place among the first."""
    known: set[str] = set()
    found = 0
    for _, customer, email, _, _, status, *_ in sorted(right, key=lambda row: (row[3], row[0])):
        who = str(customer) or email.casefold()
        found += status == "returned" and who in known
        known.add(who)
    return found


def morning(store: Store, as_of: date) -> Report:
    start = store.counts("all").start
    basis = Basis("", RULES.zone, RULES.currency, as_of, None, start, (), (), store.quality(as_of))
    return build(store, basis, BurnIn(start), RULES.columns)


def counts(seen: Quality) -> tuple[Any, ...]:
    zero = dict(seen.dropped)["zero"]
    return seen.purchases, seen.customers, seen.merged, seen.unidentified, seen.unknown_statuses, zero


def printed(store: Store) -> str:
    with store.reading() as connection:
        return fingerprint(connection, RULES)
