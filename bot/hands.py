"""What do the commands of the command line share?

`bot.__main__` fills it in; the modules with further commands are handed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from bot.choices.effective import Effective
    from bot.desk import Desk
    from bot.language import Language
    from bot.page import Page
    from bot.settings import Settings


class Code(StrEnum):
    """The languages."""

    JA = "ja"
    EN = "en"


Lang = Annotated[Code | None, typer.Option(help="The language; otherwise the setting `language`.")]


def named_language(environ: Mapping[str, str], folder: Path) -> str | None:
    """The setting `language`, wherever it is set; None where it is not."""
    from bot.settings.layers import languages_of  # noqa: PLC0415  --help waits for nothing

    return next((named for named in languages_of(environ, folder) if named in list(Code)), None)


def spoken(environ: Mapping[str, str], folder: Path) -> str:
    """The language of what a command says: the setting, else that of the terminal."""
    if named := named_language(environ, folder):
        return named
    locale = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return Code.JA if locale.lower().startswith("ja") else Code.EN


class Loading(Protocol):
    """Reads the settings; `changes` outdo what the shop has set."""

    def __call__(self, **changes: object) -> Settings:
        """The settings; raises a Problem."""
        ...


class Telling(Protocol):
    """Prints lines."""

    def __call__(self, lines: Iterable[str], *, error: bool = False) -> None:
        """Print them; `error`: where complaints go."""
        ...


@dataclass(frozen=True, slots=True)
class Hands:
    """The settings, the clock, the language of --lang, how to print, the desk, how to show a page.

    `in_force`: what holds with what was chosen in Slack, in the language of --lang.
    """

    settings: Loading
    now: Callable[[], datetime]
    language: Callable[[str | None], Language]
    tell: Telling
    desk: Callable[[Settings], Desk]
    show: Callable[[Page], None]
    in_force: Callable[[str | None], Effective]
