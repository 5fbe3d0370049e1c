"""What is the answer to /kpi NPS?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Cell, Chart, Fact, Facts, Footnote, Heading, Page, Paragraph, Part, Table
from bot.present.few import count, is_few, people
from bot.present.footing import rules, until, where
from bot.present.label import dimension_name, label_name
from metrics.estimate import Estimate
from metrics.nps import WITHIN_DAYS, Nps, Scores
from metrics.report import Basis
from metrics.segment import OTHER, PURCHASE_COUNT

LEAST_POINTS = 2


def nps(found: Nps, basis: Basis, language: Language) -> Page:
    """The score first, who stands behind it, by what customers are, and what came of it."""
    said = _headline(found, language)
    few = is_few(found.scores.n) or not found.scores.n
    body: tuple[Part, ...] = (
        () if few else (*_sentences(found, language), _facts(found, language), *_rows(found, language))
    )
    return Page(said, (Heading(said), *body, *_trend(found, language), _foot(found, basis, language)),
                language=language.code)  # fmt: skip


def score(value: float | None, language: Language) -> str:
    """+12, -3, ±0; – where there is none."""
    return language.say("custom.none") if value is None else language.signed(round(100 * value))


def _headline(found: Nps, language: Language) -> str:
    n = count(found.scores.n, language)
    if found.now.value is None:
        return language.say("nps.headline_too_few", n=n, span=found.span)
    return language.say("nps.headline", score=score(found.now.value, language), n=n, span=found.span)


def _sentences(found: Nps, language: Language) -> tuple[Paragraph, ...]:
    said = []
    if found.now.value is not None and found.before.value is not None:
        moved = round(100 * found.now.value) - round(100 * found.before.value)
        said.append(
            language.say(
                "nps.before", days=found.span.days, score=score(found.before.value, language),
                moved=language.signed(moved),
            )
        )  # fmt: skip
    said.extend(_after(found, language))
    return (Paragraph(language.say("custom.space").join(said)),) if said else ()


def _after(found: Nps, language: Language) -> tuple[str, ...]:
    after = found.after
    if is_few(after.promoters.n) or is_few(after.others.n) or after.difference.interval is None:
        return ()
    low, high = after.difference.interval
    verdict = "nps.after_noise" if low <= 0 <= high else "nps.after_sure"
    return (
        language.say(
            "nps.after", within=WITHIN_DAYS, promoters=language.percent(after.promoters.value),
            others=language.percent(after.others.value),
            points=language.points(after.others.value, after.promoters.value), verdict=language.say(verdict),
        ),
    )  # fmt: skip


def _facts(found: Nps, language: Language) -> Facts:
    scores = found.scores
    groups = (("promoters", scores.promoters), ("passives", scores.passives), ("detractors", scores.detractors))
    return Facts(
        (
            Fact("NPS", score(found.now.value, language), _interval_note(found.now, language)),
            *(
                Fact(
                    language.say(f"nps.{name}"), language.percent(n / scores.n),
                    language.say("common.customers", count=n),
                )
                for name, n in groups
            ),
        )
    )  # fmt: skip


def _interval_note(value: Estimate, language: Language) -> str:
    said = _interval(value, language)
    return language.say("common.interval", interval=said) if value.interval else ""


def _interval(value: Estimate, language: Language) -> str:
    if value.interval is None:
        return language.say("custom.none")
    low, high = (score(edge, language) for edge in value.interval)
    return language.say("custom.range", low=low, high=high)


def _rows(found: Nps, language: Language) -> tuple[Table, ...]:
    if not found.rows:
        return ()
    name = dimension_name(found.dimension, language)
    caption = "nps.caption_count" if found.dimension == PURCHASE_COUNT else "nps.caption"
    heads = (name, *(language.say(f"nps.{key}") for key in ("answers", "promoters", "detractors", "score", "interval")))
    rows = tuple(_row(found.dimension, label, scores, value, language) for label, scores, value in found.rows)
    return (Table(language.say(caption, dimension=name), heads, rows),)


def _row(dimension: str, label: str, scores: Scores, value: Estimate, language: Language) -> tuple[Cell, ...]:
    other = language.say("nps.other") if label == OTHER else label_name(dimension, label, language)
    if is_few(scores.n):
        few = Cell(language.say("custom.few"))
        return (Cell(other), few, *(Cell(language.say("custom.none")),) * 4)
    shown = value.value is not None
    return (
        Cell(other),
        Cell(language.say("common.customers", count=scores.n), scores.n),
        *(
            Cell(language.percent(n / scores.n), round(100 * n / scores.n, 1))
            for n in (scores.promoters, scores.detractors)
        ),
        Cell(score(value.value, language), round(100 * value.value) if value.value is not None else None)
        if shown
        else Cell(language.say("common.too_few")),
        Cell(_interval(value, language)),
    )


def _trend(found: Nps, language: Language) -> tuple[Part, ...]:
    values = tuple(None if value.value is None else round(100 * value.value) for _, value in found.trend)
    if sum(value is not None for value in values) < LEAST_POINTS:
        return ()
    days = tuple(language.day_axis(last) for last, _ in found.trend)
    return (Chart(language.say("nps.trend", days=found.span.days), "line", days, (("NPS", values),), "", "NPS"),)


def _foot(found: Nps, basis: Basis, language: Language) -> Footnote:
    items = (
        until(basis, language),
        language.listed((language.say("nps.answered", span=found.span), people(found.scores.n, language))),
        where(basis, language),
        language.say("nps.once"),
        language.say("nps.strangers", count=found.strangers) if found.strangers else "",
        rules(basis, language),
        language.say("common.definition", topic=language.say("topic.nps")),
    )
    return Footnote(tuple(item for item in items if item))
