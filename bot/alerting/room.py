"""How do the parts of alerting become one room: what ticks, and who takes the presses?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from bot.alerting.alarm import Alarm, Eyes, Hours, Voice
from bot.alerting.clerk import Clerk
from bot.alerting.edits import Edits
from bot.alerting.presses import Presses
from bot.alerting.rules import Watched, every_rule
from bot.alerting.trial import Archive, tried
from bot.present.backtest import backtest
from bot.present.problem import sentence
from metrics.day import Span
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.access import Who
    from bot.alerting.book import Book
    from bot.choices.voices import Voices
    from bot.deed import Deed, Route
    from bot.delivery.protocol import Answer
    from bot.delivery.row import Payload
    from bot.language import Language
    from bot.page import Page
    from bot.settings import Settings


class Desk(Eyes, Archive, Protocol):
    """What rules read."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the room is handed: Slack, clocks, languages, and who may see what.

    `ids`: channels as ids; `update`: one chat.update; `awake`: a monotonic clock; `refused`: as in Access.
    """

    ids: Callable[[Sequence[str]], tuple[str, ...]]
    update: Callable[[dict[str, Any]], Answer]
    now: Callable[[], datetime]
    awake: Callable[[], float]
    holder: str
    payload: Callable[[Page], Payload]
    refused: Callable[[Who], Problem | None]
    voices: Voices


@dataclass(frozen=True, slots=True)
class Room:
    """Rules at work. `tick` says whether posts are owed; `routes` are the room's presses and forms."""

    alarm: Alarm
    edits: Edits
    presses: Presses
    clerk: Clerk

    def tick(self, now: datetime) -> bool:
        """Judge what is due, and show it in messages that are there."""
        owed = self.alarm.tick(now)
        self.edits.round()
        return owed

    def routes(self) -> tuple[Route, ...]:
        """Who takes what."""
        return (*self.presses.routes(), *self.clerk.routes())


@dataclass(slots=True)
class Rooms:
    """The room with the settings of each moment: put together anew when something was chosen in Slack."""

    make: Callable[[], Room]
    version: Callable[[], int]
    _room: tuple[int, Room] | None = None

    def now(self) -> Room:
        """The room of this moment."""
        version = self.version()
        if self._room is None or self._room[0] != version:
            self._room = (version, self.make())
        return self._room[1]

    def tick(self, now: datetime) -> bool:
        """Room.tick, now."""
        return self.now().tick(now)

    def routes(self) -> tuple[Route, ...]:
        """The room's routes, each leading to the room of its moment."""
        return tuple(self._led(place, route) for place, route in enumerate(self.now().routes()))

    def _led(self, place: int, route: Route) -> Route:
        def take(deed: Deed) -> None:
            self.now().routes()[place].take(deed)

        def check(deed: Deed) -> Mapping[str, str]:
            return self.now().routes()[place].judged(deed)

        return replace(route, take=take, check=check if route.check else None)


class _ByKey(Problem):
    """A problem of which only the key was kept."""


def room(book: Book, desk: Desk, settings: Settings, hours: Hours, outside: Outside) -> Room:
    """Put the parts together."""

    def rules() -> tuple[Watched, ...]:
        return tuple(_placed(watched, outside) for watched in every_rule(settings, book.rules()))

    def said(key: str, language: Language) -> str:
        problem = _ByKey()
        problem.key = key
        return sentence(problem, language)

    def trial(watched: Watched, days: int, language: Language) -> Page:
        end = desk.as_of + timedelta(days=1)
        done = tried(watched.rule, Span(end - timedelta(days=days), end), desk)
        return backtest(watched.rule, done.found, language, all_known=done.all_known)

    voice = Voice(outside.voices.channel, outside.payload, said, settings.target)
    alarm = Alarm(book, desk, voice, lambda: hours, rules)
    edits = Edits(book, outside.update, outside.now, outside.awake, outside.holder)
    return Room(
        alarm,
        edits,
        Presses(alarm, outside.voices.reader, hours.zone, outside.now, outside.refused, edits.round),
        Clerk(
            book,
            settings,
            outside.voices.reader,
            outside.now,
            outside.refused,
            lambda: frozenset(outside.ids(sorted(settings.answered_in))),
            lambda: outside.ids(settings.alert_channels),
            trial,
        ),
    )


def _placed(watched: Watched, outside: Outside) -> Watched:
    return replace(watched, channels=outside.ids(watched.channels))
