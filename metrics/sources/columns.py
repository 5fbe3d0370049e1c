"""Which column of the input holds what?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from metrics.problem import Problem
from metrics.rules import Rules
from metrics.sources.people import People
from metrics.sources.text import normal

REQUIRED = ("order_id", "ordered_at", "amount")
IDENTITY = ("customer_id", "email", "phone")
OPTIONAL = ("currency", "status", "refunded", "subscription_id", "cycle_no", "first_flag")
ALIASES = {"revenue": "amount"}


class MissingColumns(Problem):
    """The header lacks columns without which no order can be read."""

    key = "columns_missing"


class DoubledColumn(Problem):
    """Two columns of one name: which of them holds the value is anyone's guess."""

    key = "columns_doubled"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which SQL column of which input holds what.

    `file` is the input's name in reports, `source` what the orders are filed under.
    `refs`: canonical name -> SQL column; `titles`: canonical name -> header as written;
    `every`: all SQL columns; `width`: SQL column with the number of cells found, where known.
    `decimal_amount`: the amount has been read as DECIMAL(18, 6), not as text.
    `people`: whose customers these are. `above`: rows of the file that stand above the header.
    """

    file: str
    source: str
    refs: Mapping[str, str]
    titles: Mapping[str, str]
    every: tuple[str, ...]
    width: str | None = None
    decimal_amount: bool = False
    people: People = field(default_factory=People)
    above: int = 0


def known_names(rules: Rules) -> frozenset[str]:
    """Every column name that is read, in its normal form."""
    return frozenset({*REQUIRED, *IDENTITY, *OPTIONAL, *ALIASES, *map(normal, rules.columns)})


def layout(header: Sequence[str], rules: Rules, *, file: str, source: str) -> Layout:
    """The layout of a header; names are compared in their normal form; raises MissingColumns, DoubledColumn."""
    refs: dict[str, str] = {}
    titles: dict[str, str] = {}
    known = {name: name for name in (*REQUIRED, *IDENTITY, *OPTIONAL, *ALIASES)}
    known |= {normal(column): column for column in rules.columns}
    for position, name in enumerate(header):
        canonical = known.get(normal(name))
        if canonical in refs:
            raise DoubledColumn(path=file, name=name)
        if canonical:
            refs[canonical], titles[canonical] = f"c{position}", name
    for alias, canonical in ALIASES.items():
        if alias in refs and canonical not in refs:
            refs[canonical], titles[canonical] = refs[alias], titles[alias]
    _refuse_missing(refs, header, file)
    return Layout(file, source, refs, titles, tuple(f"c{position}" for position in range(len(header))))


def _refuse_missing(refs: Mapping[str, str], header: Sequence[str], file: str) -> None:
    needed = {name: name in refs for name in REQUIRED} | {"customer_id": any(name in refs for name in IDENTITY)}
    missing = [name for name in ("order_id", "customer_id", "ordered_at", "amount") if not needed[name]]
    if missing:
        raise MissingColumns(path=file, missing=", ".join(missing), found=", ".join(name for name in header if name))
