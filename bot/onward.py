"""Where can a reader go on from an answer?

Each way is a question of its own, written so that it could be typed: one dimension deeper
into the worst segment, against another time, why it moved, what it means; to the channel,
or into a file.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bot.grammar.writing import written
from bot.page import Button, Buttons, Calendar, Choices, Footnote, Menu, Page, Paragraph, Table
from bot.present.definition import BESIDE
from bot.present.label import dimension_name, label_name
from bot.present.segment import worst
from metrics.segment import COHORT_MONTH, ENTRY, OTHER, PURCHASE_COUNT, UNKNOWN_LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.grammar import Ask
    from bot.page import Part
    from bot.question import Question
    from metrics.report import Report

SHARE: Final = "answer:share"
ENTRY_LABELS: Final = ("one_off", "subscription")
FILES: Final = ("csv", "xlsx")
FIGURES: Final = ("repeat", "gap", "dormant")
NO_FILTER: Final = frozenset({PURCHASE_COUNT, COHORT_MONTH})


def with_ways(page: Page, question: Question, report: Report | None = None) -> Page:
    """The page with its ways on, above the small print; none where it becomes a file."""
    if question.ask.handout in FILES:
        return page
    rows = [Buttons(tuple(row)) for row in (_further(question, report), _onward(question)) if row]
    at = next((i for i in range(len(page.parts), 0, -1) if not isinstance(page.parts[i - 1], Footnote)), 0)
    return replace(page, parts=(*page.parts[:at], *rows, *page.parts[at:]))


def usual(question: Question) -> tuple[Part, ...]:
    """The panel's questions, its segments, and another day."""
    ask, language = question.ask, question.language
    names = (*FIGURES, "why", "help")
    day = ask.period.last if ask.period else question.as_of
    buttons = Buttons(tuple(_to(question, name, replace(_bare(ask), subcommand=name)) for name in names))
    segments = tuple(
        Button(
            language.say("onward.by", dimension=dimension_name(name, language)),
            written(replace(_bare(ask), subcommand="repeat", dimension=name), language.code),
        )
        for name in question.figures.vocabulary().offered
    )
    choices = Choices(
        (
            Menu(language.say("onward.segments"), segments),
            Calendar(language.say("onward.day"), min(day, question.as_of).isoformat()),
        )
    )
    return (buttons, choices)


def hand_outs(question: Question) -> list[Button]:
    """To the channel, and as files; pinned to the day that is shown."""
    ask, code = question.ask, question.language.code
    pin = "" if ask.as_of else _pinned(question)
    found = [
        Button(
            question.language.say(f"onward.{kind}"),
            written(replace(ask, handout=kind, page=ask.page if kind == "share" else 1), code),
            pin=pin,
            action=SHARE if kind == "share" else "kpi",
        )
        for kind in ("share", *FILES)
    ]
    # Single customers are for those who may see them, not for a channel.
    return [button for button in found if ask.subcommand != "list" or button.action != SHARE]


def _pinned(question: Question) -> str:
    return written(replace(_bare(question.ask), subcommand="panel", as_of=question.as_of), question.language.code)


def _bare(ask: Ask) -> Ask:
    """The question without anything but its noun."""
    return replace(
        ask, raw="", dimension=None, filters=(), period=None, topic=None, days=None, compare="", against=None,
        against_period=None, handout="", page=1, as_of=ask.as_of,
    )  # fmt: skip


def _to(question: Question, name: str, ask: Ask, *, primary: bool = False) -> Button:
    return Button(question.language.say(f"button.{name}"), written(ask, question.language.code), primary=primary)


def _further(question: Question, report: Report | None) -> list[Button]:
    """Deeper, against another time, why, and what it means."""
    ask = replace(question.ask, handout="", page=1)
    found = []
    if ask.subcommand == "list":
        found.append(_to(question, "dormant", replace(_bare(ask), subcommand="dormant")))
    if ask.subcommand == "dormant" and not ask.filters:
        found.append(_to(question, "list", replace(_bare(ask), subcommand="list"), primary=True))
    if report is not None:
        found.extend(_deeper(question, ask, report))
    if ask.subcommand == "why":
        found.extend(_why_otherwise(question, ask))
    found.extend(_compared(question, ask))
    if ask.subcommand in {"repeat", "segment"}:
        found.append(_why(question, ask))
    if ask.subcommand not in {"definition", "help", "panel", "list"}:
        topic = ask.subcommand if ask.subcommand in (*FIGURES, *BESIDE) else "repeat"
        found.append(_to(question, "definition", replace(_bare(ask), subcommand="definition", topic=topic)))
    return found[:5]


