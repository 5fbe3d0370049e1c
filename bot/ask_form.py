"""What does the form hold that asks for a figure, and which question does it ask?

The same choices as the words: figure, split, one label, period, comparison; and where the
answer is to be seen. What is submitted becomes the text that one would have typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from bot.blockkit.limits import OPTIONS
from bot.deed import chosen
from bot.form import VALUE, Field, Form, Kind, Option
from bot.grammar.words import COMPARE_WORDS, NOUNS
from bot.grammar.writing import dimension_word, filter_word
from bot.present.label import dimension_name, label_name
from metrics.segment import COHORT_MONTH, PURCHASE_COUNT

if TYPE_CHECKING:
    from bot.grammar import Vocabulary
    from bot.language import Language

ASK_FORM: Final = "ask_form"
FIGURES: Final = ("repeat", "gap", "dormant", "why")
PERIODS: Final[Mapping[str, tuple[str, str]]] = {
    "yesterday": ("昨日", "yesterday"),
    "last_week": ("先週", "last week"),
    "this_month": ("今月", "this month"),
    "last_month": ("先月", "last month"),
    "last_90": ("直近90日", "last 90 days"),
    "half_year": ("半年", "half a year"),
}
_NO_FILTER: Final = frozenset({PURCHASE_COUNT, COHORT_MONTH})
_GROUPS: Final = 5


def ask_form(vocabulary: Vocabulary, language: Language) -> Form:
    """The form; without labels where the reader may see none."""
    code = language.code
    figures = (Option(language.say(f"button.{name}"), _word(NOUNS[name], code)) for name in FIGURES)
    dimensions = (
        Option(language.say("button.by", dimension=dimension_name(name, language)), _by(name, code))
        for name in vocabulary.offered
    )
    periods = (Option(language.say(f"ask_form.{name}"), said[code != "ja"]) for name, said in PERIODS.items())
    comparisons = (
        Option(language.say(f"onward.compare_{kind}"), _word(COMPARE_WORDS["any" if kind == "before" else kind], code))
        for kind in ("before", "week")
    )
    labels = tuple(_labels(vocabulary, language))
    first, *others = figures
    say = language.say
    return Form(
        ASK_FORM,
        say("ask_form.title"),
        say("ask_form.submit"),
        say("ask_form.close"),
        (
            Field("figure", say("ask_form.figure"), Kind.ONE, (first.value,), (first, *others)),
            Field("dimension", say("ask_form.dimension"), Kind.ONE, options=tuple(dimensions), optional=True),
            *((Field("label", say("ask_form.label"), Kind.ONE, options=labels, optional=True),) if labels else ()),
            Field("period", say("ask_form.period"), Kind.ONE, options=tuple(periods), optional=True),
            Field("compare", say("ask_form.compare"), Kind.ONE, options=tuple(comparisons), optional=True),
            Field("where", say("ask_form.where"), Kind.PLACE, hint=say("ask_form.where_hint"), optional=True),
        ),
    )


def question_of(state: Mapping[str, Mapping[str, Any]], language: Language) -> tuple[str, str]:
    """The question as text, and the conversation to answer in ("" for a direct message)."""
    said = {name: chosen(fields.get(VALUE) or {}) for name, fields in state.items()}
    text = " ".join(filter(None, (said.get(name) for name in ("figure", "dimension", "label", "period", "compare"))))
    return text or _word(NOUNS["panel"], language.code), said.get("where", "")


def _word(words: Iterable[str], code: str) -> str:
    return next(word for word in words if word.isascii() == (code != "ja"))


def _by(dimension: str, code: str) -> str:
    name = dimension_word(dimension, code)
    return f"{name}別" if code == "ja" else f"by {name}"


def _labels(vocabulary: Vocabulary, language: Language) -> Iterator[Option]:
    """The labels of each dimension, the most frequent ones of each."""
    known = [(name, labels) for name, labels in vocabulary.labels if labels and name not in _NO_FILTER][:_GROUPS]
    most = OPTIONS // max(1, len(known))
    for name, labels in known:
        group = dimension_name(name, language)
        for label in labels[:most]:
            yield Option(label_name(name, label, language), filter_word(name, label, language.code), group)
