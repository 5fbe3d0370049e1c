"""What must be counted so that every figure of every day and segment follows?

Counts are additive: a customer adds one cohort cell (first day), at most one
gap cell (first day, gap to the second purchase), and idle events. A segment's
parts add up to the whole, and any past day is answered by leaving out what
happened later. Counts leave the engine; orders do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

import numpy as np

from metrics.cells import Cells, Idle, Ints, by_sorted_label, joined, with_labels
from metrics.day import Span, number, of_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK_DAYS = 32
"""Gap histograms are summed beforehand over blocks of this many first days."""

_SPARE_DAYS = 128
"""Columns kept free after the last day, so that new mornings need no new arrays."""


@dataclass(frozen=True, slots=True)
class IdleState:
    """Customers by idle days on one day, each an array by label."""

    active: Ints
    pre_dormant: Ints
    dormant: Ints


class Counts:
    """The counts of one dimension, ready for figures.

    Methods take local dates and return int64 arrays whose first axis is the
    label, in the order of `labels` (sorted). Gaps longer than `horizon_days`
    are not kept: who is not among the gaps has not come back within the horizon.
    """

    def __init__(self, dimension: str, cells: Cells, horizon_days: int) -> None:
        cells = by_sorted_label(cells)
        self.dimension = dimension
        self.labels = cells.labels
        self.horizon_days = horizon_days
        self._index = {label: i for i, label in enumerate(cells.labels)}
        days = np.concatenate([cells.cohort[:, 1], cells.idle[:, 1], cells.gap[:, 1]])
        self._origin = int(days.min()) if len(days) else 0
        self._width = (int(days.max()) - self._origin + 1 if len(days) else 0) + _SPARE_DAYS
        self._cohort = self._running(cells.cohort[:, 0], cells.cohort[:, 1], cells.cohort[:, 2])
        self._idle = np.stack([self._running_idle(cells.idle, event) for event in Idle])
        self._place_gaps(cells.gap)

    # -- what is asked of counts ------------------------------------------------

    @property
    def nbytes(self) -> int:
        """How much memory they take."""
        return sum(held.nbytes for held in vars(self).values() if isinstance(held, np.ndarray))

    @property
    def start(self) -> date | None:
        """The first day on which anyone bought; None without purchases."""
        seen = np.flatnonzero(self._idle[Idle.SEEN].any(axis=0))
        return of_number(self._origin + int(seen[0]) - 1) if len(seen) else None

    def firsts(self, cohort: Span) -> Ints:
        """Customers whose first purchase day lies in the cohort; shape [labels]."""
        low, high = self._columns(cohort)
        return self._cohort[:, high].astype(np.int64) - self._cohort[:, low]

    def seconds(self, cohort: Span, within: int) -> Ints:
        """Those of `firsts` with a second purchase at most `within` days later; [labels].

        Knows no as_of: the caller's cohort must be matured (last + within <= as_of).
        """
        low, high = self._columns(cohort)
        back = self._back_within(within)
        return back[:, high].astype(np.int64) - back[:, low]

    def firsts_before(self, days: Sequence[date]) -> Ints:
        """Customers whose first purchase lies before each of `days`; [labels, len(days)]."""
        return self._cohort[:, [self._column(day) for day in days]].astype(np.int64)

    def seconds_before(self, days: Sequence[date], within: int) -> Ints:
        """Of `firsts_before`, those back at most `within` days later; [labels, len(days)]."""
        return self._back_within(within)[:, [self._column(day) for day in days]].astype(np.int64)

    def firsts_by_day(self, cohort: Span) -> Ints:
        """Customers by first purchase day; shape [labels, days]."""
        start = number(cohort.start) - self._origin
        edges = np.arange(start, start + cohort.days + 1).clip(0, self._width)
        before = self._cohort[:, edges].astype(np.int64)
        return before[:, 1:] - before[:, :-1]

    def gap_histogram(self, cohort: Span) -> Ints:
        """Second purchases by gap, whenever they happened; shape [labels, horizon + 1]."""
        low, high = self._columns(cohort)
        if high - low <= 2 * BLOCK_DAYS:
            return self._histogram(low, high)
        return self._histogram_before(high) - self._histogram_before(low)

    def gaps_by_day(self, cohort: Span, longest: int) -> Ints:
        """Second purchases by first day and gap 0..longest; [labels, days, longest + 1]."""
        low, high = self._columns(cohort)
        cells, label = self._between(low, high)
        keep = self._gap[cells] <= longest
        cells, label = cells[keep], label[keep]
        day = self._day_of(cells, label) + self._origin - number(cohort.start)
        flat = (label * cohort.days + day) * (longest + 1) + self._gap[cells]
        size = len(self.labels) * cohort.days * (longest + 1)
        return _sums(flat, self._n[cells], size).reshape(len(self.labels), cohort.days, longest + 1)

    def gaps_seen(self, cohort: Span, as_of: date, rows: Sequence[int] | None = None) -> tuple[Ints, Ints]:
        """Second purchases up to `as_of`: by gap [rows, horizon + 1], by first day [rows, days].

        `rows`: label indices, all of them when None.
        """
        low, high = self._columns(cohort)
        which = np.arange(len(self.labels)) if rows is None else np.array(rows, np.int64)
        wide, longest = max(0, high - low), self.horizon_days + 1
        places = (which[:, None] * self._width + np.arange(low, high)).reshape(-1)
        size = self._offsets[places + 1] - self._offsets[places]
        at = np.repeat(np.arange(len(places)), size)
        cells = np.arange(len(at)) + np.repeat(self._offsets[places] - (np.cumsum(size) - size), size)
        row, column = np.divmod(at, max(1, wide))
        gap, n = self._gap[cells].astype(np.int64), self._n[cells]
        n = np.where(column + low + gap <= number(as_of) - self._origin, n, 0)
        by_gap = _sums(row * longest + gap, n, len(which) * longest).reshape(len(which), longest)
        by_day = np.zeros((len(which), cohort.days), np.int64)
        first = low + self._origin - number(cohort.start)
        by_day[:, first : first + wide] = _sums(at, n, len(places)).reshape(len(which), wide)
        return by_gap, by_day

    def idle(self, day: date) -> IdleState:
        """Customers by idle state at the end of that day."""
        at = self._idle[:, :, self._column_of(number(day) + 1)].astype(np.int64)
        pre = at[Idle.PRE_DORMANT] - at[Idle.DORMANT] - at[Idle.BACK_PRE_DORMANT]
        dormant = at[Idle.DORMANT] - at[Idle.BACK_DORMANT]
        return IdleState(at[Idle.SEEN] - at[Idle.LEFT] - pre - dormant, pre, dormant)

    def moved(self, span: Span) -> Ints:
        """Idle events on the days of the span; shape [events, labels]."""
        low, high = self._columns(span)
        return self._idle[:, :, high].astype(np.int64) - self._idle[:, :, low]

    # -- adding ------------------------------------------------------------------

    def plus(self, more: Cells) -> Counts:
        """These counts with `more` added (negative numbers take away)."""
        moved = self._relabelled(more)
        if moved is None or not self._holds_days(moved):
            return Counts(self.dimension, joined(self.cells(), more), self.horizon_days)
        total = object.__new__(Counts)
        total.dimension, total.labels, total.horizon_days = self.dimension, self.labels, self.horizon_days
        total._index, total._origin, total._width = self._index, self._origin, self._width
        total._cohort = self._cohort + self._running(moved.cohort[:, 0], moved.cohort[:, 1], moved.cohort[:, 2])
        total._idle = self._idle + np.stack([self._running_idle(moved.idle, event) for event in Idle])
        total._merge_gaps(self, moved.gap)
        return total

    def cells(self) -> Cells:
        """The non-zero cells, sorted: equal for equal counts, however they came about."""
        label, day = np.nonzero(np.diff(self._cohort, axis=1))
        number_of = np.diff(self._cohort, axis=1)[label, day]
        cohort = np.stack([label, day + self._origin, number_of], axis=1).astype(np.int64)
        event, who, when = np.nonzero(np.diff(self._idle, axis=2))
        moves = np.diff(self._idle, axis=2)[event, who, when]
        idle = np.stack([who, when + self._origin, event, moves], axis=1).astype(np.int64)
        cells, gap_label = self._between(0, self._width)
        days = self._day_of(cells, gap_label) + self._origin
        gap = np.stack([gap_label, days, self._gap[cells], self._n[cells]], axis=1).astype(np.int64)
        order = np.lexsort((idle[:, 2], idle[:, 1], idle[:, 0]))
        return Cells(self.labels, cohort, gap, idle[order])

    # -- arrays ------------------------------------------------------------------

    def _column_of(self, day: int) -> int:
        return min(max(day - self._origin, 0), self._width)

    def _column(self, day: date) -> int:
        return self._column_of(number(day))

    def _columns(self, span: Span) -> tuple[int, int]:
        low = self._column(span.start)
        return low, max(low, self._column(span.end))

    def _running(self, label: Ints, day: Ints, n: Ints) -> NDArray[np.int32]:
        """Sums over all days before each day; column j: days before origin + j."""
        flat = label * (self._width + 1) + (day - self._origin + 1)
        table = _sums(flat, n, len(self.labels) * (self._width + 1))
        return table.reshape(len(self.labels), self._width + 1).cumsum(axis=1).astype(np.int32)

    def _running_idle(self, idle: Ints, event: Idle) -> NDArray[np.int32]:
        rows = idle[idle[:, 2] == event]
        return self._running(rows[:, 0], rows[:, 1], rows[:, 3])

    def _place_gaps(self, gap: Ints) -> None:
        """Sorts the gap cells by label, first day, gap and sums equal ones."""
        gap = gap[gap[:, 2] <= self.horizon_days]
        key, count = self._keys(gap), gap[:, 3]
        if len(key) and not bool((key[1:] > key[:-1]).all()):
            order = np.argsort(key, kind="stable")  # the one for numbers that are nearly sorted
            key, count = key[order], count[order]
            first = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
            key, count = key[first], np.add.reduceat(count, first)
        self._keep_gaps(key, count)

    def _keys(self, gap: Ints) -> Ints:
        return (gap[:, 0] * self._width + gap[:, 1] - self._origin) * (self.horizon_days + 1) + gap[:, 2]

    def _keep_gaps(self, key: Ints, count: Ints) -> None:
        alive = count != 0
        if not bool(alive.all()):
            key, count = key[alive], count[alive]
        place, gap = np.divmod(key, self.horizon_days + 1)
        self._gap = gap.astype(np.uint16)
        self._n = count.astype(np.int32)
        places = np.arange(len(self.labels) * self._width + 1)
        self._offsets = np.searchsorted(place, places)
        self._back: dict[int, NDArray[np.int32]] = {}
        self._blocks: NDArray[np.int32] | None = None

    def _merge_gaps(self, base: Counts, gap: Ints) -> None:
        """The base's gap cells with those of `gap` added; `back` sums are carried over.

        Few are added to many: each is looked up where its label and first day stand.
        """
        gap = gap[gap[:, 2] <= self.horizon_days]
        new, inverse = np.unique(self._keys(gap), return_inverse=True)
        add = _sums(inverse.reshape(-1), gap[:, 3], len(new)).astype(np.int32)
        place, days = np.divmod(new, self.horizon_days + 1)
        at, known = base._find_gaps(place, days)
        n = base._n.copy()
        n[at[known]] += add[known]
        fresh, gone = ~known & (add != 0), known.copy()
        gone[known] = n[at[known]] == 0
        into = at[fresh] - np.searchsorted(at[gone], at[fresh])
        self._gap = np.insert(np.delete(base._gap, at[gone]), into, days[fresh].astype(np.uint16))
        self._n = np.insert(np.delete(n, at[gone]), into, add[fresh])
        places = len(base._offsets) - 1
        more = np.bincount(place[fresh], minlength=places) - np.bincount(place[gone], minlength=places)
        self._offsets = base._offsets + np.concatenate([[0], np.cumsum(more)])
        self._back = {within: sums + self._back_running(gap, within) for within, sums in base._back.items()}
        self._blocks = None
        if base._blocks is not None:
            blocks = self._running_blocks(gap[:, 0], gap[:, 1] - self._origin, gap[:, 2], gap[:, 3])
            self._blocks = base._blocks + blocks

    def _find_gaps(self, place: Ints, days: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """Where gap cells of that place (label and first day) stand or belong, and whether they are there."""
        low, end = self._offsets[place], self._offsets[place + 1]
        high = end.copy()
        while bool((low < high).any()):
            middle = (low + high) // 2
            searching = low < high
            less = searching & (self._gap[np.minimum(middle, len(self._gap) - 1)] < days)
            low = np.where(less, middle + 1, low)
            high = np.where(searching & ~less, middle, high)
        known = low < end
        known[known] = self._gap[low[known]] == days[known]
        return low, known

    def _back_running(self, gap: Ints, within: int) -> NDArray[np.int32]:
        rows = gap[gap[:, 2] <= within]
        return self._running(rows[:, 0], rows[:, 1], rows[:, 3])

    def _back_within(self, within: int) -> NDArray[np.int32]:
        """Second purchases at most `within` days later, summed over first days before; kept once asked."""
        if within not in self._back:
            cells = np.flatnonzero(self._gap <= within)
            place = np.searchsorted(self._offsets, cells, side="right") - 1
            label, day = np.divmod(place, self._width)
            self._back[within] = self._running(label, day + self._origin, self._n[cells].astype(np.int64))
        return self._back[within]

    def _between(self, low: int, high: int) -> tuple[Ints, Ints]:
        """Gap cells with first-day column in low..high-1, and each one's label."""
        rows = np.arange(len(self.labels)) * self._width
        start, end = self._offsets[rows + low], self._offsets[rows + high]
        size = end - start
        label = np.repeat(np.arange(len(self.labels)), size)
        before = np.cumsum(size) - size
        return np.arange(int(size.sum())) + np.repeat(start - before, size), label

    def _day_of(self, cells: Ints, label: Ints) -> Ints:
        """First-day column of gap cells."""
        place: Ints = np.searchsorted(self._offsets, cells, side="right") - 1
        return place - label * self._width

    def _histogram(self, low: int, high: int) -> Ints:
        cells, label = self._between(low, high)
        width = self.horizon_days + 1
        table = _sums(label * width + self._gap[cells], self._n[cells], len(self.labels) * width)
        return table.reshape(len(self.labels), width)

    def _histogram_before(self, column: int) -> Ints:
        block = column // BLOCK_DAYS
        return self._block_sums()[:, block] + self._histogram(block * BLOCK_DAYS, column)

    def _block_sums(self) -> NDArray[np.int32]:
        """Gap histograms over all whole blocks before; shape [labels, blocks + 1, horizon + 1]."""
        if self._blocks is None:
            place = np.repeat(np.arange(len(self._offsets) - 1), np.diff(self._offsets))
            self._blocks = self._running_blocks(*np.divmod(place, self._width), self._gap, self._n)
        return self._blocks

    def _running_blocks(
        self, label: Ints, column: Ints, gap: NDArray[np.integer], n: NDArray[np.integer]
    ) -> NDArray[np.int32]:
        blocks, width = self._width // BLOCK_DAYS + 1, self.horizon_days + 1
        flat = (label * blocks + column // BLOCK_DAYS) * width + gap
        table = _sums(flat, n, len(self.labels) * blocks * width).reshape(len(self.labels), blocks, width)
        running = table.cumsum(axis=1).astype(np.int32)
        return np.concatenate([np.zeros_like(running[:, :1]), running], axis=1)

    def _relabelled(self, cells: Cells) -> Cells | None:
        """`cells` with this object's label indices; None where a label is new."""
        if any(label not in self._index for label in cells.labels):
            return None
        place = np.array([self._index[label] for label in cells.labels], np.int64)
        return Cells(self.labels, *(with_labels(rows, place) for rows in (cells.cohort, cells.gap, cells.idle)))

    def _holds_days(self, cells: Cells) -> bool:
        days = np.concatenate([cells.cohort[:, 1], cells.idle[:, 1], cells.gap[:, 1]]) - self._origin
        return not len(days) or (int(days.min()) >= 0 and int(days.max()) < self._width)


class CountsReader(Protocol):
    """Where counts come from: the embedded store or a warehouse."""

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by the labels of `dimension` ("all": one label "").

        Of customers whose labels in other dimensions equal `filters`; raises
        segment.UnknownDimension.
        """
        ...


def _sums(index: Ints, n: NDArray[np.integer], size: int) -> Ints:
    """Adds n[i] into slot index[i]; exact below 2**53."""
    return np.bincount(index, weights=n, minlength=size).astype(np.int64)
