"""`make bench-load`: does every /kpi get its acknowledgement while heavy questions pour in?

The bot runs as it does in a shop, in a process of its own, on a sample shop; the local Slack
here types so many commands a second and keeps the time of each acknowledgement. Questions that
do not fit are answered "busy" at once; none may wait three seconds for its acknowledgement. Only
what is said of figures counts as answered: the quota per person is off, and other words are named.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.local_slack import LocalSlack
from bot.local_slack.delivery import Delivery
from bot.local_slack.faults import slow
from bot.onward import SHARE

CHANNEL: Final = "C0ASAKAI01"
LATE_SECONDS: Final = 3.0
USUAL: Final = (
    "リピート率 地域別", "なぜ動いたか 地域別", "リピート率 商品別 チャネル:LINE", "休眠 地域別 比較",
    "間隔 チャネル別 先週比", "リピート率 チャネル別 先月 比較", "リピート率 LINE 比較 Google広告",
    "なぜ動いたか 商品別 先月", "休眠 購入回数別", "リピート率 チャネル別 地域:関東", "",
)  # fmt: skip
"""Drill-downs, comparisons and filters: what costs most. A team asks the same after its digest."""
BUSY: Final = "混み合っています"
FIGURES: Final = ("なぜ動いたか", "リピート率", "間隔", "休眠")
DIMENSIONS: Final = ("地域別", "チャネル別", "商品別")
FILTERS: Final = ("", "チャネル:LINE", "チャネル:自社サイト", "チャネル:Meta広告", "地域:関東", "地域:近畿")
LAST_DAY: Final = datetime.now(UTC).date() - timedelta(days=2)


def usual(number: int) -> str:
    """The questions of a team, again and again."""
    return USUAL[number % len(USUAL)]


def unlike(number: int) -> str:
    """Questions of which no two are alike: each of another morning."""
    number, figure = divmod(number, len(FIGURES))
    number, dimension = divmod(number, len(DIMENSIONS))
    number, narrow = divmod(number, len(FILTERS))
    day = LAST_DAY - timedelta(days=number)
    return f"{FIGURES[figure]} {DIMENSIONS[dimension]} {FILTERS[narrow]} 時点:{day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked, how often, for how long; `slack_ms`: how long Slack takes over each answer."""

    per_second: int
    seconds: int
    question: Callable[[int], str]
    slack_ms: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of the commands of one run."""

    asked: int
    seconds: float
    ack_seconds: tuple[float, ...]
    late: int
    answered: int
    busy: int
    other: int
    silent: int

    def told(self) -> str:
        """One row of a table."""
        return (
            f"| {self.asked} in {self.seconds:.0f} s | {self.late} | {_at(self.ack_seconds, 0.5):.0f} ms "
            f"| {_at(self.ack_seconds, 0.99):.0f} ms | {max(self.ack_seconds, default=0) * 1000:.0f} ms "
            f"| {self.answered} | {self.busy} | {self.other} | {self.silent} |"
        )


HEAD: Final = (
    "| commands | not acknowledged in 3 s | ack p50 | p99 | longest | answered | busy | otherwise | no answer |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


def _at(values: Sequence[float], share: float) -> float:
    """The value below which that share lies, in milliseconds."""
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def main() -> None:
    """Measure and print a row."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("--per-second", type=int, default=50, help="commands a second")
    parser.add_argument("--seconds", type=int, default=60, help="for how long")
    parser.add_argument("--unlike", action="store_true", help="no two questions alike: nothing that was made helps")
    parser.add_argument("--slack-ms", type=int, default=0, help="how long Slack takes over each answer")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measured(
            Path(folder), Load(asked.per_second, asked.seconds, unlike if asked.unlike else usual, asked.slack_ms)
        )
    print(HEAD)
    print(found.told())


def measured(folder: Path, load: Load) -> Measured:
    """Run bot and local Slack and ask."""
    _make_shop(folder)
    # A grace of a minute: a late acknowledgement is counted here, not lost.
    with LocalSlack(messages_per_second=None, ack_seconds=60) as slack:
        bot = multiprocessing.get_context("spawn").Process(
            target=run_bot, args=(str(folder), slack.base_url, slack.bot_token, slack.app_token)
        )
        bot.start()
        try:
            slack.wait_socket(timeout=600)
            slack.command("/kpi", "リピート率").answer(timeout=600)  # the counts are in memory from here on
            if load.slack_ms:
                slack.fail("response_url", slow(load.slack_ms / 1000), load.per_second * load.seconds)
            heard, took = _asked(slack, load)
            return _counted(heard, took)
        finally:
            bot.terminate()
            bot.join(30)
            if bot.is_alive():
                bot.kill()


def _make_shop(folder: Path) -> None:
    from bot.demo import demo_desk  # noqa: PLC0415  heavy
    from bot.language import Language  # noqa: PLC0415  the same

    demo_desk(folder, lambda: datetime.now(UTC), Language.of("ja"))


def run_bot(folder: str, base_url: str, bot_token: str, app_token: str) -> None:
    """Run the bot, unchanged, in this process."""
    os.chdir(folder)
    os.environ.update(
        ASAKAI_SHOP_FILE=str(Path(folder) / "shop.toml"),
        ASAKAI_STATE=str(Path(folder) / "state.sqlite"),
        ASAKAI_SLACK__BASE_URL=base_url,
        ASAKAI_SLACK__BOT_TOKEN=bot_token,
        ASAKAI_SLACK__APP_TOKEN=app_token,
        ASAKAI_SLACK__ALLOWED_CHANNELS=CHANNEL,
        ASAKAI_QUOTAS__QUESTIONS_PER_MINUTE="0",
        ASAKAI_QUOTAS__QUESTIONS_PER_DAY="0",
    )
    from bot.__main__ import called  # noqa: PLC0415  the composition root, when all is set

    called(["run"])


def _asked(slack: LocalSlack, load: Load) -> tuple[list[Delivery], float]:
    """Type the commands evenly; whoever is late types on."""
    heard: list[Delivery] = []
    start = time.monotonic()
    for i in range(load.per_second * load.seconds):
        wait = start + i / load.per_second - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        heard.append(slack.command("/kpi", load.question(i)))
    took = time.monotonic() - start
    quiet = threading.Event()
    for _ in range(600):
        if all(one.acked_at and one.said for one in heard):
            break
        quiet.wait(0.1)
    return heard, took


def _counted(heard: Sequence[Delivery], took: float) -> Measured:
    waits = [one.acked_at - one.sent_at for one in heard if one.acked_at is not None]
    said = Counter(_sort(one) for one in heard)
    late = sum(wait > LATE_SECONDS for wait in waits) + len(heard) - len(waits)
    return Measured(len(heard), took, tuple(waits), late, said["answered"], said["busy"], said["other"], said["silent"])


def _sort(one: Delivery) -> str:
    """Only figures can be shared: below them stands the button."""
    if not one.said:
        return "silent"
    if BUSY in one.said[0].text:
        return "busy"
    elements = (element for block in one.said[0].blocks for element in block.get("elements", ()))
    shared = any(str(element.get("action_id", "")).startswith(SHARE) for element in elements)
    return "answered" if shared else "other"


if __name__ == "__main__":
    main()
