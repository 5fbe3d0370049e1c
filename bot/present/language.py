"""In which language is this person answered, and how is that changed?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Button, Buttons, Heading, Page, Paragraph

LANGUAGES = ("ja", "en")


def language_page(language: Language, *, chosen: bool) -> Page:
    """The language of answers, and a button for the other one, in its own words. `chosen`: just now."""
    said = language.say("home.language.chosen" if chosen else "home.language.yours")
    others = (Language.of(code) for code in LANGUAGES if code != language.code)
    buttons = tuple(Button(other.say(f"home.language.{other.code}"), other.say("command.language")) for other in others)
    return Page(
        said,
        (Heading(said), Paragraph(language.say("home.language.how")), Buttons(buttons)),
        language=language.code,
    )
