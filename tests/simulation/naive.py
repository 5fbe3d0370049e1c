"""How do the usual ways fare in the same world? They are the control: a harness that they survive proves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.delivery.clock import windows
from bot.delivery.morning import Morning
from bot.delivery.protocol import Answer, Outcome
from bot.delivery.row import Delivery, Key, Kind, State
from tests.simulation.world import Unswept, production

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.delivery.clock import Window
    from tests.simulation.replica import Replica
    from tests.simulation.world import World


def _due(world: World, now: datetime) -> list[tuple[Key, Window]]:
    return [
        (Key("T1", Kind.DIGEST, "daily", target.channel, window.local_date), window)
        for target in world.targets
        for window in windows(now, target.at, target.zone, target.keep)
    ]


def cron_in_each_replica(world: World, replica: Replica) -> Callable[[datetime], None]:
    """Every process posts at the hour and remembers in memory that it has."""
    slack, done = replica.port(world.slack), set()

    def tick(now: datetime) -> None:
        for key, window in _due(world, now):
            if key not in done and (now - window.due_at).total_seconds() < 300:
                done.add(key)
                slack.post(Delivery("", key, window.due_at, window.expires_at), world.page, plain=False)

    return tick


def claim_then_post(world: World, replica: Replica) -> Callable[[datetime], None]:
    """A unique row first, then the post: whoever dies between loses it."""
    book, slack = replica.port(world.book), replica.port(world.slack)

    def tick(now: datetime) -> None:
        book.expire()
        for key, window in _due(world, now):
            if book.plan(key, window, now):
                row = book.find(key)
                book.sent(row, "claimed")
                slack.post(row, world.page, plain=False)

    return tick


def blind_retry(world: World, replica: Replica) -> Callable[[datetime], None]:
    """A lease and a retry on every doubt, without a look into the channel."""
    book, slack = replica.port(world.book), replica.port(world.slack)

    def tick(now: datetime) -> None:
        for key, window in _due(world, now):
            book.plan(key, window, now)
        while (row := book.claim(replica.owner)) is not None:
            answer = slack.post(row, world.page, plain=False)
            if answer.outcome is Outcome.SENT:
                book.sent(row, answer.ts)
            else:
                book.put_off(row, State.PENDING, world.database_now(), "again", arrived_perhaps=False)
                return

    return tick


class Retrying:
    """Slack behind a client that repeats what was cut off, as slack_sdk's own does after a reset."""

    def __init__(self, behind: Any) -> None:
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def post(self, row: Delivery, payload: Any, *, plain: bool) -> Answer:
        answer = self._behind.post(row, payload, plain=plain)
        return self._behind.post(row, payload, plain=plain) if answer.outcome is Outcome.UNKNOWN else answer


def sdk_retry_on(world: World, replica: Replica) -> Callable[[datetime], None]:
    """The whole protocol but the sweep, and a client that retries by itself."""
    book, slack = replica.port(world.book), Retrying(replica.port(world.slack))
    courier = Unswept(
        book, slack, world.content, replica.now, replica.awake, replica.owner, lambda *_: None, world.hub.sleep
    )
    return Morning(book, courier, "T1", lambda: world.targets).tick


VARIANTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "protocol": {"protocol": production},
    "without the sweep": {"protocol": production, "sweeps": False},
    "cron in each replica": {"protocol": cron_in_each_replica, "sweeps": False, "patience": 300.0},
    "claim then post": {"protocol": claim_then_post, "sweeps": False},
    "blind retry": {"protocol": blind_retry, "sweeps": False},
    "SDK retry on": {"protocol": sdk_retry_on, "sweeps": False},
}
