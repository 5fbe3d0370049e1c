"""Which questions does someone ask who looks into the figures?"""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tests.bench.answer import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

MANY = 1000
COMPARED = 3
"""The slow contender is asked the first of them only."""
LOOK_BACK_DAYS = 730
NARROWEST, WIDEST = 7, 180


@dataclass(frozen=True, slots=True)
class Question:
    """Figures by `dimension` on a day; `days`: width of the cohort.

    Crossed: only of customers whose `other` dimension is `label`.
    """

    dimension: str
    as_of: date
    days: int
    other: str
    label: str


def draw(labels: Mapping[str, Sequence[str]], as_of: date, seed: int) -> list[Question]:
    """Questions by chance, always the same ones for a seed."""
    chance = random.Random(seed)
    asked = []
    for _ in range(MANY):
        dimension, other = chance.sample(DIMENSIONS, 2)
        day = as_of - timedelta(days=chance.randrange(LOOK_BACK_DAYS))
        days = chance.randint(NARROWEST, WIDEST)
        asked.append(Question(dimension, day, days, other, chance.choice(labels[other])))
    return asked


def write(asked: Sequence[Question], stem: Path) -> None:
    """Keep them beside the orders."""
    rows = [asdict(one) | {"as_of": one.as_of.isoformat()} for one in asked]
    stem.with_suffix(".questions.json").write_text(json.dumps(rows), encoding="utf-8")


def questions_of(orders: Path) -> list[Question]:
    """The questions kept beside any form of the orders."""
    stem = orders.with_name(orders.name.partition(".")[0])
    rows = json.loads(stem.with_suffix(".questions.json").read_text(encoding="utf-8"))
    return [Question(**row | {"as_of": date.fromisoformat(row["as_of"])}) for row in rows]
