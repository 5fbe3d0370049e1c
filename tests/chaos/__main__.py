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
from datetime import UTC, date, datetime
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
    from collections.abc import Callable, Iterator

CALLS_EACH = 3
"""A digest takes about so many calls to Slack when all goes wrong."""
HURTING = 0.7
"""So many of the blows hit a process; the others hit a connection."""
BEFORE_SECONDS = 15.0
START = datetime(2026, 11, 20, 8, tzinfo=UTC).timestamp() - BEFORE_SECONDS
DAY = 86_400.0
SENT = (delivery.c.state == State.SENT,)
UNSWEPT = (*SENT, delivery.c.swept_at.is_(None))
HERE = Path(__file__).parents[2]
PATIENCE_SECONDS = 600.0
FAULTS = (accepted_then_reset(), accepted_then_reset(), half_body(), reset(), server_error(503))


@dataclass
class Plan:
    """One chaos: so many mornings, each with a digest in so many channels."""

    state: str
    mornings: int
    channels: int
    replicas: int
    kills: int
    folder: Path
    speed: float = 20.0
    seed: int = 1
    errors: int | None = None  # where replicas write what failed; None: with everything else

    @property
    def digests(self) -> int:
        return self.mornings * self.channels


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
        rooms = [Channel(target.channel, target.channel.lower(), {BOT_USER}) for target in targets(self.plan.channels)]
        self.slack = LocalSlack(messages_per_second=None, channels=rooms)
        self.slack.clock.now = self.clock.now  # type: ignore[method-assign]  # Slack lives in the same fast time

    def run(self) -> dict[str, Any]:
        with self.slack, ExitStack() as stack:
            ledger = stack.enter_context(_closing(Ledger.open(self.plan.state)))
            zygote = stack.enter_context(self._zygote())
            try:
                self._storm(zygote, ledger)
                self._settle(zygote, ledger)
            finally:
                for pid in self.running:
                    _send(pid, signal.SIGKILL)
            return self._judged(ledger)

    def _zygote(self) -> subprocess.Popen[str]:
        plan, slack = self.plan, self.slack
        command = [sys.executable, "-m", "tests.chaos.zygote", plan.state, slack.base_url, slack.bot_token]
        unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
        process = subprocess.Popen(
            [*command, str(plan.folder / "clock"), str(plan.speed), str(plan.channels)],
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
        """Morning after morning; of four, one loses the ledger and one gets an old copy back."""
        plan = self.plan
        for number in range(plan.mornings):
            self.clock.jump(START + number * DAY - self.clock.now())
            kept = _rows(ledger)
            self._trouble(number, plan.kills * (number + 0.5) / plan.mornings, zygote, ledger)
            if number % 4 in {1, 3}:
                self._replace(ledger, kept if number % 4 == 3 else [])
            self._trouble(number, plan.kills * (number + 1) / plan.mornings, zygote, ledger)
            yesterday = (*UNSWEPT, delivery.c.local_date < day(number))
            self._wait(zygote, lambda yesterday=yesterday: self._count(ledger, *yesterday) == 0)

    def _trouble(self, number: int, kills: float, zygote: subprocess.Popen[str], ledger: Ledger) -> None:
        """Kill, pause and cut until there was enough of it and this morning's digests are out.

        The next blow falls after so many calls to Slack, not seconds: on a slow machine nothing would ever get done.
        """
        plan = self.plan
        between = plan.digests * CALLS_EACH / (plan.kills / HURTING)
        sent = lambda: self._count(ledger, *SENT, delivery.c.local_date == day(number)) == plan.channels
        while self.done["SIGKILL"] + self.done["SIGSTOP"] < kills:
            wanted = self._calls() + self.dice.uniform(0, 2 * between)
            self._wait(zygote, lambda wanted=wanted: self._calls() >= wanted or sent())
            time.sleep(self.dice.uniform(0, 0.05))
            self._fill(zygote)
            self._strike(ledger)
        self._wait(zygote, sent)

    def _wait(self, zygote: subprocess.Popen[str], until: Callable[[], bool]) -> None:
        """Keep the replicas up until it is so."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not until():
            assert time.monotonic() < end, "it does not end"
            self._fill(zygote)
            time.sleep(0.02)

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
        """Who is paused goes on; eleven minutes later the last channels are searched for twins."""
        self._wait(zygote, lambda: not any(self.running.values()))
        self.clock.jump(11 * 60)
        self._wait(zygote, lambda: self._count(ledger, *UNSWEPT) == 0)

    def _replace(self, ledger: Ledger, rows: list[dict[str, Any]]) -> None:
        """The ledger is lost while everything runs, or an old copy is put back: nothing may come again."""
        with ledger.engine.begin() as connection:
            connection.execute(sa.delete(delivery))
            if rows:
                connection.execute(sa.insert(delivery), rows)
        self.done["ledger restored" if rows else "ledger lost"] += 1

    def _count(self, ledger: Ledger, *where: sa.ColumnElement[bool]) -> int:
        for _ in range(5):
            with suppress(sa.exc.DBAPIError), ledger.engine.begin() as connection:
                return int(connection.execute(sa.select(sa.func.count()).where(*where)).scalar_one())
        return -1

    def _judged(self, ledger: Ledger) -> dict[str, Any]:
        counts, late = Counter(), []
        for target in targets(self.plan.channels):
            said = [float(message.ts) - START for message in self.slack.messages(target.channel)]
            for number in range(self.plan.mornings):
                here = [ts - number * DAY for ts in said if ts // DAY == number]
                counts["missed" if not here else "left twice" if len(here) > 1 else "once"] += 1
                late += [here[0] - BEFORE_SECONDS] if here else []
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


def day(number: int) -> date:
    """The local date of a morning."""
    return datetime.fromtimestamp(START + number * DAY, UTC).date()


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


def _rows(ledger: Ledger) -> list[dict[str, Any]]:
    with ledger.engine.begin() as connection:
        return [dict(row) for row in connection.execute(sa.select(delivery)).mappings()]


def plans(asked: argparse.Namespace) -> Iterator[Plan]:
    sys.path.insert(0, str(HERE))
    from tests.conftest import servers  # noqa: PLC0415  it finds the servers

    with tempfile.TemporaryDirectory(prefix="asakai-chaos-") as name:
        folder = Path(name)
        if asked.digests:
            with servers.postgres_url() as url:
                yield Plan(url, asked.digests // 30, 30, 4, asked.kills, folder, asked.speed, asked.seed)
        if asked.sqlite:
            state = f"sqlite:///{folder}/state.db"
            yield Plan(state, asked.sqlite // 10, 10, 3, asked.kills, folder, asked.speed, asked.seed + 1)


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
