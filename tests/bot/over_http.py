"""In what world are deliveries tried over HTTP: one ledger, the local Slack, and a clock that moves both?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.delivery.border import OursAlone
from bot.delivery.clock import Calendar
from bot.delivery.courier import Courier
from bot.delivery.morning import Morning, Target
from bot.delivery.payload import payload_of
from bot.delivery.post import DEADLINE_SECONDS, SlackChannel, web_client
from bot.delivery.web import WebCalls
from bot.page import Cell, Page, Paragraph, Table
from bot.roll import Roll

if TYPE_CHECKING:
    from bot.delivery.ledger import Ledger
    from bot.delivery.row import Delivery, Payload
    from bot.local_slack import LocalSlack

TOKYO = ZoneInfo("Asia/Tokyo")
HOME, GENERAL, ARCHIVE = "C0ASAKAI01", "C0GENERAL1", "C0ARCHIVE1"
TABLE = Table("チャネル別", ("チャネル", "率"), ((Cell("Google広告"), Cell("20.3%", 20.3)),))
PAGE = Page("20.3% 30日以内リピート率", (Paragraph("今日の数字"),), (Page("内訳", (TABLE,)),))


@dataclass
class World:
    """A bot whose clock the test moves, in a real HTTP conversation with the local Slack."""

    slack: LocalSlack
    ledger: Ledger
    channels: tuple[str, ...] = (HOME,)
    now: datetime = datetime(2026, 11, 20, 8, 0, 5, tzinfo=TOKYO)
    told: list[str] = field(default_factory=list)
    deadline: float = DEADLINE_SECONDS

    def __post_init__(self) -> None:
        self.ledger._clock = lambda: self.now

    def courier(self) -> Courier:
        client = web_client(self.slack.bot_token, self.slack.base_url)
        return Courier(
            self.ledger,
            OursAlone(SlackChannel(client, self.deadline), Roll(WebCalls(client)).shared),
            self.render,
            lambda: self.now.astimezone(UTC),
            lambda: self.now.timestamp(),  # noqa: PLW0108  a bound method would keep the old time
            "one",
            lambda row, why: self.told.append(f"{row.key.channel} {why}"),
            self.slack.clock.advance,
        )

    def render(self, _row: Delivery) -> Payload:
        return payload_of(PAGE)

    def run(self, ticks: int) -> None:
        """Tick every 20 s, each time as a process that has just started."""
        targets = tuple(Target(channel, time(8, 0), TOKYO, Calendar()) for channel in self.channels)
        for _ in range(ticks):
            Morning(self.ledger, self.courier(), "T1", lambda: targets).tick(self.now)
            self.wait(20)

    def wait(self, seconds: float) -> None:
        """Let time pass, here and in Slack."""
        self.now += timedelta(seconds=seconds)
        self.slack.clock.advance(seconds)
