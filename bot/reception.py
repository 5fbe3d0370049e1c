"""Who comes in, what may they ask, and what do they find in Home?

Between Slack's edge and the shop: the rules of this moment with what Slack says of people, each
person's language and quota, and the audit of what they took away.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

import structlog

from bot.access import Who
from bot.choices.chosen import Entry, Plan
from bot.choices.quota import Quota
from bot.choices.targets import targets
from bot.delivery.post import ChannelUnknown
from bot.grammar.lexicon import fold
from bot.home.deeds import Home
from bot.home.digest_form import Known
from bot.home.door import Door, access_of
from bot.home.page import LANGUAGES, Today
from bot.home.witness import Witness
from bot.language import Language
from bot.present.language import language_page
from bot.present.place import with_names
from bot.slack import Answers
from bot.subcommands import heard_only
from bot.workers import Once
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime

    from bot.choices.current import Current
    from bot.choices.effective import Effective
    from bot.choices.store import Choices
    from bot.delivery.ledger import Ledger
    from bot.delivery.morning import Target
    from bot.delivery.post import Directory
    from bot.delivery.row import Delivery, Payload
    from bot.desk import Desk
    from bot.form import Row
    from bot.page import Page
    from bot.question import Figures
    from bot.roll import Roll
    from bot.subcommands import Heard

WEEKS_BACK: Final = timedelta(days=40)
REFUSED_SECONDS: Final = 60.0
DORMANT: Final = "about_to_go_dormant"
_LABELS: Final = 40
_ASKS_LANGUAGE: Final = re.compile(
    r"(?:言語|ことば|language|lang)(?: (?P<here>チャンネル|channel|ここ|here))?(?: (?P<wanted>\S+))?"
)
_CODES: Final = {
    "ja": "ja", "jp": "ja", "日本語": "ja", "japanese": "ja", "nihongo": "ja",
    "en": "en", "英語": "en", "english": "en", "eigo": "en",
}  # fmt: skip


log = structlog.get_logger("asakai.access")


class NoSuchLanguage(Problem):
    """There are answers in Japanese and in English."""

    key = "no_such_language"


class Shop(Protocol):
    """The shop at each moment."""

    @property
    def current(self) -> Current:
        """What holds now."""
        ...

    @property
    def desk(self) -> Desk:
        """Who knows the figures."""
        ...

    @property
    def now(self) -> Callable[[], datetime]:
        """The clock."""
        ...

    def language(self, who: Who) -> Language:
        """The reader's language."""
        ...

    def answer(self, text: str, who: Who, figures: Figures | None = None, heard: Heard = heard_only) -> Page:
        """The page for a text; raises Problem."""
        ...

    def explain(self, problem: Problem, who: Who) -> Page:
        """The page that says a problem."""
        ...

    def say(self, page: Page) -> Payload:
        """A page as Slack takes it."""
        ...


