"""How does a table beside the orders get in: from a file, or from one SELECT?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from metrics.sources import checks
from metrics.sources.beside import staging
from metrics.sources.beside.preset import Layout, Preset, known_names, layout_of, presets, recognised
from metrics.sources.cells import literal
from metrics.sources.people import People
from metrics.sources.rows import shown
from metrics.sources.text import SourceEmpty, SourceHeaderOnly, Text, open_text, repaired, without_first_rows
from metrics.sources.workbook import as_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from metrics.rules import Rules
    from metrics.sources.checks import Staged

LONGEST_LINE = 4_194_304
_CHUNK = "asakai_beside_chunk"

Whose = Callable[[Layout], People]
"""Whose customers or orders the rows are of, once it is known what they are."""


@dataclass(frozen=True, slots=True)
class Found:
    """What has been read: what it is, what became of its rows, and whose they are."""

    layout: Layout
    staged: Staged
    people: People


def stage_file(
    connection: DuckDBPyConnection,
    path: Path,
    rules: Rules,
    people: Whose,
    preset: Preset | None = None,
    *,
    accept_bad: bool = False,
) -> Found | None:
    """Read the file into `beside`; None where it is no such table. Raises a Problem, and then there is no `beside`."""
    staging.clear(connection)
    with TemporaryDirectory(prefix="asakai-") as scratch:
        text = _text(path, Path(scratch))
        opened = _as_said(text, preset, Path(scratch)) if preset else _recognised(text, Path(scratch))
        if opened is None:
            return None
        text, layout = opened
        whose = people(layout)
        _fill(connection, text, layout, Path(scratch))
    if not checks.count(connection, f"SELECT count(*) FROM {staging.RAW}"):
        raise SourceHeaderOnly(path=path.name)
    return Found(layout, staging.finish(connection, layout, rules, whose, accept_bad=accept_bad), whose)


def is_table(path: Path) -> bool:
    """Whether the file's header is of such a table; raises a Problem where it cannot be read."""
    with TemporaryDirectory(prefix="asakai-") as scratch:
        return _recognised(_text(path, Path(scratch)), Path(scratch)) is not None


def stage_query(  # noqa: PLR0913  # what is read where, as which table, by which rules, of whom
    connection: DuckDBPyConnection,
    url: str,
    query: str,
    rules: Rules,
    people: Whose,
    preset: Preset,
    *,
    accept_bad: bool = False,
) -> Found:
    """The same for the rows of one SELECT whose columns bear the canonical names."""
    from metrics.sources import database  # noqa: PLC0415  SQLAlchemy only where a database is read

    staging.clear(connection)
    with database.result_of(url, database.one_select(query)) as (header, chunks):
        layout = layout_of(header, preset.name, preset)
        whose = people(layout)
        refs, before = list(layout.every), 0
        _empty(connection, layout)
        for chunk in chunks:
            cast = ", ".join(f"{ref}::VARCHAR" for ref in refs)
            numbered = f"SELECT row_number() OVER () + {before}, {len(refs)}, {cast} FROM {_CHUNK}"
            with shown(connection, chunk, refs, _CHUNK):
                connection.execute(f"INSERT INTO {staging.RAW} {numbered}")
            before += len(chunk)
    return Found(layout, staging.finish(connection, layout, rules, whose, accept_bad=accept_bad), whose)


def _text(path: Path, scratch: Path) -> Text:
    return replace(open_text(as_text(path, scratch), scratch, known_names()), name=path.name)


def _as_said(text: Text, preset: Preset, scratch: Path) -> tuple[Text, Layout]:
    rest = without_first_rows(text, preset.skip_rows, scratch, known_names()) if preset.skip_rows else text
    return rest, layout_of(rest.header, text.name, preset)


def _recognised(text: Text, scratch: Path) -> tuple[Text, Layout] | None:
    """The text from its header on, and what it is: a header at the top, or below a title."""
    found = recognised(text.header, text.name)
    if found:
        return text, found
    for rows in sorted({preset.skip_rows for preset in presets().values()} - {0}):
        try:
            rest = without_first_rows(text, rows, scratch, known_names())
        except SourceEmpty:  # the file is no longer than such a title
            return None
        found = recognised(rest.header, text.name, rows)
        if found:
            return rest, found
    return None


def _empty(connection: DuckDBPyConnection, layout: Layout) -> None:
    kinds = ", ".join(f"{name} VARCHAR" for name in layout.every)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {staging.RAW} (row BIGINT, cells INTEGER, {kinds})")


def _fill(connection: DuckDBPyConnection, text: Text, layout: Layout, scratch: Path) -> None:
    """`beside_raw`: the cells as text, with each row's number in the file and how many cells it had."""
    skipped = layout.preset.skip_rows if layout.preset else 0
    kinds = {"row": "BIGINT", "cells": "INTEGER", **dict.fromkeys(layout.every, "VARCHAR")}
    struct = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in kinds.items())
    clean = literal(str(repaired(text, scratch)))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {staging.RAW} AS SELECT * REPLACE (row + {skipped} AS row)"
        f" FROM read_csv({clean}, auto_detect = false,"
        " header = true, delim = ',', quote = '\"', escape = '\"', compression = 'none',"
        f" max_line_size = {LONGEST_LINE}, columns = {{{struct}}})"
    )
