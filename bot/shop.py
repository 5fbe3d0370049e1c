"""What does a shop's bot say at this moment, with the settings in force?

What it posts and what it answers. It asks for what was chosen in Slack at every call, and posts nothing itself.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.choices.chosen import Plan
from bot.choices.voices import Voices
from bot.delivery.morning import DIGEST, data_day
from bot.delivery.payload import payload_of
from bot.delivery.row import Kind
from bot.language import Language
from bot.present.digest import digest
from bot.subcommands import Heard, answer, explain, heard_only
from bot.watch.asked import Past
from bot.watch.saying import Saying
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from bot.access import Who
    from bot.choices.current import Current
    from bot.delivery.row import Delivery, Payload
    from bot.desk import Desk
    from bot.form import Row
    from bot.page import Page
    from bot.question import Figures
    from bot.reception import Reception
    from bot.settings import Settings
    from bot.watch.past import History

AT_ONCE = 2
"""Questions that are counted at the same time."""


class DigestGone(Problem):
    """The digest was deleted after it was owed."""

    key = "digest_gone"


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop's bot at each moment: what its files and Slack say now, its desk, and its clock."""

    current: Current
    first_desk: Desk
    now: Callable[[], datetime]
    history: History | None = None
    gate: bool = True
    _desks: dict[int, Desk] = field(default_factory=dict)
    _counting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_ONCE))

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self.current.now().settings

    @property
    def desk(self) -> Desk:
        """The desk with the settings in force; a new one only where something was chosen in Slack."""
        effective = self.current.now()
        version = effective.chosen.version
        desk = self._desks.get(version)
        if desk is None:
            desk = replace(self.first_desk, settings=effective.settings)
            self._desks.clear()
            self._desks[version] = desk
        return desk

    @property
    def voices(self) -> Voices:
        """The languages in force."""
        return Voices(self.current.now)

    # -- what is posted ----------------------------------------------------------

    def content(self, row: Delivery) -> Payload:
        """The bytes of a message that is due: computed from all that is known now."""
        day = data_day(row.key.local_date)
        self.desk.refresh()
        page, figures = self._said(row, day)
        native = self.settings.slack.native_blocks
        payload = payload_of(page, native=native, data_as_of=day, known_at=self.now())
        return replace(payload, figures=figures)

    def _said(self, row: Delivery, day: date) -> tuple[Page, tuple[tuple[str, float], ...]]:
        """A row's page, and the figures in it that a later morning compares with."""
        name, channel = row.key.name, row.key.channel
        saying = self._saying(row)
        if saying is None:
            return self.digest(day, name, channel), ()
        if row.key.kind in {Kind.DATA_NOTICE, Kind.OWNER_NOTICE}:
            return saying.notice(row), ()
        said = saying.digest(row, lambda: self.digest(day, name, channel))
        return said.page, said.figures

    def _saying(self, row: Delivery) -> Saying | None:
        """Who puts the words of that digest together: of its customers and in its language."""
        if self.history is None:
            return None
        plan = self.current.now().plan(row.key.name)
        wanted, desk = self.settings.digest, self.desk
        return Saying(
            desk,
            desk.store,
            self.history,
            self._language(row),
            self.now,
            gate=self.gate and wanted.fresh_only,
            points=wanted.restatement_points,
            filters=plan.filters if plan else (),
        )

    def _language(self, row: Delivery) -> Language:
        """What a row speaks: of several digests that wait in one channel there is one notice."""
        match row.key.kind:
            case Kind.DATA_NOTICE:
                return self.voices.channel(row.key.channel)
            case Kind.OWNER_NOTICE:
                return self.voices.owner(row.key.channel)
            case _:
                return self.voices.digest(row.key.name, row.key.channel)

    def digest(self, day: date, name: str = DIGEST, channel: str = "") -> Page:
        """A digest of the morning after `day`, of its customers and in its language."""
        effective = self.current.now()
        plan = effective.plan(name) or (Plan(DIGEST) if name == DIGEST else None)
        if plan is None:
            raise DigestGone(name=name)
        dimension = plan.dimension or self.settings.main_dimension
        report = self.desk.report(day, filters=plan.filters, dimensions=(dimension,))
        return digest(report, Language.of(effective.language_of_plan(plan, channel)))

    def rule_rows(self, language: Language) -> tuple[Row, ...]:
        """The alert rules for Home."""
        return self.desk.rule_rows(language)

    # -- what is answered ----------------------------------------------------------

    def language(self, who: Who) -> Language:
        """The reader's language."""
        return self.voices.reader(who)

    def answer(self, text: str, who: Who, figures: Figures | None = None, heard: Heard = heard_only) -> Page:
        """The page for a text; raises Problem. `figures`: the desk, watched; `heard`: is told what was asked first."""
        self.desk.refresh()
        sees = who.user in self.settings.customers.allowed_users
        past = Past(self.history, self.desk.zone, who.channel) if self.history else None
        with self._counting:  # more at once would only keep each other, and acknowledgements, waiting
            return answer(
                text,
                figures or self.desk,
                self.language(who),
                main_dimension=self.settings.main_dimension,
                sees_customers=sees,
                past=past,
                heard=heard,
            )

    def explain(self, problem: Problem, who: Who) -> Page:
        """The page that says a problem."""
        return explain(problem, self.language(who))

    def say(self, page: Page) -> Payload:
        """A page as Slack takes it."""
        return payload_of(page, native=self.settings.slack.native_blocks)


@dataclass(frozen=True, slots=True)
class Counter:
    """The shop and its reception as the room of answers sees them."""

    shop: Shop
    reception: Reception

    @property
    def figures(self) -> Figures:
        """Who knows the figures."""
        return self.shop.desk

    def answer(self, text: str, who: Who, heard: Heard) -> Page:
        """The page for a text; raises Problem."""
        return self.reception.answer(text, who, heard)

    def language(self, who: Who) -> Language:
        """The reader's language."""
        return self.shop.language(who)

    def say(self, page: Page, known_at: datetime | None = None) -> Payload:
        """A page as Slack takes it."""
        return payload_of(page, native=self.shop.settings.slack.native_blocks, known_at=known_at)

    def now(self) -> datetime:
        """The clock."""
        return self.shop.now()

    def may_export(self, who: Who) -> bool:
        """Whether that person may have files."""
        return self.reception.has_files(who)

    def count_export(self, who: Who) -> None:
        """Count a file; raises a Problem where there were too many today."""
        self.reception.may_export(who)

    def audit(self, what: str, who: Who, of: str, rows: int) -> None:
        """Write down what somebody took away."""
        self.reception.took(who, "share" if what == "share" else "export", of, rows)
