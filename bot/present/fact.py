"""How are the three figures of the morning said in a few characters?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Fact, Facts
from bot.present.few import of, people
from metrics.alert import MINIMUM, Judgement, Status
from metrics.day import Span
from metrics.estimate import Estimate
from metrics.gap import Gap
from metrics.repeat import Repeat
from metrics.report import Report


def three_facts(report: Report, language: Language) -> Facts:
    """Repeat rate, gap, about to go dormant: always in this order."""
    return Facts(
        (
            _repeat(report.repeat, report.judgement, language),
            _gap(report.gap, language),
            _dormant(report, language),
        )
    )


def status_word(status: Status, language: Language) -> str:
    """A mark and a word: ✅ 達成."""
    return language.say(f"status.{status.value}")


def enough(rate: Estimate, language: Language) -> str:
    """The rate, or データ不足 where too few stand behind it."""
    return language.percent(rate.value) if rate.n >= MINIMUM else language.say("common.too_few")


def rate_of(repeat: Repeat, judgement: Judgement, language: Language) -> str:
    """The rate as it is shown everywhere, or – where too few can be counted."""
    if judgement.status is Status.TOO_FEW:
        return language.say("custom.none")
    return language.percent_against(repeat.now.rate.value, judgement.threshold)


def median_of(gap: Gap, language: Language) -> str:
    """68日, or 未到達."""
    return days_or_not_reached(gap.median_days, language)


def days_or_not_reached(found: Estimate, language: Language) -> str:
    """68日, or 未到達."""
    return language.say("figure.gap.not_reached") if found.value is None else language.days(found.value)


def cohort_of(cohort: Span, language: Language) -> str:
    """初回購入 2026/9/24〜10/21, or that there is nobody."""
    return language.say("common.cohort", cohort=cohort) if cohort.days else language.say("common.nobody")


def since_last_week(moved: int, language: Language) -> str:
    """先週の同じ曜日より+14人."""
    if not moved:
        return language.say("figure.dormant.week_same")
    return language.say("figure.dormant.week", moved=language.signed(moved))


def _repeat(repeat: Repeat, judgement: Judgement, language: Language) -> Fact:
    rate = repeat.now.rate
    return Fact(
        language.say("figure.repeat.label", within=repeat.within),
        f"{rate_of(repeat, judgement, language)}  {status_word(judgement.status, language)}",
        "\n".join(
            (
                of(rate, language),
                cohort_of(repeat.now.cohort, language),
                _provisional(repeat, language),
            )
        ),
    )


def _provisional(repeat: Repeat, language: Language) -> str:
    if repeat.provisional.value is None:
        return language.say("figure.repeat.provisional_none")
    return language.say(
        "figure.repeat.provisional",
        rate=language.percent(repeat.provisional.value),
        days=repeat.provisional_period.days,
    )


def _gap(gap: Gap, language: Language) -> Fact:
    if gap.n < MINIMUM:
        few = f"{language.say('custom.none')}  {status_word(Status.TOO_FEW, language)}"
        return Fact(language.say("figure.gap.label"), few, people(gap.n, language))
    return Fact(
        language.say("figure.gap.label"),
        language.say("figure.gap.median", days=median_of(gap, language)),
        "\n".join(
            (
                *_open(gap, language),
                _twenty(gap, language),
                language.say("common.customers", count=gap.n),
                language.say("common.cohort", cohort=gap.cohort),
            )
        ),
    )


def _open(gap: Gap, language: Language) -> tuple[str, ...]:
    """What "not reached" means."""
    return (language.say("figure.gap.open"),) if gap.median_days.value is None else ()


def _twenty(gap: Gap, language: Language) -> str:
    days = gap.days_to_20.value
    if days is None:
        return language.say("figure.gap.twenty_not_reached")
    return language.say("figure.gap.twenty", days=language.days(days))


def _dormant(report: Report, language: Language) -> Fact:
    now, before, today = report.dormancy.now, report.dormancy.last_week, report.dormancy.today
    return Fact(
        language.say("figure.dormant.label"),
        language.say("common.customers", count=now.pre_dormant),
        "\n".join(
            (
                since_last_week(now.pre_dormant - before.pre_dormant, language),
                language.say(
                    "figure.dormant.moved",
                    entering=today.entering,
                    crossing=today.crossing,
                    back=today.back_pre_dormant + today.back_dormant,
                ),
            )
        ),
    )
