"""What may a reader do about an alert: acknowledge it, or mute it for a while?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from bot.alerting.telling import kept, tell, who_opened
from bot.blockkit.form import modal
from bot.deed import Deed, Doing, Route, chosen
from bot.form import VALUE, Field, Form, Kind, Option
from bot.present.alert import ACKNOWLEDGE, MUTE, UNMUTE, read_button
from bot.present.rules import note
from metrics.alert import Standing, acknowledged, muted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.access import Who
    from bot.alerting.alarm import Alarm
    from bot.language import Language
    from metrics.problem import Problem

MUTING: Final = "alert-muting"
PRESETS: Final = {"days_1": 1, "days_3": 3, "days_7": 7}
UNTIL: Final = "until"
LONGEST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Presses:
    """The buttons of alerts. `refused`: why a person gets no figures in a channel, asked anew for a form.

    `language`: of the one who presses; the alert itself keeps its channel's.
    """

    alarm: Alarm
    language: Callable[[Who], Language]
    zone: ZoneInfo
    now: Callable[[], datetime]
    refused: Callable[[Who], Problem | None]
    edit: Callable[[], object]

    def routes(self) -> tuple[Route, ...]:
        """Who takes what."""
        return (
            Route(Doing.PRESS, rf"{ACKNOWLEDGE}:\d+", self.acknowledge),
            Route(Doing.PRESS, rf"{MUTE}:\d+", self.ask_how_long),
            Route(Doing.PRESS, rf"{UNMUTE}:\d+", self.unmute),
            Route(Doing.SUBMIT, MUTING, self.mute, check=self.check, open_to_all=True),
        )

    def acknowledge(self, deed: Deed) -> None:
        """Write into the alert who has seen it, and when."""
        now, episode_name = self.now(), read_button(deed.value)
        acknowledge = lambda standing: acknowledged(standing, deed.who.user, now)  # noqa: E731  one call
        self._act(deed, deed.who, episode_name, acknowledge, "acknowledged")

    def unmute(self, deed: Deed) -> None:
        """Let announcements through again."""
        self._act(deed, deed.who, read_button(deed.value), lambda standing: muted(standing, None, ""), "unmuted")

    def ask_how_long(self, deed: Deed) -> None:
        """Open the form with the presets and a date."""
        deed.web.call("views.open", trigger_id=deed.trigger_id, view=modal(self._form(deed)))

    def check(self, deed: Deed) -> Mapping[str, str]:
        """What is wrong in the form."""
        if _field(deed, "how") != UNTIL:
            return {}
        day, language = _day(_field(deed, UNTIL)), self.language(who_opened(deed))
        if day is None:
            return {UNTIL: language.say("alert_form.mute_day_needed")}
        today = self.now().astimezone(self.zone).date()
        late = day > today + timedelta(days=LONGEST_DAYS)
        return {UNTIL: language.say("alert_form.mute_day_past")} if day <= today or late else {}

    def mute(self, deed: Deed) -> None:
        """Hold announcements until then."""
        who = who_opened(deed)
        refused = self.refused(who)
        if refused is not None:
            raise refused
        until, name = self._until(deed), read_button(kept(deed)["value"])
        said = self._clock(until, self.language(who))
        self._act(deed, who, name, lambda standing: muted(standing, until, who.user), "muted", until=said)

    def _until(self, deed: Deed) -> datetime:
        now = self.now()
        days, day = PRESETS.get(_field(deed, "how")), _day(_field(deed, UNTIL))
        if days is None and day is not None:  # through the whole last day
            return datetime.combine(day + timedelta(days=1), time(0), self.zone)
        return now + timedelta(days=days or 1)

    def _act(
        self,
        deed: Deed,
        who: Who,
        what: tuple[int, str],
        change: Callable[[Standing], Standing],
        said: str,
        **values: str,
    ) -> None:
        number, name = what
        now, language = self.now(), self.language(who)

        def of_this_episode(standing: Standing) -> Standing:
            return change(standing) if standing.is_announced and standing.episode == number else standing

        before = self.alarm.book.standings().get(name)
        if before is None or not before.standing.is_announced or before.standing.episode != number:
            tell(deed, who.channel, note(language.say("rules.gone"), language))
            return
        self.alarm.act(name, of_this_episode, now)
        self.alarm.book.audit(who.user, f"alert {said}: {name} ({number})", now)
        self.edit()
        tell(deed, who.channel, note(language.say(f"rules.{said}", **values), language))

    def _form(self, deed: Deed) -> Form:
        say = self.language(deed.who).say
        options = tuple(Option(say(f"alert_form.mute.{name}"), name) for name in (*PRESETS, UNTIL))
        return Form(
            MUTING,
            say("alert_form.mute_title"),
            say("alert_form.mute_submit"),
            say("alert_form.close"),
            (
                Field("how", say("alert_form.mute_how"), Kind.ONE, ("days_1",), options),
                Field(UNTIL, say("alert_form.mute_until"), Kind.DATE, optional=True),
            ),
            kept=json.dumps({"value": deed.value, "channel": deed.who.channel}),
        )

    def _clock(self, at: datetime, language: Language) -> str:
        local = at.astimezone(self.zone)
        return f"{language.day_short(local.date())} {local.hour}:{local.minute:02}"


def _field(deed: Deed, name: str) -> str:
    return chosen(deed.state.get(name, {}).get(VALUE, {}))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
