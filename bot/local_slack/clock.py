"""What time is it in the local Slack?

Without `start` it is the machine's time; with it, time stands still until a
test moves it. Either way `advance` moves it and tells whoever waits for it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """Epoch seconds that a test can move forward."""

    def __init__(self, start: float | None = None) -> None:
        self._start = start
        self._moved = 0.0
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> float:
        """Epoch seconds, here and now."""
        return (time.time() if self._start is None else self._start) + self._moved

    def advance(self, seconds: float) -> None:
        """Move time forward; whatever became due happens before this returns."""
        self._moved += seconds
        for listener in self._listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each move."""
        self._listeners.append(listener)
