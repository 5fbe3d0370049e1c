"""What does a figure mean, and by which rules is it counted here?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Button, Buttons, Footnote, Heading, Page, Paragraph
from bot.present.few import of, people
from bot.present.footing import differing, until
from metrics.report import Report

TOPICS = ("repeat", "provisional", "gap", "dormant")
"""Figures with a definition; a topic without one gives the list of these."""
TERMS = (
    "nps", "cpo", "continuation", "measure", "reactivation", "ladder", "target", "interval", "purchase",
    "first_purchase", "product_role",
)  # fmt: skip
ALSO = {"confirmed": "repeat", "return_chance": "dormant", "list": "dormant"}
"""Other names under which a definition is asked for."""
FIGURES = ("repeat", "gap", "dormant")
BESIDE = ("nps", "cpo", "continuation", "measure", "reactivation", "ladder")
"""Figures that are not made of counts alone."""
ITEMS = ("formula", "numerator", "denominator", "left_out", "why")


def definition(topic: str | None, report: Report, language: Language) -> Page:
    """What one of TOPICS or TERMS means, with the rules in force and today's customers."""
    topic = ALSO.get(topic or "", topic)
    if topic not in (*TOPICS, *TERMS):
        return _list(report, language)
    name = title(topic, report, language)
    return Page(
        language.say("definition.headline", title=name),
        (
            Heading(name),
            Paragraph(_say(topic, "what", report, language), strong=True),
            *items(topic, report, language),
            _item("rules", _rules(report, language), language),
            _buttons((topic if topic in (*FIGURES, *BESIDE) else "repeat",), "", language),
            _foot(report, language),
        ),
        language=language.code,
    )


def _list(report: Report, language: Language) -> Page:
    return Page(
        language.say("definition.list_headline"),
        (
            Heading(language.say("definition.list_headline")),
            Paragraph(language.say("definition.list_intro")),
            _buttons(TOPICS, "definition", language),
            _foot(report, language),
        ),
        language=language.code,
    )


def _say(topic: str, name: str, report: Report, language: Language) -> str:
    return language.say(
        f"definition.{topic}.{name}",
        within=report.repeat.within,
        target=language.target(report.repeat.target),
        **_by_rule(report, language),
    )


def _by_rule(report: Report, language: Language) -> dict[str, str]:
    """The sentences that differ with the rules in force."""
    rules = dict(report.basis.rules)
    return {
        "same_day": language.say(f"definition.same_day.{rules.get('same_day', 'merge')}"),
        "early": language.say(
            f"definition.early.{'out' if report.basis.quality.burn_in_days else 'in'}",
            burn_in=report.basis.quality.burn_in_days,
        ),
        "zero": language.say(f"definition.zero.{'in' if 'zero_amounts' in rules else 'out'}"),
        "subscription": language.say(f"definition.subscription.{rules.get('subscription_first', 'own')}"),
    }


def _rules(report: Report, language: Language) -> str:
    found = differing(report.basis, language)
    return language.listed(found) if found else language.say("definition.rules_default")


def title(topic: str, report: Report, language: Language) -> str:
    """What is defined, by its whole name."""
    return _say(topic, "title", report, language)


def items(topic: str, report: Report, language: Language) -> list[Paragraph]:
    """Formula, numerator and so on, as far as the definition has them."""
    has = (name for name in ITEMS if language.has(f"definition.{topic}.{name}"))
    said = [_item(name, _say(topic, name, report, language), language) for name in has]
    return [*said, _item("cohort", _cohort(topic, report, language), language)] if topic in TOPICS else said


def _item(name: str, text: str, language: Language) -> Paragraph:
    return Paragraph(language.say("custom.labelled", label=language.say(f"definition.{name}"), text=text))


def _cohort(topic: str, report: Report, language: Language) -> str:
    found = report.repeat
    match topic:
        case "repeat":
            span, n = found.now.cohort, of(found.now.rate, language)
        case "provisional":
            return language.listed((found.provisional_period, _customers(found.provisional.n, language)))
        case "gap":
            span, n = report.gap.cohort, _customers(report.gap.n, language)
        case _:
            now = report.dormancy.now
            return _customers(now.active + now.pre_dormant + now.dormant, language)
    return language.listed((language.say("common.cohort", cohort=span), n))


def _customers(count: int, language: Language) -> str:
    return people(count, language)


def _buttons(topics: tuple[str, ...], kind: str, language: Language) -> Buttons:
    """To the figures themselves, or (`kind` "definition") to their definitions."""
    if kind:
        names = [language.say(f"topic.{topic}") for topic in topics]
        return Buttons(tuple(Button(name, language.say("command.definition", topic=name)) for name in names))
    return Buttons(tuple(Button(language.say(f"button.{topic}"), language.say(f"command.{topic}")) for topic in topics))


def _foot(report: Report, language: Language) -> Footnote:
    return Footnote((until(report.basis, language),))
