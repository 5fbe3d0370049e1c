"""How is a replica started in a millisecond? One process that has imported everything forks on request.

Each line on stdin starts one replica and is answered by its pid. A replica is what runs in a
shop: ledger, morning, courier, Slack over HTTP. Only its clock is faster, for all alike.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import UTC, datetime
from datetime import time as clock_time
from zoneinfo import ZoneInfo

from bot import log
from bot.delivery.clock import Calendar
from bot.delivery.courier import Courier
from bot.delivery.ledger import Ledger
from bot.delivery.morning import Morning, Target
from bot.delivery.post import DEADLINE_SECONDS, SlackChannel, web_client
from bot.delivery.row import Payload

UTC_ZONE = ZoneInfo("UTC")
PAGE = Payload("20.3%", (), "20.3%")
EVERY = (15.0, 29.0)


def virtual(began: float, start: float, speed: float) -> float:
    """The time of the chaos: it runs `speed` times as fast, the same in every process."""
    return start + (time.time() - began) * speed


def targets(count: int, minutes: int) -> tuple[Target, ...]:
    """So many channels, due one after the other from 08:00 on."""
    return tuple(
        Target(f"C{n:09}", clock_time(8, n * minutes // count), UTC_ZONE, Calendar(None, every_day=True))
        for n in range(count)
    )


def replica(state: str, base_url: str, token: str, numbers: tuple[float, float, float, int, int]) -> None:
    began, start, speed, count, minutes = numbers
    seconds = lambda: virtual(began, start, speed)
    now = lambda: datetime.fromtimestamp(seconds(), UTC)
    owner, wanted = str(os.getpid()), targets(count, minutes)
    channel = SlackChannel(web_client(token, base_url), max(1.0, DEADLINE_SECONDS / speed))
    ledger = None
    while True:
        try:
            ledger = ledger or Ledger.open(state, clock=now)
            pause = lambda wait: time.sleep(wait / speed)
            courier = Courier(ledger, channel, lambda _row: PAGE, now, seconds, owner, lambda *_: None, pause)
            Morning(ledger, courier, "T1", lambda: wanted).tick(now())
        except Exception as error:  # noqa: BLE001  what the ticker does: the next tick comes
            print(f"{owner}: {type(error).__name__}", file=sys.stderr)
        time.sleep((EVERY[0] + os.getpid() * 7919 % 1000 / 1000 * (EVERY[1] - EVERY[0])) / speed)


def main() -> None:
    state, base_url, token, *rest = sys.argv[1:]
    numbers = (float(rest[0]), float(rest[1]), float(rest[2]), int(rest[3]), int(rest[4]))
    log.configure("CRITICAL")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            sys.stdin.close()
            replica(state, base_url, token, numbers)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
