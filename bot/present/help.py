"""What can be asked, and how is it typed?

The names of the subcommands come from their register; the words stand under
`help.<name>` in the language files, so a forgotten one is a missing sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.language import Language
from bot.page import Button, Buttons, Cell, Footnote, Heading, Page, Paragraph, Table
from bot.present.label import dimension_name

SHOWN = ("repeat", "gap", "dormant")


def usage(
    subcommands: Sequence[str], dimensions: Sequence[str], language: Language, *, topic: str | None = None
) -> Page:
    """Every subcommand with an example; `topic`: only that one."""
    if topic in subcommands:
        return _of_one(str(topic), language)
    said = language.say("help.headline")
    rows = tuple((Cell(_typed(name, language)), Cell(language.say(f"help.{name}.what"))) for name in subcommands)
    table = Table(
        language.say("help.caption"), (language.say("help.ask"), language.say("help.answer")), rows, page_size=10
    )
    names = [dimension_name(dimension, language) for dimension in dimensions]
    return Page(
        said,
        (
            Heading(said),
            Paragraph(language.say("help.intro")),
            table,
            Buttons(tuple(_button(name, language) for name in SHOWN if name in subcommands)),
            Footnote(
                (
                    language.say("help.segments", dimensions=names),
                    language.say("help.periods"),
                    language.say("help.more"),
                    language.say("help.language.note"),
                )
            ),
        ),
        language=language.code,
    )


def _of_one(name: str, language: Language) -> Page:
    example = language.say(f"help.{name}.example")
    said = language.say("help.topic_headline", example=example, what=language.say(f"help.{name}.what"))
    run = Button(_typed(name, language), example)
    return Page(
        said, (Heading(said), Buttons((run,)), Footnote((language.say("help.periods"),))), language=language.code
    )


def _typed(name: str, language: Language) -> str:
    return f"/kpi {language.say(f'help.{name}.example')}".strip()


def _button(name: str, language: Language) -> Button:
    return Button(language.say(f"button.{name}"), language.say(f"command.{name}"))
