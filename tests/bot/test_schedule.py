"""Does the clock tick, survive what goes wrong, and stop cleanly?"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bot import schedule
from bot.schedule import EVERY_SECONDS, Ticker, awake, utc_now
from bot.stop import WITHIN_SECONDS, wind_down

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 19, 23, 0, tzinfo=UTC)


def test_it_ticks_at_once_after_the_start_with_the_time_passed_in() -> None:
    seen: list[datetime] = []
    ticked = threading.Event()

    def tick(now: datetime, _stopped: Callable[[], bool]) -> None:
        seen.append(now)
        ticked.set()

    ticker = Ticker(tick, lambda: NOW)
    ticker.start()
    assert ticked.wait(5)
    assert ticker.close(5)
    assert seen == [NOW]


def test_a_tick_comes_every_15_to_29_seconds() -> None:
    ticker = Ticker(lambda _now, _stopped: None, lambda: NOW)
    ticker.start()
    (job,) = ticker._scheduler.get_jobs()
    waits = [(job.trigger.get_next_fire_time(NOW, NOW) - NOW).total_seconds() for _ in range(500)]
    ticker.close(5)
    assert 15 <= min(waits) < 17
    assert 27 < max(waits) <= 29


def test_a_tick_that_knows_what_is_due_in_a_tenth_of_a_second_is_followed_by_one_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(schedule, "WAKE_JITTER_SECONDS", 0.1)
    ticked = threading.Semaphore(0)

    def tick(_now: datetime, _stopped: Callable[[], bool]) -> float:
        ticked.release()
        return 0.1

    ticker = Ticker(tick)
    ticker.start()
    for _ in range(3):
        assert ticked.acquire(timeout=EVERY_SECONDS - 1), "an ordinary tick is further away"
    assert ticker.close(5)


@pytest.mark.parametrize("seconds", [None, 0.0, -3.0, 30.0, 86_400.0])
def test_what_is_due_already_or_after_the_next_tick_wakes_nobody(seconds: float | None) -> None:
    ticked = threading.Event()

    def tick(_now: datetime, _stopped: Callable[[], bool]) -> float | None:
        ticked.set()
        return seconds

    ticker = Ticker(tick)
    ticker.start()
    assert ticked.wait(30)
    with ticker._idle:  # that tick is over
        assert [job.id for job in ticker._scheduler.get_jobs() if job.id == "wake"] == []
    assert ticker.close(5)


def test_a_tick_that_fails_does_not_end_the_ticking() -> None:
    calls: list[int] = []

    def tick(_now: datetime, _stopped: Callable[[], bool]) -> None:
        calls.append(1)
        raise ZeroDivisionError

    ticker = Ticker(tick)
    ticker.tick()
    ticker.tick()
    assert len(calls) == 2
    assert ticker.age_seconds() < 5


def test_closing_waits_for_the_tick_at_hand_and_tells_it_to_stop() -> None:
    began, told = threading.Event(), threading.Event()

    def tick(_now: datetime, stopped: Callable[[], bool]) -> None:
        began.set()
        for _ in range(500):
            if stopped():
                told.set()
                return
            threading.Event().wait(0.01)

    ticker = Ticker(tick)
    ticker.start()
    assert began.wait(5)
    assert ticker.close(5)
    assert told.is_set()


def test_closing_gives_up_on_a_tick_that_hangs_and_begins_no_other() -> None:
    began, gate, calls = threading.Event(), threading.Event(), []

    def tick(_now: datetime, _stopped: Callable[[], bool]) -> None:
        calls.append(1)
        began.set()
        gate.wait(20)

    ticker = Ticker(tick)
    ticker.start()
    assert began.wait(5)
    assert not ticker.close(0.05)
    gate.set()
    ticker.tick()
    assert len(calls) == 1


def test_the_time_that_is_left_is_shared() -> None:
    left: list[float] = []

    def slow(seconds: float) -> bool:
        left.append(seconds)
        return False

    def quick(seconds: float) -> bool:
        left.append(seconds)
        return True

    assert not wind_down([slow, quick], within_seconds=0.5)
    assert left[0] == pytest.approx(0.5, abs=0.1)
    assert left[1] <= left[0]
    assert wind_down([quick])
    assert left[2] == pytest.approx(WITHIN_SECONDS, abs=0.5)


PROCESS = """
import threading
from bot import schedule
from bot.schedule import Ticker
from bot.stop import leave, on_signals, wind_down
stop = threading.Event()
on_signals(stop)
ticker = Ticker(lambda now, stopped: print("tick", flush=True))
ticker.start()
stop.wait()
clean = wind_down([ticker.close])
print("clean" if clean else "cut off", flush=True)
leave(0)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_cleanly_within_25_seconds(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROCESS],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "tick\n"
        process.send_signal(number)
        said = process.stdout.read()
        assert process.wait(25) == 0
    assert said.endswith("clean\n")


def test_the_clocks_run_forward() -> None:
    assert utc_now().tzinfo is UTC
    assert awake() <= awake()
