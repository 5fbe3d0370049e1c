"""Must the same narrow question be counted twice?

Counts of everyone are in memory; counts of some customers are made from their orders. A
comparison and the buttons under an answer ask for the same ones again: a few are remembered
until something is imported.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from metrics.counts import Counts, CountsReader

if TYPE_CHECKING:
    from datetime import date

    from metrics.report import Quality

MOST: Final = 12
MOST_LABELS: Final = 100
"""Counts of more labels are made anew: memory is kept for the questions that are asked."""

_Key = tuple[str, tuple[tuple[str, str], ...]]


class Source(CountsReader, Protocol):
    """The store, as far as it is remembered."""

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to as_of."""
        ...


@dataclass(slots=True)
class Remembered:
    """A store whose last few narrow counts are kept. Make a new one after an import."""

    source: Source
    _kept: OrderedDict[_Key, Counts] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by the labels of the dimension; see CountsReader."""
        if not filters:
            return self.source.counts(dimension, filters)
        key = (dimension, tuple(sorted(filters.items())))
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = self.source.counts(dimension, filters)
        if len(found.labels) <= MOST_LABELS:
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > MOST:
                    self._kept.popitem(last=False)
        return found

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to as_of."""
        return self.source.quality(as_of)
