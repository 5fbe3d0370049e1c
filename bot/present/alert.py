"""What is said when the repeat rate is below the threshold, and when that is over?

The alert carries its proof: value, k of n, interval, threshold, since when, how
many more repeat buyers would clear it, and the segments that lost most.
"""

from __future__ import annotations

from datetime import date, timedelta

from bot.language import Language
from bot.page import Button, Buttons, Fact, Facts, Heading, Page, Paragraph
from bot.present.digest import drill_down, trend
from bot.present.fact import status_word
from bot.present.footing import footing
from bot.present.label import dimension_name
from bot.present.movement import lost, movers
from bot.present.source import about
from metrics.alert import Judgement, Status
from metrics.report import Report


def alert(judgement: Judgement, report: Report, language: Language) -> Page:
    """The rate is below the threshold."""
    said = _headline("alert.headline", judgement, report, language)
    return Page(
        said,
        (
            Heading(said),
            Paragraph("\n".join(_sentences(judgement, report, language))),
            _proof(judgement, report, language),
            *trend(report.repeat, language),
            Paragraph(_next_step(report, language), strong=True),
            _buttons(report, language),
            footing(report, language),
        ),
        language=language.code,
        about=about("repeat", report),
    )


def recovered(judgement: Judgement, since: date, report: Report, language: Language) -> Page:
    """The rate is back at the threshold; `since`: when it had fallen below. No buttons are left."""
    said = _headline("alert.recovered", judgement, report, language)
    return Page(
        said,
        (
            Heading(said),
            Paragraph(language.say("alert.recovered_words", since=language.day(since))),
            _proof(judgement, report, language),
            footing(report, language),
        ),
        language=language.code,
        about=about("repeat", report),
    )


def _headline(key: str, judgement: Judgement, report: Report, language: Language) -> str:
    found = judgement.estimate
    return language.say(
        key,
        within=report.repeat.within,
        rate=language.percent_against(found.value, judgement.threshold),
        target=language.target(judgement.threshold),
        k=found.k or 0,
        n=found.n,
        day=language.day_short(report.basis.as_of + timedelta(days=1)),
    )


def _sentences(judgement: Judgement, report: Report, language: Language) -> list[str]:
    target = language.target(judgement.threshold)
    since = language.day(judgement.since) if judgement.since else ""
    said = [
        language.say("alert.happened" if since else "alert.happened_open", since=since, target=target),
        *_how_sure(judgement, language),
        language.say("alert.why"),
    ]
    if judgement.missing:
        said.append(language.say("alert.missing", count=judgement.missing))
    segments = lost(report, language)
    if segments:
        items = (language.say("alert.lost_item", segment=segment) for segment in segments)
        said.extend((language.say("alert.lost"), *items))
    return said


def _how_sure(judgement: Judgement, language: Language) -> list[str]:
    interval = judgement.estimate.interval
    if interval is None:
        return []
    if judgement.status is Status.MISSED:
        return [language.say("alert.sure", high=language.percent_against(interval[1], judgement.threshold))]
    return [language.say("alert.unsure", interval=language.interval(interval))]


def _proof(judgement: Judgement, report: Report, language: Language) -> Facts:
    found = judgement.estimate
    value = language.percent_against(found.value, judgement.threshold)
    facts = [
        Fact(
            language.say("alert.value"),
            f"{value}  {status_word(judgement.status, language)}",
            f"{language.say('common.of', k=found.k or 0, n=found.n)}\n"
            f"{language.say('common.cohort', cohort=report.repeat.now.cohort)}",
        ),
        Fact(language.say("alert.interval"), language.interval(found.interval)),
        Fact(language.say("alert.threshold"), language.target(judgement.threshold)),
    ]
    if judgement.since:
        facts.append(Fact(language.say("alert.since"), language.day_table(judgement.since)))
    if judgement.missing:
        facts.append(Fact(language.say("alert.short"), language.say("common.customers", count=judgement.missing)))
    return Facts(tuple(facts))


def _where(report: Report) -> str | None:
    fallen = next((mover.dimension for mover in movers(report, down=True)), None)
    return fallen or next((table.dimension for table in report.segments), None)


def _next_step(report: Report, language: Language) -> str:
    where = _where(report)
    if where is None:
        return language.say("alert.next_open")
    return language.say("alert.next", dimension=dimension_name(where, language))


def _buttons(report: Report, language: Language) -> Buttons:
    where = _where(report)
    drill = (drill_down(where, language),) if where else ()
    detail = Button(language.say("button.repeat"), language.say("command.repeat"), primary=not drill)
    meaning = language.say("command.definition", topic=language.say("topic.repeat"))
    return Buttons((*drill, detail, Button(language.say("button.definition"), meaning)))
