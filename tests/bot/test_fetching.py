"""Does the running bot read the shop's database before the digest, and is what was deleted there noticed?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from bot.delivery.freshness import DataNotReady, require_complete
from bot.fetching import Fetching, turn
from bot.syncing import sync, without_deleted
from metrics.rules import Rules
from metrics.sources import live, people
from metrics.sources.live import Feed
from metrics.sources.question import Question
from metrics.sources.recognition import database_mapping
from metrics.warehouse.gone import TooManyGone
from metrics.warehouse.store import Store

TOKYO = ZoneInfo("Asia/Tokyo")
MORNING = datetime(2026, 11, 20, 8, 10, tzinfo=TOKYO)
YESTERDAY = date(2026, 11, 19)
SELECT = "SELECT id AS order_id, who AS customer_id, placed AS ordered_at, yen AS amount, seen AS changed_at FROM sales"
Shop = Callable[[str], None]


@pytest.fixture(params=["postgres", "mariadb"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def shop(url: str) -> Shop:
    """A shop's table of 60 orders, one a day until yesterday; runs a statement there."""

    def run(statement: str) -> None:
        engine = sa.create_engine(url)
        with engine.begin() as live:
            live.execute(sa.text(statement))
        engine.dispose()

    run("DROP TABLE IF EXISTS sales")
    run("CREATE TABLE sales (id INTEGER, who VARCHAR(9), placed TIMESTAMP NULL, yen INTEGER, seen TIMESTAMP NULL)")
    first = datetime(2026, 9, 21, 10)
    rows = (
        f"({n}, 'C{n % 7}', '{first + timedelta(days=n)}', {1000 + n}, '{first + timedelta(days=n, minutes=1)}')"
        for n in range(60)
    )
    run(f"INSERT INTO sales VALUES {', '.join(rows)}")
    return run


def feed_of(url: str, percent: int = 5) -> Feed:
    mapping = database_mapping("", {}, "shop")
    return Feed(url, Question(SELECT), mapping, people.of("shop"), page_rows=25, deleted_percent=percent)


def synchronised(
    store: Store, url: str, at: datetime = MORNING, *, accept: bool = False, percent: int = 5
) -> tuple[int, int]:
    list(sync(store, feed_of(url, percent), lambda: at))
    return without_deleted(store, feed_of(url, percent), lambda: at, accept=accept)


def bought(store: Store) -> int:
    store.refresh()
    return store.quality(YESTERDAY).purchases


def test_what_was_deleted_in_the_shop_is_no_purchase_and_comes_back_when_it_is_there_again(
    url: str, shop: Shop, tmp_path: Path
) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    assert synchronised(store, url) == (0, 0)
    assert bought(store) == 60
    shop("DELETE FROM sales WHERE id IN (41, 42)")
    later = MORNING + timedelta(hours=1)
    assert synchronised(store, url, later) == (2, 0)
    assert bought(store) == 58
    assert store.known(MORNING).quality(YESTERDAY).purchases == 60, "an earlier morning can still be replayed"
    assert synchronised(store, url, later) == (0, 0), "they are taken as deleted once"
    shop("INSERT INTO sales VALUES (41, 'C6', '2026-11-01 10:00:00', 1041, '2026-11-01 10:01:00')")
    assert synchronised(store, url, later + timedelta(hours=1)) == (0, 1)
    assert bought(store) == 59


