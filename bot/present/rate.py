"""What is said of the repeat rate when it is asked for, as of this morning or of a period?"""

from __future__ import annotations

from datetime import timedelta

from bot.language import Language
from bot.page import Fact, Facts, Paragraph
from bot.present.fact import enough, rate_of, status_word
from bot.present.few import count, is_few, of
from bot.present.movement import week, why
from metrics.alert import Status
from metrics.estimate import Estimate
from metrics.report import Report


def is_of_period(report: Report) -> bool:
    """Whether first purchases of a period were asked for: it has no last week and no trend."""
    found = report.repeat
    return not found.trend or found.trend[-1].cohort != found.now.cohort


def in_words(report: Report, language: Language) -> tuple[Paragraph, ...]:
    """Against last week and why; of a period, only what keeps it from being judged."""
    rate, within = report.repeat.now.rate, report.repeat.within
    if not is_of_period(report):
        return (Paragraph(f"{week(report, language)}{language.say('custom.space')}{why(report, language)}"),)
    if not rate.n:
        said = language.say("repeat.period_nobody", within=within)
        return (Paragraph(f"{said}{language.say('custom.space')}{_early(report, language)}".rstrip()),)
    if report.judgement.status is Status.TOO_FEW:
        return (Paragraph(language.say("repeat.period_few", n=count(rate.n, language))),)
    return ()


def _early(report: Report, language: Language) -> str:
    """What can be said of customers whose 30 days are not over."""
    found = report.repeat
    if found.provisional.value is None:
        return ""
    rate = language.percent(found.provisional.value)
    return language.say("repeat.period_early", days=found.provisional_period.days, rate=rate)


def headline(report: Report, language: Language) -> str:
    """The number first, with k of n and its status."""
    found, judgement = report.repeat, report.judgement
    if judgement.status is Status.TOO_FEW:
        return language.say("repeat.headline_too_few", within=found.within, n=count(found.now.rate.n, language))
    return language.say(
        "repeat.headline",
        within=found.within,
        rate=rate_of(found, judgement, language),
        k=found.now.rate.k or 0,
        n=found.now.rate.n,
        status=status_word(judgement.status, language),
    )


def facts(report: Report, language: Language) -> Facts:
    """Confirmed, provisional, a week and a period earlier, and the target."""
    found, before = report.repeat, report.repeat.before
    weekday = language.weekday(report.basis.as_of + timedelta(days=1))
    now = Fact(language.say("repeat.now"), enough(found.now.rate, language), _basis(found.now.rate, language))
    earlier = Fact(
        language.say("repeat.before"),
        enough(before.rate, language),
        f"{_basis(before.rate, language)}\n{language.say('common.cohort', cohort=before.cohort)}",
    )
    target = _against_target(report, language)
    if is_of_period(report):
        return Facts((now, *((earlier,) if before.rate.n else ()), target))
    provisional = language.say(
        "repeat.provisional_note", days=found.provisional_period.days, period=found.provisional_period
    )
    return Facts(
        (
            now,
            Fact(language.say("repeat.provisional"), language.percent(found.provisional.value), provisional),
            Fact(
                language.say("repeat.week", weekday=weekday),
                enough(found.last_week.rate, language),
                _basis(found.last_week.rate, language),
            ),
            earlier,
            target,
        )
    )


def _against_target(report: Report, language: Language) -> Fact:
    judgement = report.judgement
    note = language.say("repeat.status_note", target=language.target(judgement.threshold))
    if judgement.missing and judgement.status is not Status.TOO_FEW:
        note = f"{note}\n{language.say('repeat.more', count=judgement.missing)}"
    return Fact(language.say("repeat.status"), status_word(judgement.status, language), note)


def _basis(rate: Estimate, language: Language) -> str:
    said = of(rate, language)
    if rate.interval is None or is_few(rate.n):
        return said
    return f"{said}\n{language.say('repeat.interval', interval=language.interval(rate.interval))}"
