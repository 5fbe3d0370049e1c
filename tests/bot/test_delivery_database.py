"""Does the digest arrive once over a wire to the database that crawls, swallows, resets and breaks off?"""

from __future__ import annotations

from contextlib import closing, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from bot.delivery import database
from bot.delivery.database import Waits
from bot.delivery.ledger import Ledger
from bot.delivery.protocol import LEASE
from bot.delivery.row import State
from bot.delivery.schema import delivery
from tests.bot.delivering import World
from tests.bot.wire import FaultyWire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.bot.wire import Mood


@pytest.fixture
def wire(postgres: str) -> Iterator[FaultyWire]:
    url = sa.make_url(postgres)
    with FaultyWire(url.host or "127.0.0.1", url.port or 5432) as wire:
        yield wire


@pytest.fixture
def through(wire: FaultyWire, postgres: str) -> str:
    """An empty state database behind the wire."""
    url = sa.make_url(postgres)
    if url.host is None or url.host.startswith("/"):
        pytest.skip("PostgreSQL listens on a socket only; the wire needs TCP")
    with closing(Ledger.open(postgres)) as straight, straight.engine.begin() as connection:
        connection.execute(sa.delete(delivery))
    return url.set(host="127.0.0.1", port=wire.port).render_as_string(hide_password=False)


@pytest.fixture
def world(through: str) -> Iterator[World]:
    """Its client gives up soon: two seconds are the least that psycopg waits for a connection."""
    with closing(Ledger(database._postgres(sa.make_url(through), Waits(connect=2, connection=1.0)))) as ledger:
        yield World(ledger)


def again(call: Callable[[], Any]) -> Any:
    """What the ticker does after a failure, for on a busy machine a sound wire takes a second, too."""
    for _ in range(20):
        with suppress(sa.exc.DBAPIError):
            return call()
    return call()


@pytest.mark.parametrize("mood", ["swallow", "reset", "half", "refuse"])
def test_a_broken_wire_is_an_error_within_the_client_s_own_deadline_and_mends_by_itself(
    world: World, wire: FaultyWire, mood: Mood
) -> None:
    schema_deadline = world.ledger.now()
    wire.mood = mood
    with pytest.raises(sa.exc.DBAPIError):
        world.ledger.now()
    wire.mood = "pass"
    assert again(world.ledger.now) == schema_deadline, "the next call is a new connection"


def test_a_slow_wire_only_takes_longer(wire: FaultyWire, through: str) -> None:
    with closing(Ledger.open(through, waits=Waits(connection=60.0))) as ledger:
        world = World(ledger)
        wire.mood = "slow"
        world.tick()
    assert len(world.slack.posts) == 1


@pytest.mark.parametrize("mood", ["swallow", "reset", "half", "refuse"])
@pytest.mark.parametrize("moment", ["look", "post"])
def test_a_database_that_is_lost_around_the_post_leaves_one_digest(
    world: World, wire: FaultyWire, through: str, mood: Mood, moment: str
) -> None:
    real = getattr(world.slack, moment)

    def lose(*given: object, **named: object) -> object:
        answer = real(*given, **named)
        wire.mood = mood
        return answer

    setattr(world.slack, moment, lose)
    with suppress(sa.exc.DBAPIError):
        world.tick()
    setattr(world.slack, moment, real)
    wire.mood = "pass"
    world.now += LEASE + timedelta(seconds=1)
    with closing(Ledger.open(through)) as patient:  # a busy machine takes more than a second for a sound wire, too
        world.ledger = patient
        world.keep_time(patient)
        world.tick(5, timedelta(seconds=60))
        assert len(world.slack.posts) == 1
        assert world.states() == {("digest", "C1"): State.SENT}


def test_a_full_or_read_only_disk_stops_the_tick_and_nothing_is_posted(tmp_path: Path) -> None:
    with closing(Ledger.open(f"sqlite:///{tmp_path}/state.db")) as ledger:
        world = World(ledger)

        @sa.event.listens_for(ledger.engine, "begin")
        def _read_only(connection: sa.Connection) -> None:
            connection.exec_driver_sql("PRAGMA query_only = ON")

        with pytest.raises(sa.exc.OperationalError):
            world.tick()
        assert world.slack.posts == []


def test_a_row_that_another_process_holds_is_passed_over_not_waited_for(postgres: str) -> None:
    with closing(Ledger.open(postgres)) as ledger, closing(Ledger.open(postgres)) as other:
        with ledger.engine.begin() as connection:
            connection.execute(sa.delete(delivery))
        world = World(ledger)
        world.channels = ("C1", "C2")
        morning = world.morning()
        for target, window in morning._due(morning.targets(), world.now):
            ledger.plan(morning.key(target, window), window, world.now)
        with other.engine.begin() as connection:
            locked = sa.select(delivery.c.id).where(delivery.c.channel == "C1").with_for_update()
            connection.execute(locked)
            claimed = ledger.claim("two", world.now)
            assert claimed is not None
            assert claimed.key.channel == "C2"
            assert ledger.claim("two", world.now) is None
