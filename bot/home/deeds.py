"""What happens when somebody opens Home, presses there, or sends a form?

Every deed asks anew who may: Home has no channel, and a form may be hours old. What was changed
is written down with its change, and Home is shown again with what came of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from bot.blockkit.form import home, modal
from bot.choices.chosen import LANGUAGE, SHOP, Choice, Entry, Mark, Plan, of_channel, of_person
from bot.deed import Deed, Doing, Route
from bot.form import Row, channel
from bot.home import digest_form, settings_form
from bot.home.digest_form import DIGEST_FORM, Known
from bot.home.filled import filed, filled, lists_of, new_name, plain_json, seen, settings_seen, written
from bot.home.mornings import arrivals
from bot.home.page import LANGUAGES, Reader, Today, Told, home_parts
from bot.home.settings_form import FIELDS, SETTINGS_FORM
from bot.home.words import title_of
from bot.language import Language
from bot.present.problem import sentence
from metrics.problem import Problem

if TYPE_CHECKING:
    from datetime import datetime

    from bot.access import Who
    from bot.choices.current import Current
    from bot.choices.effective import Effective
    from bot.delivery.row import Delivery
    from bot.home.door import Door
    from bot.roll import Roll

MOST_OWN: Final = 5


class NoSuchDigest(Problem):
    """The digest is gone, or is somebody else's."""

    key = "no_such_digest"


class TooManyDigests(Problem):
    """One person's digests are enough."""

    key = "too_many_digests"


class SharedChannel(Problem):
    """No figures go to a channel that another company reads."""

    key = "shared_channel"


class Kept(Protocol):
    """Where choices are kept."""

    def choose(self, new: Choice, entry: Entry) -> None:
        """Keep a setting."""
        ...

    def forget(self, scope: str, name: str, entry: Entry, now: datetime) -> None:
        """Let the files decide again."""
        ...

    def put(self, plan: Plan, entry: Entry, mark: Mark) -> None:
        """Keep a digest."""
        ...

    def delete(self, name: str, entry: Entry, now: datetime) -> None:
        """Take a digest away."""
        ...


class Shop(Protocol):
    """What Home needs of the shop at this moment."""

    def today(self) -> Today:
        """The morning's figures."""
        ...

    def known(self) -> Known:
        """What a digest may be narrowed down to."""
        ...

    def mornings(self) -> Sequence[Delivery]:
        """The last weeks' digests in the ledger."""
        ...


