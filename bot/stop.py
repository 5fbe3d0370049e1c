"""How does the process end: everything begun is finished, nothing new is begun, in 25 seconds?

What does not finish in time is cut off: the ledger makes that safe at every step.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

WITHIN_SECONDS = 25.0

log = structlog.get_logger("asakai")


def on_signals(stop: threading.Event) -> None:
    """Set the event on SIGTERM and SIGINT; a second signal ends the process at once."""

    def begin(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, begin)


def wind_down(closings: Sequence[Callable[[float], bool]], within_seconds: float = WITHIN_SECONDS) -> bool:
    """Close one after the other, each in the time that is left; False when one did not finish."""
    until = time.monotonic() + within_seconds
    finished = [close(max(0.0, until - time.monotonic())) for close in closings]
    log.info("stopped", clean=all(finished))
    return all(finished)


def leave(code: int) -> None:
    """End the process even where a library's thread hangs."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
