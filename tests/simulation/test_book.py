"""Does the simulated table answer every move as the real ledger does?"""

from __future__ import annotations

from contextlib import closing
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from bot.delivery.clock import Window
from bot.delivery.ledger import Ledger
from bot.delivery.row import Delivery, Key, Kind, Payload, State
from tests.simulation.book import SimulatedBook

START = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)
KEYS = [Key("T1", Kind.DIGEST, "daily", channel, date(2026, 11, 20)) for channel in ("C1", "C2", "C3")]
PAGES = [Payload("a", (), "a"), Payload("b", (), "b", replies=(Payload("c", (), "c"),))]


def told(answer: Any) -> Any:
    """An answer without ids, which are drawn."""
    if isinstance(answer, Delivery):
        return replace(answer, id="")
    if isinstance(answer, list | tuple):
        return sorted(map(told, answer), key=lambda row: str(row.key))
    return answer


def move(dice: Random, real: Any, simulated: Any, rows: list[tuple[Delivery, Delivery]], now: datetime) -> str:
    """The same random move on both; gives its name."""
    name = dice.choice(
        ("plan", "claim", "claim", "keep", "intend", "put_off", "sent", "expire", "unswept", "swept", "free", "ripens")
    )
    key, owner = dice.choice(KEYS), dice.choice(("one", "two"))
    match name:
        case "plan":
            window = Window(key.local_date, START + timedelta(minutes=dice.randrange(5)), START + timedelta(hours=12))
            given = [(key, window, now)] * 2
        case "claim" | "free":
            given = [(owner,)] * 2
        case "expire" | "unswept" | "ripens":
            given = [()] * 2
        case _ if not rows:
            return name
        case _:
            pair = dice.choice(rows)
            more: dict[str, tuple[object, ...]] = {
                "keep": (dice.choice(PAGES),),
                "put_off": (
                    dice.choice((State.PENDING, State.BLOCKED)),
                    now + timedelta(seconds=dice.randrange(99)),
                    "x",
                ),
                "sent": (dice.choice(("1.1", "2.2")),),
            }
            given = [(row, *more.get(name, ())) for row in pair]
    named = {"arrived_perhaps": dice.random() < 0.5} if name == "put_off" else {}
    answers = [getattr(book, name)(*args, **named) for book, args in zip((real, simulated), given, strict=True)]
    assert told(answers[0]) == told(answers[1]), name
    if name == "claim" and answers[0] is not None:
        rows.append((answers[0], answers[1]))
    return name


def test_five_hundred_moves_have_the_same_answers(state_url: str) -> None:
    dice, now, names = Random(4), START, set()
    clock = lambda: now
    numbers = iter(range(10**9))
    in_order = lambda size: next(numbers).to_bytes(size, "big")
    with closing(Ledger.open(state_url, in_order, clock)) as real:
        simulated = SimulatedBook(clock, in_order)
        rows: list[tuple[Delivery, Delivery]] = []
        for _ in range(500):
            now += timedelta(seconds=dice.choice((0, 1, 20, 95, 700)))
            names.add(move(dice, real, simulated, rows, now))
        there = {field.name for field in fields(Delivery)} - {"id"}
        for row in real.deliveries(1000):
            twin = simulated.find(row.key)
            assert twin is not None
            assert {name: getattr(row, name) for name in there} == {name: getattr(twin, name) for name in there}
    assert len(names) == 11
