"""Must the same question be counted twice?

Counts of everyone are in memory; counts of some customers are made from their orders. A
comparison and the buttons under an answer ask for the same ones again, and in the morning a
whole team asks for the same report: a few are remembered until something is imported.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from metrics.counts import Counts, CountsReader

if TYPE_CHECKING:
    from datetime import date

    from metrics.report import Quality, Report

MOST: Final = 12
MOST_REPORTS: Final = 64
MOST_LABELS: Final = 100
"""Counts of more labels are made anew: memory is kept for the questions that are asked."""

_Key = tuple[str, tuple[tuple[str, str], ...]]
_K = TypeVar("_K", bound=Hashable)
_T = TypeVar("_T")


class Source(CountsReader, Protocol):
    """The store, as far as it is remembered."""

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to as_of."""
        ...


@dataclass(slots=True)
class Remembered:
    """A store whose last few narrow counts and reports are kept. Make a new one after an import."""

    source: Source
    _kept: OrderedDict[_Key, Counts] = field(default_factory=OrderedDict)
    _reports: OrderedDict[Hashable, Report] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def counts(self, dimension: str, filters: Mapping[str, str] | None = None) -> Counts:
        """Counts by the labels of the dimension; see CountsReader."""
        if not filters:
            return self.source.counts(dimension, filters)
        key = (dimension, tuple(sorted(filters.items())))
        return self._once(
            self._kept,
            key,
            lambda: self.source.counts(dimension, filters),
            MOST,
            worth=lambda found: len(found.labels) <= MOST_LABELS,
        )

    def report(self, what: Hashable, make: Callable[[], Report]) -> Report:
        """The report that `make` builds; `what` it is of must name all that it depends on besides the orders."""
        return self._once(self._reports, what, make, MOST_REPORTS)

    def quality(self, as_of: date) -> Quality:
        """Data-quality counts of orders up to as_of."""
        return self.source.quality(as_of)

    def _once(
        self,
        kept: OrderedDict[_K, _T],
        key: _K,
        make: Callable[[], _T],
        most: int,
        worth: Callable[[_T], bool] = lambda _: True,
    ) -> _T:
        """What is kept under the key, else made, and kept where it is worth it; the least used goes first."""
        with self._lock:
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
        found = make()
        if worth(found):
            with self._lock:
                kept[key] = found
                while len(kept) > most:
                    kept.popitem(last=False)
        return found
