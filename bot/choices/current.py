"""What holds at this moment, without reading everything at each question?

The version is looked at once a second at most, the choices are read when it has moved. While the
state database is away, what held last goes on holding.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.choices.chosen import Chosen
from bot.choices.effective import Effective, effective

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.settings import Settings

LOOK_SECONDS = 1.0

log = structlog.get_logger("asakai.choices")


class Kept(Protocol):
    """The store, as far as it is read here."""

    def version(self) -> int:
        """The number of the last change."""
        ...

    def read(self) -> Chosen:
        """Everything chosen."""
        ...


class Unchosen:
    """Where nothing is chosen in Slack: the files decide."""

    def version(self) -> int:
        """There was no change."""
        return 0

    def read(self) -> Chosen:
        """Nothing."""
        return Chosen()


@dataclass(slots=True)
class Current:
    """The settings as read at the start, and what Slack's choices make of them now. `placed`: as in Effective."""

    settings: Settings
    kept: Kept
    clock: Callable[[], float]
    placed: Callable[[str], str] = str
    _now: Effective | None = None
    _looked_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> Effective:
        """What holds; raises what the database raises only where nothing was ever read."""
        with self._lock:
            if self._now is None or self.clock() - self._looked_at >= LOOK_SECONDS:
                self._now = self._look(self._now)
                self._looked_at = self.clock()
            return self._now

    def changed(self) -> Effective:
        """What holds after a change of our own, looked at without waiting."""
        with self._lock:
            self._looked_at = float("-inf")
        return self.now()

    def _look(self, before: Effective | None) -> Effective:
        try:
            if before is not None and self.kept.version() == before.chosen.version:
                return before
            found = effective(self.settings, self.kept.read(), self.placed)
        except Exception as error:
            if before is None:
                raise
            log.warning("choices_not_read", why=type(error).__name__)
            return before
        for name in found.left_out:
            log.warning("choice_left_out", name=name)
        return found
