"""How does any file of orders get in, whoever wrote it?

The one door for files: workbooks and zips become text, the header tells the platform, and
the file is read by our own column names or by the platform's mapping.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from metrics.landing import CannotLand, Landing
from metrics.sources import checks, files, mapped, people
from metrics.sources.beginning import table_of
from metrics.sources.columns import MissingColumns, known_names, layout
from metrics.sources.recognition import recognised, signatures
from metrics.sources.text import Text, open_text, without_first_rows
from metrics.sources.workbook import as_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules
    from metrics.sources.beside.preset import Preset
    from metrics.sources.checks import Staged
    from metrics.sources.files import Progress
    from metrics.sources.mapping import Mapping


class UnknownHeader(MissingColumns):
    """Neither our column names nor a platform's: the wizard can ask."""

    key = "columns_unknown"


@dataclass(frozen=True, slots=True)
class Wish:
    """How to read a file. source: "" files it under the platform's name; mapping: instead of the header's word.

    beside: it is no orders, but a table beside them, read so.
    """

    source: str = ""
    joined: bool = False
    mapping: Mapping | None = None
    accept_bad: bool = False
    beside: Preset | None = None


def stage(
    connection: DuckDBPyConnection,
    path: Path,
    rules: Rules,
    wish: Wish,
    progress: Progress | None = None,
) -> Staged:
    """Read the file into `incoming`; raises a Problem, and then there is no `incoming`."""
    checks.clear(connection)
    with TemporaryDirectory(prefix="asakai-") as scratch:
        text = opened(path, Path(scratch), rules, wish.mapping)
        mapping = wish.mapping or _mapping(text, rules)
        if mapping is None:
            return files.stage_text(
                connection, text, Path(scratch), rules,
                people=people.of(wish.source or "file", joined=wish.joined), progress=progress,
                accept_bad=wish.accept_bad,
            )  # fmt: skip
        whose = people.of(wish.source or mapping.name, joined=wish.joined)
        reading = mapped.reading_of(connection, text, mapping, rules, whose)

        def watch() -> AbstractContextManager[None]:
            return files.watched(connection, progress)

        return mapped.stage(reading, Path(scratch), watch, accept_bad=wish.accept_bad)


def land(  # what is read where, by which rules, how, and how to say it
    connection: DuckDBPyConnection,
    path: Path,
    rules: Rules,
    landing: Landing,
    wish: Wish,
    progress: Progress | None = None,
) -> Staged:
    """Read a file of our own column names into the landing's table; raises CannotLand for a platform's."""
    checks.clear(connection)
    with TemporaryDirectory(prefix="asakai-") as scratch:
        text = opened(path, Path(scratch), rules, wish.mapping)
        if wish.mapping or _mapping(text, rules):
            raise CannotLand
        whose = people.of(wish.source or "file", joined=wish.joined)
        return files.land_text(connection, text, rules, landing, people=whose, progress=progress)


def opened(path: Path, scratch: Path, rules: Rules, mapping: Mapping | None = None) -> Text:
    """The file as text, from its header row on."""
    if mapping is None:
        return table_of(path, scratch, rules)
    known = known_names(rules) | signatures()
    text = open_text(as_text(path, scratch, mapping.sheet), scratch, known, name=path.name)
    return without_first_rows(text, mapping.skip_rows, scratch, known) if mapping.skip_rows else text


def _mapping(text: Text, rules: Rules) -> Mapping | None:
    """The platform's mapping; None where the header bears our own names. Raises UnknownHeader."""
    found = recognised(text.header)
    if found:
        return found
    try:
        layout(text.header, rules, file=text.name, source="")
    except MissingColumns as missing:
        raise UnknownHeader(**missing.values) from missing
    return None
