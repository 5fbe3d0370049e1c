"""How is a reader told what went wrong, and what to do next?"""

from __future__ import annotations

from collections.abc import Sequence

from bot.language import Language
from bot.page import Button, Buttons, Footnote, Heading, Page, Paragraph, Part
from bot.present.label import dimension_name
from metrics.problem import Problem
from metrics.segment import UnknownDimension

USUAL = ("repeat", "gap", "dormant", "why", "help")


def sentence(found: Problem, language: Language) -> str:
    """The problem in one sentence; one without words of its own is named by its key."""
    key = f"problem.{found.key}"
    if language.has(key):
        return language.say(key, **_named(found, language)) + _nearest(found, language)
    return language.say("problem.unknown", key=found.key)


def _nearest(found: Problem, language: Language) -> str:
    """What may have been meant, where the problem knows it."""
    near = found.values.get("nearest")
    if not isinstance(near, tuple) or not near:
        return ""
    return language.say("custom.space") + language.say("problem.nearest", nearest=near)


def _named(found: Problem, language: Language) -> dict[str, object]:
    """The problem's values, dimensions by the names that readers use."""
    known = found.values.get("known")
    if not isinstance(found, UnknownDimension) or not isinstance(known, (tuple, list)):
        return found.values
    return {**found.values, "known": [dimension_name(str(name), language) for name in known]}


def problem(found: Problem, language: Language, *, nearest: Sequence[str] = (), asked: str = "") -> Page:
    """What can be put right; `nearest`: /kpi commands that may have been meant."""
    said = sentence(found, language)
    return Page(
        language.say("problem.headline", sentence=said),
        (Paragraph(said, strong=True), *_meant(nearest, language), *_asked(asked, language)),
        language=language.code,
    )


def unknown_word(words: Sequence[str], nearest: Sequence[str], language: Language, *, asked: str = "") -> Page:
    """Words of a question that were not understood, with the nearest commands; with the usual ones without any."""
    said = language.say("problem.unknown_word", word=words)
    found = _meant(nearest, language) or _usual(language)
    return Page(said, (Paragraph(said, strong=True), *found, *_asked(asked, language)), language=language.code)


def bug(number: str, language: Language, *, asked: str = "") -> Page:
    """Anything that is not a Problem: a fault of ours, with the number to find it by."""
    said = language.say("problem.bug_headline", id=number)
    body = Paragraph(language.say("problem.bug", id=number))
    return Page(said, (Heading(said), body, *_asked(asked, language)), language=language.code)


def _meant(nearest: Sequence[str], language: Language) -> tuple[Part, ...]:
    if not nearest:
        return ()
    buttons = tuple(Button(f"/kpi {command}", command, primary=i == 0) for i, command in enumerate(nearest))
    return (Paragraph(language.say("problem.did_you_mean")), Buttons(buttons))


def _usual(language: Language) -> tuple[Part, ...]:
    buttons = (Button(language.say(f"button.{name}"), language.say(f"command.{name}")) for name in USUAL)
    return (Paragraph(language.say("problem.usual")), Buttons(tuple(buttons)))


def _asked(asked: str, language: Language) -> tuple[Footnote, ...]:
    return (Footnote((language.say("problem.raw", raw=asked),)),) if asked else ()
