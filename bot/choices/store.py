"""Where are the choices made in Slack kept?

In the state database, beside the ledger. Every change is one transaction with its audit row and a
new version, so that each replica sees at its next look that there is something to read.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.choices.chosen import Choice, Chosen, Entry, Mark, Plan
from bot.delivery.database import open_engine
from bot.delivery.row import ulid
from bot.delivery.schema import audit, choice, choice_version, digest, used

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_NOT_IN_BODY: Final = ("name", "owner", "mark")


class Choices:
    """The tables of what was chosen, how much was asked, and who did what."""

    def __init__(self, engine: sa.Engine, workspace: str, random: Callable[[int], bytes] = os.urandom) -> None:
        self._engine = engine
        self._workspace = workspace
        self._random = random
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    @classmethod
    def open(cls, url: str, workspace: str) -> Choices:
        """Open the state database and migrate it; raises a Problem."""
        return cls(open_engine(url), workspace)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    # --- reading --------------------------------------------------------------------------

    def version(self) -> int:
        """The number of the last change."""
        with self._engine.begin() as connection:
            return self._version(connection)

    def read(self) -> Chosen:
        """Everything that has been chosen, of one instant."""
        with self._engine.begin() as connection:
            version = self._version(connection)
            choices = connection.execute(sa.select(choice).where(choice.c.workspace == self._workspace)).mappings()
            found = tuple(map(_choice, choices))
            plans = sa.select(digest).where(digest.c.workspace == self._workspace).order_by(digest.c.name)
            return Chosen(version, found, tuple(map(_plan, connection.execute(plans).mappings())))

    def _version(self, connection: sa.Connection) -> int:
        statement = sa.select(choice_version.c.version).where(choice_version.c.workspace == self._workspace)
        return connection.execute(statement).scalar_one_or_none() or 0

    # --- changing -------------------------------------------------------------------------

    def choose(self, new: Choice, entry: Entry) -> None:
        """Keep a setting, a language."""
        values = {
            "workspace": self._workspace,
            "scope": new.scope,
            "name": new.name,
            "value": json.dumps(new.value, ensure_ascii=False),
            "changed_by": new.mark.by,
            "changed_at": new.mark.at,
        }
        self._change(choice, values, entry, new.mark.at)

    def forget(self, scope: str, name: str, entry: Entry, now: datetime) -> None:
        """Let the files decide again."""
        where = (choice.c.workspace == self._workspace, choice.c.scope == scope, choice.c.name == name)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(choice).where(*where))
            self._note(connection, entry, now)

    def put(self, plan: Plan, entry: Entry, mark: Mark) -> None:
        """Keep a digest as it is now; `removed` hides one that shop.toml has."""
        body = {name: value for name, value in asdict(plan).items() if name not in _NOT_IN_BODY}
        values = {
            "workspace": self._workspace,
            "name": plan.name,
            "owner": plan.owner,
            "body": json.dumps(body, ensure_ascii=False, default=time.isoformat),
            "changed_by": mark.by,
            "changed_at": mark.at,
        }
        self._change(digest, values, entry, mark.at)

    def delete(self, name: str, entry: Entry, now: datetime) -> None:
        """Take away a digest that was made in Slack, or what Slack says of one in the files."""
        with self._engine.begin() as connection:
            where = (digest.c.workspace == self._workspace, digest.c.name == name)
            connection.execute(sa.delete(digest).where(*where))
            self._note(connection, entry, now)

    def _change(self, table: sa.Table, values: Mapping[str, Any], entry: Entry, now: datetime) -> None:
        keys = [column.name for column in table.primary_key]
        rest = {name: value for name, value in values.items() if name not in keys}
        statement = self._insert(table).values(values).on_conflict_do_update(index_elements=keys, set_=rest)
        with self._engine.begin() as connection:
            connection.execute(statement)
            self._note(connection, entry, now)

    def _note(self, connection: sa.Connection, entry: Entry, now: datetime) -> None:
        """The change's audit row and version, in the change's own transaction."""
        self._audit(connection, entry, now)
        first = self._insert(choice_version).values(workspace=self._workspace, version=1)
        connection.execute(
            first.on_conflict_do_update(index_elements=["workspace"], set_={"version": choice_version.c.version + 1})
        )

    # --- audit and quotas -----------------------------------------------------------------

    def audit(self, entry: Entry, now: datetime) -> None:
        """Write down what changed nothing: who was refused, who took a list away."""
        with self._engine.begin() as connection:
            self._audit(connection, entry, now)

    def _audit(self, connection: sa.Connection, entry: Entry, now: datetime) -> None:
        values = {name: getattr(entry, name) for name in ("kind", "who", "what", "rows", "channel", "before", "after")}
        connection.execute(sa.insert(audit).values(id=ulid(now, self._random(10)), at=now, **values))

    def audited(self, limit: int = 100, kind: str = "") -> Sequence[Entry]:
        """The newest audit rows first."""
        wanted = (audit.c.kind == kind,) if kind else ()
        statement = sa.select(audit).where(*wanted).order_by(audit.c.at.desc(), audit.c.id.desc()).limit(limit)
        with self._engine.begin() as connection:
            rows = connection.execute(statement).mappings().all()
        return [Entry(**{name: value for name, value in row.items() if name != "id"}) for row in rows]

    def purge(self, audit_before: datetime | None, used_before: date) -> int:
        """Delete the audit from before an instant (None: none of it) and counts from before a day; how many rows."""
        old = [sa.delete(used).where(used.c.workspace == self._workspace, used.c.local_date < used_before)]
        if audit_before is not None:
            old.append(sa.delete(audit).where(audit.c.at < audit_before))
        with self._engine.begin() as connection:
            return sum(connection.execute(statement).rowcount for statement in old)

    def use(self, who: str, kind: str, day: date, times: int = 1) -> int:
        """Count uses; how many there were that day, these included."""
        key = {"workspace": self._workspace, "who": who, "kind": kind, "local_date": day}
        statement = (
            self._insert(used)
            .values(**key, times=times)
            .on_conflict_do_update(index_elements=list(key), set_={"times": used.c.times + times})
            .returning(used.c.times)
        )
        with self._engine.begin() as connection:
            return int(connection.execute(statement).scalar_one())


def _choice(row: sa.RowMapping) -> Choice:
    return Choice(row["scope"], row["name"], json.loads(row["value"]), Mark(row["changed_by"], row["changed_at"]))


def _plan(row: sa.RowMapping) -> Plan:
    body = json.loads(row["body"])
    body |= {
        "at": time.fromisoformat(body["at"]),
        "channels": tuple(body["channels"]),
        "days": tuple(body["days"]),
        "filters": tuple((name, label) for name, label in body["filters"]),
    }
    return Plan(name=row["name"], owner=row["owner"], mark=Mark(row["changed_by"], row["changed_at"]), **body)
