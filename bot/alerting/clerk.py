"""Who takes the forms of rules: open, try on the past, save, remove?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.access import ChannelNotListed, Who
from bot.alerting.rules import Source, Watched, watched_of
from bot.alerting.telling import tell
from bot.alerting.written import REMOVE, SAVE, TRY, form, read
from bot.blockkit import render
from bot.blockkit.form import modal
from bot.blockkit.limits import plain_text
from bot.deed import Deed, Doing, Route
from bot.present.rules import EDIT, NEW, note
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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

    `refused`: why a person gets no figures in a channel; `trial`: the page of a back-test.
    """

    book: Book
    settings: Settings
    language: Language
    now: Callable[[], datetime]
    refused: Callable[[Who], Problem | None]
    listed: Callable[[], frozenset[str]]
    usual: Callable[[], tuple[str, ...]]
    trial: Callable[[Watched, int], Page]

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
        kept = _kept(deed)
        filled = read(deed.state, self._rule(kept["before"]), self.settings.dimension_names, self.language)
        if filled.rule is None:
            return filled.wrong
        taken = {rule.name for rule in self.settings.alerts}
        taken |= {rule.name for rule, _ in self.book.rules() if rule.name != kept["before"]}
        if filled.rule.name in taken or filled.rule.name.casefold() == "repeat":
            return {"name": self.language.say("alert_form.taken_name")}
        if not self.listed().issuperset(filled.rule.channels):
            return {"channels": self.language.say("alert_form.bad_channels")}
        return {}

    def save(self, deed: Deed) -> None:
        """Keep the rule; only listed channels may be named."""
        kept = self._let_in(deed)
        rule = self._filled(deed, kept)
        for channel in rule.channels:
            if channel not in self.listed():
                raise ChannelNotListed(channel=channel)
        self.book.keep_rule(rule, deed.who.user, self.now(), before=kept["before"])
        said = self.language.say("rules.saved", name=rule.name)
        tell(deed, kept["channel"], note(said, self.language, self.language.say("rules.saved_next")))

    def remove(self, deed: Deed) -> None:
        """Take the rule away, and the form with it."""
        kept = self._let_in(deed)
        if self.book.drop_rule(kept["before"], deed.who.user, self.now()):
            said = note(self.language.say("rules.removed", name=kept["before"]), self.language)
            deed.web.call("views.update", view_id=deed.body["view"]["id"], view=self._view(said))

    def try_on_the_past(self, deed: Deed) -> None:
        """Show what the rule of the form would have done; a form that is wrong is said so."""
        kept = self._let_in(deed)
        waiting = note(self.language.say("alert_form.trying"), self.language)
        pushed = deed.web.call("views.push", trigger_id=deed.trigger_id, view=self._view(waiting))
        try:
            watched = watched_of(self._filled(deed, kept), self.settings, Source.SLACK)
            page = self.trial(watched, int(deed.value or "90"))
        except WrongForm as wrong:
            page = note(str(wrong.values["said"]), self.language)
        deed.web.call("views.update", view_id=pushed["view"]["id"], view=self._view(page))

    # --- what these share -----------------------------------------------------------------

    def _open(self, deed: Deed, rule: AlertRule | None) -> None:
        kept = json.dumps({"before": rule.name if rule else "", "channel": deed.who.channel})
        made = form(rule, self.settings.dimension_names, self.usual(), self.language, kept)
        deed.web.call("views.open", trigger_id=deed.trigger_id, view=modal(made))

    def _filled(self, deed: Deed, kept: Mapping[str, str]) -> AlertRule:
        filled = read(deed.state, self._rule(kept["before"]), self.settings.dimension_names, self.language)
        if filled.rule is None:
            raise WrongForm(said=" ".join(filled.wrong.values()))
        return filled.rule

    def _rule(self, name: str) -> AlertRule | None:
        return next((rule for rule, _ in self.book.rules() if rule.name == name), None)

    def _let_in(self, deed: Deed) -> Mapping[str, str]:
        """The form's own note of where it was opened; who may not see figures there any more is refused."""
        kept = _kept(deed)
        refused = self.refused(Who(deed.who.user, kept["channel"], deed.who.team))
        if refused is not None:
            raise refused
        return kept

    def _view(self, page: Page) -> dict[str, Any]:
        title = plain_text(self.language.say("alert_form.title_edit"))
        close = plain_text(self.language.say("alert_form.close"))
        return {"type": "modal", "title": title, "close": close, "blocks": render(page, native=False).blocks}


class WrongForm(Problem):
    """A form that says no rule."""

    key = "wrong_form"


def _kept(deed: Deed) -> Mapping[str, str]:
    kept: Mapping[str, str] = json.loads(deed.body["view"]["private_metadata"])
    return kept
