"""May this channel take another message already?"""

from __future__ import annotations

import math


class Pace:
    """A bucket per channel: `burst` messages at once, then `per_second`; None is no limit."""

    def __init__(self, per_second: float | None, burst: int = 1) -> None:
        self._per_second = per_second
        self._burst = burst
        self._level: dict[str, tuple[float, float]] = {}

    def wait(self, channel: str, now: float) -> int:
        """Take a place and return 0, or return the whole seconds to wait for one."""
        if self._per_second is None:
            return 0
        left, since = self._level.get(channel, (float(self._burst), now))
        left = min(float(self._burst), left + (now - since) * self._per_second)
        # a thousandth forgives the rounding of a clock moved by exactly one second
        if left >= 0.999:  # noqa: PLR2004 - explained above
            self._level[channel] = (max(0.0, left - 1), now)
            return 0
        self._level[channel] = (left, now)
        return max(1, math.ceil((1 - left) / self._per_second))
