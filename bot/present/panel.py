"""What does a bare /kpi show: where are we, and where to go on?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Heading, Page, Paragraph, Part
from bot.present.fact import rate_of, three_facts
from bot.present.footing import footing, morning_day
from bot.present.movement import week
from metrics.report import Report


def panel(report: Report, language: Language, *, onward: tuple[Part, ...] = (), past: bool = False) -> Page:
    """The three figures; `onward`: the usual questions; `past`: of a day that was chosen."""
    title = (
        language.say("panel.title_of", day=language.day(report.basis.as_of)) if past else language.say("panel.title")
    )
    return Page(
        language.say(
            "panel.headline",
            within=report.repeat.within,
            rate=rate_of(report.repeat, report.judgement, language),
            count=report.dormancy.now.pre_dormant,
            day=morning_day(report.basis.as_of, report.basis, language),
        ),
        (
            Heading(title),
            three_facts(report, language),
            Paragraph(week(report, language)),
            *onward,
            footing(report, language),
        ),
        language=language.code,
    )
