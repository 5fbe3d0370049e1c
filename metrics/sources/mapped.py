"""How does a platform's export get in?

The cells that are needed go into a table on disk; its lines become orders a part at a
time, so that memory stays bounded however many lines there are.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from metrics.sources import checks, items
from metrics.sources.cells import literal
from metrics.sources.columns import Layout
from metrics.sources.shaping import Header, Shape
from metrics.sources.text import SourceHeaderOnly, Text, has_blank_lines, repaired

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Mapping as Table

    from metrics.rules import Rules
    from metrics.sources.checks import Staged
    from metrics.sources.mapping import Mapping
    from metrics.sources.people import People

LINES_A_PART = 200_000
"""About as many lines are put together to orders at a time."""

READING_MEMORY = "200MB"
"""What the engine may hold while it reads and puts together: its CSV reader takes half as much again beside that."""

OPENS = '"its first row"'
"""The column of `staged` with the row that an order begins on; no shop's dimension bears that name."""

Watch = AbstractContextManager[None]


@dataclass(frozen=True, slots=True)
class Reading:
    """One export on its way in."""

    connection: duckdb.DuckDBPyConnection
    text: Text
    shape: Shape
    source: str
    people: People


def stage(reading: Reading, scratch: Path, watch: Callable[[], Watch] = nullcontext, *, accept_bad: bool) -> Staged:
    """Read the export into `incoming`; raises a Problem, and then there is no `incoming`."""
    connection, shape = reading.connection, reading.shape
    checks.clear(connection)
    shape.check(reading.text.name)
    columns = layout(reading)
    checks.register(connection, columns)
    connection.execute(f"SET memory_limit = {literal(READING_MEMORY)}")
    with watch():
        _read_lines(reading, scratch)
    return finished(reading, columns, accept_bad=accept_bad)


def finished(reading: Reading, columns: Layout, *, accept_bad: bool) -> Staged:
    """Make `incoming` of the `lines` that have been read."""
    connection, shape = reading.connection, reading.shape
    read = checks.count(connection, "SELECT count(*) FROM lines")
    if not read:
        raise SourceHeaderOnly(path=reading.text.name)
    _put_together(reading)
    connection.execute("DROP TABLE lines")
    fields = checks.selection(columns, shape.rules)
    opens = f", row AS {OPENS}" if shape.sold else ""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE staged AS SELECT {fields}{opens} FROM (FROM shaped ORDER BY row)")
    if checks.invalid_rows(connection):
        checks.reject(connection, columns, shape.rules, "SELECT * FROM shaped")
    connection.execute("DROP TABLE shaped")
    staged = checks.summed_up(connection, columns, shape.rules, accept_bad=accept_bad)
    if opens:
        items.show(connection, columns.source, OPENS)
    return replace(staged, lines=read, mapping=shape.mapping)


def reading_of(
    connection: duckdb.DuckDBPyConnection, text: Text, mapping: Mapping, rules: Rules, people: People
) -> Reading:
    """The reading of a text by a mapping."""
    return Reading(connection, text, Shape(mapping, Header(text.header), rules), people.source, people)


def layout(reading: Reading) -> Layout:
    """The shaped table, as the checks see it."""
    shape = reading.shape
    names = shape.names
    return Layout(
        reading.text.name,
        reading.source,
        {name: f'"{name}"' for name in names},
        shape.titles,
        tuple(f'"{name}"' for name in names),
        width="cells",
        people=reading.people,
        above=reading.text.above,
    )


def _read_lines(reading: Reading, scratch: Path) -> None:
    """`lines`: row number, number of cells, order block, and the cells that are needed."""
    text = reading.text
    width = len(text.header)
    if not text.leading_blank and not has_blank_lines(text.path):
        table = _table(text.path, text.delimiter, [f"c{position}" for position in range(width)])
        try:
            fill(reading, f"SELECT row_number() OVER () + 1 AS row, {width} AS cells, * FROM {table}")
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            pass  # ragged rows or mixed line ends: a clean copy knows each row's number and cells
        else:
            return
    clean = repaired(text, scratch)
    names = ["row", "cells", *(f"c{position}" for position in range(width))]
    table = _table(clean, ",", names)
    fill(reading, f"SELECT * REPLACE (row::BIGINT AS row, cells::INTEGER AS cells) FROM {table}")


_SO_FAR = "OVER (ROWS UNBOUNDED PRECEDING)"


