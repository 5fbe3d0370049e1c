"""Does the ledger keep what must not happen twice, on every state database?"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from bot.delivery import database
from bot.delivery.clock import Window
from bot.delivery.database import MIGRATIONS, StateFromFuture, StateKind, StateUnreachable, Waits
from bot.delivery.ledger import Ledger
from bot.delivery.protocol import LEASE
from bot.delivery.row import Key, Kind, Payload, State, ulid
from bot.delivery.schema import (
    alert_note,
    alert_rule,
    alert_standing,
    audit,
    delivery,
    episode,
    obituary,
    schema_range,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADDED = ("choice", "digest", "choice_version", "used", "alert_rule", "alert_standing", "alert_note", "obituary")
STATE = ("delivery", "episode", "audit", *ADDED, "schema_range")
DUE = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
NOW = DUE + timedelta(seconds=20)
WINDOW = Window(date(2026, 11, 20), DUE, DUE + timedelta(hours=12))
KEY = Key("T1", Kind.DIGEST, "daily", "C1", date(2026, 11, 20))
PAGE = Payload("30日以内リピート率 20.3%", ({"type": "divider"},), "words", data_as_of=date(2026, 11, 19))


@pytest.fixture
def ledger(state_url: str) -> Iterator[Ledger]:
    with closing(Ledger.open(state_url)) as opened:
        yield opened


def test_a_digest_is_owed_once_per_channel_and_local_date(ledger: Ledger) -> None:
    assert ledger.plan(KEY, WINDOW, NOW)
    assert not ledger.plan(KEY, WINDOW, NOW)
    assert ledger.plan(Key("T1", Kind.DIGEST, "daily", "C2", KEY.local_date), WINDOW, NOW)
    assert len(ledger.deliveries()) == 2


def test_a_changed_time_or_zone_gives_no_second_digest_on_one_date(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    later = Window(WINDOW.local_date, DUE + timedelta(hours=3), WINDOW.expires_at)
    assert not ledger.plan(KEY, later, NOW)


def test_what_was_owed_before_the_restart_is_still_owed_after_it(state_url: str) -> None:
    with closing(Ledger.open(state_url)) as first:
        first.plan(KEY, WINDOW, NOW)
        claimed = first.claim("one", NOW)
        assert claimed is not None
        first.keep(claimed, PAGE)
    with closing(Ledger.open(state_url)) as second:
        assert second.claim("two", NOW) is None, "the lease of the dead process still holds"
        row = second.claim("two", NOW + LEASE)
        assert row is not None
        assert (row.payload, row.data_as_of, row.fence) == (PAGE, date(2026, 11, 19), 2)


def test_a_claim_is_exclusive(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    assert ledger.claim("one", NOW) is not None
    assert ledger.claim("two", NOW) is None


def test_it_says_how_long_until_there_is_something_to_claim(ledger: Ledger) -> None:
    clock = [DUE - timedelta(seconds=50)]
    ledger._clock = lambda: clock[0]
    assert ledger.ripens() is None
    ledger.plan(KEY, WINDOW, NOW)
    assert ledger.ripens() == timedelta(seconds=50), "until it is due"
    clock[0] = DUE
    assert ledger.ripens() is None, "it can be claimed now"
    row = ledger.claim("one")
    assert row is not None
    assert ledger.ripens() == LEASE, "until the lease ends"
    ledger.put_off(row, State.PENDING, DUE + timedelta(minutes=3), "held", arrived_perhaps=True)
    assert ledger.ripens() == timedelta(minutes=3), "until the hold is over"
    ledger.sent(row, "1.0")
    assert ledger.ripens() is None


def test_a_claim_that_slept_through_its_lease_writes_nothing(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    sleeper = ledger.claim("one", NOW)
    assert sleeper is not None
    assert not ledger.intend(sleeper, NOW + LEASE), "the lease is over even where nobody else came"
    ledger.claim("two", NOW + LEASE)
    assert not ledger.intend(sleeper, NOW + timedelta(seconds=1)), "the fence has moved on"
    assert not ledger.put_off(sleeper, State.PENDING, NOW, "late", arrived_perhaps=False)


def test_a_sent_row_is_never_claimed_again(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    row = ledger.claim("one", NOW)
    assert row is not None
    ledger.sent(row, "1.1", NOW)
    assert ledger.claim("two", NOW + LEASE * 2) is None
    ledger.sent(row, "2.2", NOW)
    assert ledger.deliveries()[0].slack_ts == "1.1", "the first place is the place"


def test_a_late_claim_may_still_record_what_it_sent(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    sleeper = ledger.claim("one", NOW)
    ledger.claim("two", NOW + LEASE)
    assert sleeper is not None
    ledger.sent(sleeper, "1.1", NOW + LEASE)
    assert ledger.deliveries()[0].state is State.SENT


def test_replies_are_owed_the_moment_their_root_is_sent_and_never_before(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    row = ledger.claim("one", NOW)
    assert row is not None
    with_replies = Payload("root", (), "root", replies=(Payload("a", (), "a"), Payload("b", (), "b")))
    ledger.keep(row, with_replies)
    assert len(ledger.deliveries()) == 1
    ledger.put_off(row, State.PENDING, NOW, "again", arrived_perhaps=False)
    row = ledger.claim("one", NOW)
    assert row is not None
    ledger.sent(row, "1.1", NOW)
    ledger.sent(row, "1.1", NOW)
    replies = [found for found in ledger.deliveries() if found.key.kind is Kind.REPLY]
    assert sorted(found.payload.text for found in replies if found.payload) == ["a", "b"]
    assert {found.thread_ts for found in replies} == {"1.1"}


def test_what_is_too_late_is_given_up_and_named(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    assert ledger.expire(WINDOW.expires_at - timedelta(seconds=1)) == []
    assert [row.key for row in ledger.expire(WINDOW.expires_at)] == [KEY]
    assert ledger.claim("one", WINDOW.expires_at) is None


def test_the_audit_says_who_did_what_and_how_many_rows(ledger: Ledger) -> None:
    ledger.audit("U1", "/kpi 休眠", 40, NOW)
    assert list(ledger.audited()) == [(NOW, "U1", "/kpi 休眠", 40)]


def test_a_kill_between_statements_leaves_a_whole_database(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with closing(Ledger.open(f"sqlite:///{path}")):
        pass
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0004_watch",)]


def test_a_bare_path_is_a_sqlite_file_whose_folder_is_made(tmp_path: Path) -> None:
    with closing(Ledger.open(str(tmp_path / "deep" / "state.sqlite"))):
        assert (tmp_path / "deep" / "state.sqlite").exists()


def test_every_sqlite_connection_syncs_each_commit_to_the_disk(tmp_path: Path) -> None:
    with closing(Ledger.open(str(tmp_path / "s.db"))) as ledger, ledger._engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_the_tables_of_the_code_are_those_of_the_migrations(ledger: Ledger) -> None:
    found = sa.inspect(ledger._engine)
    for table in (delivery, episode, audit, alert_rule, alert_standing, alert_note, obituary, schema_range):
        assert {column["name"] for column in found.get_columns(table.name)} == set(table.c.keys())


def from_the_future(state_url: str, needs: str | None) -> None:
    """What a newer Asakai leaves behind: a revision unknown here, and which code it still serves."""
    with closing(Ledger.open(state_url)) as ledger, ledger._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        if needs is None:
            connection.exec_driver_sql("DROP TABLE schema_range")
        else:
            connection.execute(sa.update(schema_range).values(needs=needs))


@pytest.mark.parametrize("needs", ["9998", None], ids=["it took away what we need", "it does not say"])
def test_a_state_database_from_the_future_is_refused(state_url: str, needs: str | None) -> None:
    from_the_future(state_url, needs)
    with pytest.raises(StateFromFuture) as caught:
        Ledger.open(state_url)
    assert caught.value.values == {"revision": "9999", "newest": "0004_watch"}


def test_two_versions_at_once_work_on_tables_to_which_the_newer_one_only_added(state_url: str) -> None:
    from_the_future(state_url, "0001")
    with closing(Ledger.open(state_url)) as older:
        assert older.plan(KEY, WINDOW, NOW)


def test_a_database_of_the_first_version_is_brought_up_to_date_with_what_it_holds(tmp_path: Path) -> None:
    url, config = f"sqlite:///{tmp_path}/old.db", Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    with closing(Ledger(engine)) as first:
        assert not {*ADDED, "schema_range"} & set(sa.inspect(engine).get_table_names())
        first.plan(KEY, WINDOW, NOW)
    with closing(Ledger.open(url)) as ledger:
        assert set(STATE) <= set(sa.inspect(ledger.engine).get_table_names())
        assert [row.key for row in ledger.deliveries()] == [KEY]
        with ledger._engine.begin() as connection:
            assert connection.execute(sa.select(schema_range.c.needs)).scalar_one() == "0001"


def test_the_database_s_clock_decides_where_no_other_is_given(ledger: Ledger) -> None:
    now = ledger.now()
    assert now.tzinfo is UTC
    window = Window(KEY.local_date, now - timedelta(seconds=1), now + timedelta(hours=1))
    ledger.plan(KEY, window, NOW)
    row = ledger.claim("one")
    assert row is not None
    assert row.lease_until is not None
    assert timedelta(0) <= row.lease_until - LEASE - now < timedelta(minutes=5)
    assert ledger.claim("two") is None
    assert ledger.intend(row)
    assert ledger.sent(row, "1.1") == "1.1"
    [sent] = ledger.deliveries()
    assert sent.intent_at is not None
    assert sent.sent_at is not None
    assert now <= sent.intent_at <= sent.sent_at
    assert ledger.unswept() == []
    assert ledger.expire() == []


def test_what_was_sent_is_searched_for_twins_at_each_moment_and_no_more_after_a_day(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    row = ledger.claim("one", NOW)
    assert row is not None
    ledger.sent(row, "1.1", NOW)
    moments = []
    for minutes in range(0, 60 * 30, 5):
        now = NOW + timedelta(minutes=minutes)
        for found in ledger.unswept(now):
            moments.append(minutes)
            ledger.swept(found, now)
    assert moments == [10, 30, 90, 20 * 60]


def test_a_process_that_ends_frees_its_claims_and_leaves_its_intents(ledger: Ledger) -> None:
    ledger.plan(KEY, WINDOW, NOW)
    row = ledger.claim("one", NOW)
    assert row is not None
    assert ledger.intend(row, NOW)
    assert ledger.free("another") == 0
    assert ledger.free("one") == 1
    assert not ledger.intend(row, NOW), "whoever has let go may post no more"
    successor = ledger.claim("two", NOW)
    assert successor is not None
    assert successor.intent_at == NOW


def test_an_unreachable_state_database_is_named_without_its_password() -> None:
    with pytest.raises(StateUnreachable) as caught:
        Ledger.open("postgresql+psycopg://asakai:hunter2@127.0.0.1:1/state")
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value.values["url"])


@pytest.mark.parametrize("url", ["mysql+pymysql://u:hunter2@h/db", "://", "foo://bar"])
def test_another_kind_of_state_database_is_refused(url: str) -> None:
    with pytest.raises(StateKind) as caught:
        Ledger.open(url)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(StateUnreachable):
        Ledger.open(f"sqlite:///{path}")


def test_eight_planners_at_once_owe_one_message_and_claim_it_once(ledger: Ledger) -> None:
    gate = threading.Barrier(8)
    planned: list[bool] = []
    claimed: list[bool] = []

    def replica(number: int) -> None:
        gate.wait()
        planned.append(ledger.plan(KEY, WINDOW, NOW))
        claimed.append(ledger.claim(str(number), NOW) is not None)

    threads = [threading.Thread(target=replica, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(planned) == [False] * 7 + [True]
    assert sorted(claimed) == [False] * 7 + [True]


def test_eight_openers_at_once_migrate_once(state_url: str) -> None:
    failures: list[BaseException] = []

    def opener() -> None:
        try:
            Ledger.open(state_url).close()
        except BaseException as error:  # noqa: BLE001  every failure of any kind is one too many
            failures.append(error)

    threads = [threading.Thread(target=opener) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_who_finds_the_tables_being_changed_looks_again_longer_than_it_may_wait_for_a_lock(empty_postgres: str) -> None:
    engine, opened = sa.create_engine(empty_postgres), list[Ledger]()
    waiting = threading.Thread(target=lambda: opened.append(Ledger.open(empty_postgres, waits=Waits(lock=0.2))))
    with engine.begin() as other:
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(database._UPGRADE_LOCK)))
        waiting.start()
        waiting.join(2)
        assert waiting.is_alive()
        assert not sa.inspect(other).get_table_names()
    waiting.join(120)
    engine.dispose()
    with closing(opened[0]) as ledger:
        assert ledger.deliveries() == []


def test_an_instant_without_zone_is_a_bug(ledger: Ledger) -> None:
    with pytest.raises(sa.exc.StatementError):
        ledger.claim("one", datetime(2026, 11, 20))


def test_ids_sort_by_time_and_are_26_characters() -> None:
    early = ulid(NOW, b"\xff" * 10)
    late = ulid(NOW + timedelta(milliseconds=1), b"\x00" * 10)
    assert early < late
    assert len(early) == 26
    assert ulid(datetime(1970, 1, 1, tzinfo=UTC), b"\x00" * 10) == "0" * 26


def test_a_payload_comes_back_as_it_went_in() -> None:
    nested = Payload("根", PAGE.blocks, "p", replies=(PAGE,))
    assert Payload.load(nested.dump()) == nested
