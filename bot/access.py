"""Who may see figures, and where?

Default deny: figures are answered in listed channels, and to listed people in a direct message.
"""

from __future__ import annotations

from dataclasses import dataclass

from metrics.problem import Problem


@dataclass(frozen=True, slots=True)
class Who:
    """Who asked, and where. `shared`: the channel belongs to two companies."""

    user: str
    channel: str
    team: str = ""
    thread_ts: str | None = None
    shared: bool = False


class ChannelNotListed(Problem):
    """Figures are not shown in that channel."""

    key = "channel_not_listed"


class PersonNotListed(Problem):
    """Figures are not shown to that person in a direct message."""

    key = "person_not_listed"


class ForeignTeam(Problem):
    """The question came from another workspace or a shared channel."""

    key = "foreign_team"


@dataclass(frozen=True, slots=True)
class Access:
    """The shop's list. `team`: the only workspace that is answered, None for any."""

    channels: frozenset[str]
    people: frozenset[str] = frozenset()
    team: str | None = None

    def refusal(self, who: Who) -> Problem | None:
        """Why that person gets no figures there; None when they do."""
        if who.shared or (self.team is not None and who.team != self.team):
            return ForeignTeam(team=who.team)
        if who.channel in self.channels:
            return None
        if who.channel.startswith("D"):
            return None if who.user in self.people else PersonNotListed(user=who.user)
        return ChannelNotListed(channel=who.channel)
