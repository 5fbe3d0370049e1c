"""Which mails and coupons did the sample shop send, and whom did it hold out?

One that made more customers buy, one that did not, one that woke dormant customers, one without a hold-out, and one
that is too young. What a measure "did" is planted: who bought afterwards is held out less often.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

HOLD_OUT = 0.25
BUYERS_HELD_OUT = 0.6
"""Where it worked: how often who bought is held out, against the others."""


@dataclass(frozen=True, slots=True)
class _Measure:
    """`ago`: sent so many days before the last one, to customers idle from `least` to `most` days."""

    name: str
    ago: int
    least: int
    most: int
    cost: int
    works: float = 1.0
    hold_out: float = HOLD_OUT


_MEASURES = (
    _Measure("2回目購入クーポン", 75, 10, 75, 30, works=BUYERS_HELD_OUT),
    _Measure("新商品のご案内", 110, 10, 120, 3),
    _Measure("休眠掘り起こしDM", 55, 90, 400, 85, works=0.45),
    _Measure("冬の先行セール", 40, 5, 200, 3, hold_out=0.0),
    _Measure("ポイント2倍デー", 12, 10, 90, 3),
)


def sent(chance: Random, purchases: Mapping[str, Sequence[int]], days: int) -> Iterator[tuple[str, str, int, str, str]]:
    """(name, customer, day, cost, hold_out). purchases: days on which each customer bought, sorted."""
    for measure in _MEASURES:
        day = days - 1 - measure.ago
        for customer, bought in purchases.items():
            at = bisect_right(bought, day)
            if not at or not measure.least <= day - bought[at - 1] <= measure.most:
                continue
            came_back = at < len(bought) and bought[at] - day <= 30  # noqa: PLR2004  # within 30 days
            held = chance.random() < measure.hold_out * (measure.works if came_back else 1.0)
            yield measure.name, customer, day, "" if held else str(measure.cost), str(int(held))
