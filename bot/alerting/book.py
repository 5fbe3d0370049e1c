"""What does the state database keep of rules: who made them, how they stand, what they owe?

Every change is one short transaction. What a step decides and what it owes are written together, so a
kill loses neither and doubles neither: posts go through the ledger's deliveries, edits through the
numbers `wanted` and `shown` of an episode. An edit is the whole message, so doing it twice is harmless.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects import postgresql, sqlite

from bot.delivery.database import open_engine
from bot.delivery.row import Key, Kind, Payload, State, digest_of, ulid
from bot.delivery.schema import alert_note, alert_rule, alert_standing, audit, delivery, episode
from bot.settings.watching import AlertRule
from metrics.alert import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEEP = timedelta(days=7)
"""How long an alert is still worth posting; its message says since when."""

HOLD = timedelta(seconds=90)
"""How long a process that edits keeps others away."""

_STANDING = TypeAdapter(Standing)
_KEY = ("workspace", "kind", "name", "channel", "local_date", "episode")


@dataclass(frozen=True, slots=True)
class Kept:
    """A rule's standing with the number of its last change and the rule that it is of."""

    standing: Standing
    version: int = 0
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Root:
    """The first message of an episode in one channel. `ts` None: not posted yet."""

    id: str
    name: str
    channel: str
    ts: str | None
    payload: Payload
    wanted: int
    shown: int


@dataclass(frozen=True, slots=True)
class Change:
    """What one step decided, to be written wholly or not at all.

    `opens`: first messages by channel; `shows`: what the open first messages should say now, by channel;
    `notes`: replies in its threads, by channel; `posts`: messages that are no episode, by channel.
    """

    standing: Standing
    rule: str
    opens: tuple[tuple[str, Payload], ...] = ()
    shows: tuple[tuple[str, Payload], ...] = ()
    notes: tuple[tuple[str, Kind, Payload], ...] = ()
    posts: tuple[tuple[str, Payload], ...] = ()
    closes: bool = False


