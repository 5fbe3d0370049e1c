"""What is the answer to /kpi 商品ステップ: how many step from a front product to the next ones?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Cell, Footnote, Heading, Page, Paragraph, Table
from bot.present.few import is_few, people
from bot.present.footing import rules, until
from bot.present.label import label_name
from metrics.product_ladder import Ladder, Step
from metrics.report import Basis
from metrics.segment import PRODUCT_ROLE


def ladder(found: Ladder, basis: Basis, language: Language) -> Page:
    """The step from front to middle first, then each one with its share, interval and days."""
    said = _headline(found, language)
    body = (Paragraph(_back(found, language)),) if found.steps[1].taken.value is not None else ()
    return Page(
        said, (Heading(said), *body, _table(found, language), _foot(found, basis, language)), language=language.code
    )


def _headline(found: Ladder, language: Language) -> str:
    first = found.steps[0]
    if first.taken.value is None:
        return language.say("ladder.headline_too_few", n=people(found.began, language))
    return language.say("ladder.headline", within=found.horizon, **_values(first, language))


def _back(found: Ladder, language: Language) -> str:
    """How many came to the back-end product, and how many of those at the middle."""
    straight, climbed = found.steps[1:]
    if climbed.taken.value is None:
        return language.say("ladder.back", within=found.horizon, **_values(straight, language))
    return language.say(
        "ladder.back_and_climbed", within=found.horizon, climbed=language.percent(climbed.taken.value),
        **_values(straight, language),
    )  # fmt: skip


def _values(step: Step, language: Language) -> dict[str, object]:
    return {"rate": language.percent(step.taken.value), "k": step.taken.k or 0, "n": step.taken.n}


def _table(found: Ladder, language: Language) -> Table:
    heads = tuple(language.say(f"ladder.{name}") for name in ("step", "rate", "of", "interval", "days"))
    rows = tuple(_row(step, language) for step in found.steps)
    return Table(language.say("ladder.caption", within=found.horizon), heads, rows)


def _row(step: Step, language: Language) -> tuple[Cell, ...]:
    taken = step.taken
    start, end = (label_name(PRODUCT_ROLE, role, language) for role in (step.start, step.end))
    of = language.say("common.of_short", k=taken.k or 0, n=taken.n) if taken.n else language.percent(None)
    of = people(taken.n, language) if is_few(taken.n) else of
    value = None if taken.value is None else round(100 * taken.value, 1)
    return (
        Cell(language.say("ladder.from_to", start=start, end=end)),
        Cell(language.percent(taken.value), value),
        Cell(of, None if is_few(taken.n) else taken.n),
        Cell(language.interval(taken.interval)),
        Cell(language.days(step.days), step.days),
    )


def _foot(found: Ladder, basis: Basis, language: Language) -> Footnote:
    items = (
        until(basis, language),
        language.say("common.cohort", cohort=found.cohort) if found.cohort.days else "",
        people(found.began, language),
        language.say("ladder.watched", within=found.horizon),
        rules(basis, language),
        language.say("common.definition", topic=language.say("topic.ladder")),
    )
    return Footnote(tuple(item for item in items if item))