@dataclass(frozen=True, slots=True)
class Home:
    """Home's deeds. `door`: who may, now; `rules`: the alert rules' rows for an admin."""

    current: Current
    kept: Kept
    shop: Shop
    door: Callable[[], Door]
    roll: Roll
    now: Callable[[], datetime]
    rules: Callable[[Language], tuple[Row, ...]] = lambda _: ()

    def routes(self) -> tuple[Route, ...]:
        """Every deed of Home; who may is asked here."""
        presses: dict[str, Callable[[Deed], str]] = {
            "home:language": self._speak,
            "home:own:new": self._new_own,
            "home:digest:new": self._new,
            "home:digest:edit": self._edit,
            "home:digest:(pause|resume)": self._pause,
            "home:digest:delete": self._delete,
            "home:settings": self._settings,
        }
        return (
            Route(Doing.EVENT, "app_home_opened", self.opened, open_to_all=True),
            *(Route(Doing.PRESS, name, self._then_show(take), open_to_all=True) for name, take in presses.items()),
            Route(Doing.SUBMIT, DIGEST_FORM, self._then_show(self._keep_digest), self._wrong_digest, open_to_all=True),
            Route(
                Doing.SUBMIT,
                SETTINGS_FORM,
                self._then_show(self._keep_settings),
                self._wrong_settings,
                open_to_all=True,
            ),
        )

    # --- showing --------------------------------------------------------------------------

    def opened(self, deed: Deed) -> None:
        """Show Home; its other tabs (messages, about) are Slack's."""
        if deed.body.get("event", {}).get("tab", "home") == "home":
            self.show(deed)

    def show(self, deed: Deed, notice: str = "") -> None:
        """Publish Home for whoever acted."""
        effective, door = self.current.now(), self.door()
        language = Language.of(effective.language_of_person(deed.who.user))
        refused = door.refusal_of_person(deed.who)
        admin = refused is None and door.refusal_of_admin(deed.who) is None
        told = Told(effective, Today(), notice=notice)
        reader = Reader(deed.who.user, refused is None, admin, self._suggested(deed.who.user, effective), refused)
        if reader.sees:
            own = {one for plan in effective.plans if plan.owner in {"", reader.user} for one in plan.channels}
            told = replace(
                told,
                today=self.shop.today(),
                arrivals=arrivals(self.shop.mornings(), frozenset(own)),
                rules=self.rules(language) if admin else (),
            )
        view = home(home_parts(told, reader, language), language.code, native=effective.settings.slack.native_blocks)
        deed.web.call("views.publish", user_id=deed.who.user, view=view)

    def _suggested(self, user: str, effective: Effective) -> str:
        """The language of their Slack, where they have chosen none and the shop speaks another."""
        if effective.chosen.language(of_person(user)):
            return ""
        try:
            spoken = self.roll.person(user).language
        except Problem:
            return ""
        return spoken if spoken in LANGUAGES and spoken != effective.settings.language else ""

    def _then_show(self, take: Callable[[Deed], str]) -> Callable[[Deed], None]:
        """Do it and show Home with what came of it; what is refused is said there."""

        def then_show(deed: Deed) -> None:
            try:
                notice = take(deed)
            except Problem as problem:
                notice = sentence(problem, self._language(deed.who))
            if notice:
                self.show(deed, notice)

        return then_show

    def _language(self, who: Who) -> Language:
        return Language.of(self.current.now().language_of_person(who.user))

    # --- language -------------------------------------------------------------------------

    def _speak(self, deed: Deed) -> str:
        self._person(deed.who)
        return self.speak(deed.who, deed.value)

    def speak(self, who: Who, code: str) -> str:
        """Let a person choose the language of their answers; what to tell them."""
        language, before = Language.of(code), self.current.now().language_of_person(who.user)
        mark = Mark(who.user, self.now())
        entry = Entry("language", who.user, LANGUAGE, before=before, after=code)
        self.kept.choose(Choice(of_person(who.user), LANGUAGE, language.code, mark), entry)
        self.current.changed()
        return language.say("home.language.chosen")

    def speak_in(self, who: Who, code: str) -> str:
        """Let an admin choose the language of a channel; what to tell them."""
        self._admin(who)
        language, before = Language.of(code), self.current.now().language_of_channel(who.channel)
        entry = Entry("language", who.user, LANGUAGE, channel=who.channel, before=before, after=code)
        self.kept.choose(Choice(of_channel(who.channel), LANGUAGE, language.code, Mark(who.user, self.now())), entry)
        self.current.changed()
        return language.say("home.language.channel_chosen")

    # --- digests --------------------------------------------------------------------------

    def _new_own(self, deed: Deed) -> str:
        self._sees(deed.who)
        mine = [plan for plan in self.current.now().plans if plan.owner == deed.who.user]
        if len(mine) >= MOST_OWN:
            raise TooManyDigests(most=MOST_OWN)
        title = self._language(deed.who).say("home.own.name")
        return self._open_digest(deed, Plan("", owner=deed.who.user, title=title), "")

    def _new(self, deed: Deed) -> str:
        self._admin(deed.who)
        return self._open_digest(deed, Plan(""), "")

    def _edit(self, deed: Deed) -> str:
        plan = self._plan(deed.who, deed.value)
        return self._open_digest(deed, plan, plan.name)

    def _open_digest(self, deed: Deed, plan: Plan, name: str) -> str:
        kept = json.dumps({"name": name, "owner": plan.owner, "seen": seen(plan.mark)})
        known = replace(self.shop.known(), own_zone=self.roll.person(deed.who.user).zone)
        form = digest_form.digest_form(plan, known, self._language(deed.who), kept)
        deed.web.call("views.open", trigger_id=deed.trigger_id, view=modal(form))
        return ""

    def _wrong_digest(self, deed: Deed) -> Mapping[str, str]:
        language, (plan, shown) = self._language(deed.who), self._meant(deed)
        if plan.mark and seen(plan.mark) != shown:
            return {"at": language.say("form.wrong.meanwhile")}
        return digest_form.wrong(plan, *filled(deed), self.shop.known(), language)

    def _keep_digest(self, deed: Deed) -> str:
        before, _ = self._meant(deed)
        self._owner_or_admin(deed.who, before)
        plan = digest_form.read(before, *filled(deed))
        absent = [] if plan.owner else self._checked(plan.channels)
        if not plan.name:
            plan = replace(plan, name=new_name(plan), channels=self._direct(plan))
        self._put(deed.who, plan, before if before.name else None)
        language = self._language(deed.who)
        said = language.say("home.kept", title=title_of(plan, language))
        return f"{said}\n{language.say('home.invite', channels=[channel(one) for one in absent])}" if absent else said

    def _checked(self, channels: Sequence[str]) -> list[str]:
        """The channels that the bot is not in yet; raises SharedChannel."""
        places = {one: self.roll.place(one) for one in channels if one.startswith(("C", "G"))}
        for one, place in places.items():
            if place.shared:
                raise SharedChannel(channel=one)
        return [one for one, place in places.items() if not place.member]

    def _direct(self, plan: Plan) -> tuple[str, ...]:
        return (self.roll.direct(plan.owner),) if plan.owner else plan.channels

    def _pause(self, deed: Deed) -> str:
        plan, language = self._plan(deed.who, deed.value), self._language(deed.who)
        paused = deed.name.endswith(":pause")
        self._put(deed.who, replace(plan, paused=paused), plan)
        return language.say("home.was_paused" if paused else "home.was_resumed", title=title_of(plan, language))

    def _delete(self, deed: Deed) -> str:
        plan, language = self._plan(deed.who, deed.value), self._language(deed.who)
        effective, now = self.current.now(), self.now()
        if plan.name in filed(self.current):
            self._put(deed.who, replace(plan, removed=True), plan)
        else:
            entry = Entry("digest", deed.who.user, plan.name, before=written(plan, effective))
            self.kept.delete(plan.name, entry, now)
            self.current.changed()
        return language.say("home.was_deleted", title=title_of(plan, language))

    def _put(self, who: Who, plan: Plan, before: Plan | None) -> None:
        mark, effective = Mark(who.user, self.now()), self.current.now()
        old = written(before, effective) if before else ""
        entry = Entry("digest", who.user, plan.name, before=old, after=written(plan, effective))
        self.kept.put(plan, entry, mark)
        self.current.changed()

    def _plan(self, who: Who, name: str) -> Plan:
        """The digest that this person may change; raises a Problem."""
        plan = self.current.now().plan(name)
        if plan is None:
            raise NoSuchDigest(name=name)
        self._owner_or_admin(who, plan)
        return plan

    def _meant(self, deed: Deed) -> tuple[Plan, str]:
        """The digest that a sent form is of, as it is now, and which state of it the form showed."""
        kept = json.loads(deed.body["view"]["private_metadata"])
        plan = self.current.now().plan(kept["name"]) if kept["name"] else None
        if plan is None:  # a new one, or one deleted meanwhile: then it is made anew
            owner = deed.who.user if kept["owner"] else ""
            return Plan("", owner=owner), ""
        return plan, kept["seen"]

    # --- settings -------------------------------------------------------------------------

    def _settings(self, deed: Deed) -> str:
        self._admin(deed.who)
        effective = self.current.now()
        kept = json.dumps({"seen": settings_seen(effective)})
        form = settings_form.settings_form(effective.settings, self._language(deed.who), kept)
        deed.web.call("views.open", trigger_id=deed.trigger_id, view=modal(form))
        return ""

    def _wrong_settings(self, deed: Deed) -> Mapping[str, str]:
        effective, language = self.current.now(), self._language(deed.who)
        if json.loads(deed.body["view"]["private_metadata"])["seen"] != settings_seen(effective):
            return {"target": language.say("form.wrong.meanwhile")}
        return settings_form.wrong(effective.settings, *filled(deed), language)

    def _keep_settings(self, deed: Deed) -> str:
        self._admin(deed.who)
        values, effective = settings_form.values_of(*filled(deed)), self.current.now()
        self._checked(lists_of(deed).get("channels", ()))
        changed = [name for name in FIELDS.values() if values[name] != settings_form.plain(effective.settings, name)]
        for name in changed:
            self._choose(deed.who, name, values[name], effective)
        language = self._language(deed.who)
        return (
            language.say("home.settings_kept", count=len(changed)) if changed else language.say("home.nothing_changed")
        )

    def _choose(self, who: Who, name: str, value: object, effective: Effective) -> None:
        """Keep one setting; the files' own value needs no choice."""
        mark, before = Mark(who.user, self.now()), settings_form.plain(effective.settings, name)
        entry = Entry("setting", who.user, name, before=plain_json(before), after=plain_json(value))
        if value == settings_form.plain(self.current.settings, name):
            self.kept.forget(SHOP, name, entry, mark.at)
        else:
            self.kept.choose(Choice(SHOP, name, value, mark), entry)
        self.current.changed()

    # --- who may --------------------------------------------------------------------------

    def _sees(self, who: Who) -> None:
        _refuse(self.door(), who, self.door().refusal_of_person(who))

    def _admin(self, who: Who) -> None:
        _refuse(self.door(), who, self.door().refusal_of_admin(who))

    def _person(self, who: Who) -> None:
        """Anyone of the workspace who is no guest."""
        refused = self.door().refusal_of_person(who)
        if refused is not None and refused.key != "person_not_listed":
            _refuse(self.door(), who, refused)

    def _owner_or_admin(self, who: Who, plan: Plan) -> None:
        if not plan.owner:
            self._admin(who)
            return
        self._sees(who)
        if plan.owner != who.user:
            raise NoSuchDigest(name=plan.name)


def _refuse(door: Door, who: Who, problem: Problem | None) -> None:
    if door.noted(who, problem) is not None and problem is not None:
        raise problem