def _onward(question: Question) -> list[Button]:
    ask = replace(question.ask, handout="", page=1)
    others = [
        _to(question, name, replace(ask, subcommand=name, days=None, compare="", against=None, against_period=None))
        for name in FIGURES
        if ask.dimension and ask.subcommand in {*FIGURES, "segment"} and name != _figure(ask)
    ]
    return [*others, *(hand_outs(question) if not question.ask.handout else [])]


def _figure(ask: Ask) -> str:
    return "repeat" if ask.subcommand == "segment" else ask.subcommand


def _deeper(question: Question, ask: Ask, report: Report) -> Iterator[Button]:
    """The next dimension, within the worst label of this one where it can be told."""
    language = question.language
    used = {ask.dimension, *(name for name, _ in ask.filters), *({COHORT_MONTH} if ask.subcommand == "dormant" else ())}
    following = next((name for name in _in_order(question) if name not in used), None)
    if following is None:
        return
    label = _worst(question, ask, report)
    if ask.dimension and label is not None:
        deeper = replace(ask, dimension=following, filters=(*ask.filters, (ask.dimension, label)), compare="")
        text = language.say(
            "onward.within",
            label=label_name(ask.dimension, label, language),
            dimension=dimension_name(following, language),
        )
    else:
        deeper = replace(ask, dimension=following, compare="")
        text = language.say("button.by", dimension=dimension_name(following, language))
    deeper = replace(deeper, against=None, against_period=None)
    yield Button(text, written(deeper, language.code), primary=ask.subcommand != "dormant" or bool(ask.filters))


def _in_order(question: Question) -> tuple[str, ...]:
    """The main dimension first, then the others as the shop lists them."""
    return tuple(dict.fromkeys((question.main_dimension, *question.figures.vocabulary().offered)))


def _worst(question: Question, ask: Ask, report: Report) -> str | None:
    """The label to look into: one that can be typed."""
    if ask.dimension is None or ask.dimension in NO_FILTER or ask.compare:
        return None
    label = worst(report.segments[0], report, _figure(ask))
    known = {UNKNOWN_LABEL, *dict(question.figures.vocabulary().labels).get(ask.dimension, ()), *ENTRY_LABELS}
    return label if label in known and label != OTHER else None


def _compared(question: Question, ask: Ask) -> Iterator[Button]:
    """Against the period before, and against last week: the one that is not shown already."""
    if ask.subcommand not in {*FIGURES, "segment"} or ask.dimension in NO_FILTER:
        return
    for kind in ("before", "week"):
        if kind != ask.compare and (ask.compare or kind == "before"):
            compared = replace(ask, compare=kind, against=None, against_period=None)
            text = question.language.say("onward.compare" if not ask.compare else f"onward.compare_{kind}")
            yield Button(text, written(compared, question.language.code))


def _why_otherwise(question: Question, ask: Ask) -> Iterator[Button]:
    """The same change by the next dimension."""
    used = {ask.dimension or question.main_dimension, ENTRY, *NO_FILTER, *(name for name, _ in ask.filters)}
    for name in [name for name in _in_order(question) if name not in used][:2]:
        text = question.language.say("button.by", dimension=dimension_name(name, question.language))
        yield Button(text, written(replace(ask, dimension=name), question.language.code))


def _why(question: Question, ask: Ask) -> Button:
    dimension = ask.dimension if ask.dimension not in NO_FILTER else None
    return _to(question, "why", replace(ask, subcommand="why", dimension=dimension, days=None))


def paged(page: Page, question: Question, rows: int) -> Page:
    """The page with the rows asked for of its long tables, and a button for the next ones."""
    parts: list[Part] = []
    for part in page.parts:
        parts.extend(_cut(part, question, rows))
    return replace(page, parts=tuple(parts))


def _cut(part: Part, question: Question, rows: int) -> Iterator[Part]:
    if not isinstance(part, Table) or len(part.rows) <= rows:
        yield part
        return
    ask, language = question.ask, question.language
    first = (ask.page - 1) * rows
    shown = part.rows[first : first + rows]
    yield replace(part, rows=shown)
    last = first + len(shown)
    yield Paragraph(language.say("onward.rows", first=first + 1, last=last, total=len(part.rows)))
    if last < len(part.rows):
        text = language.say("onward.more", first=last + 1, last=min(last + rows, len(part.rows)))
        yield Buttons((Button(text, written(replace(ask, page=ask.page + 1), language.code)),))
