"""Who may see figures, and where?

Default deny: figures are answered in listed channels, and to listed people in a direct
message and in Home. Guests and channels shared with another company get none. Everything
that must be looked up in Slack (groups, guests, admins) comes in as facts: this file is pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from metrics.problem import Problem


@dataclass(frozen=True, slots=True)
class Who:
    """Who asked, and where. `shared`: the channel belongs to two companies; `guest`: they are no full member."""

    user: str
    channel: str
    team: str = ""
    thread_ts: str | None = None
    shared: bool = False
    guest: bool = False


class ChannelNotListed(Problem):
    """Figures are not shown in that channel."""

    key = "channel_not_listed"


class PersonNotListed(Problem):
    """Figures are not shown to that person in a direct message."""

    key = "person_not_listed"


class ForeignTeam(Problem):
    """The question came from another workspace or a shared channel."""

    key = "foreign_team"


class GuestRefused(Problem):
    """Guests of the workspace get no figures anywhere."""

    key = "guest_refused"


class AdminsOnly(Problem):
    """Only an admin of the bot may do that."""

    key = "admins_only"


@dataclass(frozen=True, slots=True)
class Access:
    """The shop's list. `team`: the only workspace that is answered, None for any.

    `people`: who is listed, by name or through a user group; `admins` are listed too.
    `only_people`: in channels, too, only listed people are answered. `unread`: why a group's people
    are not known just now; it is said to whoever is not listed, for they may be in it.
    """

    channels: frozenset[str]
    people: frozenset[str] = frozenset()
    team: str | None = None
    admins: frozenset[str] = frozenset()
    only_people: bool = False
    unread: Problem | None = None

    def refusal(self, who: Who) -> Problem | None:
        """Why that person gets no figures there; None when they do."""
        if (found := self.refusal_of_stranger(who)) is not None:
            return found
        if who.channel.startswith("D"):
            return self._unlisted(who.user)
        if who.channel not in self.channels:
            return ChannelNotListed(channel=who.channel)
        return self._unlisted(who.user) if self.only_people else None

    def refusal_of_person(self, who: Who) -> Problem | None:
        """Why that person gets no figures where there is no channel: in Home, in a digest of their own."""
        return self.refusal_of_stranger(who) or self._unlisted(who.user)

    def refusal_of_admin(self, who: Who) -> Problem | None:
        """Why that person may not change the shop's settings."""
        return self.refusal_of_stranger(who) or (None if who.user in self.admins else AdminsOnly(user=who.user))

    def refusal_of_stranger(self, who: Who) -> Problem | None:
        """Why somebody is none of us, wherever they ask."""
        if who.shared or (self.team is not None and who.team != self.team):
            return ForeignTeam(team=who.team)
        return GuestRefused(user=who.user) if who.guest else None

    def lists(self, user: str) -> bool:
        """Whether the shop has named that person."""
        return user in self.people or user in self.admins

    def _unlisted(self, user: str) -> Problem | None:
        """Why somebody counts as not listed."""
        return None if self.lists(user) else self.unread or PersonNotListed(user=user)
