"""What is done around every round of deliveries, and may never stop one?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.delivery.clock import Window
    from bot.delivery.morning import Target
    from bot.watch.obituary import Obituarist
    from bot.watch.overdue import Overdue
    from bot.watch.pulse import Heartbeat

log = structlog.get_logger("asakai.watch")


@dataclass(slots=True)
class Keeper:
    """Catches up before a round; after it tells what is late, tends the obituaries, tidies up, and beats."""

    overdue: Overdue
    obituarist: Obituarist | None
    heartbeat: Heartbeat
    tidy: Callable[[datetime], object] = lambda _now: None
    _targets: tuple[Target, ...] = ()
    _caught_up: set[object] = field(default_factory=set)

    def before_round(self, targets: tuple[Target, ...], now: datetime) -> None:
        """Write down the mornings that were lost; once per target and date, for they do not change."""
        self._targets = targets
        for target in targets:
            mark = (target.name, target.channel, target.at, now.astimezone(target.zone).date())
            if mark not in self._caught_up:
                self._try(lambda target=target: self.overdue.catch_up((target,), now))  # type: ignore[misc]  # mypy cannot type a lambda's default
                self._caught_up.add(mark)

    def after_round(self, due: list[tuple[Target, Window]], now: datetime) -> bool:
        """True when a notice is owed now."""
        owed = self._try(lambda: self.overdue.after_round(due, now))
        obituarist = self.obituarist
        if obituarist is not None:
            self._try(lambda: obituarist.tend(self._targets, now))
        self._try(lambda: self.tidy(now))
        self.heartbeat.beat()
        return bool(owed)

    def _try(self, what: Callable[[], object]) -> object:
        """Watching is less than delivering: whatever it raises is logged, and the round goes on."""
        try:
            return what()
        except Exception:
            log.exception("watch_failed")
            return None
