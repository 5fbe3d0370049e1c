"""How does a platform's export say what an order is?

A mapping is a small TOML: which header holds what, how the lines of one order belong
together, which statuses are purchases. Presets are mappings that come with us; a shop's
`shop.toml` holds only what differs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, fields
from typing import Any, Literal, cast

from metrics.day import zone as zone_of
from metrics.problem import Problem

Headers = tuple[str, ...]
Values = Table[str, tuple[str, ...]]
GROUPS = ("", "order_id", "fill_down")


class BadMapping(Problem):
    """A mapping says something that cannot be: an unknown word, a list where a text belongs."""

    key = "bad_mapping"


@dataclass(frozen=True, slots=True)
class Statuses:
    """Which of the platform's statuses are what. `otherwise`: what an unknown one is; "" keeps it, and it is listed."""

    purchase: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()
    otherwise: Literal["", "excluded"] = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """The amount as a sum over an order's lines: `amount`, or `unit` x `quantity`, less the line's `less`."""

    amount: Headers = ()
    unit: Headers = ()
    quantity: Headers = ()
    less: Headers = ()
    line_id: Headers = ()


@dataclass(frozen=True, slots=True)
class Items:
    """Which lines or names are products: `keep` by header, `split` a cell of several, `ignore` freebies.

    What a line sold: `code`, `name`, `quantity`, and `amount` or else `unit` x `quantity`. code_in: where the
    code stands in one of a cell's several, the rest being its name. select: the lines in a table of their own.
    """

    keep: Values = field(default_factory=dict)
    split: str = ""
    ignore: str = ""
    code: Headers = ()
    name: Headers = ()
    quantity: Headers = ()
    amount: Headers = ()
    unit: Headers = ()
    code_in: str = ""
    select: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """One platform's export. Header names are compared in their normal form; `name#2` is the second of that name.

    columns: canonical name -> headers, the first that is not empty wins. less: taken off the amount.
    group: "" one row per order; "order_id" rows with one id belong together; "fill_down" rows
    without an id belong to the order above. zone: of dates that carry no offset, where it is not the shop's.
    keep_rows, refund_rows: header -> values; drop_rows: header -> regular expression.
    """

    name: str
    title: str
    signature: Headers = ()
    verified: bool = True
    customers: bool = True
    columns: Table[str, Headers] = field(default_factory=dict)
    group: str = ""
    skip_rows: int = 0
    sheet: str = ""
    zone: str = ""
    date_format: str = ""
    missing_numbers: tuple[str, ...] = ()
    zero_is_missing: bool = False
    less: Headers = ()
    statuses: Statuses = Statuses()
    lines: Lines = Lines()
    items: Items = field(default_factory=Items)
    keep_rows: Values = field(default_factory=dict)
    drop_rows: Values = field(default_factory=dict)
    refund_rows: Values = field(default_factory=dict)


_PARTS: dict[str, Any] = {"statuses": Statuses, "lines": Lines, "items": Items}


def read(said: Table[str, Any], where: str) -> Mapping:
    """The mapping that a TOML table says; raises BadMapping with the place."""
    found = cast("Mapping", _built(Mapping, {"title": said.get("name", ""), **said}, where))
    if found.group not in GROUPS or (found.refund_rows and not found.group):
        raise BadMapping(where=where, name="group")
    if found.zone:
        zone_of(found.zone)
    of_items = {"ignore": (found.items.ignore,), "code_in": (found.items.code_in,)}
    for name, patterns in (("drop_rows", found.drop_rows), ("items", of_items)):
        for pattern in (one for several in patterns.values() for one in several):
            _check_pattern(pattern, f"{where}.{name}")
    if found.items.code_in and not re.compile(found.items.code_in).groups:
        raise BadMapping(where=f"{where}.items", name="code_in")
    return found


def merged(base: Table[str, Any], over: Table[str, Any]) -> dict[str, Any]:
    """The preset with what differs in a shop: tables are merged, everything else is replaced."""
    found = dict(base)
    for name, value in over.items():
        below = found.get(name)
        found[name] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return found


def _built(kind: type, said: Table[str, Any], where: str) -> object:
    known = {one.name: one for one in fields(kind)}
    values: dict[str, Any] = {}
    for name, value in said.items():
        if name not in known:
            raise BadMapping(where=where, name=name)
        values[name] = _value(str(known[name].type), name, value, where)
    try:
        return kind(**values)
    except TypeError as error:
        raise BadMapping(where=where, name="name") from error


def _value(kind: str, name: str, value: object, where: str) -> object:
    if name in _PARTS:
        if not isinstance(value, dict):
            raise BadMapping(where=where, name=name)
        return _built(_PARTS[name], value, f"{where}.{name}")
    if kind == "Values" or kind.startswith("Table"):
        if not isinstance(value, dict):
            raise BadMapping(where=where, name=name)
        return {key: _texts(one, f"{where}.{name}", key) for key, one in value.items()}
    if kind in {"Headers", "tuple[str, ...]"}:
        return _texts(value, where, name)
    wanted = {"bool": bool, "int": int}.get(kind, str)
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        raise BadMapping(where=where, name=name)
    return value


def _texts(value: object, where: str, name: str) -> tuple[str, ...]:
    several = [value] if isinstance(value, str) else value
    if not isinstance(several, list | tuple) or not all(isinstance(one, str) for one in several):
        raise BadMapping(where=where, name=name)
    return tuple(several)


def _check_pattern(pattern: str, where: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise BadMapping(where=where, name=pattern) from error
