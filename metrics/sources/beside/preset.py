"""Which table is this, and who wrote it?

A platform's export is known by headers that stand together in no other; a table of one's own by
the names of its columns. An amount's header may end with its currency: 消化金額 (JPY).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from metrics.beside import TABLES, WHEN, WHO, Table
from metrics.problem import Problem
from metrics.sources.columns import DoubledColumn, MissingColumns
from metrics.sources.mapping import BadMapping
from metrics.sources.text import normal

Headers = tuple[str, ...]
_CURRENCY = re.compile(r"^(.+?)_?\(([a-z]{3})\)$")
_FIVE = ("満足度", "5段階", "csat", "rating", "stars")


class ScaleOfFive(Problem):
    """Answers from 1 to 5: no score of 0 to 10 can be made of them."""

    key = "scale_of_five"


@dataclass(frozen=True, slots=True)
class Preset:
    """One export of a table. `signature`: sets of headers, one of which is there; `totals`: a cell of a total row.

    columns: canonical name -> headers. nameless_is_total: a row without a channel sums up the others.
    """

    name: str
    table: str
    title: str = ""
    signature: tuple[Headers, ...] = ()
    verified: bool = True
    columns: Mapping[str, Headers] = field(default_factory=dict)
    skip_rows: int = 0
    totals: str = ""
    nameless_is_total: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """Which SQL column holds what. `every`: all of them; `doubled`: a header that comes twice.

    currencies: of amounts whose header names one.
    """

    table: Table
    file: str
    refs: Mapping[str, str]
    titles: Mapping[str, str]
    every: tuple[str, ...]
    currencies: frozenset[str]
    preset: Preset | None = None
    doubled: str = ""


@cache
def presets() -> dict[str, Preset]:
    """The packaged presets, by name."""
    folder = files("metrics.sources.beside").joinpath("presets")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            found[name] = read(tomllib.loads(file.read_text(encoding="utf-8")), name)
    return found


def read(said: Mapping[str, Any], name: str) -> Preset:
    """The preset that a TOML table says."""
    signature = tuple(map(tuple, said.get("signature", ())))
    columns = {key: _texts(value, name, key) for key, value in said.get("columns", {}).items()}
    rest = {key: value for key, value in said.items() if key not in {"signature", "columns", "name"}}
    try:
        return Preset(name, signature=signature, columns=columns, **rest)
    except TypeError as error:
        raise BadMapping(where=name, name=next((key for key in rest if key not in Preset.__slots__), "")) from error


def of_shop(name: str, table: str, preset: str, over: Mapping[str, Any]) -> Preset:
    """How a shop's own source is read: its preset, if any, with what it says over that; raises BadMapping."""
    base = presets().get(preset)
    if preset and (base is None or base.table != table):
        raise BadMapping(where=name, name="preset")
    said = read({**over, "table": table}, name)
    if base is None:
        return said
    changed = {key: getattr(said, key) for key in over if key != "columns"}
    return replace(base, columns={**base.columns, **said.columns}, **changed)


def _texts(value: object, where: str, name: str) -> Headers:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list | tuple) or not all(isinstance(one, str) for one in several):
        raise BadMapping(where=where, name=name)
    return tuple(several)


def bare(header: str) -> tuple[str, str]:
    """A header as it is compared, and the currency in brackets behind it, if any."""
    name = normal(header)
    found = _CURRENCY.match(name)
    return (found[1], found[2].upper()) if found else (name, "")


def known_names() -> frozenset[str]:
    """Every header that means something, in its normal form: they help to tell the delimiter."""
    own = (word for table in TABLES.values() for column in table.columns for word in (column.name, *column.words))
    people = (word for name, words in (*WHO.items(), *WHEN.items()) for word in (name, *words))
    theirs = (header for preset in presets().values() for headers in preset.columns.values() for header in headers)
    return frozenset(normal(word) for word in (*own, *people, *theirs))


def recognised(header: Sequence[str], file: str, skipped: int = 0) -> Layout | None:
    """The layout of a table that the header is of; None for anything else.

    skipped: how many rows were left out above the header; only an export that has them is looked for then.
    Raises ScaleOfFive, DoubledColumn.
    """
    names = {bare(name)[0] for name in header}
    fitting = [
        (len(signature), preset)
        for preset in presets().values()
        for signature in preset.signature
        if preset.skip_rows == skipped and names >= {*map(normal, signature)}
    ]
    if fitting:
        return layout_of(header, file, max(fitting, key=lambda pair: pair[0])[1])
    if skipped:
        return None
    _refuse_five(names)
    plain = [layout(header, file, table) for table in TABLES.values()]
    whole = [found for found in plain if not missing(found)]
    best = max(whole, key=lambda found: len(found.table.needed), default=None)
    if best and best.doubled:
        raise DoubledColumn(path=file, name=best.doubled)
    return best


def layout_of(header: Sequence[str], file: str, preset: Preset) -> Layout:
    """The layout that a preset gives a header; raises MissingColumns."""
    found = layout(header, file, TABLES[preset.table], preset)
    if missing(found):
        raise MissingColumns(path=file, missing=", ".join(missing(found)), found=", ".join(filter(None, header)))
    return found


def layout(header: Sequence[str], file: str, table: Table, preset: Preset | None = None) -> Layout:
    """Which column of the header is which of the table's; a preset's columns by its words alone."""
    words = _words(table)
    if preset:
        words |= preset.columns
    refs: dict[str, str] = {}
    titles: dict[str, str] = {}
    currencies: set[str] = set()
    doubled = ""
    for name, known in words.items():
        wanted = {*map(normal, (name, *known))}
        places = [place for place, head in enumerate(header) if bare(head)[0] in wanted]
        if len(places) > 1 and not preset:
            doubled = header[places[1]]
        if places:
            refs[name], titles[name] = f"c{places[0]}", header[places[0]]
            currencies |= {bare(header[places[0]])[1]} - {""}
    every = tuple(f"c{place}" for place in range(len(header)))
    return Layout(table, file, refs, titles, every, frozenset(currencies), preset, doubled)


def _words(table: Table) -> dict[str, Headers]:
    words: dict[str, Headers] = {column.name: column.words for column in table.columns}
    if table.people:
        words |= WHO
    if table.name == "channel_costs":
        words |= {**WHEN, "currency": ("通貨", "currency code", "通貨コード")}
    return words


def missing(found: Layout) -> tuple[str, ...]:
    """What the header lacks of the table."""
    table, refs = found.table, found.refs
    lacking = [name for name in table.needed if name not in refs]
    if table.people and not refs.keys() & WHO.keys():
        lacking.append("customer_id")
    if table.name == "channel_costs" and not (refs.keys() & {"day", "month"} or {"first", "last"} <= refs.keys()):
        lacking.append("day")
    if table.either and not refs.keys() & {*table.either}:
        lacking.append(table.either[0])
    return tuple(lacking)


def _refuse_five(names: set[str]) -> None:
    """Answers of customers, with a scale that is known by its name."""
    nps = TABLES["nps"]
    answered = {normal(word) for column in nps.columns[1:] for word in (column.name, *column.words)}
    people = {normal(word) for name, words in WHO.items() for word in (name, *words)}
    five = sorted(name for name in names if any(word in name for word in _FIVE))
    if five and names & answered and names & people:
        raise ScaleOfFive(column=five[0])
