"""Which messages wait in Slack to say that we are gone?

One row per digest, channel and date. Lost rows are found again in Slack's own list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.delivery.schema import obituary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

_KEY = ("workspace", "name", "channel", "local_date")


@dataclass(frozen=True, slots=True)
class Obituary:
    """A message that Slack posts at `post_at`, unless we delete it before."""

    workspace: str
    name: str
    channel: str
    local_date: date
    post_at: datetime
    scheduled_id: str


class Obituaries:
    """The table of scheduled messages."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self) -> Sequence[Obituary]:
        """Every one that has not been taken back."""
        with self._engine.begin() as connection:
            return [Obituary(**row) for row in connection.execute(sa.select(obituary)).mappings()]

    def keep(self, one: Obituary) -> None:
        """Write one down; the same date's earlier one goes."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(obituary).where(*_is(one)))
            connection.execute(
                sa.insert(obituary).values({name: getattr(one, name) for name in (*_KEY, "post_at", "scheduled_id")})
            )

    def forget(self, one: Obituary) -> None:
        """It is taken back, or has spoken."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(obituary).where(*_is(one)))


def _is(one: Obituary) -> tuple[sa.ColumnElement[bool], ...]:
    return tuple(obituary.c[name] == getattr(one, name) for name in _KEY)
