"""What does the form hold that asks for a figure, and which question does it ask?

The same choices as the words: figure, split, one label, period, comparison; and where the
answer is to be seen. What is submitted becomes the text that one would have typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from bot.blockkit.limits import BUTTON_TEXT, OPTION_VALUE, OPTIONS, Block, fit, line, plain_text
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
_CHOICE: Final = "choice"
_GROUPS: Final = 5
_TITLE: Final = 24


def ask_form(vocabulary: Vocabulary, language: Language) -> Block:
    """The modal."""
    code = language.code
    figures = ((language.say(f"button.{name}"), _word(NOUNS[name], code)) for name in FIGURES)
    dimensions = (
        (language.say("button.by", dimension=dimension_name(name, language)), _by(name, code))
        for name in vocabulary.offered
    )
    periods = ((language.say(f"ask_form.{name}"), said[code != "ja"]) for name, said in PERIODS.items())
    comparisons = (
        (language.say(f"onward.compare_{kind}"), _word(COMPARE_WORDS["any" if kind == "before" else kind], code))
        for kind in ("before", "week")
    )
    labels = _labels(vocabulary, language)
    return {
        "type": "modal",
        "callback_id": ASK_FORM,
        "title": plain_text(fit(language.say("ask_form.title"), _TITLE, line)),
        "submit": plain_text(fit(language.say("ask_form.submit"), _TITLE, line)),
        "close": plain_text(fit(language.say("ask_form.close"), _TITLE, line)),
        "blocks": [
            _select("figure", figures, language, first=True),
            _select("dimension", dimensions, language),
            *([_input("label", labels, language)] if labels else []),
            _select("period", periods, language),
            _select("compare", comparisons, language),
            {
                **_input("where", {"type": "conversations_select", "default_to_current_conversation": True}, language),
                "hint": plain_text(language.say("ask_form.where_hint")),
            },
        ],
    }


def question_of(state: Mapping[str, Mapping[str, Any]], language: Language) -> tuple[str, str]:
    """The question as text, and the conversation to answer in ("" for a direct message)."""
    chosen = {name: fields.get(_CHOICE) or {} for name, fields in state.items()}
    words = (
        (chosen.get(name, {}).get("selected_option") or {}).get("value", "")
        for name in ("figure", "dimension", "label", "period", "compare")
    )
    text = " ".join(word for word in words if word)
    return text or _word(NOUNS["panel"], language.code), str(chosen.get("where", {}).get("selected_conversation") or "")


def _word(words: Iterable[str], code: str) -> str:
    return next(word for word in words if word.isascii() == (code != "ja"))


def _by(dimension: str, code: str) -> str:
    name = dimension_word(dimension, code)
    return f"{name}別" if code == "ja" else f"by {name}"


def _select(name: str, options: Iterable[tuple[str, str]], language: Language, *, first: bool = False) -> Block:
    said = [_option(text, value) for text, value in options if len(value) <= OPTION_VALUE][:OPTIONS]
    element: Block = {"type": "static_select", "options": said}
    if first:
        element["initial_option"] = said[0]
    return {**_input(name, element, language), "optional": not first}


def _input(name: str, element: Block, language: Language) -> Block:
    return {
        "type": "input",
        "block_id": name,
        "optional": True,
        "label": plain_text(language.say(f"ask_form.{name}")),
        "element": {**element, "action_id": _CHOICE},
    }


def _option(text: str, value: str) -> Block:
    return {"text": plain_text(fit(text, BUTTON_TEXT, line)), "value": value}


def _labels(vocabulary: Vocabulary, language: Language) -> Block:
    """The labels of each dimension, the most frequent ones; {} where none is known."""
    known = [(name, labels) for name, labels in vocabulary.labels if labels and name not in _NO_FILTER][:_GROUPS]
    most = OPTIONS // max(1, len(known))
    groups = []
    for name, labels in known:
        written = ((label_name(name, label, language), filter_word(name, label, language.code)) for label in labels)
        options = [_option(text, value) for text, value in written if len(value) <= OPTION_VALUE][:most]
        if options:
            heading = plain_text(fit(dimension_name(name, language), BUTTON_TEXT, line))
            groups.append({"label": heading, "options": options})
    return {"type": "static_select", "option_groups": groups} if groups else {}
