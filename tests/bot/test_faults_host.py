"""What becomes of the digest when its machine or its own database fails? It comes once, as soon as that is over."""

from __future__ import annotations

import os
import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from bot.delivery.clock import Window
from bot.delivery.ledger import Ledger
from bot.delivery.row import State
from bot.delivery.schema import delivery
from tests.bot.delivering import EIGHT, PAGE, World, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.delivery.row import Delivery, Payload


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with opened(tmp_path) as world:
        yield world


def arrived_once(world: World) -> bool:
    """Let the usual ticks come; whether the digest is there, once."""
    world.tick(2, timedelta(minutes=6))
    return len(world.slack.posts) == 1 and world.states() == {("digest", "C1"): State.SENT}


def test_a_login_that_is_refused_at_0759_delays_the_digest_and_loses_nothing(empty_postgres: str) -> None:
    role = f"asakai_bot_{os.getpid()}"
    url = sa.make_url(empty_postgres).set(username=role, password="x").render_as_string(hide_password=False)
    admin = sa.create_engine(empty_postgres, isolation_level="AUTOCOMMIT")
    with admin.connect() as server:
        server.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        server.exec_driver_sql(f"GRANT ALL ON SCHEMA public TO {role}")
        try:
            with closing(Ledger.open(url)) as ledger:
                world = World(ledger, now=EIGHT - timedelta(minutes=1))
                world.tick()
                server.exec_driver_sql(f"ALTER ROLE {role} NOLOGIN PASSWORD 'y'")
                world.now = EIGHT
                with pytest.raises(sa.exc.OperationalError):
                    world.tick()
                assert world.slack.posts == []
                server.exec_driver_sql(f"ALTER ROLE {role} LOGIN PASSWORD 'x'")
                assert arrived_once(world)
        finally:
            server.exec_driver_sql(f"DROP OWNED BY {role}")
            server.exec_driver_sql(f"DROP ROLE {role}")
    admin.dispose()


def test_a_deadlock_with_another_program_costs_one_tick_at_most(empty_postgres: str) -> None:
    other = sa.create_engine(empty_postgres)
    with closing(Ledger.open(empty_postgres)) as ledger, other.connect() as connection:
        world = World(ledger, channels=("C1", "C2"))
        morning = world.morning()
        for target in morning.targets():
            gone = Window(date(2026, 11, 19), EIGHT - timedelta(days=1), EIGHT - timedelta(hours=12))
            ledger.plan(morning.key(target, gone), gone, world.now)
        first, second = (
            sa.select(delivery.c.id).where(delivery.c.channel == one).with_for_update() for one in ("C1", "C2")
        )
        connection.exec_driver_sql("SET deadlock_timeout = '60s'")  # so that ours is found to be the one too many
        connection.execute(second)
        ours = ThreadPoolExecutor(1).submit(world.tick)
        waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
        while not connection.execute(waits).scalar_one() and not ours.done():
            pass
        connection.execute(first)
        assert isinstance(ours.exception(60), sa.exc.OperationalError)
        connection.rollback()
        assert world.slack.posts == []
        world.tick()
        assert len(world.slack.posts) == 2
        assert [row.state for row in ledger.deliveries()].count(State.EXPIRED) == 2
    other.dispose()


def test_a_state_file_locked_by_another_program_delays_the_digest(world: World, tmp_path: Path) -> None:
    @sa.event.listens_for(world.ledger.engine, "checkout")
    def _impatient(connection: sa.engine.interfaces.DBAPIConnection, *_: object) -> None:
        connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[attr-defined]  # sqlite3's own

    other = sa.create_engine(f"sqlite:///{tmp_path}/state.db", isolation_level="AUTOCOMMIT")
    with other.connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            world.tick()
        holder.exec_driver_sql("ROLLBACK")
    other.dispose()
    assert arrived_once(world)


def test_a_full_disk_delays_the_digest_until_there_is_space(world: World) -> None:
    full = [True]

    @sa.event.listens_for(world.ledger.engine, "begin")
    def _limit(connection: sa.Connection) -> None:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages if full else 1_000_000}")

    world.content = lambda _row: replace(PAGE, text="x" * 60_000)
    world.tick()
    [row] = world.ledger.deliveries()
    assert (row.state, row.last_error) == (State.PENDING, "OperationalError")
    assert world.slack.posts == [], "what could not be written down is not posted"
    full.clear()
    assert arrived_once(world)


def test_out_of_memory_while_rendering_delays_that_digest_only(world: World) -> None:
    short = [True]

    def content(row: Delivery) -> Payload:
        if short and row.key.channel == "C1":
            raise MemoryError
        return PAGE

    world.channels, world.content = ("C1", "C2"), content
    world.tick()
    assert world.states() == {("digest", "C1"): State.PENDING, ("digest", "C2"): State.SENT}
    short.clear()
    world.now += timedelta(minutes=6)
    world.tick()
    assert world.states() == {("digest", "C1"): State.SENT, ("digest", "C2"): State.SENT}


def test_no_file_descriptors_delay_the_digest_until_some_are_free(world: World) -> None:
    world.ledger.engine.dispose()  # so that the state file has to be opened anew
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    taken = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 2, hard))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(sa.exc.OperationalError):
            world.tick()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for one in taken:
            os.close(one)
    assert arrived_once(world)


@pytest.mark.parametrize("hours", [-24, 3], ids=str)
def test_a_clock_step_posts_no_second_digest(world: World, hours: int) -> None:
    world.tick()
    world.now += timedelta(hours=hours)
    world.tick()
    world.now = EIGHT + timedelta(minutes=10)
    world.tick()
    assert len([1 for _, mark, _ in world.slack.posts if mark == world.slack.posts[0][1]]) == 1
    assert len({mark for _, mark, _ in world.slack.posts}) == len(world.slack.posts)


def test_a_suspend_over_the_due_time_makes_it_late_not_lost(world: World) -> None:
    world.now = EIGHT - timedelta(minutes=10)
    morning = world.morning()
    morning.tick(world.now)
    world.now = EIGHT + timedelta(hours=2)  # the lid was closed from 7:50 to 10:00
    morning.tick(world.now)
    assert len(world.slack.posts) == 1


STEPS = ("plan", "claim", "keep", "look", "intend", "post", "sent")


@pytest.mark.parametrize("step", STEPS)
def test_sigterm_at_each_step_leaves_what_the_next_process_makes_good(world: World, step: str) -> None:
    """The signal only sets a flag: what was begun is finished or put off, and nothing more is claimed."""
    stopping: list[str] = []
    world.channels = ("C1", "C2")
    thing = world.slack if step in {"look", "post"} else world.ledger
    real = getattr(thing, step)

    def told(*given: object, **named: object) -> object:
        stopping.append(step)
        return real(*given, **named)

    with patched(thing, step, told):
        world.morning().tick(world.now, lambda: bool(stopping))
    assert stopping, "that step was reached"
    assert len(world.slack.posts) <= 1, "the second is left to the next process"
    assert not [row for row in world.ledger.deliveries() if row.state is State.SENDING], "no lease is left behind"
    world.tick()
    assert sorted(world.states().values()) == [State.SENT] * 2
    assert len(world.slack.posts) == 2


class patched:  # noqa: N801  it reads as a verb
    """Another attribute for a while."""

    def __init__(self, thing: object, name: str, value: Callable[..., object]) -> None:
        self.thing, self.name, self.value = thing, name, value

    def __enter__(self) -> None:
        setattr(self.thing, self.name, self.value)

    def __exit__(self, *_: object) -> None:
        delattr(self.thing, self.name)
