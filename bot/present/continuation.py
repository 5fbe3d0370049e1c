"""What is the answer to /kpi 定期継続?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Cell, Chart, Fact, Facts, Footnote, Heading, Page, Paragraph, Part, Table, printable
from bot.present.footing import rules, until, where
from bot.present.label import dimension_name, label_name
from metrics.report import Basis
from metrics.segment import OTHER
from metrics.subscription import GRACE_DAYS, RECENT_DAYS, Continuation, Step
from metrics.subscription import Part as Group

LEAST_POINTS = 2
REACHED = (3, 6)


def continuation(found: Continuation, basis: Basis, language: Language) -> Page:
    """The share that goes on to the second delivery first, then each further one, and how many reach it."""
    said = _headline(found, language)
    body: tuple[Part, ...] = (_facts(found, language),)
    if found.rows:
        body = (*body, _by_label(found, language))
    elif found.steps:
        body = (*_weakest(found, language), *body, _table(found, language), *_curve(found, language))
    return Page(said, (Heading(said), *body, _foot(found, basis, language)), language=language.code)


def _headline(found: Continuation, language: Language) -> str:
    if not found.steps:
        return language.say("continuation.headline_too_few", n=found.counted)
    first, last = found.steps[0], found.steps[-1]
    rate, reached = language.percent(first.went_on.value), language.percent(last.reached)
    if len(found.steps) == 1:
        return language.say("continuation.headline_one", rate=rate, k=first.went_on.k or 0, n=first.went_on.n)
    return language.say(
        "continuation.headline", rate=rate, k=first.went_on.k or 0, n=first.went_on.n,
        delivery=last.delivery + 1, reached=reached,
    )  # fmt: skip


def _weakest(found: Continuation, language: Language) -> tuple[Paragraph, ...]:
    """Where most leave; said where there is more than one step."""
    if len(found.steps) < LEAST_POINTS:
        return ()
    worst = min(found.steps, key=lambda step: (step.went_on.value or 0, step.delivery))
    lost = language.percent(1 - (worst.went_on.value or 0))
    return (Paragraph(language.say("continuation.weakest", step=_step(worst, language), lost=lost)),)


def _facts(found: Continuation, language: Language) -> Facts:
    counts = (("running", found.running), ("begun", found.begun), ("ended", found.ended))
    return Facts(
        tuple(
            Fact(
                language.say(f"continuation.{name}"), _contracts(n, language),
                language.say("continuation.lately", days=RECENT_DAYS) if name != "running" else "",
            )
            for name, n in counts
        )
    )  # fmt: skip


def _contracts(n: int, language: Language) -> str:
    return language.say("continuation.contracts", count=n)


def _step(step: Step, language: Language) -> str:
    return language.say("continuation.step", before=step.delivery, after=step.delivery + 1)


def _table(found: Continuation, language: Language) -> Table:
    heads = tuple(language.say(f"continuation.{name}") for name in ("delivery", "rate", "of", "interval", "reached"))
    return Table(
        language.say("continuation.caption", span=found.span), heads, tuple(_row(one, language) for one in found.steps)
    )


def _row(step: Step, language: Language) -> tuple[Cell, ...]:
    went_on = step.went_on
    return (
        Cell(_step(step, language), step.delivery),
        Cell(language.percent(went_on.value), _percent(went_on.value)),
        Cell(language.say("continuation.of_short", k=went_on.k or 0, n=went_on.n), went_on.n),
        Cell(language.interval(went_on.interval)),
        Cell(language.percent(step.reached), _percent(step.reached)),
    )


def _by_label(found: Continuation, language: Language) -> Table:
    name = dimension_name(found.dimension, language)
    names = [language.say(f"continuation.{key}") for key in ("running", "second", "of", "interval")]
    later = [language.say("continuation.reaches", delivery=delivery) for delivery in REACHED]
    rows = tuple(_part(one, found.dimension, language) for one in found.rows)
    return Table(language.say("continuation.caption_by", dimension=name, span=found.span), (name, *names, *later), rows)


def _part(part: Group, dimension: str, language: Language) -> tuple[Cell, ...]:
    name = language.say("nps.other") if part.label == OTHER else label_name(dimension, part.label, language)
    first = (Cell(printable(name)), Cell(_contracts(part.running, language), part.running))
    if not part.steps:
        none = Cell(language.say("custom.none"))
        return (*first, Cell(language.say("common.too_few")), *(none,) * (2 + len(REACHED)))
    went_on = part.steps[0].went_on
    reached = {step.delivery + 1: step.reached for step in part.steps}
    return (
        *first,
        Cell(language.percent(went_on.value), _percent(went_on.value)),
        Cell(language.say("continuation.of_short", k=went_on.k or 0, n=went_on.n), went_on.n),
        Cell(language.interval(went_on.interval)),
        *(Cell(language.percent(reached.get(at)), _percent(reached.get(at))) for at in REACHED),
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _curve(found: Continuation, language: Language) -> tuple[Chart, ...]:
    if len(found.steps) < LEAST_POINTS:
        return ()
    shares = (100.0, *(_percent(step.reached) for step in found.steps))
    places = tuple(str(place) for place in range(1, len(shares) + 1))
    name = language.say("continuation.reached")
    return (
        Chart(
            language.say("continuation.curve"),
            "line",
            places,
            ((name, shares),),
            language.say("continuation.delivery"),
            "%",
            "%",
        ),
    )


def _foot(found: Continuation, basis: Basis, language: Language) -> Footnote:
    items = (
        until(basis, language),
        where(basis, language),
        language.say("continuation.shipped", span=found.span, count=found.counted),
        language.say("continuation.counted", grace=GRACE_DAYS),
        language.say("continuation.unlisted", count=found.unlisted) if found.unlisted else "",
        rules(basis, language),
        language.say("common.definition", topic=language.say("topic.continuation")),
    )
    return Footnote(tuple(item for item in items if item))
