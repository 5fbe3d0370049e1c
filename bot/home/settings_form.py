"""How are the shop's settings filled in, and what is wrong with what was filled in?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from bot.choices.effective import changed
from bot.form import Field, Form, Kind, Option
from bot.home.words import language_name
from bot.settings import Settings
from metrics.problem import Problem

if TYPE_CHECKING:
    from bot.language import Language

SETTINGS_FORM: Final = "home:settings"
FIELDS: Final[Mapping[str, str]] = {
    "target": "target",
    "threshold": "alert.threshold",
    "language": "language",
    "holidays": "digest.company_holidays",
    "channels": "slack.allowed_channels",
    "people": "slack.allowed_users",
}
"""Field -> setting."""


def settings_form(settings: Settings, language: Language, kept: str) -> Form:
    """The settings as they are now."""
    say, alert = language.say, settings.alert.threshold
    languages = tuple(Option(language_name(code, language), code) for code in ("ja", "en"))
    holidays = ", ".join(day.isoformat() for day in settings.digest.company_holidays)
    fields = (
        Field("target", say("form.target"), Kind.NUMBER, (_percent(settings.target),), hint=say("form.target_hint")),
        Field(
            "threshold",
            say("form.threshold"),
            Kind.NUMBER,
            () if alert is None else (_percent(alert),),
            hint=say("form.threshold_hint"),
            optional=True,
        ),
        Field("language", say("form.shop_language"), Kind.ONE, (settings.language,), languages),
        Field(
            "holidays",
            say("form.holidays"),
            Kind.TEXT,
            (holidays,),
            hint=say("form.holidays_hint"),
            optional=True,
        ),
        Field(
            "channels",
            say("form.allowed_channels"),
            Kind.CHANNELS,
            settings.slack.allowed_channels,
            hint=say("form.allowed_channels_hint"),
            optional=True,
        ),
        Field(
            "people",
            say("form.allowed_people"),
            Kind.PEOPLE,
            settings.slack.allowed_users,
            hint=say("form.allowed_people_hint"),
            optional=True,
        ),
    )
    return Form(SETTINGS_FORM, say("form.settings"), say("form.save"), say("form.cancel"), fields, kept=kept)


def values_of(said: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Setting -> value as filled in, in plain JSON; raises ValueError where a number or day is none."""
    return {setting: _value(field, said, lists) for field, setting in FIELDS.items()}


def wrong(
    settings: Settings, said: Mapping[str, str], lists: Mapping[str, Sequence[str]], language: Language
) -> dict[str, str]:
    """Field -> what to put right: the same rules as for shop.toml."""
    found = {}
    for field, setting in FIELDS.items():
        try:
            changed(settings, setting, _value(field, said, lists))
        except (ValueError, ValidationError, Problem):
            found[field] = language.say(f"form.wrong.{field}")
    return found


def plain(settings: Settings, name: str) -> object:
    """A setting's value in plain JSON, as it is kept and written down."""
    section, _, field = name.rpartition(".")
    value = getattr(getattr(settings, section) if section else settings, field)
    if isinstance(value, tuple):
        return [item.isoformat() if isinstance(item, date) else str(item) for item in value]
    return value


def _value(field: str, said: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> object:
    text = said.get(field, "").strip()
    match field:
        case "target":
            return _share(text)
        case "threshold":
            return _share(text) if text else None
        case "holidays":
            parts = re.split(r"[\s,、]+", unicodedata.normalize("NFKC", text))
            return [date.fromisoformat(part.replace("/", "-")).isoformat() for part in parts if part]
        case "channels" | "people":
            return list(lists.get(field, ()))
        case _:
            return text


def _share(percent: str) -> float:
    return round(float(percent) / 100, 6)


def _percent(share: float) -> str:
    return f"{100 * share:.4f}".rstrip("0").rstrip(".")
