"""How many subscriptions go on from one delivery to the next?

The unit is the contract. It is counted from its k-th delivery once the next one was due, and some days
more: not earlier where it was cancelled, for those that go on are not known earlier either. Rates
multiplied over the deliveries (Kaplan-Meier) say how many reach each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from metrics.alert import MINIMUM
from metrics.day import Span, number
from metrics.estimate import Estimate, rate
from metrics.segment import ALL, OTHER, too_small
from metrics.survival import Ints

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[np.bool_]

WINDOW_DAYS = 365
GRACE_DAYS = 14
USUAL_SHARE = 0.9
"""Until a contract has an interval of its own, its next delivery is due when so many of the shop's came."""
STEPS = 12
RECENT_DAYS = 30
NEVER = 2**31 - 1
NOBODY = -1
SHOWN_FROM = 5


@dataclass(frozen=True, slots=True)
class Contracts:
    """Contracts, and their deliveries as arrays sorted by contract and number of the delivery.

    started, ended: day numbers by contract, `ended` NEVER where it runs; contract, number, day: of each delivery that
    was shipped. unlisted: contracts that orders name and the table does not. label: of each contract's customer, in
    `labels`; NOBODY where no order knows them.
    """

    started: Ints
    ended: Ints
    contract: Ints
    number: Ints
    day: Ints
    unlisted: int
    label: Ints
    labels: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Step:
    """From one delivery to the next: the share of contracts that went on, and of all who reach it from the first."""

    delivery: int
    went_on: Estimate
    reached: float | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Part:
    """The contracts of one label: those that were due after their first delivery, the steps, and how many run."""

    label: str
    counted: int
    steps: tuple[Step, ...]
    running: int


@dataclass(frozen=True, slots=True)
class Continuation:
    """The steps from deliveries of the span, and how many contracts run.

    counted: contracts whose first delivery is in the span and whose second one was due.
    """

    as_of: date
    span: Span
    counted: int
    steps: tuple[Step, ...]
    running: int
    begun: int
    ended: int
    unlisted: int
    dimension: str = ALL
    rows: tuple[Part, ...] = ()


def continuation(contracts: Contracts, as_of: date, period: Span | None = None, dimension: str = ALL) -> Continuation:
    """The share that goes on, by number of the delivery, as the morning after `as_of` knows it."""
    span = period or Span.ending(as_of, WINDOW_DAYS)
    today = number(as_of)
    on, due = _fates(contracts, today)
    inside = (contracts.day >= number(span.start)) & (contracts.day < min(number(span.end), today + 1))
    fates = _Fates(contracts.number, inside, on, due)
    lately = number(as_of - timedelta(days=RECENT_DAYS))
    begun = contracts.started <= today
    running = begun & (contracts.ended > today)
    return Continuation(
        as_of, span, fates.counted(), fates.steps(), int(running.sum()),
        int((begun & (contracts.started > lately)).sum()),
        int(((contracts.ended <= today) & (contracts.ended > lately)).sum()), contracts.unlisted, dimension,
        _rows(contracts, fates, running) if dimension != ALL else (),
    )  # fmt: skip


def _rows(contracts: Contracts, fates: _Fates, running: Mask) -> tuple[Part, ...]:
    """By the customers' labels, most contracts first; small ones as one, so that none follows from the others."""
    of_delivery = contracts.label[contracts.contract] if len(contracts.contract) else contracts.contract
    sizes = ((name, {at}, int((contracts.label == at).sum())) for at, name in enumerate(contracts.labels))
    found = sorted((one for one in sizes if one[2]), key=lambda one: (-one[2], one[0]))
    small = too_small([n for _, _, n in found], SHOWN_FROM)
    groups = [(name, places) for at, (name, places, _) in enumerate(found) if at not in small]
    if small:
        groups.append((OTHER, {place for at in small for place in found[at][1]}))
    parts = []
    for name, places in groups:
        mine = fates.of(np.isin(of_delivery, list(places)))
        parts.append(
            Part(name, mine.counted(), mine.steps(), int((running & np.isin(contracts.label, list(places))).sum()))
        )
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class _Fates:
    """Of each delivery: its number, whether it is asked about, whether the next one came, and was due."""

    number: Ints
    inside: Mask
    on: Mask
    due: Mask

    def of(self, those: Mask) -> _Fates:
        """Of some deliveries only."""
        return _Fates(self.number, self.inside & those, self.on, self.due)

    def counted(self) -> int:
        """Contracts that were due after their first delivery."""
        return int((self.inside & self.due & (self.number == 1)).sum())

    def steps(self) -> tuple[Step, ...]:
        """From delivery to delivery, as long as there are enough."""
        steps, reached = [], 1.0
        for delivery in range(1, STEPS + 1):
            here = self.inside & (self.number == delivery)
            went_on = rate(int((here & self.due & self.on).sum()), int((here & self.due).sum()))
            if went_on.value is None or went_on.n < MINIMUM:
                break
            reached *= went_on.value
            steps.append(Step(delivery, went_on, reached, int((here & ~self.due).sum())))
        return tuple(steps)


def _fates(contracts: Contracts, today: int) -> tuple[Mask, Mask]:
    """Of each delivery: whether the next one was shipped by today, and whether it was due, and the grace is over."""
    size = len(contracts.day)
    seen = contracts.day <= today
    same = np.append(contracts.contract[1:] == contracts.contract[:-1], False)[:size]
    on = same & np.append(seen[1:], False)[:size] & seen
    gap = np.append(contracts.day[1:] - contracts.day[:-1], 0)[:size]
    usual = int(np.quantile(gap[on], USUAL_SHARE, method="higher")) if on.any() else NEVER
    own = np.where(np.append(False, same[:-1])[:size], np.append(0, gap[:-1])[:size], usual)
    return on, seen & (today - contracts.day >= own + GRACE_DAYS)
