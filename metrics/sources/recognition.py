"""Which platform wrote this file?

A preset has a signature: headers that stand together in no other export. Names are
compared after NFKC; the preset with the longest signature that fits wins.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Table
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from metrics.problem import Problem
from metrics.sources.columns import ALIASES, IDENTITY, OPTIONAL, REQUIRED
from metrics.sources.mapping import Mapping, merged, read
from metrics.sources.question import Question
from metrics.sources.text import normal

CANONICAL = (*REQUIRED, *IDENTITY, *OPTIONAL, "channel", "region", "product")

_ASKED = frozenset({"select", "parts"})
_ALSO = {canonical: (alias,) for alias, canonical in ALIASES.items()}


class UnknownPreset(Problem):
    """There is no preset of that name."""

    key = "unknown_preset"


@cache
def said() -> dict[str, dict[str, Any]]:
    """What the packaged files say, by preset; those that read a database have no columns."""
    folder = files("metrics.sources").joinpath("presets")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            name = file.name.removesuffix(".toml")
            found[name] = {"name": name, **tomllib.loads(file.read_text(encoding="utf-8"))}
    return found


@cache
def presets() -> tuple[Mapping, ...]:
    """The presets that read files, by name."""
    return tuple(read(table, name) for name, table in said().items() if "columns" in table)


def signatures() -> frozenset[str]:
    """Every header of every signature, in its normal form: they help to tell the delimiter."""
    return frozenset(normal(header) for preset in presets() for header in preset.signature)


def recognised(header: Sequence[str]) -> Mapping | None:
    """The preset whose signature the header bears."""
    there = {normal(name) for name in header}
    fitting = [preset for preset in presets() if preset.signature and there >= {*map(normal, preset.signature)}]
    return max(fitting, key=lambda preset: len(preset.signature), default=None)


def databases() -> dict[str, Question]:
    """The presets that read a database, with what they ask it."""
    return {name: Question.of(table) for name, table in said().items() if "select" in table}


def database_mapping(preset: str, over: Table[str, Any], where: str) -> Mapping:
    """How the columns of a database preset's SELECT (or of a shop's own, "") are read."""
    base = {key: value for key, value in said().get(preset, {"name": where}).items() if key not in _ASKED}
    return read(merged({**base, "columns": {name: [name, *_ALSO.get(name, ())] for name in CANONICAL}}, over), where)


def mapping_of(preset: str, over: Table[str, Any], where: str) -> Mapping:
    """The preset of that name (or none, "") with what a shop says over it; raises UnknownPreset, BadMapping."""
    known = {name: table for name, table in said().items() if "columns" in table}
    if preset and preset not in known:
        raise UnknownPreset(name=preset, known=tuple(known))
    base = known[preset] if preset else {"name": where}
    return read(merged(base, over), where)
