"""Which channel won a customer, and what was spent there?

Platforms name campaigns, shops name where an order came from: patterns bring both to one name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Channels:
    """Patterns, the first that is found in a name gives its channel; a name that none fits stands for itself."""

    patterns: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The channel of a campaign, or of what an order says."""
        return next((channel for pattern, channel in self.patterns.items() if re.search(pattern, name)), name)


@dataclass(frozen=True, slots=True)
class Loose:
    """What meets nothing on the other side, most first. `spend`: name -> amount; `orders`: label -> customers."""

    spend: tuple[tuple[str, int], ...] = ()
    orders: tuple[tuple[str, int], ...] = ()


def loose_ends(channels: Channels, spend: Iterable[tuple[str, int]], orders: Iterable[tuple[str, int]]) -> Loose:
    """Spend whose channel won nobody, and customers whose channel cost nothing."""
    spend, orders = tuple(spend), tuple(orders)
    paid, won = {channels.of(name) for name, _ in spend}, {channels.of(label) for label, _ in orders}
    return Loose(
        _most_first((name, amount) for name, amount in spend if channels.of(name) not in won),
        _most_first((label, n) for label, n in orders if channels.of(label) not in paid),
    )


def _most_first(pairs: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))
