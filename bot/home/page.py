"""What does Home say, from top to bottom?

Figures and freshness for those who may see them, the last mornings, this person's own digests and
language; for admins the shop's settings, all digests and the alert rules. Words only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.access import PersonNotListed
from bot.choices.chosen import Plan
from bot.form import Press, Row, channel, person
from bot.home.mornings import Arrival, table
from bot.home.words import language_name, last_changed, line_of, title_of
from bot.language import Language
from bot.page import Footnote, Heading, Paragraph, Part
from bot.present.fact import three_facts
from bot.present.footing import until
from bot.present.problem import sentence
from metrics.day import zone
from metrics.problem import Problem

if TYPE_CHECKING:
    from datetime import date

    from bot.choices.effective import Effective
    from metrics.report import Report

ADMINS_NAMED: Final = 3
PLANS_SHOWN: Final = 15
LANGUAGES: Final = ("ja", "en")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at Home. `sees`: figures, and `refused` why not; `suggested`: their Slack's language, if another."""

    user: str
    sees: bool
    admin: bool
    suggested: str = ""
    refused: Problem | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """The morning's report or why there is none. `stale`: the day of the newest order where that is long ago."""

    report: Report | None = None
    problem: Problem | None = None
    stale: date | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What Home is made of. `notice`: what came of the reader's last press; `rules`: the alerts' own rows."""

    effective: Effective
    today: Today
    arrivals: tuple[Arrival, ...] = ()
    notice: str = ""
    rules: tuple[Row, ...] = ()


def home_parts(told: Told, reader: Reader, language: Language) -> tuple[Part | Row, ...]:
    """Home from top to bottom."""
    parts: list[Part | Row] = []
    if told.notice:
        parts.append(Row("", told.notice))
    if reader.sees:
        parts += [*_figures(told.today, language), *_mornings(told, language), *_own(told.effective, reader, language)]
    else:
        parts += [Heading(language.say("home.title")), Row("", _why_not(told.effective, reader, language))]
    parts += _language(told.effective, reader, language)
    if reader.admin:
        parts += [*_shop(told.effective, language), *_digests(told.effective, language), *_rules(told, language)]
    return tuple(parts)


def _figures(today: Today, language: Language) -> Iterator[Part | Row]:
    yield Heading(language.say("home.today"))
    if today.report is None:
        yield Paragraph(sentence(today.problem, language) if today.problem else language.say("custom.none"))
        return
    yield three_facts(today.report, language)
    if today.stale:
        yield Paragraph(language.say("home.stale", day=today.stale), strong=True)
    yield Footnote((until(today.report.basis, language),))


def _mornings(told: Told, language: Language) -> Iterator[Part | Row]:
    yield Heading(language.say("home.mornings.title"))
    if not told.arrivals:
        yield Paragraph(language.say("home.mornings.none"))
        return
    names = {plan.name: title_of(plan, language) for plan in told.effective.plans}
    yield table(told.arrivals, names, zone(told.effective.settings.zone), language)


def _own(effective: Effective, reader: Reader, language: Language) -> Iterator[Part | Row]:
    mine = [plan for plan in effective.plans if plan.owner == reader.user]
    yield Heading(language.say("home.own.title"))
    for plan in mine:
        yield _plan(plan, effective, language)
    add = Press(language.say("home.own.add"), "home:own:new", primary=not mine)
    yield Row("", "" if mine else language.say("home.own.none"), presses=(add,))


def _language(effective: Effective, reader: Reader, language: Language) -> Iterator[Part | Row]:
    now = effective.language_of_person(reader.user)
    yield Heading(language.say("home.language.title"))
    presses = tuple(
        Press(language_name(code, Language.of(code)), "home:language", code, primary=code == reader.suggested)
        for code in LANGUAGES
        if code != now
    )
    suggestion = Language.of(reader.suggested).say("home.language.suggested") if reader.suggested else ""
    yield Row("", language.say("home.language.now", language=language_name(now, language)), suggestion, presses)


def _shop(effective: Effective, language: Language) -> Iterator[Part | Row]:
    settings, none = effective.settings, language.say("home.none")
    said: Mapping[str, str] = {
        "target": language.target(settings.target),
        "alert.threshold": language.target(settings.threshold),
        "language": language_name(settings.language, language),
        "digest.company_holidays": language.listed(map(language.day_table, settings.digest.company_holidays)) or none,
        "slack.allowed_channels": language.listed(map(channel, settings.slack.allowed_channels)) or none,
        "slack.allowed_users": language.listed(map(person, settings.slack.allowed_users)) or none,
    }
    lines = "\n".join(
        language.say("custom.labelled", label=language.say(f"home.setting.{_word(name)}"), text=text)
        for name, text in said.items()
    )
    marks = [mark for name in said if (mark := effective.mark(name))]
    newest = max(marks, key=lambda mark: mark.at, default=None)
    yield Heading(language.say("home.shop.title"))
    change = Press(language.say("home.shop.change"), "home:settings")
    yield Row("", lines, last_changed(newest, effective, language), (change,))


def _word(name: str) -> str:
    """A setting's key among the words."""
    return name.rpartition(".")[2]


def _digests(effective: Effective, language: Language) -> Iterator[Part | Row]:
    plans = [plan for plan in effective.plans if not plan.owner]
    yield Heading(language.say("home.digests.title"))
    for plan in plans[:PLANS_SHOWN]:
        yield _plan(plan, effective, language)
    if len(plans) > PLANS_SHOWN:
        yield Footnote((language.say("custom.cut", count=len(plans) - PLANS_SHOWN),))
    yield Row("", presses=(Press(language.say("home.digests.add"), "home:digest:new", primary=not plans),))


def _plan(plan: Plan, effective: Effective, language: Language) -> Row:
    title = title_of(plan, language)
    pause = "resume" if plan.paused else "pause"
    sure = (
        language.say("home.delete.title"),
        language.say("home.delete.text", title=title),
        language.say("home.delete.yes"),
        language.say("home.delete.no"),
    )
    return Row(
        title,
        line_of(plan, effective, language),
        last_changed(plan.mark, effective, language),
        (
            Press(language.say("home.edit"), "home:digest:edit", plan.name),
            Press(language.say(f"home.{pause}"), f"home:digest:{pause}", plan.name),
            Press(language.say("home.delete.press"), "home:digest:delete", plan.name, sure=sure),
        ),
    )


def _rules(told: Told, language: Language) -> Iterator[Part | Row]:
    if told.rules:
        yield Heading(language.say("home.rules.title"))
        yield from told.rules


def _why_not(effective: Effective, reader: Reader, language: Language) -> str:
    """Why there are no figures here, and who can change that."""
    if reader.refused is not None and not isinstance(reader.refused, PersonNotListed):
        return sentence(reader.refused, language)
    slack = effective.settings.slack
    admins = language.listed(map(person, slack.admins[:ADMINS_NAMED]))
    ask = language.say("home.not_listed", admins=admins) if admins else language.say("home.not_listed_nobody")
    channels = language.say("home.channels_work") if slack.people == "everyone" else ""
    return language.say("custom.space").join(part for part in (ask, channels) if part)
