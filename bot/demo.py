"""What would a morning look like, without any orders of one's own?

A sample shop is built in a folder, imported like any other, and its digest shown.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from bot.console import bar
from bot.desk import Desk, desk
from bot.importing import Wanted, import_files
from bot.settings.layers import SHOP_FILE, SHOP_VARIABLE, load
from metrics.day import last_complete, zone
from metrics.problem import Problem
from metrics.sources.sample import sample_shop
from metrics.warehouse.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from bot.language import Language

MARK: Final = "# asakai demo"
"""The first line of a sample shop's settings: a folder without it is not ours to write into."""


class DemoFolderTaken(Problem):
    """The folder for the sample shop holds something else."""

    key = "demo_folder_taken"


def demo_desk(folder: Path, now: Callable[[], datetime], language: Language) -> Desk:
    """Build the sample shop as of this morning in the folder, and open its desk."""
    _make_room(folder)
    store = folder / "asakai.duckdb"
    text = f'{MARK}\nshop = "{language.say("cli.shop")}"\nlanguage = "{language.code}"\nstore = "{store.as_posix()}"\n'
    (folder / SHOP_FILE).write_text(text, encoding="utf-8")
    settings = load({SHOP_VARIABLE: SHOP_FILE}, folder)
    with bar(language) as progress:
        progress(language.say("cli.demo_shop"), 0.0)
        shop = sample_shop(folder, last_complete(now(), zone(settings.zone)))
        progress(language.say("cli.demo_shop"), 1.0)
        opened = Store(store, settings.rules)
        for _ in import_files(opened, shop.files, Wanted(), now(), progress):
            pass
    return desk(settings, opened, now)


def question(folder: Path, language: Language) -> str:
    """How the sample is asked from here, in this shell."""
    words = language.say("cli.demo_question")
    return f'{SHOP_VARIABLE}={(folder / SHOP_FILE).as_posix()} {program()} kpi "{words}"'


def program() -> str:
    """How this program was called."""
    name = sys.argv[0]
    return "python -m bot" if name.endswith("__main__.py") else name


def _make_room(folder: Path) -> None:
    """Clear an earlier sample away; raises DemoFolderTaken for anything else."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / SHOP_FILE
    ours = settings.is_file() and settings.read_text(encoding="utf-8", errors="replace").startswith(MARK)
    if not ours and any(folder.iterdir()):
        raise DemoFolderTaken(folder=str(folder))
    for old in folder.glob("asakai.duckdb*"):
        old.unlink()
