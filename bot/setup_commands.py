"""Which commands set a shop up, and say whether all is well with it?

They are hung on the command line by `bot.__main__`, which hands in what commands share.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from bot.hands import Hands, Lang
from metrics.problem import Problem

FAILED = 1


class NobodyAnswers(Problem):
    """A question was asked where no terminal is."""

    key = "nobody_answers"


def register(app: typer.Typer, hands: Hands) -> None:
    """Hang the commands on the command line."""
    app.command("map")(_map(hands))
    app.command("init")(_init(hands))
    app.command("doctor")(_doctor(hands))


def _map(hands: Hands) -> Callable[..., None]:
    def map_columns(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="An export that no preset knows.")],
        name: Annotated[str, typer.Option(help="A name for this source.")] = "shop",
        *,
        yes: Annotated[bool, typer.Option("--yes", help="Take every proposal without asking.")] = False,
        lang: Lang = None,
    ) -> None:
        """Ask which column of a file is what, and write it into shop.toml."""
        from bot.commandline import write_mapping
        from bot.wizard import unasked

        ask = unasked if yes else _prompt
        hands.tell(write_mapping(file, name, hands.settings(), ask, hands.language(lang), dict(os.environ)))

    return map_columns


def _init(hands: Hands) -> Callable[..., None]:
    def init(
        *,
        manifest: Annotated[bool, typer.Option("--manifest", help="Print the manifest and the link only.")] = False,
        url: Annotated[
            str,
            typer.Option(metavar="https://…", help="The same for HTTP mode: the address where Slack reaches the bot."),
        ] = "",
        lang: Lang = None,
    ) -> None:
        """Begin: create the Slack app, check its tokens, write .env and shop.toml."""
        from bot.beginning import Asking, begin, introduction

        language = hands.language(lang)
        hands.tell(introduction(language, url))
        if manifest or url:
            return
        asking = Asking(_prompt, lambda question: _prompt(question, "", hidden=True), lambda line: hands.tell([line]))
        hands.tell(begin(asking, hands.settings().slack.base_url, language, dict(os.environ)))

    return init


def _doctor(hands: Hands) -> Callable[..., None]:
    def doctor(
        *,
        json: Annotated[bool, typer.Option("--json", help="The findings as JSON.")] = False,
        lang: Lang = None,
    ) -> None:
        """Look at everything, and say what is wrong and what mends it. Exit code 1 where anything is broken."""
        from bot.commandline import checkup

        lines, ill = checkup(hands.settings, hands.now, hands.language(lang), json=json)
        hands.tell(lines)
        if ill:
            raise typer.Exit(FAILED)

    return doctor


def _prompt(question: str, proposed: str, *, hidden: bool = False) -> str:
    """The answer; raises NobodyAnswers at the end of the input, KeyboardInterrupt where a key breaks it off."""
    default = None if hidden else proposed
    try:
        return str(typer.prompt(question, default=default, show_default=bool(default), hide_input=hidden))
    except typer.Abort as end:  # it hides which of the two it was
        if isinstance(end.__context__, EOFError):
            raise NobodyAnswers from None
        raise KeyboardInterrupt from None
