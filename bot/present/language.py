"""In which language is this person answered, and how is that changed?"""

from __future__ import annotations

from bot.language import Language
from bot.page import Button, Buttons, Heading, Page, Paragraph

LANGUAGES = ("ja", "en")


def language_page(said: str, language: Language) -> Page:
    """What holds or was just chosen, how to change it, and a button for the other language in its own words."""
    others = (Language.of(code) for code in LANGUAGES if code != language.code)
    buttons = tuple(Button(other.say(f"home.language.{other.code}"), other.say("command.language")) for other in others)
    return Page(
        said,
        (Heading(said), Paragraph(language.say("home.language.how")), Buttons(buttons)),
        language=language.code,
    )