def fill(reading: Reading, raw: str) -> None:
    """Make `lines` of a SELECT that gives row, cells, and the cells c0, c1 and so on."""
    shape, width = reading.shape, len(reading.text.header)
    refs = ", ".join(shape.used)
    ragged = f"CASE WHEN cells <> {width} THEN cells END"
    heads = {"fill_down": f"coalesce(max(CASE WHEN {shape.key} IS NOT NULL THEN row END) {_SO_FAR}, 0)"}
    group = heads.get(shape.mapping.group, "0")
    reading.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE lines AS SELECT row, {ragged} AS ragged, {group}::BIGINT AS block, {refs}"
        f" FROM ({raw}) WHERE {shape.taken}"
    )


def _put_together(reading: Reading) -> None:
    """`shaped`: one row per order, in canonical columns of text."""
    connection, shape = reading.connection, reading.shape
    fields = shape.fields()
    orders = f"SELECT row, coalesce(ragged, {len(fields)}) AS cells, {_listed(fields)}"
    verb = "CREATE OR REPLACE TEMP TABLE shaped AS"
    if shape.sold:
        items.clear(connection)
    if not shape.mapping.group:
        connection.execute(f"{verb} {orders} FROM (SELECT row, ragged, {_listed(shape.parts)} FROM lines)")
        _sold(reading, "lines", "row")
        return
    purchase = f"count(*) FILTER (WHERE NOT ({shape.refund})) > 0"
    parts = f"SELECT min(row) AS row, min(ragged) AS ragged, {_listed(shape.parts)}"
    for lines, key in _parts(reading):
        connection.execute(f"{verb} {orders} FROM ({parts} FROM {lines} GROUP BY {key} HAVING {purchase})")
        verb = "INSERT INTO shaped"
        _sold(reading, lines, key)


def _sold(reading: Reading, lines: str, key: str) -> None:
    """Add what these lines sold to `incoming_items`, each with the row that its order begins on."""
    sold, group = reading.shape.sold, reading.shape.mapping.group
    if sold is None:
        return
    if group != "order_id":  # a block bears the row that it begins on
        items.add(reading.connection, f"SELECT {key} AS seq, {sold} AS sold FROM {lines}")
        return
    first = f"(SELECT {key} AS key, min(row) AS seq FROM {lines} GROUP BY 1)"
    items.add(
        reading.connection,
        f"SELECT f.seq, {sold} AS sold FROM (SELECT *, {key} AS key FROM {lines}) JOIN {first} f USING (key)",
    )


def _listed(fields: Table[str, str]) -> str:
    return ", ".join(f'{sql} AS "{name}"' for name, sql in fields.items())


def _parts(reading: Reading) -> list[tuple[str, str]]:
    """(table of lines, key to group by) of every part; an order's lines are in one part."""
    connection, shape = reading.connection, reading.shape
    lines = checks.count(connection, "SELECT count(*) FROM lines")
    parts = max(1, -(-lines // LINES_A_PART))
    source = _once(shape)
    if shape.mapping.group == "fill_down":
        blocks = checks.count(connection, "SELECT max(block) FROM lines") + 1
        step = -(-blocks // parts)
        return [
            (f"(FROM {source} WHERE block >= {low} AND block < {low + step})", "block")
            for low in range(0, blocks, step)
        ]
    key = f"coalesce({shape.key}, 'row ' || row)"
    return [(f"(FROM {source} WHERE hash({shape.key}) % {parts} = {part})", key) for part in range(parts)] + [
        (f"(FROM {source} WHERE {shape.key} IS NULL)", key)
    ]


def _once(shape: Shape) -> str:
    """The lines, each once where they have an id of their own."""
    ids = shape.header.refs(shape.mapping.lines.line_id)
    if not ids:
        return "lines"
    again = f"row_number() OVER (PARTITION BY {ids[0]}, {shape.key} ORDER BY row)"
    return f"(FROM lines QUALIFY {ids[0]} IS NULL OR {again} = 1)"


def _table(path: Path, delimiter: str, names: list[str]) -> str:
    """The file as a table of text; nothing is guessed by the reader."""
    struct = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in names)
    return (
        f"read_csv({literal(str(path))}, auto_detect = false, header = true, delim = {literal(delimiter)},"
        f" quote = '\"', escape = '\"', compression = 'none', max_line_size = 4194304, columns = {{{struct}}})"
    )
