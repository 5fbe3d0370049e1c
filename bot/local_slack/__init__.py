"""A Slack on loopback for the demo and the tests: it refuses what Slack refuses.

It talks to the real slack_bolt and slack_sdk through `base_url`; `LocalSlack`
is the handle. The server's libraries (extra `http`) load when it starts.
"""

from __future__ import annotations

from bot.local_slack.delivery import Delivery
from bot.local_slack.rehearsal import LibrariesMissing, LocalSlack, PortTaken
from bot.local_slack.workspace import Channel, Message, User

__all__ = ["Channel", "Delivery", "LibrariesMissing", "LocalSlack", "Message", "PortTaken", "User"]
