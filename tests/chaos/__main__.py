"""How many digests do real processes lose or double that are killed, paused and cut off?

python -m tests.chaos [--digests 300] [--sqlite 100] [--speed 20] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from bot.delivery.ledger import Ledger
from bot.delivery.row import State
from bot.delivery.schema import delivery
from bot.local_slack import LocalSlack
from bot.local_slack.faults import accepted_then_reset, half_body, reset, server_error
from bot.local_slack.workspace import BOT_USER, Channel
from tests.chaos.zygote import Clock, targets

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLS_EACH = 3
"""A digest takes about so many calls to Slack when all goes wrong."""
HURTING = 0.7
"""So many of the blows hit a process; the others hit a connection."""
START = datetime(2026, 11, 20, 7, 59, tzinfo=UTC).timestamp()
HERE = Path(__file__).parents[2]
PATIENCE_SECONDS = 900.0
FAULTS = (accepted_then_reset(), accepted_then_reset(), half_body(), reset(), server_error(503))


@dataclass
class Plan:
    """One chaos. `minutes`: over how many, in its fast time, the digests are due."""

    state: str
    digests: int
    replicas: int
    speed: float
    minutes: int
    kills: int
    folder: Path
    seed: int = 1
    errors: int | None = None  # where replicas write what failed; None: with everything else


@dataclass
class Chaos:
    """Runs it, and counts what the channels hold in the end."""

    plan: Plan
    dice: Random = field(init=False)
    clock: Clock = field(init=False)
    done: Counter[str] = field(default_factory=Counter)
    running: dict[int, float] = field(default_factory=dict)  # pid -> until when it is stopped (0: runs)

    def __post_init__(self) -> None:
        self.dice = Random(self.plan.seed)
        self.began = time.monotonic()
        self.clock = Clock.make(self.plan.folder / "clock", START, self.plan.speed)
        rooms = [
            Channel(target.channel, target.channel.lower(), {BOT_USER})
            for target in targets(self.plan.digests, self.plan.minutes)
        ]
        self.slack = LocalSlack(messages_per_second=None, channels=rooms)
        self.slack.clock.now = self.clock.now  # type: ignore[method-assign]  # Slack lives in the same fast time

    def run(self) -> dict[str, Any]:
        with self.slack, ExitStack() as stack:
            ledger = stack.enter_context(_closing(Ledger.open(self.plan.state)))
            zygote = stack.enter_context(self._zygote())
            try:
                self._storm(zygote, ledger)
                kept = _snapshot(ledger)
                self._settle(zygote, ledger)
                self._lose(ledger, kept, zygote)
                self._sweep(zygote, ledger)
            finally:
                for pid in self.running:
                    _send(pid, signal.SIGKILL)
            return self._judged(ledger)

    def _zygote(self) -> subprocess.Popen[str]:
        plan, slack = self.plan, self.slack
        command = [sys.executable, "-m", "tests.chaos.zygote", plan.state, slack.base_url, slack.bot_token]
        unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        process = subprocess.Popen(
            [*command, str(plan.folder / "clock"), str(plan.speed), str(plan.digests), str(plan.minutes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=plan.errors, text=True, cwd=HERE, env=unmeasured,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def _fill(self, zygote: subprocess.Popen[str]) -> None:
        """As many replicas as there should be; those that were paused long enough go on."""
        for pid, until in self.running.items():
            if until and time.time() >= until:
                _send(pid, signal.SIGCONT)
                self.running[pid] = 0.0
        while len(self.running) < self.plan.replicas:
            assert zygote.stdin is not None
            assert zygote.stdout is not None
            zygote.stdin.write("\n")
            zygote.stdin.flush()
            self.running[int(zygote.stdout.readline())] = 0.0

    def _storm(self, zygote: subprocess.Popen[str], ledger: Ledger) -> None:
        """Kill, pause and cut, again and again while the digests go out, until there was enough of it.

        The next blow falls after so many calls to Slack, not seconds: on a slow machine nothing would ever get done.
        """
        between = self.plan.digests * CALLS_EACH / (self.plan.kills / HURTING)
        end = time.time() + PATIENCE_SECONDS
        while self.done["SIGKILL"] + self.done["SIGSTOP"] < self.plan.kills:
            wanted = self._calls() + self.dice.uniform(0, 2 * between)
            while self._calls() < wanted and self._sent(ledger) < self.plan.digests:
                assert time.time() < end, "the storm does not end"
                self._fill(zygote)
                time.sleep(0.02)
            time.sleep(self.dice.uniform(0, 0.05))
            self._fill(zygote)
            self._strike(ledger)

    def _calls(self) -> int:
        return sum(len(self.slack.calls(method)) for method in ("chat.postMessage", "conversations.history"))

    def _strike(self, ledger: Ledger) -> None:
        pid, fate = self.dice.choice(list(self.running)), self.dice.random()
        awake = sum(1 for until in self.running.values() if not until)
        if fate < 0.45 or (fate < HURTING and awake == 1):
            _send(pid, signal.SIGKILL)
            del self.running[pid]
            self.done["SIGKILL"] += 1
        elif fate < HURTING:
            _send(pid, signal.SIGSTOP)
            self.running[pid] = time.time() + self.dice.choice((20, 100, 250)) / self.plan.speed
            self.done["SIGSTOP"] += 1
        elif fate < 0.9:
            method = self.dice.choice(("chat.postMessage", "chat.postMessage", "conversations.history"))
            self.slack.fail(method, self.dice.choice(FAULTS))
            self.done["connection to Slack cut"] += 1
        elif ledger.engine.dialect.name == "postgresql":
            with ledger.engine.connect() as connection:
                others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                connection.execute(sa.text(f"{others} AND pid <> pg_backend_pid()"))
            self.done["connections to PostgreSQL cut"] += 1

    def _settle(self, zygote: subprocess.Popen[str], ledger: Ledger) -> None:
        """Let everything be sent."""
        end = time.time() + PATIENCE_SECONDS
        while self._sent(ledger) < self.plan.digests or any(self.running.values()):
            self._fill(zygote)
            time.sleep(0.2)
            assert time.time() < end, f"{self._sent(ledger)} of {self.plan.digests} sent"

    def _sweep(self, zygote: subprocess.Popen[str], ledger: Ledger) -> None:
        """Eleven minutes later every channel is searched for twins, a few with each tick."""
        self.clock.jump(11 * 60)
        end = time.time() + PATIENCE_SECONDS
        while self._count(ledger, delivery.c.swept_at.is_not(None)) < self.plan.digests:
            self._fill(zygote)
            time.sleep(0.2)
            assert time.time() < end, "the sweep does not end"

    def _lose(self, ledger: Ledger, kept: list[dict[str, Any]], zygote: subprocess.Popen[str]) -> None:
        """The ledger is lost while everything runs, then an old copy is put back: nothing may come again."""
        for rows in ([], kept):
            with ledger.engine.begin() as connection:
                connection.execute(sa.delete(delivery))
                if rows:
                    connection.execute(sa.insert(delivery), rows)
            self.done["ledger restored" if rows else "ledger lost"] += 1
            self._settle(zygote, ledger)

    def _sent(self, ledger: Ledger) -> int:
        return self._count(ledger, delivery.c.state == State.SENT)

    def _count(self, ledger: Ledger, what: sa.ColumnElement[bool]) -> int:
        for _ in range(5):
            with suppress(sa.exc.DBAPIError), ledger.engine.begin() as connection:
                done = sa.select(sa.func.count()).where(what)
                return int(connection.execute(done).scalar_one())
        return 0

    def _judged(self, ledger: Ledger) -> dict[str, Any]:
        counts, late = Counter(), []
        for target in targets(self.plan.digests, self.plan.minutes):
            said = self.slack.messages(target.channel)
            counts["missed" if not said else "left twice" if len(said) > 1 else "once"] += 1
            due = datetime(2026, 11, 20, target.at.hour, target.at.minute, tzinfo=UTC).timestamp()
            late += [float(said[0].ts) - due] if said else []
        late.sort()
        posts = sum(1 for entry in self.slack.calls("chat.postMessage") if entry.answer.get("ok"))
        return {
            "engine": ledger.engine.dialect.name,
            "digests": self.plan.digests,
            "once": counts["once"],
            "missed": counts["missed"],
            "left twice": counts["left twice"],
            "twins removed": posts - sum(len(self.slack.messages(room)) for room in self.slack.channels),
            "seed": self.plan.seed,
            "real seconds": round(time.monotonic() - self.began),
            "late seconds, median": round(late[len(late) // 2]),
            "late seconds, p99": round(late[int(len(late) * 0.99)]),
            **self.done,
        }


class _closing:  # noqa: N801  like contextlib's
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __enter__(self) -> Ledger:
        return self._ledger

    def __exit__(self, *_: object) -> None:
        self._ledger.close()


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _snapshot(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger.engine.begin() as connection:
        return [dict(row) for row in connection.execute(sa.select(delivery)).mappings()]


def plans(asked: argparse.Namespace) -> Iterator[Plan]:
    sys.path.insert(0, str(HERE))
    from tests.conftest import servers  # noqa: PLC0415  it finds the servers

    with tempfile.TemporaryDirectory(prefix="asakai-chaos-") as name:
        folder = Path(name)
        if asked.digests:
            with servers.postgres_url() as url:
                yield Plan(url, asked.digests, 4, asked.speed, 10, asked.kills, folder, asked.seed)
        if asked.sqlite:
            state = f"sqlite:///{folder}/state.db"
            yield Plan(state, asked.sqlite, 3, asked.speed, 10, asked.kills, folder, asked.seed + 1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--digests", type=int, default=300)
    parser.add_argument("--sqlite", type=int, default=100)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--speed", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    failed = 0
    for plan in plans(parser.parse_args()):
        found = Chaos(plan).run()
        print(json.dumps(found), flush=True)
        failed += found["missed"] + found["left twice"]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
