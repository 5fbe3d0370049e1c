"""What can be asked of Asakai on the command line?

The only wiring: what the commands share is put together here, and they are hung up by what they are for. Heavy
modules are imported inside the commands, so that help is there at once.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import figure_commands, order_commands, setup_commands, trial_commands
from bot.ending import FAILED, Ending
from bot.hands import Hands, Lang, spoken
from metrics.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.choices.effective import Effective
    from bot.desk import Desk
    from bot.language import Language
    from bot.page import Page
    from bot.settings import Settings

app = typer.Typer(
    name="asakai",
    help="The morning figures of a mail-order shop, in Slack and here.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
docs_app = typer.Typer(help="The manuals of the settings and of /kpi.", no_args_is_help=True)


@app.callback()
def every(
    debug: Annotated[bool, typer.Option("--debug", help="Show the details of an unexpected error.")] = False,  # noqa: FBT002
) -> None:
    """The morning figures of a mail-order shop, in Slack and here."""


@app.command()
def run(lang: Lang = None) -> None:
    """Run the bot: answer /kpi and post each morning's digest."""
    settings = _settings(language=lang)
    from bot.delivery.clock import utc_now
    from bot.running import serve
    from bot.stop import leave

    if not serve(settings, _desk(settings), utc_now):
        leave(FAILED)  # a thread hangs; the ledger makes it safe to cut it off


@docs_app.command("settings")
def docs_settings() -> None:
    """Print the manual of the settings (docs/settings.md)."""
    from bot.settings.manual import manual

    _print([manual().rstrip("\n")])


@docs_app.command("commands")
def docs_commands() -> None:
    """Print the manual of /kpi (docs/commands.md)."""
    from bot.commands import manual

    _print([manual().rstrip("\n")])


# --- what the commands share --------------------------------------------------------


def _now() -> datetime:
    return datetime.now(UTC)


def _settings(**changes: object) -> Settings:
    from bot.settings.layers import load

    return load(os.environ, Path(), **changes)


def _in_force(lang: str | None) -> Effective:
    """What holds in Slack; what the files say, and a word of it, while the state cannot be read."""
    settings = _settings(language=lang)
    from bot.choices.on_host import by_files, in_force

    try:
        found = in_force(settings)
    except Problem as problem:
        _print([_language(settings.language).say("cli.files_only", why=problem.key)], error=True)
        found = by_files(settings)
    return replace(found, settings=found.settings.model_copy(update={"language": str(lang)})) if lang else found


def _desk(settings: Settings) -> Desk:
    from bot.desk import desk
    from bot.shelves import shelf

    return desk(settings, shelf(settings, _now), _now)


def _language(lang: str | None) -> Language:
    from bot.language import Language

    return Language.of(lang or spoken(os.environ, Path()))


def _show(page: Page) -> None:
    from bot.terminal import show

    show(page)


def _print(lines: Iterable[str], *, error: bool = False) -> None:
    for line in lines:
        typer.echo(line, err=error)


# looked up when they are called: a test sets the clock
_hands = Hands(lambda **changes: _settings(**changes), lambda: _now(), _language, _print, _desk, _show, _in_force)  # noqa: PLW0108
setup_commands.register(app, _hands)
order_commands.register(app, _hands)
figure_commands.register(app, _hands)
trial_commands.register(app, _hands)
app.add_typer(docs_app, name="docs")


def called(arguments: Sequence[str]) -> int:
    """Run the command line; gives its exit code."""
    return Ending(app, _language, _print).called(arguments)


def main() -> None:
    """Run one command line and end with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where it is closed
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"  # cron's locale: the words would not pass
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")
    sys.exit(called(sys.argv[1:]))


if __name__ == "__main__":
    main()
