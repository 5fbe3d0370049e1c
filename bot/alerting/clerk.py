"""Who takes the forms of rules: open, try on the past, save, remove?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.access import ChannelNotListed
from bot.alerting.rules import Source, Watched, watched_of
from bot.alerting.telling import kept, tell, who_opened
from bot.alerting.written import REMOVE, SAVE, TRY, form, read
from bot.blockkit import render
from bot.blockkit.form import modal
from bot.blockkit.limits import plain_text
from bot.deed import Deed, Doing, Route
from bot.present.rules import EDIT, NEW, note
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.access import Who
    from bot.alerting.book import Book
    from bot.language import Language
    from bot.page import Page
    from bot.settings import Settings
    from bot.settings.watching import AlertRule


class RuleNotYours(Problem):
    """A rule of the settings file cannot be changed in Slack."""

    key = "rule_not_yours"


@dataclass(frozen=True, slots=True)
class Clerk:
    """The forms of rules. `listed`: ids of the channels where figures may be shown, `usual` where alerts go.

    `language`: of the one who fills them in; `refused`: why a person gets no figures in a channel; `trial`: the page
    of a back-test.
    """

    book: Book
    settings: Settings
    language: Callable[[Who], Language]
    now: Callable[[], datetime]
    refused: Callable[[Who], Problem | None]
    listed: Callable[[], frozenset[str]]
    usual: Callable[[], tuple[str, ...]]
    trial: Callable[[Watched, int, Language], Page]

    def routes(self) -> tuple[Route, ...]:
        """Who takes what."""
        return (
            Route(Doing.PRESS, rf"{NEW}:\d+", self.open_new),
            Route(Doing.PRESS, rf"{EDIT}:\d+", self.open_edit),
            Route(Doing.PRESS, TRY, self.try_on_the_past, open_to_all=True),
            Route(Doing.PRESS, REMOVE, self.remove, open_to_all=True),
            Route(Doing.SUBMIT, SAVE, self.save, check=self.check, open_to_all=True),
        )

    def open_new(self, deed: Deed) -> None:
        """An empty form."""
        self._open(deed, None)

    def open_edit(self, deed: Deed) -> None:
        """The form of a rule made in Slack."""
        rule = self._rule(deed.value)
        if rule is None:
            raise RuleNotYours(name=deed.value)
        self._open(deed, rule)

    def check(self, deed: Deed) -> Mapping[str, str]:
        """What is wrong in the form; quick, before Slack is answered."""
        before, language = kept(deed)["before"], self.language(who_opened(deed))
        filled = read(deed.state, self._rule(before), self.settings.dimension_names, language)
        if filled.rule is None:
            return filled.wrong
        taken = {rule.name for rule in self.settings.alerts}
        taken |= {rule.name for rule, _ in self.book.rules() if rule.name != before}
        if filled.rule.name in taken or filled.rule.name.casefold() == "repeat":
            return {"name": language.say("alert_form.taken_name")}
        if not self.listed().issuperset(filled.rule.channels):
            return {"channels": language.say("alert_form.bad_channels")}
        return {}

    def save(self, deed: Deed) -> None:
        """Keep the rule; only listed channels may be named."""
        who = self._let_in(deed)
        language = self.language(who)
        rule = self._filled(deed, language)
        for channel in rule.channels:
            if channel not in self.listed():
                raise ChannelNotListed(channel=channel)
        self.book.keep_rule(rule, who.user, self.now(), before=kept(deed)["before"])
        said = note(language.say("rules.saved", name=rule.name), language, language.say("rules.saved_next"))
        tell(deed, who.channel, said)

    def remove(self, deed: Deed) -> None:
        """Take the rule away, and the form with it."""
        who, name = self._let_in(deed), kept(deed)["before"]
        if self.book.drop_rule(name, who.user, self.now()):
            language = self.language(who)
            said = note(language.say("rules.removed", name=name), language)
            deed.web.call("views.update", view_id=deed.body["view"]["id"], view=_view(said, language))

    def try_on_the_past(self, deed: Deed) -> None:
        """Show what the rule of the form would have done; a form that is wrong is said so."""
        language = self.language(self._let_in(deed))
        waiting = note(language.say("alert_form.trying"), language)
        pushed = deed.web.call("views.push", trigger_id=deed.trigger_id, view=_view(waiting, language))
        try:
            watched = watched_of(self._filled(deed, language), self.settings, Source.SLACK)
            page = self.trial(watched, int(deed.value or "90"), language)
        except WrongForm as wrong:
            page = note(str(wrong.values["said"]), language)
        deed.web.call("views.update", view_id=pushed["view"]["id"], view=_view(page, language))

    # --- what these share -----------------------------------------------------------------

    def _open(self, deed: Deed, rule: AlertRule | None) -> None:
        keeps = json.dumps({"before": rule.name if rule else "", "channel": deed.who.channel})
        made = form(rule, self.settings.dimension_names, self.usual(), self.language(deed.who), keeps)
        deed.web.call("views.open", trigger_id=deed.trigger_id, view=modal(made))

    def _filled(self, deed: Deed, language: Language) -> AlertRule:
        filled = read(deed.state, self._rule(kept(deed)["before"]), self.settings.dimension_names, language)
        if filled.rule is None:
            raise WrongForm(said=" ".join(filled.wrong.values()))
        return filled.rule

    def _rule(self, name: str) -> AlertRule | None:
        return next((rule for rule, _ in self.book.rules() if rule.name == name), None)

    def _let_in(self, deed: Deed) -> Who:
        """Who acts, where the form was opened; who may not see figures there any more is refused."""
        who = who_opened(deed)
        refused = self.refused(who)
        if refused is not None:
            raise refused
        return who


class WrongForm(Problem):
    """A form that says no rule."""

    key = "wrong_form"


def _view(page: Page, language: Language) -> dict[str, Any]:
    title, close = (plain_text(language.say(f"alert_form.{name}")) for name in ("title_edit", "close"))
    return {"type": "modal", "title": title, "close": close, "blocks": render(page, native=False).blocks}
