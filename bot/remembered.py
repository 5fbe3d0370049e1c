"""Must the same question be counted twice?

Counts of everyone are in memory; counts of some customers are made from their orders. A
comparison and the buttons under an answer ask for the same ones again, and a whole team asks for
the same figures after the morning's digest: a few are remembered until something is imported.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from metrics.counts import Counts, CountsReader

if TYPE_CHECKING:
    from datetime import date

    from metrics.report import Quality

MOST_BYTES: Final = 32_000_000
"""So much memory for narrow counts."""
MOST_MADE: Final = 200

_T = TypeVar("_T")


def _one(_: object) -> int:
    return 1


@dataclass(slots=True)
class Lately(Generic[_T]):
    """What was made lately, by what was asked: the newest of it, as much as there is room for.

    `weigh`: how much room a thing takes; one that alone needs more than half of it is made anew each time.
    Make a new one after an import.
    """

    room: int = MOST_MADE
    weigh: Callable[[_T], int] = _one
    _made: OrderedDict[Hashable, _T] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, asked: Hashable, make: Callable[[], _T]) -> _T:
        """What was made for that, or what is made now; two at once may both make it."""
        with self._lock:
            if asked in self._made:
                self._made.move_to_end(asked)
                return self._made[asked]
        found = make()
        if 2 * self.weigh(found) <= self.room:
            with self._lock:
                self._made[asked] = found
                while sum(map(self.weigh, self._made.values())) > self.room:
                    self._made.popitem(last=False)
        return found


def _bytes(counts: Counts) -> int:
    return counts.nbytes


class Source(CountsReader, Protocol):
    """The store, as far as it is remembered."""

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to as_of."""
        ...


@dataclass(slots=True)
class Remembered:
    """A store whose last few narrow counts are kept. Make a new one after an import."""

    source: Source
    _kept: Lately[Counts] = field(default_factory=lambda: Lately(MOST_BYTES, _bytes))

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by the labels of the dimension; see CountsReader."""
        if not filters:
            return self.source.counts(dimension, filters)
        key = (dimension, tuple(sorted(filters.items())))
        return self._kept.get(key, lambda: self.source.counts(dimension, filters))

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to as_of."""
        return self.source.quality(as_of)
