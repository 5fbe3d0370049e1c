"""How is a digest filled in, and what is wrong with what was filled in?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time
from typing import TYPE_CHECKING, Final

from bot.choices.chosen import BUSINESS, EVERY, Filters, Plan
from bot.form import Field, Form, Kind, Option, unreferring
from bot.home.words import filters_of, language_name
from bot.present.label import dimension_name
from bot.settings import MAIN_DIGEST, WEEKDAYS
from metrics.day import UnknownZone, zone
from metrics.segment import PURCHASE_COUNT

if TYPE_CHECKING:
    from bot.language import Language

DIGEST_FORM: Final = "home:digest"
WEEKLY: Final = "weekly"
USUAL: Final = "usual"
"""No choice of its own: the channel's language, the shop's segment. Slack takes no empty value."""
ZONES: Final = (
    "Asia/Tokyo", "Asia/Seoul", "Asia/Shanghai", "Asia/Taipei", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Bangkok",
    "Asia/Kolkata", "Australia/Sydney", "Europe/London", "Europe/Paris", "Europe/Berlin", "America/New_York",
    "America/Chicago", "America/Los_Angeles", "UTC",
)  # fmt: skip
_TITLE_LENGTH: Final = 60
_SEGMENTS: Final = 85


@dataclass(frozen=True, slots=True)
class Known:
    """What may be chosen: the shop's zone and the reader's, dimensions, and each segment by size."""

    zone: str
    dimensions: tuple[str, ...]
    labels: tuple[tuple[str, tuple[str, ...]], ...]
    own_zone: str = ""


def digest_form(plan: Plan, known: Known, language: Language, kept: str) -> Form:
    """The form of one digest, as it is now."""
    own, main = bool(plan.owner), plan.name == MAIN_DIGEST
    say = language.say
    fields = (
        *(() if main else (Field("title", say("form.title"), Kind.TEXT, (plan.title,), hint=say("form.title_hint")),)),
        *(() if own else (Field("channels", say("form.channels"), Kind.CHANNELS, plan.channels),)),
        Field("at", say("form.at"), Kind.TIME, (f"{plan.at:%H:%M}",)),
        Field("zone", say("form.zone"), Kind.ONE, (_zone(plan, known),), _zones(plan, known)),
        *_days(plan, language),
        Field(
            "segments",
            say("form.segments"),
            Kind.SOME,
            tuple(_value(name, label) for name, label in plan.filters),
            _segments(plan, known, language),
            hint=say("form.segments_hint"),
            optional=True,
        ),
        Field("dimension", say("form.dimension"), Kind.ONE, (plan.dimension or USUAL,), _dimensions(known, language)),
        Field("language", say("form.language"), Kind.ONE, (plan.language or USUAL,), _languages(own, language)),
    )
    word = "own" if own else "edit" if kept else "new"
    return Form(DIGEST_FORM, say(f"form.digest_{word}"), say("form.save"), say("form.cancel"), fields, kept=kept)


def _days(plan: Plan, language: Language) -> tuple[Field, Field]:
    say, weekly = language.say, plan.days not in (BUSINESS, EVERY)
    several = tuple(Option(say(f"form.days.{days}"), days) for days in (*BUSINESS, *EVERY, WEEKLY))
    each = tuple(Option(say(f"home.days.{day}"), day) for day in WEEKDAYS)
    return (
        Field("days", say("form.days.label"), Kind.ONE, (WEEKLY if weekly else plan.days[0],), several),
        Field(
            "weekdays",
            say("form.weekdays"),
            Kind.TICKS,
            plan.days if weekly else (),
            each,
            hint=say("form.weekdays_hint"),
            optional=True,
        ),
    )


def _zone(plan: Plan, known: Known) -> str:
    """The digest's zone; a new one of one's own is where its owner is."""
    here = known.own_zone if plan.owner and not plan.name else ""
    return plan.zone or here or known.zone


def _zones(plan: Plan, known: Known) -> tuple[Option, ...]:
    names = dict.fromkeys(name for name in (known.zone, plan.zone, known.own_zone, *ZONES) if name)
    return tuple(Option(name, name) for name in names)


def _segments(plan: Plan, known: Known, language: Language) -> tuple[Option, ...]:
    """Those chosen, then the greatest of each dimension in turn, so that none crowds the others out."""
    each = [(name, labels) for name, labels in known.labels if name != PURCHASE_COUNT]
    longest = max((len(labels) for _, labels in each), default=0)
    in_turn = ((name, labels[i]) for i in range(longest) for name, labels in each if i < len(labels))
    shown = list(dict.fromkeys((*plan.filters, *in_turn)))[:_SEGMENTS]
    return tuple(
        Option(said, _value(*one)) for one, said in zip(shown, filters_of(tuple(shown), language), strict=True)
    )


def _dimensions(known: Known, language: Language) -> tuple[Option, ...]:
    named = (Option(dimension_name(name, language), name) for name in known.dimensions)
    return (Option(language.say("form.usual_dimension"), USUAL), *named)


def _languages(own: bool, language: Language) -> tuple[Option, ...]:  # noqa: FBT001  whose digest it is
    usual = language.say("form.usual_own" if own else "form.usual_language")
    return (Option(usual, USUAL), *(Option(language_name(code, language), code) for code in ("ja", "en")))


def _value(name: str, label: str) -> str:
    return f"{name}={label}"


# --- what was filled in --------------------------------------------------------------------


def read(plan: Plan, said: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> Plan:
    """The digest as filled in; only for what `wrong` found right. `lists`: what was chosen of several."""
    days = (said["days"],) if said["days"] != WEEKLY else tuple(day for day in WEEKDAYS if day in lists["weekdays"])
    return replace(
        plan,
        title=plan.title if plan.name == MAIN_DIGEST else unreferring(said["title"]).strip()[:_TITLE_LENGTH],
        channels=plan.channels if plan.owner else tuple(lists["channels"]),
        at=time.fromisoformat(said["at"]),
        zone=said["zone"],
        days=days,
        filters=_filters(lists["segments"]),
        dimension=_unusual(said["dimension"]),
        language=_unusual(said["language"]),
    )


def wrong(
    plan: Plan, said: Mapping[str, str], lists: Mapping[str, Sequence[str]], known: Known, language: Language
) -> dict[str, str]:
    """Field -> what to put right."""
    found = {
        "title": plan.name != MAIN_DIGEST and not said.get("title", "").strip() and "form.wrong.title",
        "channels": not plan.owner and not lists.get("channels") and "form.wrong.channels",
        "at": not _is_time(said.get("at", "")) and "form.wrong.at",
        "zone": not _is_zone(said.get("zone", "")) and "form.wrong.zone",
        "weekdays": said.get("days") == WEEKLY and not lists.get("weekdays") and "form.wrong.weekdays",
        "segments": _wrong_segments(lists.get("segments", ()), known),
        "dimension": _unusual(said.get("dimension", "")) not in {"", *known.dimensions} and "form.wrong.dimension",
    }
    return {name: language.say(key) for name, key in found.items() if key}


def _wrong_segments(values: Sequence[str], known: Known) -> str:
    """Two labels of one dimension hold for nobody; a dimension may have gone since the form was opened."""
    names = [value.partition("=")[0] for value in values]
    if any(name not in known.dimensions for name in names):
        return "form.wrong.dimension"
    return "form.wrong.segments" if len(set(names)) < len(names) else ""


def _filters(values: Sequence[str]) -> Filters:
    parts = (value.partition("=") for value in values)
    return tuple((name, label) for name, _, label in parts)


def _unusual(value: str) -> str:
    return "" if value == USUAL else value


def _is_time(text: str) -> bool:
    try:
        time.fromisoformat(text)
    except ValueError:
        return False
    return ":" in text


def _is_zone(name: str) -> bool:
    try:
        zone(name)
    except UnknownZone:
        return False
    return True
