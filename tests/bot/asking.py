"""Is a command acknowledged by an app whose socket has just been replaced?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.local_slack import LocalSlack
    from bot.local_slack.delivery import Delivery

TRIES = 8


def heard_at_last(slack: LocalSlack, text: str = "") -> Delivery:
    """The first command that is acknowledged.

    The SDK may replace its socket more than once after an end, later on a busy machine; what is on
    its way to a socket that goes is lost, as in Slack, and the person types again.
    """
    for _ in range(TRIES):
        slack.wait_socket(timeout=30)
        try:
            heard = slack.command("/kpi", text)
            heard.acked(10)
        except TimeoutError:
            time.sleep(0.5)
        else:
            return heard
    raise AssertionError(f"no command was acknowledged, of {TRIES}")
