"""Which commands set a shop up, and look after it?

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
    app.command("sync")(_sync(hands))
    app.command("fingerprint")(_fingerprint(hands))


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
        lang: Lang = None,
    ) -> None:
        """Begin: create the Slack app, check its tokens, write .env and shop.toml."""
        from bot.beginning import Asking, begin, introduction

        language = hands.language(lang)
        hands.tell(introduction(language))
        if manifest:
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


def _sync(hands: Hands) -> Callable[..., None]:
    def sync(
        names: Annotated[
            list[str] | None, typer.Argument(metavar="NAME...", help="Which sources; all without.")
        ] = None,
        *,
        accept_bad: Annotated[
            bool, typer.Option("--accept-bad", help="Take the good rows even if over 1% are bad.")
        ] = False,
        accept_deleted: Annotated[
            bool, typer.Option("--accept-deleted", help="Take orders as deleted however many are gone.")
        ] = False,
        lang: Lang = None,
    ) -> None:
        """Take in what is new in the shop's databases (the [[source]] tables with a url)."""
        from bot.commandline import synced

        language = hands.language(lang)
        settings, asked = hands.settings(), tuple(names or ())
        for line in synced(settings, asked, hands.now, language, accept_bad=accept_bad, accept_deleted=accept_deleted):
            hands.tell([line])

    return sync


def _fingerprint(hands: Hands) -> Callable[..., None]:
    def fingerprint(
        *,
        write: Annotated[
            Path | None, typer.Option(help="Write the text of which it is the SHA-256 to a new file.")
        ] = None,
        lang: Lang = None,
    ) -> None:
        """Tell whether two stores hold the same: one SHA-256 of all orders and the counts kept of them."""
        from bot.commandline import fingerprinted

        hands.tell(fingerprinted(hands.settings(), hands.now, hands.language(lang), write))

    return fingerprint


def _prompt(question: str, proposed: str, *, hidden: bool = False) -> str:
    """The answer; raises NobodyAnswers at the end of the input, KeyboardInterrupt where a key breaks it off."""
    default = None if hidden else proposed
    try:
        return str(typer.prompt(question, default=default, show_default=bool(default), hide_input=hidden))
    except typer.Abort as end:  # it hides which of the two it was
        if isinstance(end.__context__, EOFError):
            raise NobodyAnswers from None
        raise KeyboardInterrupt from None
