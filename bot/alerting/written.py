"""How does a rule become a form, and a filled form a rule?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from bot.deed import chosen
from bot.form import VALUE, Field, Form, Kind, Option, Press
from bot.present.label import dimension_name
from bot.settings.watching import AlertRule, is_share
from metrics.segment import ALL, COHORT_MONTH
from metrics.watch import WATCHED, NotWatched, able_dimensions

if TYPE_CHECKING:
    from bot.language import Language

SAVE, TRY, REMOVE = "rule-save", "rule-try", "rule-remove"
_WATCH, _SIDES, _JUDGES = ("threshold", "change", "freshness"), ("below", "above"), ("interval", "point")
_MESSAGES: Final = {
    "name": "bad_name", "figure": "bad_figure", "dimension": "bad_segment", "label": "bad_label", "of": "bad_of",
}  # fmt: skip
_BLOCKS: Final = {"watch": "watching", "dimension": "segment"}
"""Fields whose block is called otherwise."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent: the rule, or what is wrong by block."""

    rule: AlertRule | None
    wrong: Mapping[str, str]


def form(
    rule: AlertRule | None, dimensions: Sequence[str], channels: Sequence[str], language: Language, kept: str
) -> Form:
    """The form of a rule, or of a new one; `channels`: what stands there at first."""
    say = language.say
    now = rule or AlertRule(name="x", threshold=0.2, channels=tuple(channels))
    edits = (Press(say("alert_form.remove"), REMOVE, now.name, sure=_sure(language)),) if rule else ()
    return Form(
        SAVE,
        say("alert_form.title_edit" if rule else "alert_form.title_new"),
        say("alert_form.submit"),
        say("alert_form.close"),
        (
            Field("name", say("alert_form.name"), Kind.TEXT, (rule.name,) if rule else ()),
            _one("watching", now.watch, {each: say(f"alert_form.watch.{each}") for each in _WATCH}, language),
            _one("figure", now.figure, {name: say(f"watched.{name}") for name in WATCHED}, language),
            _one("segment", now.dimension, _segments(dimensions, language), language),
            Field("label", say("alert_form.label"), Kind.TEXT, (now.label or "",), optional=True),
            _one("side", now.side, {each: say(f"alert_form.sides.{each}") for each in _SIDES}, language),
            Field("threshold", say("alert_form.threshold"), Kind.NUMBER, (_written(now),), optional=True),
            _one("judge", now.judge, {each: say(f"alert_form.judges.{each}") for each in _JUDGES}, language),
            Field("bad", say("alert_form.bad"), Kind.NUMBER, (str(now.bad),)),
            Field("of", say("alert_form.of"), Kind.NUMBER, (str(now.of),)),
            Field("minimum", say("alert_form.minimum"), Kind.NUMBER, (_number(now.minimum),), optional=True),
            Field("channels", say("alert_form.channels"), Kind.CHANNELS, now.channels),
            Field("mention", say("alert_form.mention"), Kind.PEOPLE, _person(now.mention), optional=True),
        ),
        kept=kept,
        presses=(Press(say("alert_form.try"), TRY, "90"), *edits),
    )  # fmt: skip


def read(
    state: Mapping[str, Mapping[str, Any]], before: AlertRule | None, dimensions: Sequence[str], language: Language
) -> Filled:
    """The rule that a form describes; what the form does not show stays as it was `before`."""
    said = {block: chosen(found.get(VALUE, {})).strip() for block, found in state.items()}
    watch, figure = said.get("watching", "threshold"), said.get("figure", "repeat")
    values: dict[str, object] = {} if before is None else before.model_dump()
    wrong: dict[str, str] = {}
    values |= {
        "name": said.get("name", ""),
        "watch": watch,
        "figure": figure,
        "dimension": said.get("segment") or ALL,
        "label": said.get("label") or None,
        "side": said.get("side", "below"),
        "judge": said.get("judge", "interval"),
        "channels": tuple(part for part in said.get("channels", "").split(",") if part),
        "mention": said.get("mention", "").partition(",")[0] or _group(before),
        "back": None if before is None or said.get("threshold") != _written(before) else before.back,
    }
    share = is_share(watch, figure)
    values["threshold"] = _read_threshold(said.get("threshold", ""), wrong, language, share=share)
    for name in ("bad", "of", "minimum"):
        values[name] = _whole(name, said.get(name, ""), wrong, language)
    if watch == "change":
        values["threshold"] = None
    if not wrong:
        return _checked(values, dimensions, language)
    return Filled(None, wrong)


def _checked(values: dict[str, object], dimensions: Sequence[str], language: Language) -> Filled:
    try:
        rule = AlertRule.model_validate(values)
    except ValidationError as error:
        return Filled(None, dict(_said(str(one["loc"][0]), language) for one in error.errors(include_input=False)))
    try:
        able = able_dimensions(rule.name, rule.watch, rule.figure, dimensions)
    except NotWatched:
        return Filled(None, dict([_said("figure", language)]))
    return Filled(rule, {}) if rule.dimension in able else Filled(None, dict([_said("dimension", language)]))


def _said(field: str, language: Language) -> tuple[str, str]:
    message = _MESSAGES.get(field)
    text = language.say(f"alert_form.{message}") if message else language.say("alert_form.bad_number", example="20")
    return _BLOCKS.get(field, field), text


def _read_threshold(text: str, wrong: dict[str, str], language: Language, *, share: bool) -> float | None:
    """A share is written in percent."""
    if not text:
        return None
    value = _float(text)
    if value is None or (share and not 0 < value < 100):  # noqa: PLR2004  percent
        key = "alert_form.bad_share" if share else "alert_form.bad_number"
        wrong["threshold"] = language.say(key, example="60")
        return None
    return round(value / 100, 6) if share else value


def _whole(name: str, text: str, wrong: dict[str, str], language: Language) -> int | None:
    if not text and name == "minimum":
        return None
    if not re.fullmatch(r"[0-9]{1,6}(\.0+)?", text):
        wrong[name] = language.say("alert_form.bad_number", example="2")
        return None
    return int(float(text))


def _float(text: str) -> float | None:
    return float(text) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) else None


def _written(rule: AlertRule) -> str:
    if rule.threshold is None:
        return ""
    value = rule.threshold * 100 if is_share(rule.watch, rule.figure) else rule.threshold
    return f"{round(value, 4):g}"


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _person(mention: str) -> tuple[str, ...]:
    return (mention,) if mention[:1] in {"U", "W"} else ()


def _group(before: AlertRule | None) -> str:
    """A group can only be named in a file; a form keeps it."""
    return before.mention if before is not None and before.mention.startswith("S") else ""


def _segments(dimensions: Sequence[str], language: Language) -> dict[str, str]:
    names = (ALL, *(name for name in dimensions if name != COHORT_MONTH))
    return {name: dimension_name(name, language) for name in names}


def _one(name: str, value: str, options: Mapping[str, str], language: Language) -> Field:
    choices = tuple(Option(text, each) for each, text in options.items())
    return Field(name, language.say(f"alert_form.{name}"), Kind.ONE, (value,), choices)


def _sure(language: Language) -> tuple[str, str, str, str]:
    keys = ("remove", "sure", "yes", "no")
    title, text, yes, no = (language.say(f"alert_form.{key}") for key in keys)
    return title, text, yes, no
