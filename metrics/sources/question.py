"""What is a shop's database asked, where not every shop has every table?

A preset's SELECT may have parts in braces. Each names the tables that it needs: where they are there (and
may be read) its SQL stands in the SELECT, else what it says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as Table
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

PREFIX = re.compile(r"\bwp_")
"""What the names of WordPress's tables begin with, unless a shop has chosen something else."""


def renamed(text: str, prefix: str) -> str:
    """The SQL with the names of the tables as they begin in this shop; "" is as usual."""
    return PREFIX.sub(prefix, text) if prefix else text


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a SELECT that stands there only where those tables do."""

    tables: tuple[str, ...]
    sql: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class Question:
    """A SELECT and its parts by name."""

    select: str
    parts: Table[str, Part] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Table[str, Any]) -> Question:
        """As a preset says it."""
        parts = {
            name: Part(tuple(one["tables"]), one["sql"], one["otherwise"])
            for name, one in said.get("parts", {}).items()
        }
        return cls(str(said["select"]), parts)

    def under(self, prefix: str) -> Question:
        """The same where the names of the tables begin otherwise; "" is as usual."""

        def named(text: str) -> str:
            return renamed(text, prefix)

        parts = {
            name: Part(tuple(map(named, one.tables)), named(one.sql), named(one.otherwise))
            for name, one in self.parts.items()
        }
        return replace(self, select=named(self.select), parts=parts)

    def put_to(self, live: Connection) -> str:
        """The SELECT as this database can answer it."""
        if not self.parts:
            return self.select
        there = {*sa.inspect(live).get_table_names()}
        text = self.select
        for name, part in self.parts.items():
            text = text.replace("{" + name + "}", part.sql if there.issuperset(part.tables) else part.otherwise)
        return text
