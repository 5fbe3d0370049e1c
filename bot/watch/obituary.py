"""What speaks when everything here is dead? A message that waits in Slack, and is taken back each morning.

After a digest is sent, "today's has not arrived" is scheduled for the next one's time + 45 min
and deleted when that one is sent. Slack posts it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import structlog

from bot.delivery.clock import Window, due_at, is_business_day
from bot.delivery.obituaries import Obituary
from bot.delivery.row import State
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from bot.delivery.morning import Target
    from bot.delivery.row import Delivery, Key

AFTER = timedelta(minutes=45)
AHEAD_DAYS = 21
"""So far ahead a next business day is looked for."""


_GONE = frozenset({"invalid_scheduled_message_id", "message_not_found"})

_Place = tuple[str, str, date]
"""A digest's name, its channel and its date."""

log = structlog.get_logger("asakai.watch")


class Web(Protocol):
    """Slack's Web API; raises a Problem for what Slack refuses or the network does."""

    def call(self, method: str, **arguments: object) -> Mapping[str, Any]:
        """Give the answer of one call."""
        ...


class Kept(Protocol):
    """The table of scheduled messages."""

    def all(self) -> Sequence[Obituary]:
        """Read every one."""
        ...

    def keep(self, one: Obituary) -> None:
        """Write one down."""
        ...

    def forget(self, one: Obituary) -> None:
        """Cross one out."""
        ...


@dataclass(slots=True)
class Obituarist:
    """Schedules and takes back. `words` gives the text for a digest and its time, in its zone."""

    web: Web
    kept: Kept
    find: Callable[[Key], Delivery | None]
    key: Callable[[Target, Window], Key]
    words: Callable[[Target, datetime], str]

    def tend(self, targets: Iterable[Target], now: datetime) -> None:
        """One look: schedule what is missing, take back what is answered. One failure stops no other."""
        there = {(one.name, one.channel, one.local_date): one for one in self.kept.all()}
        wanted = [target for target in targets if target.digest]
        for target in wanted:
            self._tend(target, there, now)
        known = {(target.name, target.channel) for target in wanted}
        for (name, channel, _), one in there.items():
            if (name, channel) not in known:  # paused or deleted: nobody waits for it
                self._take_back(one)

    def _tend(self, target: Target, there: dict[_Place, Obituary], now: datetime) -> None:
        today = now.astimezone(target.zone).date()
        came = False
        for ahead in range(-1, AHEAD_DAYS):
            day = today + timedelta(days=ahead)
            due = due_at(day, target.at, target.zone)
            one = there.get((target.name, target.channel, day))
            if due is None or not is_business_day(day, target.calendar):
                if one is not None and ahead >= 0:  # the digest's days have been changed
                    self._take_back(one)
                continue
            key = self.key(target, Window(day, due, due + target.keep))
            row = self.find(key) if due <= now else None
            if row is not None and row.state in {State.SENT, State.WAITING_DATA}:
                came = came or row.state is State.SENT
                if one is not None:
                    self._take_back(one)
            elif due > now:
                if came and (one is None or one.post_at != due + AFTER):
                    self._schedule(key, due, target, there)
                return

    def _schedule(self, key: Key, due: datetime, target: Target, there: dict[_Place, Obituary]) -> None:
        post_at, place = due + AFTER, (key.name, key.channel, key.local_date)
        one = Obituary(key.workspace, key.name, key.channel, key.local_date, post_at, "")
        try:
            if (before := there.get(place)) is not None:  # the digest's time has been changed
                self._take_back(before)
            found = self._waiting(one, {other.scheduled_id for other in there.values()})
            if not found:
                text = self.words(target, due.astimezone(target.zone))
                answer = self.web.call(
                    "chat.scheduleMessage", channel=one.channel, post_at=int(post_at.timestamp()), text=text
                )
                found = str(answer["scheduled_message_id"])
        except Problem as problem:
            log.warning("obituary_not_scheduled", channel=one.channel, why=problem.key)
            return
        there[place] = replace(one, scheduled_id=found)
        self.kept.keep(there[place])
        log.info("obituary_scheduled", channel=one.channel, date=str(one.local_date))

    def _waiting(self, one: Obituary, known: set[str]) -> str:
        """The one that is scheduled already: of a process that died before it wrote that down, or of a lost ledger.

        `known` are others: two digests of one channel and time wait side by side.
        """
        at = int(one.post_at.timestamp())
        answer = self.web.call("chat.scheduledMessages.list", channel=one.channel, oldest=at - 1, latest=at + 1)
        found = (message for message in answer.get("scheduled_messages", ()) if message.get("post_at") == at)
        return next((str(message["id"]) for message in found if str(message["id"]) not in known), "")

    def _take_back(self, one: Obituary) -> None:
        try:
            self.web.call("chat.deleteScheduledMessage", channel=one.channel, scheduled_message_id=one.scheduled_id)
        except Problem as problem:
            if str(problem.values.get("code", "")) not in _GONE:
                log.warning("obituary_not_taken_back", channel=one.channel, why=problem.key)
                return
        self.kept.forget(one)
        log.info("obituary_taken_back", channel=one.channel, date=str(one.local_date))
