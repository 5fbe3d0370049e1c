"""How are digests and settings said in a line?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.choices.chosen import BUSINESS, EVERY, Filters, Mark, Plan
from bot.form import channel, person, unreferring
from bot.present.label import dimension_name, label_name
from metrics.day import zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.choices.effective import Effective
    from bot.language import Language


def title_of(plan: Plan, language: Language) -> str:
    """What a digest is called."""
    return plan.title or language.say("home.main_digest")


def line_of(plan: Plan, effective: Effective, language: Language) -> str:
    """Where it goes, when, in which language, of which customers."""
    said = (
        "" if plan.owner else language.listed(map(channel, plan.channels)),
        when(plan, effective, language),
        language_name(effective.language_of_plan(plan, next(iter(plan.channels), "")), language),
        language.say("common.where", filters=filters_of(plan.filters, language)) if plan.filters else "",
        language.say("home.table", dimension=dimension_name(plan.dimension, language)) if plan.dimension else "",
    )
    line = language.say("home.separator").join(part for part in said if part)
    return f"{line}\n{language.say('home.paused')}" if plan.paused else line


def when(plan: Plan, effective: Effective, language: Language) -> str:
    """営業日 08:30, Mon, Thu 09:00; with the zone where it is not the shop's."""
    said = language.say("home.when", days=days_of(plan.days, language), at=f"{plan.at:%H:%M}")
    other = plan.zone and plan.zone != effective.settings.zone
    return language.say("home.when_zone", when=said, zone=plan.zone) if other else said


def days_of(days: Sequence[str], language: Language) -> str:
    """営業日, 毎日, or the weekdays."""
    if tuple(days) in (BUSINESS, EVERY):
        return language.say(f"home.days.{days[0]}")
    return language.say("home.days.join").join(language.say(f"home.days.{day}") for day in days)


def filters_of(filters: Filters, language: Language) -> list[str]:
    """チャネル＝LINE."""
    return [
        language.say(
            "common.filter",
            dimension=dimension_name(name, language),
            label=unreferring(label_name(name, label, language)),
        )
        for name, label in filters
    ]


def language_name(code: str, language: Language) -> str:
    """日本語, English: by its own name in its own language, here in the reader's."""
    return language.say(f"home.language.{code}")


def last_changed(mark: Mark | None, effective: Effective, language: Language) -> str:
    """Who changed it last in Slack, and when in the shop's zone; "" where the files decide."""
    if mark is None:
        return ""
    local = mark.at.astimezone(zone(effective.settings.zone))
    at = language.say("home.instant", day=language.day_short(local.date()), time=f"{local:%H:%M}")
    return language.say("home.changed", who=person(mark.by), at=at)
