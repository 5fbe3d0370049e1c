"""What happens behind the longer commands of the command line?

`bot.__main__` takes the words apart; here the rooms are brought together. Everything
gives lines to print.
"""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING

from bot.console import bad_rows, said_of, unknown_statuses
from bot.doctor import as_table, broken, failed, said
from bot.importing import Wanted, import_files
from bot.page import printable
from bot.settings.layers import SHOP_FILE, SHOP_VARIABLE
from bot.shop_file import replace_file, with_source
from bot.wizard import asked, look, shown
from metrics.problem import Problem
from metrics.sources.reading import Wish
from metrics.sources.recognition import mapping_of
from metrics.warehouse.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from typing import Any

    from bot.language import Language
    from bot.settings import Settings
    from bot.wizard import Ask


class NothingMapped(Problem):
    """A mapping by which a file holds no order."""

    key = "nothing_mapped"


def write_mapping(  # what, under which name, by which rules, asked how, said how, written where
    file: Path, name: str, settings: Settings, ask: Ask, language: Language, environ: Mapping[str, str]
) -> Iterator[str]:
    """Ask what the file's columns are, try it, and write it into shop.toml; raises NothingMapped and writes nothing."""
    from datetime import UTC, datetime  # noqa: PLC0415  a dry run has no instant of its own

    table = look(file, settings.rules)
    yield from shown(table, language)
    source = asked(table, name, settings.rules, ask, language)
    wish = Wish(name, mapping=mapping_of("", _mapping(source), name))
    wanted = Wanted(accept_bad=True, dry=True, wish=lambda _: wish)
    store = Store(settings.store, settings.rules)
    try:
        [done] = import_files(store, [file], wanted, datetime.now(UTC), lambda *_: None)
    except Problem:
        yield from _unwritten(source, language)
        raise
    staged = done.staged
    yield language.say(
        "map.tried", accepted=staged.accepted, rejected=staged.rejected, unidentified=staged.unidentified
    )
    yield from bad_rows(staged, language)
    if not staged.accepted:
        yield from _unwritten(source, language)
        raise NothingMapped(path=printable(str(file)))
    path = Path(environ.get(SHOP_VARIABLE) or SHOP_FILE)
    replace_file(path, with_source(path.read_text(encoding="utf-8-sig") if path.exists() else "", source))
    yield language.say("map.written", file=str(path), name=name, path=str(file))


def checkup(
    load: Callable[[], Settings], now: Callable[[], datetime], language: Language, *, json: bool
) -> tuple[list[str], bool]:
    """What the doctor finds, as lines or as JSON, and whether anything is broken."""
    from bot.checkup import findings  # noqa: PLC0415  Slack's libraries, only where Slack is asked
    from bot.log import configure  # noqa: PLC0415

    configure("CRITICAL")  # what is wrong is said in sentences
    try:
        found = list(findings(load(), now, language))
    except Problem as problem:
        found = [broken("settings", problem)]
    lines = [dumps(as_table(found, language), ensure_ascii=False, indent=2)] if json else []
    return lines or [said(finding, language) for finding in found], failed(found)


def synced(
    settings: Settings,
    names: tuple[str, ...],
    now: Callable[[], datetime],
    language: Language,
    *,
    accept_bad: bool,
    accept_deleted: bool = False,
) -> Iterator[str]:
    """Take in what is new in each source, and what was deleted there; say what became of it."""
    from bot.beside import TableFeed  # noqa: PLC0415  the same
    from bot.syncing import feeds, sync, without_deleted  # noqa: PLC0415  SQLAlchemy only where a database is read

    store = Store(settings.store, settings.rules)
    for feed in feeds(settings, names):
        total, name = 0, feed.people.source
        if isinstance(feed, TableFeed):
            for page in sync(store, feed, now, accept_bad=accept_bad):
                yield from said_of(page, language, settings.currency)
            continue
        for page in sync(store, feed, now, accept_bad=accept_bad):
            total += page.staged.accepted
            yield from said_of(page, language, settings.currency)
        deleted, back = without_deleted(store, feed, now, accept=accept_deleted)
        if deleted or back:
            yield language.say("sync.deleted", name=name, count=deleted, back=back)
        yield language.say("sync.done", name=name, count=total)
    yield from unknown_statuses(store, language)


def fingerprinted(
    settings: Settings, now: Callable[[], datetime], language: Language, write: Path | None
) -> Iterator[str]:
    """Tell the fingerprint of the store, and write the text of which it is one."""
    from contextlib import nullcontext  # noqa: PLC0415  only here

    from bot.shelves import importable  # noqa: PLC0415  the engine only where it is asked
    from metrics.warehouse.fingerprint import fingerprint  # noqa: PLC0415

    store = importable(settings, now)
    with store.reading() as connection, write.open("xb") if write else nullcontext() as out:
        found = fingerprint(connection, store.rules, out.write) if out else fingerprint(connection, store.rules)
    yield found
    if write:
        yield language.say("cli.fingerprint_written", file=str(write))


def _unwritten(source: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What would have been written, to go on from by hand."""
    yield language.say("map.unwritten")
    yield with_source("", source).rstrip("\n")


def _mapping(source: Mapping[str, Any]) -> dict[str, Any]:
    """What of a source is a mapping's."""
    return {key: value for key, value in source.items() if key not in {"name", "files"}}
