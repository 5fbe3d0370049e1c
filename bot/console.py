"""What does the command line say besides pages?"""

from __future__ import annotations

import json
import secrets
import tempfile
import traceback
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot import beside
from bot.page import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bot.importing import Imported
    from bot.language import Language
    from bot.present.watching import PastMorning
    from metrics.report import Report
    from metrics.sources.checks import BadRow, Staged
    from metrics.warehouse.store import Store

LOG: Final = "asakai.log"
LONGEST_VALUE: Final = 60


@contextmanager
def bar(language: Language) -> Iterator[Callable[[str, float], None]]:
    """A progress bar on stderr while something is read; nothing where stderr is no terminal."""
    from rich.console import Console  # noqa: PLC0415  only where work takes long
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _name, _share: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {}

        def tell(name: str, share: float) -> None:
            if name not in tasks:
                tasks[name] = progress.add_task(language.say("cli.reading", name=printable(name)), total=1.0)
            progress.update(tasks[name], completed=share)

        yield tell


def said_of(done: Imported, language: Language, currency: str) -> Iterator[str]:
    """What became of one file, and which of its rows stayed out."""
    staged, taken, name = done.staged, done.taken, printable(done.name)
    if done.stood:
        yield from beside.said_of(done.stood, name, language, currency)
        yield from _rejected(staged, name, language)
        return
    yield from _read_as(staged, name, language)
    if not staged.accepted:
        yield language.say("cli.nothing", name=name)
    elif taken is None:
        yield language.say("origin.dry", name=name, accepted=staged.accepted)
    else:
        yield language.say(
            "cli.imported",
            name=name,
            accepted=staged.accepted,
            new=taken.new,
            changed=taken.changed,
            unchanged=taken.unchanged,
        )
    if staged.duplicates:
        yield language.say("cli.duplicates", name=name, count=staged.duplicates)
    if staged.unidentified:
        yield language.say("cli.unidentified", name=name, count=staged.unidentified)
    yield from _rejected(staged, name, language)
    yield from _unknown(done.strange, language)


def _rejected(staged: Staged, name: str, language: Language) -> Iterator[str]:
    if staged.rejected:
        yield language.say("cli.rejected", name=name, count=staged.rejected)
        yield from bad_rows(staged, language)


def _read_as(staged: Staged, name: str, language: Language) -> Iterator[str]:
    """By which platform's mapping the file was read, and what to know about that."""
    mapping = staged.mapping
    if mapping is None:
        return
    yield language.say("origin.read_lines", name=name, title=mapping.title, lines=staged.lines)
    if not mapping.verified:
        yield language.say("origin.unverified", name=name, title=mapping.title)
    if not mapping.customers:
        yield language.say("origin.no_customer", name=name, title=mapping.title)


def bad_rows(staged: Staged, language: Language) -> Iterator[str]:
    """The first rows that stayed out, each with what is wrong."""
    for row in staged.bad:
        yield _bad_row(row, language)
    if staged.rejected > len(staged.bad):
        yield language.say("cli.more_bad", count=staged.rejected - len(staged.bad))


def _bad_row(row: BadRow, language: Language) -> str:
    value = printable(row.value).replace("\n", " ")
    short = value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"
    return language.say(
        "cli.bad_row",
        file=printable(row.file),
        row=row.row,
        column=printable(row.column),
        value=short,
        reason=language.say(f"bad_row.{row.reason_key}"),
    )


def unknown_statuses(store: Store, language: Language) -> Iterator[str]:
    """Which statuses count as purchases only because nobody knows them, and where to say otherwise."""
    from metrics.warehouse.health import strange  # noqa: PLC0415  the engine, only where something was imported

    with store.reading() as connection:
        found = strange(connection, store.rules)
    yield from _unknown(found, language)


def _unknown(found: Sequence[tuple[str, int]], language: Language) -> Iterator[str]:
    if found:
        yield language.say("doctor.statuses.odd", statuses=[f"{printable(name)} ({count})" for name, count in found])
        yield "  → shop.toml: [purchases] excluded"


def next_step(done: Sequence[Imported], as_of: date, language: Language) -> Iterator[str]:
    """What to type next: the digest, of the last day that the orders reach."""
    newest = max((one.staged.newest_at.date() for one in done if one.staged.newest_at), default=None)
    if newest is None:
        return
    if newest + timedelta(days=1) < as_of:
        yield language.say("cli.next_as_of", day=newest, as_of=newest.isoformat())
    else:
        yield language.say("cli.next_digest")


def as_json(report: Report) -> str:
    """The report as JSON: days as 2026-11-20, instants with their offset."""
    return json.dumps(asdict(report), ensure_ascii=False, indent=2, default=_plain, allow_nan=False)


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(type(value))


def note_bug(error: BaseException) -> tuple[str, Path]:
    """Write an unexpected error to the log, without secrets; its number and where the log is."""
    from bot.log import redact  # noqa: PLC0415  only when something went wrong

    number = secrets.token_hex(4)
    entry = f"{datetime.now(UTC).isoformat()} bug {number}\n{redact(''.join(traceback.format_exception(error)))}\n"
    for path in (Path(LOG).absolute(), Path(tempfile.gettempdir()) / LOG):
        try:
            with path.open("a", encoding="utf-8", errors="backslashreplace") as log:
                log.write(entry)
        except OSError:
            continue
        return number, path
    return number, Path("-")


def mornings_as_json(mornings: Sequence[PastMorning]) -> str:
    """Past mornings for a script: instants in UTC, lateness in seconds."""
    return json.dumps(
        [{**asdict(one), "late_seconds": one.late_seconds} for one in mornings],
        ensure_ascii=False, indent=2, default=lambda value: value.isoformat(),
    )  # fmt: skip
