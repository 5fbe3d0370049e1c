"""How is a replica started in a millisecond? One process that has imported everything forks on request.

Each line on stdin starts one replica and is answered by its pid. A replica is what runs in a
shop: ledger, morning, courier, Slack over HTTP. Only its clock is faster, for all alike.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import struct
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from bot import log
from bot.delivery.clock import Calendar
from bot.delivery.courier import Courier
from bot.delivery.database import WAITS, Waits
from bot.delivery.ledger import Ledger
from bot.delivery.morning import Morning, Target
from bot.delivery.post import DEADLINE_SECONDS, SlackChannel, web_client
from bot.delivery.row import Payload
from bot.schedule import EVERY_SECONDS, JITTER_SECONDS, WAKE_JITTER_SECONDS

EIGHT = clock_time(8, 0)
UTC_ZONE = ZoneInfo("UTC")
PAGE = Payload("20.3%", (), "20.3%")


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of the chaos: it runs `speed` times as fast and may jump, the same in every process.

    It is a file of two numbers: since when, and what to add.
    """

    shared: mmap.mmap
    speed: float

    @classmethod
    def make(cls, path: Path, start: float, speed: float) -> Self:
        path.write_bytes(struct.pack("dd", time.time(), start))
        return cls.read(path, speed)

    @classmethod
    def read(cls, path: Path, speed: float) -> Self:
        with path.open("r+b") as file:
            return cls(mmap.mmap(file.fileno(), 16), speed)

    def now(self) -> float:
        began, add = struct.unpack("dd", self.shared[:16])
        return add + (time.time() - began) * self.speed

    def jump(self, seconds: float) -> None:
        _began, add = struct.unpack("dd", self.shared[:16])
        self.shared[8:16] = struct.pack("d", add + seconds)


def targets(channels: int) -> tuple[Target, ...]:
    """So many channels, all due at 08:00."""
    return tuple(Target(f"C{n:09}", EIGHT, UTC_ZONE, Calendar(None, every_day=True)) for n in range(channels))


def waits(speed: float) -> Waits:
    """The deadlines of the database, quicker too, but not so that a busy machine breaks them."""
    share = min(1.0, 4 / speed)
    return Waits(2, WAITS.statement * share, WAITS.lock * share, WAITS.idle * share, WAITS.connection * share)


def replica(state: str, base_url: str, token: str, clock: Clock, wanted: tuple[Target, ...]) -> None:
    now = lambda: datetime.fromtimestamp(clock.now(), UTC)
    owner, dice = str(os.getpid()), random.Random(os.getpid())
    channel = SlackChannel(web_client(token, base_url), max(1.0, DEADLINE_SECONDS / clock.speed))
    ledger, zygote = None, os.getppid()
    while os.getppid() == zygote:  # whatever ends the chaos ends its replicas
        wait = EVERY_SECONDS + dice.random() * JITTER_SECONDS
        try:
            ledger = ledger or Ledger.open(state, clock=now, waits=waits(clock.speed))
            pause = lambda wait: time.sleep(wait / clock.speed)
            courier = Courier(ledger, channel, lambda _row: PAGE, now, clock.now, owner, lambda *_: None, pause)
            soon = Morning(ledger, courier, "T1", lambda: wanted).tick(now())
            if soon is not None and soon > 0:
                wait = min(wait, soon + dice.random() * WAKE_JITTER_SECONDS)
        except Exception as error:  # noqa: BLE001  what the ticker does: the next tick comes
            print(f"{owner}: {type(error).__name__}", file=sys.stderr)
        time.sleep(wait / clock.speed)


def main() -> None:
    state, base_url, token, path, speed, channels = sys.argv[1:]
    clock, wanted = Clock.read(Path(path), float(speed)), targets(int(channels))
    log.configure("CRITICAL")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            sys.stdin.close()
            replica(state, base_url, token, clock, wanted)
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