def test_older_orders_than_ninety_days_are_not_looked_for(url: str, shop: Shop, tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    synchronised(store, url)
    shop("DELETE FROM sales WHERE id < 10")
    assert synchronised(store, url, datetime(2027, 1, 1, tzinfo=TOKYO)) == (0, 0)
    assert bought(store) == 60


@pytest.mark.parametrize("emptied", ["DELETE FROM sales", "DELETE FROM sales WHERE id % 4 = 0"])
def test_an_emptied_or_half_loaded_table_is_not_believed(url: str, shop: Shop, tmp_path: Path, emptied: str) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    synchronised(store, url)
    shop(emptied)
    with pytest.raises(TooManyGone) as raised:
        synchronised(store, url)
    assert raised.value.values["known"] == 60
    assert bought(store) == 60
    assert synchronised(store, url, accept=True)[0] == raised.value.values["gone"]


def test_a_shop_says_how_many_may_be_gone_at_once(url: str, shop: Shop, tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    synchronised(store, url)
    shop("DELETE FROM sales WHERE id % 4 = 0")
    with pytest.raises(TooManyGone) as raised:
        synchronised(store, url, percent=24)
    assert raised.value.values["percent"] == 24
    assert synchronised(store, url, percent=25) == (15, 0)


def restored(number: int) -> str:
    """An order that is there again as it was, with the old time of change."""
    day = datetime(2026, 9, 21, 10) + timedelta(days=number)
    return f"INSERT INTO sales VALUES ({number}, 'C{number % 7}', '{day}', {1000 + number}, '{day}')"


def test_all_that_are_there_again_come_back_at_once_and_are_counted(
    url: str, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "IDS_A_PAGE", 2)
    store = Store(tmp_path / "store.duckdb", Rules())
    synchronised(store, url)
    shop("DELETE FROM sales WHERE id BETWEEN 10 AND 14")
    assert synchronised(store, url, accept=True) == (5, 0)
    for number in range(10, 15):
        shop(restored(number))
    assert synchronised(store, url) == (0, 5)
    assert bought(store) == 60
    assert synchronised(store, url) == (0, 0)


def test_what_is_there_again_is_taken_also_while_too_many_are_gone(url: str, shop: Shop, tmp_path: Path) -> None:
    store = Store(tmp_path / "store.duckdb", Rules())
    synchronised(store, url)
    shop("DELETE FROM sales WHERE id = 10")
    assert synchronised(store, url) == (1, 0)
    shop("DELETE FROM sales WHERE id > 30")
    shop(restored(10))
    with pytest.raises(TooManyGone):
        synchronised(store, url)
    assert bought(store) == 60


# --- when the bot reads -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "ats", "before", "expected"),
    [
        ("08:09", ["08:30"], 20, None),
        ("08:10", ["08:30"], 20, (date(2026, 11, 20), time(8, 30))),
        ("19:00", ["08:30"], 20, (date(2026, 11, 20), time(8, 30))),
        ("20:11", ["08:30"], 20, None),
        ("23:55", ["00:10"], 20, (date(2026, 11, 21), time(0, 10))),
        ("17:50", ["08:30", "18:00"], 20, (date(2026, 11, 20), time(18, 0))),
        ("08:30", [], 20, None),
    ],
)
def test_the_turn_comes_so_long_before_each_digest(now, ats, before, expected) -> None:
    at = datetime.combine(date(2026, 11, 20), time.fromisoformat(now), tzinfo=TOKYO)
    assert turn(at, [time.fromisoformat(one) for one in ats], timedelta(minutes=before), TOKYO) == expected


def fetching(store: Store, url: str, clock: list[datetime]) -> Fetching:
    plan = ([time(8, 30)], timedelta(minutes=20))
    return Fetching(store, lambda: [feed_of(url)], lambda: plan, TOKYO, lambda: clock[0], threading.Event())


def test_the_bot_reads_once_each_morning_and_the_day_is_then_complete(url: str, shop: Shop, tmp_path: Path) -> None:
    store, clock = Store(tmp_path / "store.duckdb", Rules()), [MORNING - timedelta(minutes=1)]
    reader = fetching(store, url, clock)
    assert not reader.look()
    assert not store.path.exists()
    clock[0] = MORNING
    assert reader.look()
    require_complete(store, YESTERDAY, TOKYO)
    shop("INSERT INTO sales VALUES (99, 'C1', '2026-11-19 23:00:00', 1, '2026-11-20 00:00:00')")
    clock[0] += timedelta(minutes=30)
    assert not reader.look(), "once is enough"
    clock[0] += timedelta(days=1)
    assert reader.look()
    assert bought(store) == 61


def test_a_morning_without_anything_new_is_a_complete_one_all_the_same(url: str, shop: Shop, tmp_path: Path) -> None:
    store, clock = Store(tmp_path / "store.duckdb", Rules()), [MORNING]
    shop("DELETE FROM sales WHERE id >= 20")
    reader = fetching(store, url, clock)
    assert reader.look()
    clock[0] += timedelta(days=1)
    assert reader.look()
    assert store.whole_at() == clock[0].astimezone(UTC)


def test_a_database_that_is_away_is_asked_again_and_the_day_is_not_complete(
    url: str, shop: Shop, tmp_path: Path
) -> None:
    store, clock = Store(tmp_path / "store.duckdb", Rules()), [MORNING - timedelta(days=1)]
    reader = fetching(store, url, clock)
    assert reader.look()
    clock[0] += timedelta(days=1)
    away = fetching(store, "postgresql://u@127.0.0.1:1/x", clock)
    assert not away.look()
    with pytest.raises(DataNotReady):
        require_complete(store, YESTERDAY, TOKYO)
    assert not away.look(), "not at once again"


def test_what_was_broken_off_is_not_taken_for_the_whole(url: str, shop: Shop, tmp_path: Path) -> None:
    store, clock = Store(tmp_path / "store.duckdb", Rules()), [MORNING]
    stopped = sync(store, feed_of(url), lambda: clock[0])
    next(stopped)
    stopped.close()
    assert store.last_import_at() is not None
    assert store.whole_at() is None
    with pytest.raises(DataNotReady):
        require_complete(store, YESTERDAY, TOKYO)
    assert fetching(store, url, clock).look()
    require_complete(store, YESTERDAY, TOKYO)
