"""What does a bare /kpi show: where are we, and where to go on?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Button, Buttons, Heading, Page, Paragraph
from bot.present.digest import drill_down
from bot.present.fact import rate_of, three_facts
from bot.present.footing import footing, morning_day
from bot.present.movement import week
from metrics.report import Report

FIGURES = ("repeat", "gap", "dormant")


def panel(report: Report, language: Language, *, asked: str = "") -> Page:
    """The three figures, and a button for each."""
    return Page(
        language.say(
            "panel.headline",
            within=report.repeat.within,
            rate=rate_of(report.repeat, report.judgement, language),
            count=report.dormancy.now.pre_dormant,
            day=morning_day(report.basis.as_of, report.basis, language),
        ),
        (
            Heading(language.say("panel.title")),
            three_facts(report, language),
            Paragraph(week(report, language)),
            _buttons(report, language),
            footing(report, language, asked=asked),
        ),
        language=language.code,
    )


def _buttons(report: Report, language: Language) -> Buttons:
    figures = (Button(language.say(f"button.{name}"), language.say(f"command.{name}")) for name in FIGURES)
    drill = (drill_down(table.dimension, language) for table in report.segments[:1])
    ask = Button(language.say("button.help"), language.say("command.help"))
    return Buttons((*drill, *figures, ask))