class Book:
    """The state database, as rules need it."""

    def __init__(self, engine: sa.Engine, workspace: str, random: Callable[[int], bytes] = os.urandom) -> None:
        self._engine = engine
        self._workspace = workspace
        self._random = random
        self._insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    @classmethod
    def open(cls, url: str, workspace: str, random: Callable[[int], bytes] = os.urandom) -> Book:
        """Open the state database and migrate it; raises a Problem."""
        return cls(open_engine(url), workspace, random)

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    # --- rules made in Slack --------------------------------------------------------------

    def rules(self) -> tuple[tuple[AlertRule, str], ...]:
        """Rules made in Slack, by name, each with who changed it last."""
        statement = sa.select(alert_rule).where(alert_rule.c.workspace == self._workspace).order_by(alert_rule.c.name)
        with self._engine.begin() as connection:
            rows = connection.execute(statement).mappings().all()
        return tuple((AlertRule.model_validate_json(row["body"]), str(row["changed_by"])) for row in rows)

    def keep_rule(self, rule: AlertRule, who: str, now: datetime, *, before: str = "") -> None:
        """Write a rule down, under its new name if it had another `before`; audited."""
        values = {"body": rule.model_dump_json(), "changed_by": who, "changed_at": now}
        with self._engine.begin() as connection:
            if before and before != rule.name:
                connection.execute(sa.delete(alert_rule).where(*self._named(alert_rule, before)))
            statement = self._insert(alert_rule).values(workspace=self._workspace, name=rule.name, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["workspace", "name"], set_=values))
            self._note(connection, who, f"rule kept: {rule.model_dump_json()}", now)

    def drop_rule(self, name: str, who: str, now: datetime) -> bool:
        """Take a rule away; audited."""
        with self._engine.begin() as connection:
            gone = connection.execute(sa.delete(alert_rule).where(*self._named(alert_rule, name))).rowcount == 1
            if gone:
                self._note(connection, who, f"rule removed: {name}", now)
        return gone

    def audit(self, who: str, what: str, now: datetime) -> None:
        """Write down who did what."""
        with self._engine.begin() as connection:
            self._note(connection, who, what, now)

    def _note(self, connection: sa.Connection, who: str, what: str, now: datetime) -> None:
        values = {"id": ulid(now, self._random(10)), "at": now, "who": who, "what": what, "rows": 0}
        connection.execute(sa.insert(audit).values(values))

    # --- how rules stand ------------------------------------------------------------------

    def standings(self) -> dict[str, Kept]:
        """Every rule's standing by its name."""
        statement = sa.select(alert_standing).where(alert_standing.c.workspace == self._workspace)
        with self._engine.begin() as connection:
            return {row["name"]: _kept(row) for row in connection.execute(statement).mappings()}

    def commit(self, name: str, before: Kept, change: Change, at: tuple[date, datetime], now: datetime) -> bool:
        """Write a step with all it owes; False where another process was first, and nothing is written.

        `at`: the local date and the instant from which messages are due.
        """
        with self._engine.begin() as connection:
            if not self._advance(connection, name, before, change, now):
                return False
            self._edit(connection, name, change)
            roots = self._roots_open(connection, name)
            for channel, kind, payload in change.notes:
                if channel in roots:
                    self._owe_note(connection, roots[channel], kind, payload, at[0])
            if change.closes:
                closing = sa.update(episode).where(episode.c.id.in_(roots.values()))
                connection.execute(closing.values(closed_at=now, state="over"))
            for channel, payload in change.opens:
                self._open(connection, name, channel, payload, (change.standing, at, now))
            for channel, payload in change.posts:
                key = Key(self._workspace, Kind.ALERT, name, channel, at[0], f"failed-{change.standing.episode}")
                self._owe(connection, key, at[1], payload, None, now)
        return True

    def _advance(self, connection: sa.Connection, name: str, before: Kept, change: Change, now: datetime) -> bool:
        values = {
            "version": before.version + 1,
            "rule": change.rule,
            "body": _STANDING.dump_json(change.standing).decode(),
            "changed_at": now,
        }
        if before.version:
            statement = sa.update(alert_standing).where(
                *self._named(alert_standing, name), alert_standing.c.version == before.version
            )
            return connection.execute(statement.values(values)).rowcount == 1
        new = self._insert(alert_standing).values(workspace=self._workspace, name=name, **values)
        written = connection.execute(new.on_conflict_do_nothing().returning(alert_standing.c.name))
        return written.first() is not None

    def _open(
        self,
        connection: sa.Connection,
        name: str,
        channel: str,
        payload: Payload,
        of: tuple[Standing, tuple[date, datetime], datetime],
    ) -> None:
        standing, at, now = of
        new = ulid(now, self._random(10))
        values = {
            "id": new,
            "workspace": self._workspace,
            "name": name,
            "channel": channel,
            "state": "firing",
            "since": standing.began_on,
            "opened_at": now,
            "number": standing.episode,
            "payload": payload.dump(),
            "wanted": 0,
            "shown": 0,
        }
        written = self._insert(episode).values(values).on_conflict_do_nothing().returning(episode.c.id)
        if connection.execute(written).first() is not None:
            key = Key(self._workspace, Kind.ALERT, name, channel, at[0], new)
            self._owe(connection, key, at[1], payload, None, now)

    def _edit(self, connection: sa.Connection, name: str, change: Change) -> None:
        for channel, payload in change.shows:
            text = payload.dump()
            mine = (*self._named(episode, name), episode.c.channel == channel, episode.c.closed_at.is_(None))
            statement = sa.update(episode).where(*mine, episode.c.payload != text)
            connection.execute(statement.values(payload=text, wanted=episode.c.wanted + 1, again_at=None))

    def _roots_open(self, connection: sa.Connection, name: str) -> dict[str, str]:
        """The open episodes of a rule by channel."""
        mine = (*self._named(episode, name), episode.c.closed_at.is_(None))
        found = connection.execute(sa.select(episode.c.channel, episode.c.id).where(*mine))
        return {row.channel: row.id for row in found}

    def _owe_note(self, connection: sa.Connection, of: str, kind: Kind, payload: Payload, local_date: date) -> None:
        values = {"episode": of, "kind": kind.value, "local_date": local_date, "payload": payload.dump()}
        connection.execute(self._insert(alert_note).values(**values, owed=False).on_conflict_do_nothing())

    def _owe(
        self,
        connection: sa.Connection,
        key: Key,
        due_at: datetime,
        payload: Payload,
        thread_ts: str | None,
        now: datetime,
    ) -> None:
        """Owe a message whose bytes are known."""
        text = payload.dump()
        statement = self._insert(delivery).values(
            id=ulid(now, self._random(10)),
            due_at=due_at,
            expires_at=due_at + KEEP,
            state=State.PENDING,
            payload=text,
            payload_sha256=digest_of(text),
            data_as_of=payload.data_as_of,
            thread_ts=thread_ts,
            **{name: getattr(key, name) for name in _KEY},
        )
        connection.execute(statement.on_conflict_do_nothing(index_elements=_KEY))

    # --- what is owed to open episodes ----------------------------------------------------

    def channels(self, name: str) -> tuple[str, ...]:
        """Where the rule's open episode has, or will have, its first message."""
        with self._engine.begin() as connection:
            found = sa.select(episode.c.channel).where(*self._named(episode, name), episode.c.closed_at.is_(None))
            return tuple(connection.execute(found.order_by(episode.c.channel)).scalars())

    def open_names(self) -> frozenset[str]:
        """The rules whose episode is open."""
        mine = (episode.c.workspace == self._workspace, episode.c.closed_at.is_(None))
        with self._engine.begin() as connection:
            return frozenset(connection.execute(sa.select(episode.c.name).where(*mine)).scalars())

    def release_notes(self, now: datetime) -> int:
        """Owe the replies whose thread is there now; gives how many."""
        waiting = (
            sa.select(alert_note, episode.c.name, episode.c.channel, episode.c.root_ts)
            .join(episode, episode.c.id == alert_note.c.episode)
            .where(alert_note.c.owed.is_(False), episode.c.root_ts.is_not(None))
            .where(episode.c.workspace == self._workspace)
        )
        with self._engine.begin() as connection:
            rows = connection.execute(waiting).mappings().all()
            for row in rows:
                key = Key(
                    self._workspace, Kind(row["kind"]), row["name"], row["channel"], row["local_date"], row["episode"]
                )
                self._owe(connection, key, now, Payload.load(row["payload"]), row["root_ts"], now)
                same = (getattr(alert_note.c, name) == row[name] for name in ("episode", "kind", "local_date"))
                connection.execute(sa.update(alert_note).where(*same).values(owed=True))
        return len(rows)

    def claim_edit(self, holder: str, now: datetime) -> Root | None:
        """Take one first message that does not show what it should; others keep away for 90 s."""
        free = sa.or_(episode.c.held_until.is_(None), episode.c.held_until <= now)
        ripe = sa.or_(episode.c.again_at.is_(None), episode.c.again_at <= now)
        oldest = (
            sa.select(episode.c.id)
            .where(episode.c.workspace == self._workspace, episode.c.wanted > episode.c.shown)
            .where(episode.c.root_ts.is_not(None), free, ripe)
            .order_by(episode.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        taking = (
            sa.update(episode)
            .where(episode.c.id == oldest.scalar_subquery())
            .values(holder=holder, held_until=now + HOLD)
            .returning(episode)
        )
        with self._engine.begin() as connection:
            row = connection.execute(taking).mappings().one_or_none()
        return None if row is None else _root(row)

    def edited(self, root: Root, holder: str) -> bool:
        """Write down what the message shows; False where the claim was lost.

        Then a newer text may have been overwritten by ours: it is wanted once more.
        """
        with self._engine.begin() as connection:
            mine = (episode.c.id == root.id, episode.c.holder == holder)
            done = sa.update(episode).where(*mine).values(shown=root.wanted, holder=None, held_until=None)
            if connection.execute(done.values(last_error=None)).rowcount == 1:
                return True
            again = sa.update(episode).where(episode.c.id == root.id)
            connection.execute(again.values(wanted=episode.c.wanted + 1))
        return False

    def put_off_edit(self, root: Root, holder: str, until: datetime, why: str, *, give_up: bool = False) -> None:
        """Let go of an edit that Slack did not take; `give_up`: the message is gone for good."""
        values: dict[str, Any] = {"holder": None, "held_until": None, "again_at": until, "last_error": why}
        if give_up:
            values["shown"] = root.wanted
        with self._engine.begin() as connection:
            mine = (episode.c.id == root.id, episode.c.holder == holder)
            connection.execute(sa.update(episode).where(*mine).values(values))

    def digest_is_sent(self, name: str, channel: str, local_date: date) -> bool | None:
        """Whether that date's digest has arrived; None where none is owed."""
        same = (
            delivery.c.workspace == self._workspace,
            delivery.c.kind == Kind.DIGEST,
            delivery.c.name == name,
            delivery.c.channel == channel,
            delivery.c.local_date == local_date,
        )
        with self._engine.begin() as connection:
            state = connection.execute(sa.select(delivery.c.state).where(*same)).scalar_one_or_none()
        return None if state is None else state in {State.SENT, State.EXPIRED, State.SKIPPED}

    def roots(self, name: str | None = None) -> Iterator[Root]:
        """First messages, the newest first."""
        mine = sa.select(episode).where(episode.c.workspace == self._workspace).order_by(episode.c.id.desc())
        if name is not None:
            mine = mine.where(episode.c.name == name)
        with self._engine.begin() as connection:
            rows = connection.execute(mine).mappings().all()
        yield from map(_root, rows)

    def _named(self, table: sa.Table, name: str) -> tuple[sa.ColumnElement[bool], ...]:
        return table.c.workspace == self._workspace, table.c.name == name


def _kept(row: sa.RowMapping) -> Kept:
    return Kept(_STANDING.validate_json(row["body"]), int(row["version"]), str(row["rule"]))


def _root(row: sa.RowMapping) -> Root:
    return Root(
        row["id"],
        row["name"],
        row["channel"],
        row["root_ts"],
        Payload.load(row["payload"]),
        int(row["wanted"]),
        int(row["shown"]),
    )


def begun_anew(kept: Kept, rule: str) -> Kept:
    """The standing where the rule has been changed since: what was announced stays, what was judged does not."""
    if not kept.rule or kept.rule == rule:
        return kept
    return replace(kept, standing=replace(kept.standing, tracks=(), as_of=None, trouble=None, why=""))