@dataclass(slots=True)
class Reception:
    """Everyone who comes from Slack passes here. `team`: the workspace, None while it is unknown."""

    shop: Shop
    choices: Choices
    ledger: Ledger
    directory: Directory
    roll: Roll
    team: str | None
    workspace: str = "default"
    rules: Callable[[Language], tuple[Row, ...]] = lambda _: ()
    _quota: Quota | None = None
    _channels: tuple[tuple[int, int], frozenset[str]] = ((-1, -1), frozenset())
    _refused: Once = field(default_factory=lambda: Once(time.monotonic, REFUSED_SECONDS))

    # --- who may --------------------------------------------------------------------------

    def door(self) -> Door:
        """The rules of this moment."""
        effective = self.shop.current.now()
        access = access_of(effective, self.roll, self._ids(effective), self.team)
        return Door(access, self.roll, self._note, effective.settings.slack.workspace_admins)

    def _ids(self, effective: Effective) -> frozenset[str]:
        """The ids of the channels where figures are answered; one that is gone closes no other."""
        asked = (effective.chosen.version, int(time.monotonic() // REFUSED_SECONDS))
        if self._channels[0] != asked:
            found: set[str] = set()
            for channel in effective.channels():
                try:
                    found.update(self.directory.ids((channel,)))
                except ChannelUnknown:
                    log.warning("channel_not_known", channel=channel)
            self._channels = (asked, frozenset(found))
        return self._channels[1]

    def targets(self, *, strict: bool = False) -> tuple[Target, ...]:
        """Each channel with the digests it gets."""
        return targets(self.shop.current.now(), self.directory.ids, self._still_sees, strict=strict)

    def _still_sees(self, plan: Plan) -> bool:
        """Whether the owner of a digest may still see figures: they may have left since."""
        return self.door().refusal_of_person(Who(plan.owner, "", self.team or "")) is None

    def _note(self, entry: Entry) -> None:
        """Write it down; the same refusal once a minute, so that nobody can fill the database with it."""
        if entry.kind != "denied" or self._refused.first(f"{entry.who} {entry.what} {entry.channel}"):
            self.choices.audit(entry, self.shop.now())

    # --- questions ------------------------------------------------------------------------

    def answers(self) -> Answers:
        """What Slack's edge asks of us."""
        return Answers(self.answer, self.shop.explain, self.shop.say, self.door)

    def answer(self, text: str, who: Who, heard: Heard = heard_only) -> Page:
        """The page for a text; raises Problem, also when that person has asked too much."""
        settings, zone = self.shop.current.now().settings, self.shop.desk.zone
        self.quota.question(who.user, settings.quotas, zone)
        if (asked := _ASKS_LANGUAGE.fullmatch(fold(text).strip())) is not None:
            return self._spoken(asked["wanted"], who, here=bool(asked["here"]))
        watched = Witness(
            self.shop.desk, lambda: self.may_export(who), lambda rows: self.took(who, "customers", DORMANT, rows)
        )
        return with_names(self.shop.answer(text, who, watched, heard), self.roll.called)

    @property
    def quota(self) -> Quota:
        """Who has asked how much."""
        if self._quota is None:
            self._quota = Quota(self.choices, self.shop.now)
        return self._quota

    def has_files(self, who: Who) -> bool:
        """Whether that person may have files at all: named for it, by themselves or through a group, or listed."""
        export = self.shop.current.now().settings.export
        if who.user in export.allowed_users or who.user in self.roll.people(export.allowed_groups).people:
            return self.door().refusal_of_stranger(who) is None
        return self.door().refusal_of_person(who) is None

    def may_export(self, who: Who) -> None:
        """Count a list or file; raises TooManyExports. Before it is made, by whichever room makes it."""
        self.quota.export(who.user, self.shop.current.now().settings.quotas, self.shop.desk.zone)

    def took(self, who: Who, kind: str, what: str, rows: int) -> None:
        """Write down what somebody took away: `kind` customers or export, `what` of it, and how many rows."""
        self._note(Entry(kind, who.user, what, rows, who.channel))

    def _spoken(self, wanted: str | None, who: Who, *, here: bool) -> Page:
        """A person's own language, or with `here` the channel's: asked for, or chosen."""
        if wanted is None:
            language = self.shop.language(who)
            return language_page(language.say("home.language.yours"), language)
        if wanted not in _CODES:
            raise NoSuchLanguage(language=wanted, known=LANGUAGES)
        code, home = _CODES[wanted], self.home()
        return language_page(home.speak_in(who, code) if here else home.speak(who, code), Language.of(code))

    # --- Home -----------------------------------------------------------------------------

    def home(self) -> Home:
        """What Home shows and does."""
        view = _View(self.shop, self.ledger, self.workspace)
        return Home(self.shop.current, self.choices, view, self.door, self.roll, self.shop.now, self.rules)


@dataclass(frozen=True, slots=True)
class _View:
    """The shop as Home shows it."""

    shop: Shop
    ledger: Ledger
    workspace: str

    def today(self) -> Today:
        desk = self.shop.desk
        desk.refresh()
        try:
            report = desk.report(desk.as_of, dimensions=(desk.settings.main_dimension,))
        except Problem as problem:
            return Today(problem=problem)
        return Today(report, stale=desk.stale_since(report))

    def known(self) -> Known:
        desk = self.shop.desk
        vocabulary = desk.vocabulary()
        labels = tuple((name, tuple(found)[:_LABELS]) for name, found in vocabulary.labels)
        return Known(desk.settings.zone, vocabulary.offered, labels)

    def mornings(self) -> Sequence[Delivery]:
        return self.ledger.mornings(self.workspace, self._today() - WEEKS_BACK)

    def _today(self) -> date:
        return self.shop.now().astimezone(self.shop.desk.zone).date()
