"""May this method be called once more this minute?

Slack counts each method by itself, per app and workspace: tiers 1 to 4 allow at least 1, 20, 50 and
100 calls a minute (docs.slack.dev/apis/web-api/rate-limits). Here a tier allows exactly that many at once
and over a minute; tier 1, which Slack lets burst a little, three at once. Each method's tier is the one that Slack's
own Java SDK keeps in metadata/web-api/rate_limit_tiers.json (github.com/slackapi/java-slack-sdk, November 2026).

Four methods have a special tier and are not counted here. Posting has its own pace per channel (pace.py). The one
history request a minute of 2025 is for apps sold outside Slack's Marketplace; a team's own app stays in tier 3.
"""

from __future__ import annotations

from typing import Final

from bot.local_slack.pace import Pace

PER_MINUTE: Final = {1: 1, 2: 20, 3: 50, 4: 100}
BURST: Final = {1: 3}
TIERS: Final = {
    "apps.connections.open": 1,
    "apps.manifest.validate": 3,
    "chat.delete": 3,
    "chat.deleteScheduledMessage": 3,
    "chat.postEphemeral": 4,
    "chat.scheduleMessage": 3,
    "chat.scheduledMessages.list": 3,
    "chat.update": 3,
    "conversations.history": 3,
    "conversations.info": 3,
    "conversations.join": 3,
    "conversations.list": 2,
    "conversations.members": 4,
    "conversations.open": 3,
    "conversations.replies": 3,
    "files.completeUploadExternal": 4,
    "files.delete": 3,
    "files.getUploadURLExternal": 4,
    "files.info": 4,
    "reactions.add": 3,
    "reactions.get": 3,
    "reactions.remove": 2,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "users.info": 4,
    "users.list": 2,
    "views.open": 4,
    "views.publish": 4,
    "views.push": 4,
    "views.update": 4,
}
SPECIAL: Final = frozenset({"auth.test", "blocks.validate", "chat.getPermalink", "chat.postMessage"})


class Tiers:
    """A bucket per method and token; off until somebody wants it."""

    def __init__(self, *, on: bool = False) -> None:
        self.on = on
        self._paces = {tier: Pace(most / 60, BURST.get(tier, most)) for tier, most in PER_MINUTE.items()}

    def wait(self, method: str, token: str, now: float) -> int:
        """Take a place and return 0, or return the whole seconds to wait for one."""
        tier = TIERS.get(method)
        return self._paces[tier].wait(f"{method} {token}", now) if self.on and tier else 0
