"""Has anything in the workspace changed, and how often?

A condition that counts: tests wait on it, the page asks for what came after the version it knows.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Changes(threading.Condition):
    """Hold it to read or write more than one thing; `notify_all` makes a new version."""

    def __init__(self) -> None:
        super().__init__(threading.RLock())
        self.version = 0
        self._listeners: list[Callable[[], None]] = []

    def notify_all(self) -> None:
        """Count a change and wake whoever waits for one."""
        self.version += 1
        for listener in self._listeners:
            listener()
        super().notify_all()

    @contextmanager
    def listening(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call `listener`, quick and from any thread, at each change inside."""
        with self:
            self._listeners.append(listener)
        try:
            yield
        finally:
            with self:
                self._listeners.remove(listener)
