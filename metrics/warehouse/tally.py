"""How do customers and purchases become cells?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrics.cells import Idle, Ints
from metrics.dormancy import DORMANT_DAYS, PRE_DORMANT_DAYS
from metrics.segment import BUCKETS
from metrics.warehouse.contribution import NEVER, Customers, Purchases

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WHATS = 1 << 16
_DAYS = 1 << 22
_BEFORE_1970 = 1 << 20
_DENSE = 1 << 16
_PARTS_APART = 6
"""So many parts of a group are kept apart before they are summed: few sums, little memory."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Rows to be counted: label number, day, what (gap or event) of one group of cells."""

    label: NDArray[np.integer] | np.integer
    day: NDArray[np.integer]
    what: NDArray[np.integer] | int = 0


@dataclass(frozen=True, slots=True)
class Events:
    """Idle events after purchases: which purchase, on what day, which Idle."""

    purchase: NDArray[np.int32]
    day: NDArray[np.int32]
    what: NDArray[np.uint8]

    def under(self, label: NDArray[np.integer]) -> Marks:
        """Marks with the label of each purchase; `label`: one per purchase."""
        return Marks(label[self.purchase], self.day, self.what)


def cohort_marks(customers: Customers, label: NDArray[np.integer], member: NDArray[np.bool_]) -> Marks:
    """One mark per cohort member: its label and first day."""
    return Marks(label[member], customers.first_day[member])


def gap_marks(customers: Customers, label: NDArray[np.integer], member: NDArray[np.bool_], horizon: int) -> Marks:
    """One mark per member with a second purchase within the horizon."""
    gap = customers.second_day - customers.first_day
    back = np.flatnonzero(member & (gap <= horizon))
    return Marks(label[back], customers.first_day[back], gap[back])


def idle_events(purchases: Purchases) -> Events:
    """What happens after each purchase; SEEN at a customer's first."""
    gap = purchases.next_day - purchases.day
    late = np.flatnonzero(gap > PRE_DORMANT_DAYS)
    gone = late[gap[late] > DORMANT_DAYS]
    back = late[purchases.next_day[late] != NEVER]
    return _events(
        (Idle.SEEN, first := np.flatnonzero(purchases.k == 0), purchases.day[first]),
        (Idle.PRE_DORMANT, late, purchases.day[late] + PRE_DORMANT_DAYS),
        (Idle.DORMANT, gone, purchases.day[gone] + DORMANT_DAYS),
        (Idle.BACK_PRE_DORMANT, soon := back[gap[back] <= DORMANT_DAYS], purchases.next_day[soon]),
        (Idle.BACK_DORMANT, far := back[gap[back] > DORMANT_DAYS], purchases.next_day[far]),
    )


def step_events(purchases: Purchases) -> Events:
    """Arrivals at and departures from each purchase count after the first."""
    return _events(
        (Idle.SEEN, later := np.flatnonzero(purchases.k > 0), purchases.day[later]),
        (Idle.LEFT, moved := np.flatnonzero(purchases.next_day != NEVER), purchases.next_day[moved]),
    )


def _events(*parts: tuple[Idle, Ints, Ints]) -> Events:
    what = np.repeat(np.array([part[0].value for part in parts], np.uint8), [len(part[1]) for part in parts])
    purchase = np.concatenate([part[1].astype(np.int32) for part in parts])
    return Events(purchase, np.concatenate([part[2].astype(np.int32) for part in parts]), what)


def bucket_labels(purchases: Purchases, label_of_bucket: Ints) -> Ints:
    """The label number of each purchase's count bucket."""
    ends = np.array([least for _, least, _ in BUCKETS[1:]])
    return label_of_bucket[np.searchsorted(ends, purchases.k + 1, side="right")]


def bucket_marks(purchases: Purchases, label: Ints, horizon: int) -> tuple[Marks, Marks]:
    """Cohort and gap marks of the dimension purchase_count: every purchase starts anew."""
    gap = purchases.next_day - purchases.day
    near = np.flatnonzero(gap <= horizon)
    return Marks(label, purchases.day), Marks(label[near], purchases.day[near], gap[near])


class Tally:
    """Sums marks into cells: (label, day, what) -> n.

    Marks of different groups never share a label (one group per dimension), so that
    groups can be summed one after the other, in little memory.
    """

    def __init__(self) -> None:
        self._parts: dict[str, list[tuple[Ints, NDArray[np.int32]]]] = {}

    def add(self, marks: Marks, sign: int = 1, group: str = "") -> None:
        """Counts the marks; sign -1 takes them away."""
        if len(marks.day):
            key, n = _counted(marks)
            parts = self._parts.setdefault(group, [])
            parts.append((key, (n * sign).astype(np.int32)))
            if len(parts) == _PARTS_APART:
                parts[:] = [_merged(parts)]

    def blocks(self) -> Iterator[tuple[Ints, Ints, Ints, NDArray[np.int32]]]:
        """Non-zero cells of one group after the other: label, day, what, n, each an array."""
        for parts in self._parts.values():
            cells, n = _merged(parts)
            place, what = np.divmod(cells, _WHATS)
            label, day = np.divmod(place, _DAYS)
            yield label, day - _BEFORE_1970, what, n

    def rows(self) -> Ints:
        """All non-zero cells; shape [cells, 4]."""
        blocks = [np.stack(block, axis=1) for block in self.blocks()]
        return np.concatenate([np.zeros((0, 4), np.int64), *blocks])


def _merged(parts: list[tuple[Ints, NDArray[np.int32]]]) -> tuple[Ints, NDArray[np.int32]]:
    """Each key once with its sum, sorted; those that sum to nothing are left out."""
    if len(parts) == 1:
        key, n = parts[0]
    else:
        key = np.concatenate([key for key, _ in parts])
        order = np.argsort(key, kind="stable")
        key, n = key[order], np.concatenate([n for _, n in parts])[order]
        first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
        key, n = key[first], np.add.reduceat(n, first)
    return key[n != 0], n[n != 0]


def _counted(marks: Marks) -> tuple[Ints, Ints]:
    """(cell keys, how often each stands): by slots where the cells lie close, else by sorting."""
    least = int(marks.label.min()), int(marks.day.min()), int(np.min(marks.what))
    size = (
        int(marks.label.max()) - least[0] + 1,
        int(marks.day.max()) - least[1] + 1,
        int(np.max(marks.what)) - least[2] + 1,
    )
    cells = size[0] * size[1] * size[2]
    width: type[np.signedinteger] = np.int32 if cells < 2**31 else np.int64
    slot = (np.asarray(marks.label, width) - width(least[0])) * width(size[1] * size[2])
    slot = slot + (np.asarray(marks.day, width) - width(least[1])) * width(size[2])
    if size[2] > 1:
        slot += np.asarray(marks.what, width) - width(least[2])
    if cells <= 4 * len(marks.day) + _DENSE:
        counted = np.bincount(slot)
        found = np.flatnonzero(counted)
        n = counted[found]
    else:
        found, n = np.unique(slot, return_counts=True)
    place, what = np.divmod(found.astype(np.int64), size[2])
    label, day = np.divmod(place, size[1])
    key = ((label + least[0]) * _DAYS + day + least[1] + _BEFORE_1970) * _WHATS + what + least[2]
    return key, n
