"""How are the deliveries watched: who is told, what answers on the port, what ends a process that hangs?

The wiring of bot/watch: nothing here decides anything.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.delivery.obituaries import Obituaries
from bot.present.watching import obituary
from bot.watch.health import Health, serve_health
from bot.watch.held import Held
from bot.watch.keeper import Keeper
from bot.watch.obituary import Obituarist
from bot.watch.overdue import Overdue
from bot.watch.past import mornings
from bot.watch.pulse import Heartbeat, Watchdog
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.access import Who
    from bot.choices.voices import Voices
    from bot.deed import Route
    from bot.delivery.ledger import Ledger
    from bot.delivery.morning import Morning
    from bot.delivery.row import Delivery
    from bot.delivery.web import WebCalls
    from bot.desk import Desk
    from bot.home.door import Door
    from bot.schedule import Ticker
    from bot.settings.told import Watch

    Closing = Callable[[float], bool]

notes = structlog.get_logger("asakai")


@dataclass(slots=True)
class Watched:
    """One running bot with what watches it."""

    settings: Watch
    ledger: Ledger
    web: WebCalls
    morning: Morning
    voices: Voices
    _owner: str = ""

    def owner(self) -> str:
        """The owner's channel; a person's direct message is opened once. "" where nobody is named or it fails."""
        named = self.settings.owner
        if not named.startswith(("U", "W")) or self._owner:
            return self._owner or named
        try:
            self._owner = str(self.web.call("conversations.open", users=named)["channel"]["id"])
        except Problem as problem:
            notes.warning("owner_not_reached", why=problem.key)
        return self._owner

    def overdue(self, minutes: int = 30) -> Overdue:
        """Who tells what is late."""
        return Overdue(self.ledger, self.morning.key, self.owner, timedelta(minutes=minutes))

    def tell(self, now: Callable[[], datetime]) -> Callable[[Delivery, str], None]:
        """What the courier calls when a target is blocked."""
        overdue = self.overdue()

        def tell(row: Delivery, why: str) -> None:
            overdue.tell(row, why, now())

        return tell

    def routes(self, door: Callable[[], Door], now: Callable[[], datetime]) -> tuple[Route, ...]:
        """The buttons under what the owner is asked: for whoever reads the owner's channel, and for admins."""

        def refused(who: Who) -> Problem | None:
            asked = door()
            rule = asked.refusal_of_stranger if who.channel == self.owner() else asked.refusal_of_admin
            return asked.noted(who, rule(who))

        return Held(self.ledger, refused, self.voices, now).routes()

    def keep(self, notice_after_minutes: int, tidy: Callable[[datetime], object]) -> None:
        """Let the keeper work around every round; `tidy` is called after each."""
        words = lambda target, due: obituary(due, self.voices.digest(target.name, target.channel))  # noqa: E731  one call
        wills = Obituaries(self.ledger.engine)
        obituarist = Obituarist(self.web, wills, self.ledger.find, self.morning.key, words)
        secret = self.settings.heartbeat_url
        from bot.schedule import awake  # noqa: PLC0415  APScheduler is the wiring's own

        heartbeat = Heartbeat(secret.get_secret_value() if secret else "", awake)
        will = obituarist if self.settings.obituary else None
        keeper = Keeper(self.overdue(notice_after_minutes), will, heartbeat, tidy)
        self.morning.before_round, self.morning.after_round = keeper.before_round, keeper.after_round

    def let_go(self, owner: str) -> Closing:
        """Free the claims of a process that ends; in a thread, for the database may not answer."""

        def close(within_seconds: float) -> bool:
            thread = threading.Thread(target=lambda: self.ledger.free(owner), name="free", daemon=True)
            thread.start()
            thread.join(min(within_seconds, 5.0))
            return not thread.is_alive()

        return close

    def start(self, ticker: Ticker, desk: Desk, stopping: threading.Event) -> Sequence[Closing]:
        """Start the watchdog, and the port where one is set; gives how to close."""
        Watchdog(lambda: ticker.signs).start(stopping)
        if self.settings.port is None:
            return ()
        checks = {"state": self._state, "slack": self._slack, "orders": lambda: _orders(desk)}
        health = Health(ticker.age_seconds, checks, lambda: mornings(self.ledger), lambda: self.morning.twins)
        port, close = serve_health(health, self.settings.port)
        notes.info("health", port=port)
        return (close,)

    def _state(self) -> str:
        self.ledger.now()
        return ""

    def _slack(self) -> str:
        try:
            self.web.call("auth.test")
        except Problem as problem:
            return str(problem.values.get("code") or problem.key)
        return ""


def _orders(desk: Desk) -> str:
    try:
        desk.store.last_import_at()
    except Problem as problem:
        return problem.key
    trouble = getattr(desk.store, "trouble", None)  # a database that is read in place did not answer last time
    return trouble.key if isinstance(trouble, Problem) else ""
